// SPDX-License-Identifier: MIT
// Grouped kernels whose groups of rows follow each other in one matrix: by the ends of groups (psum), or by the group of each
// row. Integers, so that every bit must be right; D and the rows of A between groups are NaN.
#include "grouped_runs.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

template <class A, class B, config Config, class Groups>
using kernel_of = grouped_kernel<A, B, store<bf16>, Config, Groups>;

constexpr config one{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
constexpr config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}};
constexpr config tall{.block = {256, 64, 128}, .stages = 3};
constexpr config half{.block = {128, 64, 64}, .stages = 3, .sm90 = {.promote = promotion::never}};

/// Groups by their ends: "" or what is wrong.
template <class K>
std::string psum_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                         i64 alignment) {
    const i32 n = i32(random.integer(1, 150)), k = i32(random.integer(1, 400)), more = i32(random.integer(1, 6));
    return outcome(psum_product<K>(random, n, k, counts, i32(alignment), more), machine);
}

/// Groups by the group of each row, of none where a count is negative: "" or what is wrong.
template <class K>
std::string index_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                          i64 alignment) {
    const i32 n = i32(random.integer(1, 150)), k = i32(random.integer(1, 400));
    return outcome(index_product<K>(random, n, k, counts, i32(alignment)), machine);
}

template <class K>
void check_psum() {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        // TMA brings scales from multiples of four rows on.
        const i64 unit = K::a_scale::via == scale::route::stage ? 4 : 1,
                  alignment = unit * random.integer(1, 200 / unit);
        CAPTURE(alignment);
        CHECK(psum_outcome<K>(random, machine, random_counts(random, 300), alignment) == "");
    });
}

template <class K>
void check_index() {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        const i64 alignment = 16 * random.integer(1, 12);
        CAPTURE(alignment);
        std::vector<i32> counts = random_counts(random, 300);
        for (i32& count : counts) {
            if (random.integer(0, 3) == 0) count = -count;
        }
        counts.push_back(1);  // M is not 0
        CHECK(index_outcome<K>(random, machine, counts, alignment) == "");
    });
}

}  // namespace

TEST_CASE("groups by their ends, whatever they are aligned to") {
    check_psum<kernel_of<tokens, blocks, one, psum_groups>>();
    check_psum<kernel_of<tokens, tokens, pair, psum_groups>>();
    check_psum<kernel_of<tokens, blocks, tall, psum_groups>>();
    check_psum<kernel_of<operand<bf16>, operand<bf16, scale::none, major::mn>, half, psum_groups>>();
}

TEST_CASE("groups by the group of each row") {
    check_index<kernel_of<tokens, blocks, one, index_groups>>();
    check_index<kernel_of<tokens, blocks, pair, index_groups>>();
}

TEST_CASE("rows of no group become zero, and rows after a group's last run are not touched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using by_index = kernel_of<tokens, blocks, one, index_groups>;
    CHECK(index_outcome<by_index>(random, {}, {-128, 3, -128, 128, -128}, 128) == "");
    CHECK(index_outcome<by_index>(random, {}, {-1}, 16) == "");
    using by_end = kernel_of<tokens, blocks, one, psum_groups>;
    CHECK(psum_outcome<by_end>(random, {}, {0, 0, 129, 0}, 128) == "");
    CHECK(psum_outcome<by_end>(random, {}, {0, 0}, 128) == "");
}

TEST_CASE("groups are read after the kernel before has ended, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const sim::options dependent{.dependent_launch = true};
    CHECK(psum_outcome<kernel_of<tokens, blocks, one, psum_groups>>(random, dependent, {70, 0, 130}, 64) == "");
    CHECK(index_outcome<kernel_of<tokens, blocks, one, index_groups>>(random, dependent, {70, -64, 130}, 64) == "");
}
