// SPDX-License-Identifier: MIT
// The GEMM in groups of K with packed scales on the simulator: words that scale::pack_k_grouped wrote, and their number.
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/k_grouped_gemm/k_grouped_gemm.hpp>
#include <deepgemm/scale/pack_k_grouped.cuh>
#include <deepgemm/sim/launch.hpp>

#include <cmath>

#include "../kernel/grouped_runs.hpp"
#include "k_grouped_gemm_sample.hpp"

namespace k_grouped_packed_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

engine_of<ops::k_grouped_gemm> engine_on_simulator() {
    return {instances::of<ops::k_grouped_gemm>(), device_info::simulator()};
}

/// A problem at made-up addresses: 4 groups of A (256, 1024) and B (512, 1024) with `of_a` and `of_b` words of scales along K,
/// which add to D (256, 512); concatenated operands if there are sizes.
k_grouped_problem made_up(i64 of_a, i64 of_b, const std::vector<i32>& sizes = {}) {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    const output_stack d = dense_stack(row_major(static_cast<float*>(at(5)), 256, 512), 4);
    const i32* const list = static_cast<const i32*>(at(6));
    return {.a = {row_major(static_cast<const e4m3*>(at(1)), 256, 1024), k_grouped_scales(at(2), 256, of_a)},
            .b = {row_major(static_cast<const e4m3*>(at(3)), 512, 1024), k_grouped_scales(at(4), 512, of_b)},
            .d = d,
            .groups = sizes.empty() ? k_groups_by_size(list, 4) : concatenated_groups(list, sizes.data(), 4),
            .c = d};
}

/// The error of a problem: its code and its sentence.
std::string refused(const k_grouped_problem& p) {
    const auto found = checked<ops::k_grouped_gemm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

}  // namespace

TEST_CASE("k-grouped gemm: packed scales have the words that groups need") {
    const std::vector<i32> sizes{256, 0, 128, 640};  // 1, 0, 1 and 2 words
    const std::string need = " words along K; the groups, which begin with a new word each, need from ";
    for (const i64 words : {4, 5, 1000}) CHECK(refused(made_up(words, 4, sizes)) == "");
    for (const i64 words : {1, 2, 7}) CHECK(refused(made_up(words, 4)) == "");
    CHECK(refused(made_up(4, 3, sizes)) == "bad_scales: the scales of B have 3" + need + "4 to 2147479552");
    CHECK(refused(made_up(0, 4)) == "bad_scales: the scales of A have 0" + need + "1 to 2147479552");
    CHECK(refused(made_up(-1, 4)) == "bad_scales: the scales of A have -1" + need + "1 to 2147479552");
    k_grouped_problem p = made_up(4, 4);
    p.a.scales.column_stride = 258;
    CHECK(
        refused(p).starts_with("bad_scales: the scales of A have column stride 258; TMA needs a multiple of 4 words"));
    p = made_up(4, 4);
    p.groups.alignment = 64;
    CHECK(refused(p).starts_with(
        "bad_option: the alignment of groups is 64; for these operands it must be a multiple of 128"));
    CHECK(most_k_group_words(1024, 4) == 5);
    CHECK(most_k_group_words(128 * 9, 9) == 9);  // a block in each
}

TEST_CASE("k-grouped gemm: one operand with packed scales and one without have no kernel") {
    k_grouped_problem p = made_up(8, 8);
    p.b.scales = per_token_scales(p.b.scales.data, scale_kind::fp32, 512, 1024);
    const auto why_not = [](const k_grouped_problem& of) {
        const auto plan = engine_on_simulator().plan(of);
        REQUIRE(!plan);
        CHECK(plan.failure().code == errc::no_kernel);
        return plan.failure().message.substr(plan.failure().message.rfind("; the scales") + 2);
    };
    const std::string both = "are not; kernels of groups of K take both in one form";
    CHECK(why_not(p) == "the scales of A are packed and those of B " + both);
    std::swap(p.a.scales, p.b.scales);
    p.a.scales.rows = 256, p.b.scales.rows = 512;
    p.b.scales.column_stride = 512;
    CHECK(why_not(p) == "the scales of B are packed and those of A " + both);
    p = made_up(8, 8);
    p.b.scales = {p.b.scales.data, scale_kind::ue8m0, {128, 128}, 4, 8, 8, 1};
    CHECK(why_not(p) ==
          "the scales of B are packed; kernels of groups of K take such of single rows, contiguous along N");
}

TEST_CASE("k-grouped gemm: words that scale::pack_k_grouped wrote, of groups by their sizes and by their ends") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 m = 40, n = 72, groups = 4;
    for (const bool by_end : {false, true}) {
        CAPTURE(by_end);
        k_grouped_sample sample(random, m, n, {.sizes = {640, 0, 144, 1040}, .by_end = by_end},
                                k_grouped_sample::usual(grouping::along_k, scale_kind::ue8m0));
        if (by_end) sample.list()[1] = 0;  // an empty group may end before it begins
        k_grouped_problem here = sample.problem();
        const i64 k = here.a.matrix.columns;
        constexpr i64 blocks = 5 + 2 + 9;
        std::vector<std::vector<u32>> kept;
        const auto pack = [&](const operand_stack& x, i64 mn) {
            // The scales as floats, a row of `mn` for each block of K that has a group.
            matrix<float> floats(blocks, mn);
            i64 block = 0;
            for (const auto& [g, first, size] : {std::tuple{0, 0, 640}, {2, 640, 144}, {3, 896, 1040}}) {
                const reference::operand part = x.k_group(std::size_t(g), first, size);
                for (i64 i = 0; i < ceil_div(size, 128); ++i, ++block) {
                    for (i64 row = 0; row < mn; ++row) {
                        const u32 word = static_cast<const u32*>(part.scale.words)[row + i / 4 * part.scale.stride_k];
                        floats(block, row) = std::ldexp(1.0f, int(word >> (8 * (i % 4)) & 0xff) - 127);
                    }
                }
            }
            const i64 words = most_k_group_words(k, groups);
            std::vector<u32>& out = kept.emplace_back(std::size_t(words * mn), 0xffffffffu);
            sim::launch<scale::pack_k_grouped>({.in = floats.data(),
                                                .row_stride = floats.pitch(),
                                                .rows = blocks,
                                                .mn = i32(mn),
                                                .layout = sample.list().data(),
                                                .groups = groups,
                                                .by_end = by_end,
                                                .alignment = 128,
                                                .out = out.data(),
                                                .words = i32(words)},
                                               {});
            return k_grouped_scales(out.data(), mn, words);
        };
        here.a.scales = pack(sample.a(), m);
        here.b.scales = pack(sample.b(), n);
        const auto done = run_named(engine_on_simulator(), here);
        CHECK_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(sample.verdict() == "");
    }
}

}  // namespace k_grouped_packed_tests
