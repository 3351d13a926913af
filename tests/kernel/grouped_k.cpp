// SPDX-License-Identifier: MIT
// Grouped kernels that cut K: groups that follow each other along K, each with a D of its own (gradients of weights), and one
// product whose K is cut into parts. Integers, so that every bit must be right; D is NaN where nothing is added to it.
#include "grouped_runs.hpp"

namespace grouped_k_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using columns = operand<bf16, scale::none, major::mn>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using words = operand<e4m3, scale::per_token<scale::ue8m0>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config one{.block = {64, 64, 64}, .stages = 3, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config pair{.block = {128, 128, 64}, .stages = 3, .cluster = {1, 2}, .sm90 = {.promote = promotion::never}};
constexpr config alternating{.block = {64, 64, 64},
                             .stages = 4,
                             .d_ahead = true,
                             .sm90 = {.warpgroups = 2, .alternate = true, .promote = promotion::never}};
constexpr config scaled{.block = {64, 64, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
constexpr config scaled_pair{.block = {128, 64, 128}, .stages = 3, .cluster = {1, 2}, .d_ahead = true};

/// Groups of `sizes` elements of K: "" or what is wrong.
template <class K>
std::string k_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& sizes,
                      i32 alignment = 1) {
    const i32 m = i32(random.integer(1, 200)), n = i32(random.integer(1, 200));
    const bool by_end = random.integer(0, 1) == 0, skips_empty = K::info.traits.in_place && random.integer(0, 1) == 0;
    CAPTURE(by_end);
    CAPTURE(skips_empty);
    return outcome(k_product<K>(random, m, n, sizes, alignment, by_end, skips_empty), machine);
}

/// Groups of multiples of `unit` elements, which start at multiples of each of `alignments`.
template <class K>
void check_k(i32 unit, const std::vector<i32>& alignments) {
    on_machines(3, [&](random_source& random, const sim::options& machine) {
        for (const i32 alignment : alignments) {
            CAPTURE(alignment);
            std::vector<i32> sizes = random_counts(random, 6);
            for (i32& size : sizes) size = size * unit + (size == 0 ? 0 : unit * i32(random.integer(0, 64 / unit)));
            sizes.push_back(0);
            sizes.insert(sizes.begin() + i64(sizes.size() / 2), 128);  // K is not 0
            CHECK(k_outcome<K>(random, machine, sizes, alignment) == "");
        }
    });
}
/// Operands that are not contiguous along K, without scales: groups may start and end anywhere.
template <class K>
void check_k() {
    check_k<K>(64, {1});
    check_k<K>(1, {1, 8, 128});
}

/// K in `parts` parts, whose results have to sum up to the product: "" or what is wrong.
template <class K>
std::string parts_outcome(random_source& random, const sim::options& machine, i32 parts, i64 k) {
    const problem_shape shape{i32(random.integer(1, 130)), i32(random.integer(1, 130)), i32(k)};
    return outcome(parts_product<K>(random, shape, parts), machine);
}

template <class K>
void check_parts() {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        for (const i32 parts : {1, 2, 3, 7}) {
            const i64 k = random.integer(1, 1100);
            CAPTURE(parts);
            CAPTURE(k);
            CHECK(parts_outcome<K>(random, machine, parts, k) == "");
        }
    });
}

}  // namespace

TEST_CASE("groups along K: C is added, and an empty group copies it") {
    check_k<grouped_kernel<columns, columns, accumulate<float>, one, k_groups>>();
}
TEST_CASE("groups along K: D is added to in place") {
    check_k<grouped_kernel<columns, columns, add_in_place, pair, k_groups>>();
}
TEST_CASE("groups along K: warpgroups that alternate pass over tiles of other lengths") {
    check_k<grouped_kernel<columns, columns, add_in_place, alternating, k_groups>>();
}
TEST_CASE("groups along K: without C an empty group becomes zero") {
    check_k<grouped_kernel<columns, columns, store<float>, one, k_groups>>();
}
TEST_CASE("groups along K, operands contiguous along K: groups start and end at multiples of 16 bytes") {
    check_k<grouped_kernel<operand<bf16>, operand<bf16>, store<bf16>, pair, k_groups>>(8, {8, 64});
}
TEST_CASE("groups along K with scales: each group starts with scales of its own") {
    check_k<grouped_kernel<tokens, tokens, add_in_place, scaled, k_groups>>(16, {128, 256});
    check_k<grouped_kernel<tokens, tokens, add_in_place, scaled_pair, k_groups>>(16, {128});
}
TEST_CASE("groups along K with packed scales: each group starts with a word of its own") {
    check_k<grouped_kernel<words, words, store<float>, scaled, with_packed_scales<k_groups>>>(16,
                                                                                              {128, 384, 512, 1024});
    check_k<grouped_kernel<words, words, add_in_place, scaled_pair, with_packed_scales<k_groups>>>(16, {128, 256});
}
TEST_CASE("groups along K, each with rows of its own length") {
    const auto check = []<class K>(const K*) {
        on_machines(3, [](random_source& random, const sim::options& machine) {
            std::vector<i32> sizes = random_counts(random, 6);
            for (i32& size : sizes) size *= 128;
            sizes.insert(sizes.begin() + i64(sizes.size() / 2), {0, 384, 128});
            const i32 m = i32(random.integer(1, 200)), n = i32(random.integer(1, 200));
            CHECK(outcome(k_product<K>(random, m, n, sizes, 128), machine) == "");
        });
    };
    check(static_cast<grouped_kernel<tokens, tokens, add_in_place, scaled, concatenated_k_groups>*>(nullptr));
    check(static_cast<grouped_kernel<tokens, tokens, store<float>, scaled_pair, concatenated_k_groups>*>(nullptr));
    check(static_cast<
          grouped_kernel<words, words, add_in_place, scaled_pair, with_packed_scales<concatenated_k_groups>>*>(
        nullptr));
    check(
        static_cast<grouped_kernel<operand<bf16>, operand<bf16>, store<bf16>, pair, concatenated_k_groups>*>(nullptr));
}
TEST_CASE("groups along K that end within 16 bytes: zeros must follow up to their end") {
    using kernel = grouped_kernel<tokens, tokens, store<float>, scaled_pair, k_groups>;
    on_machines(1, [](random_source& random, const sim::options& machine) {
        auto product = k_product<kernel>(random, 70, 50, {131, 5, 0, 300}, 128);
        for (const auto& [first, last] : {std::pair{131, 144}, {261, 272}, {684, 688}}) {
            product.a.clear_k(0, first, last);
            product.b.clear_k(0, first, last);
        }
        CHECK(outcome(product, machine) == "");
    });
}

TEST_CASE("parts of K, some of which may be empty") {
    check_parts<grouped_kernel<columns, columns, store<float>, one, k_parts>>();
    // The second unit is the last one and ends a block early: the third part begins where K ends. Warpgroups pass on turns
    // there.
    using kernel = grouped_kernel<columns, columns, store<float>, alternating, k_parts>;
    on_machines(1, [](random_source& random, const sim::options& machine) {
        CHECK(outcome(parts_product<kernel>(random, {200, 200, 129}, 3, 128), machine) == "");
    });
}
TEST_CASE("parts of K have the scales of their place in it") {
    check_parts<grouped_kernel<tokens, blocks, store<float>, scaled, k_parts>>();
    check_parts<grouped_kernel<words, words, store<float>, scaled, k_parts>>();
}

TEST_CASE("groups along K are read after the kernel before has ended, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using kernel = grouped_kernel<columns, columns, store<float>, one, k_groups>;
    CHECK(k_outcome<kernel>(random, {.dependent_launch = true}, {64, 0, 128}) == "");
}

}  // namespace grouped_k_tests
