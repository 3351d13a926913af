// SPDX-License-Identifier: MIT
// Grouped kernels whose groups have slots: masked groups, of which the host does not know how many rows count, and batches.
// Integers, so that every bit must be right; D and A's rows past the mask are NaN.
#include <deepgemm/kernel/swapped.cuh>

#include "grouped_runs.hpp"

namespace grouped_masked_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

template <class Format>
using tokens = operand<e4m3, scale::per_token<Format>>;
template <class Format>
using blocks = operand<e4m3, scale::per_block<Format>>;
template <class Format>
using k_major_tokens = operand<e4m3, scale::per_token_k_major<Format>>;
using fp32 = scale::fp32;
using ue8m0 = scale::ue8m0;

template <class A, class B, class Epilogue, config Config, class Groups = masked_groups>
using kernel_of = grouped_kernel<A, B, Epilogue, Config, Groups>;

constexpr config one{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
constexpr config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}, .store_rows = 64};
constexpr config tall{.block = {256, 64, 128}, .stages = 3};
/// An odd number of fragments, which two CTAs load in turn.
constexpr config odd_pair{.block = {192, 32, 128}, .stages = 3, .cluster = {1, 2}, .sm90 = {.warpgroups = 3}};
/// Two warpgroups that share the second of three fragments, in the last of which rows come in units.
constexpr config shared_fragment(int columns, int unit, cluster_shape cluster = {1, 2}) {
    return {.block = {256, columns, 128},
            .stages = 3,
            .cluster = cluster,
            .store_columns = columns / 2,
            .store_buffers = 1,
            .sm90 = {.shares_fragment = true, .row_unit = unit}};
}
constexpr config units{
    .block = {192, 32, 128}, .stages = 3, .cluster = {1, 2}, .sm90 = {.warpgroups = 3, .row_unit = 8}};
constexpr config alternating{.block = {64, 64, 128}, .stages = 4, .sm90 = {.warpgroups = 2, .alternate = true}};
/// Tiles of a few rows, which become columns of multiplies.
constexpr config swapped(int rows, int columns) {
    return {.block = {rows, columns, 128}, .stages = 3, .swap = true, .sm90 = {.warpgroups = columns / 64}};
}
constexpr config swapped_half{
    .block = {32, 64, 64}, .stages = 3, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config half{.block = {128, 64, 64}, .stages = 3, .sm90 = {.promote = promotion::never}};

/// A schedule that reads device memory when it starts, and not only when it is walked.
struct starts_by_reading : grouped<one.block, one.cluster, masked_groups> {
    using base = grouped<one.block, one.cluster, masked_groups>;
    DEEPGEMM_BOTH static constexpr starts_by_reading of(problem_shape shape, const masked_groups& groups) {
        return {base::of(shape, groups)};
    }
    DEEPGEMM_DEVICE starts_by_reading started(problem_shape known, u32 rank) const {
        base made = base::started(known, rank);
        made.groups.count = min(made.groups.count, ptx::ld_global(groups.rows) < 1000 ? made.groups.count : 0);
        return {made};
    }
};

/// One product of groups with `slot` rows each, of which the first `counts[g]` are wanted: "" or what is wrong.
template <class K>
std::string masked_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                           i64 slot) {
    const problem_shape shape{i32(slot), random_columns(random), i32(random.integer(1, 400))};
    return outcome(masked_product<K>(random, shape, counts), machine);
}

/// A few products on each machine; slots, counts and extents are random.
template <class K>
void check_masked(int runs = 3) {
    on_machines(runs, [](random_source& random, const sim::options& machine) {
        const i64 slot = 4 * random.integer(1, 80);  // rows that scales can be stacked by
        CHECK(masked_outcome<K>(random, machine, random_counts(random, slot), slot) == "");
    });
}

}  // namespace

TEST_CASE("masked groups: tiles of one warpgroup") {
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, one>>(5);
}
TEST_CASE("masked groups: clusters that share A") {
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, pair>>();
}
TEST_CASE("masked groups: two fragments for each warpgroup, each of which may be the last") {
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, tall>>();
}
TEST_CASE("masked groups: a fragment that two warpgroups share, rows that come in units") {
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, shared_fragment(64, 16)>>();
    check_masked<kernel_of<k_major_tokens<fp32>, blocks<fp32>, store<bf16>, shared_fragment(64, 8)>>();
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, units>>();
    using kernel = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, shared_fragment(32, 32)>;
    using alone = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, shared_fragment(32, 0, {1, 1})>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 count : {0, 1, 64, 65, 127, 128, 129, 136, 145, 160, 161, 191, 192, 193, 209, 256, 257, 400}) {
        CAPTURE(count);
        CHECK(masked_outcome<kernel>(random, {}, {3, count, 150}, 400) == "");
        CHECK(masked_outcome<kernel>(random, {}, {count, 192, 129}, 260) == "");
        CHECK(masked_outcome<alone>(random, {}, {130, count, 0}, 400) == "");
    }
}
TEST_CASE("masked groups: warpgroups that alternate; UE8M0, B by token") {
    check_masked<kernel_of<tokens<ue8m0>, tokens<ue8m0>, store<float>, alternating>>();
}
TEST_CASE("masked groups: C is fetched for rows that are stored, and for no others") {
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, accumulate<float>, one>>();
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, accumulate<bf16>, tall>>();
}
TEST_CASE("masked groups: K-major scales of A") {
    check_masked<kernel_of<k_major_tokens<fp32>, blocks<fp32>, store<bf16>, pair>>();
    check_masked<kernel_of<k_major_tokens<ue8m0>, blocks<ue8m0>, store<bf16>, tall>>();
}
TEST_CASE("masked groups: 16-bit operands") {
    check_masked<kernel_of<operand<bf16>, operand<bf16>, store<bf16>, half>>();
}

TEST_CASE("masked groups: exchanged operands, tiles from 8 rows on") {
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, swapped(8, 64)>>();
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, swapped(24, 128)>>();
    check_masked<kernel_of<tokens<ue8m0>, blocks<ue8m0>, store<float>, swapped(16, 64)>>();
    check_masked<kernel_of<k_major_tokens<fp32>, blocks<fp32>, store<bf16>, swapped(40, 64)>>();
    check_masked<kernel_of<operand<bf16>, operand<bf16>, store<bf16>, swapped_half>>();
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, swapped(128, 64)>>();  // rows shared out
    check_masked<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, swapped(96, 64)>>();   // in steps of 8
}
TEST_CASE("masked groups: exchanged operands, every count") {
    using kernel = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, swapped(16, 64)>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 count : {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 60}) {
        CAPTURE(count);
        CHECK(masked_outcome<kernel>(random, {}, {3, count, 5}, 60) == "");
        CHECK(masked_outcome<kernel>(random, {}, {0, count, 0}, 60) == "");
    }
}

TEST_CASE("masked groups: every count, one group before and one after") {
    using kernel = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, one>;
    using by_fragment = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, odd_pair>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 count : {0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 79, 80, 127, 128, 129, 140}) {
        CAPTURE(count);
        CHECK(masked_outcome<kernel>(random, {}, {3, count, 5}, 140) == "");
        CHECK(masked_outcome<kernel>(random, {}, {0, count, 0}, 140) == "");
        CHECK(masked_outcome<by_fragment>(random, {}, {3, count, 5}, 140) == "");
        CHECK(masked_outcome<by_fragment>(random, {}, {200, count, 193}, 200) == "");
    }
    CHECK(masked_outcome<kernel>(random, {}, {0, 0, 0}, 140) == "");
    CHECK(masked_outcome<kernel>(random, {}, {-1, 141, -200}, 140) == "");  // as 0, 140 and 0
}

TEST_CASE("masked groups: counts are read after the kernel before has ended, whichever operands are ready") {
    using kernel = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, one>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    CHECK(masked_outcome<kernel>(random, {.dependent_launch = true}, {3, 70, 5}, 140) == "");
    using reading = gemm<arch::sm90, tokens<fp32>, blocks<fp32>, store<bf16>, one, starts_by_reading>;
    CHECK(masked_outcome<reading>(random, {.dependent_launch = true}, {3, 70, 5}, 140) == "");
}

TEST_CASE("batches") {
    const auto check = []<class K>(K*) {
        on_machines(3, [](random_source& random, const sim::options& machine) {
            const i64 slot = 4 * random.integer(1, 60);
            CHECK(masked_outcome<K>(random, machine, std::vector<i32>(std::size_t(random.integer(1, 5)), i32(slot)),
                                    slot) == "");
        });
    };
    check(static_cast<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, pair, uniform_groups>*>(nullptr));
    check(static_cast<kernel_of<blocks<fp32>, tokens<fp32>, accumulate<float>, one, uniform_groups>*>(nullptr));
    check(static_cast<
          kernel_of<operand<bf16>, operand<bf16, scale::none, major::mn>, store<bf16>, half, uniform_groups>*>(
        nullptr));
    check(static_cast<kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, swapped(8, 128), uniform_groups>*>(nullptr));
}

TEST_CASE("no group is no launch") {
    using kernel = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, one>;
    kernel::arguments args{{.shape = {64, 64, 128}}};
    CHECK(kernel::grid(args, 132) == 0);
    args.tiles.count = 3;
    CHECK(kernel::grid(args, 132) == 6);
    CHECK(kernel::grid(args, 4) == 4);
}

TEST_CASE("an operand that is read once may leave L2") {
    using kernel = kernel_of<tokens<fp32>, blocks<fp32>, store<bf16>, one>;
    kernel::arguments args{{.shape = {256, 4096, 128}}};
    args.tiles = {.count = 3};
    const auto hints = [&] {
        const auto p = kernel::make_params(args, {});
        return std::pair(p.a.hint == ptx::cache_hint::evict_first, p.b.hint == ptx::cache_hint::evict_first);
    };
    CHECK(hints() == std::pair(false, false));
    args.tiles.expected_rows = 20;  // weights of a group are read by one tile of rows
    CHECK(hints() == std::pair(false, true));
    args.shape.n = 32;
    CHECK(hints() == std::pair(true, true));
}

}  // namespace grouped_masked_tests
