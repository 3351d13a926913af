// SPDX-License-Identifier: MIT
// Batch invariance. Under the rules that ask for it split_k does not depend on M, whatever pins, tables and limits say. And
// kernels with equal split_k give a row of D the same bits, whatever else differs between them; here on the simulator.
#include <doctest/doctest.h>

#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/reference/argument.hpp>

#include <cstring>
#include <map>
#include <set>

#include "shipped_kernels.hpp"

namespace batch_invariance_tests {

using namespace deepgemm;

namespace {

constexpr device_info h200 = device_info::h200();
constexpr std::pair<i32, i32> sizes[] = {{576, 7168},   {2112, 7168}, {4096, 7168}, {7168, 2048},
                                         {24576, 1536}, {512, 16384}, {1024, 1024}};

/// A workload of every kind that the planner has several splits for, and of some that it has not; M, N and K are still to come.
std::vector<gemm_workload> families() {
    std::vector<gemm_workload> all{fakes::work(1, 1, 1), fakes::work(1, 1, 1, dtype::f32), fakes::half_work(1, 1, 1)};
    all.push_back(fakes::work(1, 1, 1));
    all.back().a.scales = major::k;
    for (const dtype d : {dtype::bf16, dtype::f32}) {
        for (const bool adds : {false, true}) {
            if (d == dtype::f32 && adds) continue;
            all.push_back(fakes::half_work(1, 1, 1));
            all.back().d = d;
            all.back().accumulate = all.back().in_place = adds;
        }
    }
    all.push_back(fakes::half_work(1, 1, 1, fakes::half(), fakes::half(major::mn)));
    const operand_info f16 = fakes::half(major::k, dtype::f16);
    all.push_back(fakes::half_work(1, 1, 1, f16, f16));
    all.back().d = dtype::f16;
    return all;
}

/// The values of split_k that products of 1 to 300 rows get.
std::set<int> splits(gemm_workload family, const std::pair<i32, i32>& size, const context& knobs) {
    std::set<int> found;
    for (i32 m = 1; m <= 300; m += m < 20 ? 1 : 7) {
        family.shape = {m, size.first, size.second};
        const auto chosen = choose(family, h200, fakes::kernels(), knobs);
        REQUIRE_MESSAGE(chosen, chosen.failure().message);
        found.insert(chosen->kernel->info.cfg.split_k);
    }
    return found;
}

int split_of(const gemm_workload& work, const context& knobs, const gemm_choices& own = {}) {
    const auto made = plan(work, h200, fakes::kernels(), knobs, own);
    REQUIRE_MESSAGE(made, made.failure().message);
    for (const auto& each : made->ranked) {
        const bool same = each.kernel->info.cfg.split_k == made->kernel()->info.cfg.split_k;
        CHECK((same || knobs.split == split_rule::fastest));
    }
    return made->kernel()->info.cfg.split_k;
}

}  // namespace

TEST_CASE("split_k depends on N and K alone where a rule asks for it, and on M where none does") {
    int varying = 0;
    std::set<int> of_one_row;
    for (const gemm_workload& family : families()) {
        for (const auto& size : sizes) {
            CAPTURE(describe(family));
            CAPTURE(size.first);
            CAPTURE(size.second);
            varying += splits(family, size, {}).size() > 1;
            CHECK(splits(family, size, {.split = split_rule::never}) == std::set{1});
            const auto fixed = splits(family, size, {.split = split_rule::as_one_row});
            REQUIRE(fixed.size() == 1);
            of_one_row.insert(*fixed.begin());
            gemm_workload one = family;
            one.shape = {1, size.first, size.second};
            CHECK(choose(one, h200, fakes::kernels())->kernel->info.cfg.split_k == *fixed.begin());
        }
    }
    CHECK(varying > 10);
    CHECK(of_one_row.size() > 2);
}

TEST_CASE("neither the multiprocessors of a call nor its pin change the split of one row") {
    const gemm_workload few = fakes::work(1, 576, 7168), many = fakes::work(300, 576, 7168);
    const int split = split_of(few, {.split = split_rule::as_one_row});
    REQUIRE(split > 1);
    for (const int sms : {8, 33, 66, 131}) {
        CHECK(split_of(few, {.num_sms = sms, .split = split_rule::as_one_row}) == split);
        CHECK(split_of(many, {.num_sms = sms, .split = split_rule::as_one_row}) == split);
    }
    constexpr config unsplit{.block = {128, 128, 128}};
    const auto refused = choose(many, h200, fakes::kernels(), {.split = split_rule::as_one_row}, {.pin = unsplit});
    REQUIRE(!refused);
    CHECK(refused.failure().code == errc::no_kernel);
    CHECK(refused.failure().message.ends_with(
        "does not: it does not split K as the kernel for one row does, and split is as_one_row"));
    CHECK(split_of(many, {.split = split_rule::never}, {.pin = unsplit}) == 1);
    const auto splits_k =
        choose(few, h200, fakes::kernels(), {.split = split_rule::never}, {.pin = shipped::few(8, 64, 8, 4)});
    REQUIRE(!splits_k);
    CHECK(splits_k.failure().message.ends_with("does not: it splits K, and split is never"));
}

TEST_CASE("rows of tables obey the rule") {
    constexpr config four = shipped::few(8, 64, 8, 4), one = shipped::few(8, 64, 8);
    const gemm_tuned_row splitting[] = {{.m_max = 8, .n = 4096, .k = 1024, .cfg = four}};
    const gemm_workload work = fakes::work(8, 4096, 1024);
    CHECK(split_of(work, {}, {.overrides = splitting}) == 4);
    CHECK(split_of(work, {.split = split_rule::never}, {.overrides = splitting}) == 1);
    CHECK(plan(work, h200, fakes::kernels(), {.split = split_rule::never}, {.overrides = splitting})->chosen_by ==
          choice::model);
    // A row for one row of A decides for all others.
    const gemm_tuned_row first[] = {{.m_max = 1, .n = 4096, .k = 1024, .cfg = four}};
    CHECK(split_of(work, {.split = split_rule::as_one_row}, {.overrides = first}) == 4);
    const gemm_tuned_row both[] = {{.m_max = 1, .n = 4096, .k = 1024, .cfg = four},
                                   {.m_max = 8, .n = 4096, .k = 1024, .cfg = one}};
    CHECK(split_of(work, {.split = split_rule::as_one_row}, {.overrides = both}) == 4);
    for (const gemm_tuned_row& row : tuned_h200) {  // the library's own
        if (row.cfg.split_k != 1) continue;
        gemm_workload many = fakes::work(row.m_max, row.n, row.k, row.d, row.accumulate);
        if (row.type != dtype::e4m3 || row.b.mn != 128) continue;
        const int split = split_of(fakes::work(1, row.n, row.k, row.d, row.accumulate), {});
        CHECK(split_of(many, {.split = split_rule::as_one_row}) == split);
    }
}

TEST_CASE("an explanation says what the rule costs") {
    const auto text = [](const gemm_workload& work, split_rule rule) {
        return explain(*plan(work, h200, fakes::kernels(), {.split = rule}));
    };
    const gemm_workload few = fakes::work(1, 576, 7168);
    CHECK(text(few, split_rule::fastest).find("split ") == std::string::npos);
    CHECK(text(few, split_rule::as_one_row).find(": split_k is 8 for every m; the fastest kernel is no other\n") !=
          std::string::npos);
    const auto made = plan(few, h200, fakes::kernels(), {.split = split_rule::never});
    REQUIRE(made->if_split_by_speed);
    CHECK(made->if_split_by_speed->kernel == choose(few, h200, fakes::kernels())->kernel);
    const double price = made->predicted().total_us / made->if_split_by_speed->predicted.total_us - 1;
    CHECK(price > 0.1);
    char expected[100];
    std::snprintf(expected, sizeof expected,
                  "split never: split_k is 1 for every m; predicted %.1f %% slower than config{", 100 * price);
    CHECK(text(few, split_rule::never).find(expected) != std::string::npos);
}

namespace {

template <config Config>
using scaled = gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>,
                    operand<e4m3, scale::per_block<scale::fp32>>, store<float>, Config>;
template <config Config>
using plain = gemm<arch::sm90, operand<bf16>, operand<bf16>, store<float>, Config>;

constexpr int n = 72, k = 700;

/// Row 0 of the products of 1, 9 and 70 rows by each kernel; one entry for each value of split_k.
template <class Multiply>
std::map<int, std::set<std::vector<u32>>> first_rows(std::span<const gemm_handle> kernels, Multiply multiply) {
    std::map<int, std::set<std::vector<u32>>> found;
    for (const gemm_handle& kernel : kernels) {
        for (const int m : {1, 9, 70}) {
            matrix<float> d(m, n);
            const engine engine(std::span(&kernel, 1), device_info::simulator());
            const result<void> outcome = multiply(engine, m, argument_of(d));
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            std::vector<u32> bits(n);
            std::memcpy(bits.data(), d.data(), n * sizeof(float));
            found[kernel.info.cfg.split_k].insert(bits);
        }
    }
    return found;
}

/// One set of bits for each split, and not the same for all of them.
void check_invariant(const std::map<int, std::set<std::vector<u32>>>& found) {
    REQUIRE(found.size() == 2);
    for (const auto& [split, bits] : found) {
        CAPTURE(split);
        CHECK(bits.size() == 1);
    }
    CHECK(found.at(1) != found.at(2));
}

}  // namespace

TEST_CASE("the first row has the same bits however many there are: kernels of FP8 with equal split_k") {
    constexpr promotion deferred = promotion::deferred;
    const auto kernels = sim::kernel_list<
        scaled<config{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1}}>,
        scaled<config{.block = {64, 72, 128}, .sm90 = {.warpgroups = 1, .promote = deferred}}>,
        scaled<config{.block = {128, 32, 128}, .cluster = {1, 2}}>,
        scaled<config{.block = {16, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1, .promote = deferred}}>,
        scaled<config{.block = {8, 64, 128}, .swap = true, .split_k = 2, .sm90 = {.warpgroups = 1}}>,
        scaled<config{.block = {64, 32, 128}, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = deferred}}>>;
    random_source random(fresh_seed());
    matrix<float> wide_a(70, k), wide_b(n, k);
    random.fill_normal(wide_a.view());
    random.fill_normal(wide_b.view());
    const auto a = quantised_operand<e4m3>::of(wide_a.view()),
               b = quantised_operand<e4m3>::of(wide_b.view(), {.tile = {128, 128}});
    check_invariant(first_rows(kernels, [&](const engine& engine, int m, const output_matrix& d) {
        scaled_matrix rows = argument_of(a);
        rows.matrix.rows = rows.scales.rows = m;
        return fp8_gemm_nt(engine, rows, argument_of(b), d);
    }));
}

TEST_CASE("the first row has the same bits however many there are: kernels of BF16 with equal split_k") {
    constexpr promotion never = promotion::never;
    const auto kernels = sim::kernel_list<
        plain<config{.block = {64, 32, 64}, .sm90 = {.warpgroups = 1, .promote = never}}>,
        plain<config{.block = {128, 72, 64}, .sm90 = {.promote = never}}>,
        plain<config{.block = {64, 64, 64}, .sm90 = {.alternate = true, .promote = never}}>,
        plain<config{.block = {16, 64, 64}, .swap = true, .sm90 = {.warpgroups = 1, .promote = never}}>,
        plain<config{.block = {8, 64, 64}, .swap = true, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = never}}>,
        plain<config{.block = {64, 32, 64}, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = never}}>>;
    random_source random(fresh_seed());
    matrix<bf16> a(70, k, align_up(k, 8)), b(n, k, align_up(k, 8));
    random.fill_normal(a.view());
    random.fill_normal(b.view());
    check_invariant(first_rows(kernels, [&](const engine& engine, int m, const output_matrix& d) {
        input_matrix rows = argument_of(std::as_const(a));
        rows.rows = m;
        return bf16_gemm_nt(engine, rows, argument_of(std::as_const(b)), d);
    }));
}

}  // namespace batch_invariance_tests
