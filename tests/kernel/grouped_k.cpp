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
constexpr config alternating{
    .block = {64, 64, 64}, .stages = 4, .sm90 = {.warpgroups = 2, .alternate = true, .promote = promotion::never}};
constexpr config scaled{.block = {64, 64, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};

/// Groups of `sizes` elements of K: "" or what is wrong.
template <class K>
std::string k_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& sizes) {
    const i32 m = i32(random.integer(1, 200)), n = i32(random.integer(1, 200));
    return outcome(k_product<K>(random, m, n, sizes), machine);
}

template <class K>
void check_k() {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        std::vector<i32> sizes = random_counts(random, 6);
        for (i32& size : sizes) size *= 64;
        sizes.push_back(0);
        sizes.insert(sizes.begin() + i64(sizes.size() / 2), 128);  // K is not 0
        CHECK(k_outcome<K>(random, machine, sizes) == "");
    });
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

TEST_CASE("parts of K, some of which may be empty") {
    check_parts<grouped_kernel<columns, columns, store<float>, one, k_parts>>();
    // The second unit is the last one and ends a block early: the third part begins where K ends. Warpgroups pass on turns there.
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
