// SPDX-License-Identifier: MIT
// Grouped kernels whose groups of rows follow each other in one matrix: by the ends of groups (psum), or by the group of each
// row. Integers, so that every bit must be right; D and the rows of A between groups are NaN.
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>

#include <limits>

#include "grouped_runs.hpp"

namespace grouped_rows_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;
using along_k = operand<e4m3, scale::per_token_k_major<scale::fp32>>;

template <class A, class B, config Config, class Groups>
using kernel_of = grouped_kernel<A, B, store<bf16>, Config, Groups>;

constexpr config one{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
constexpr config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}};
constexpr config tall{.block = {256, 64, 128}, .stages = 3};
constexpr config tall_pair{.block = {192, 32, 128}, .stages = 6, .cluster = {1, 2}, .sm90 = {.warpgroups = 3}};
constexpr config alternating{.block = {64, 64, 128}, .stages = 4, .sm90 = {.warpgroups = 2, .alternate = true}};
constexpr config half{.block = {128, 64, 64}, .stages = 3, .sm90 = {.promote = promotion::never}};
/// Each warpgroup has two fragments, and stages its rows together; and the tiles in turns.
constexpr config half_tall{
    .block = {256, 64, 64}, .stages = 4, .store_rows = 64, .sm90 = {.promote = promotion::never}};
constexpr config half_turns{
    .block = {128, 64, 64}, .stages = 3, .sm90 = {.alternate = true, .promote = promotion::never}};

constexpr config low{.block = {64, 64, 64}, .stages = 3, .sm90 = {.warpgroups = 1, .promote = promotion::never}};

/// Groups by their ends: "" or what is wrong.
template <class K>
std::string psum_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                         i64 alignment) {
    const i32 n = random_columns(random), k = i32(random.integer(1, 400)), more = i32(random.integer(1, 6));
    return outcome(psum_product<K>(random, n, k, counts, i32(alignment), more), machine);
}

/// Groups by the group of each row, of none where a count is negative: "" or what is wrong.
template <class K>
std::string index_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                          i64 alignment) {
    const i32 n = random_columns(random), k = i32(random.integer(1, 400));
    return outcome(index_product<K>(random, n, k, counts, i32(alignment)), machine);
}

/// An alignment: none, a small one, or any.
i32 random_alignment(random_source& random) {
    const i64 most[] = {1, 8, 200};
    return i32(random.integer(1, most[random.integer(0, 2)]));
}

template <class K>
void check_psum() {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        const i32 alignment = random_alignment(random);
        CAPTURE(alignment);
        CHECK(psum_outcome<K>(random, machine, random_counts(random, 300), alignment) == "");
    });
}

template <class K>
void check_index() {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        const i32 alignment = random_alignment(random);
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
    check_psum<kernel_of<operand<bf16>, operand<bf16>, half_tall, psum_groups>>();
    check_psum<kernel_of<operand<bf16>, operand<bf16>, half_turns, psum_groups>>();
    check_psum<kernel_of<along_k, blocks, tall, psum_groups>>();
}

TEST_CASE("groups by the group of each row, whatever they are aligned to") {
    check_index<indexed_kernel<tokens, blocks, store<bf16>, one>>();
    check_index<indexed_kernel<tokens, blocks, store<bf16>, pair>>();
    check_index<indexed_kernel<tokens, blocks, store<bf16>, tall>>();
    check_index<indexed_kernel<tokens, tokens, store<float>, alternating>>();
    check_index<indexed_kernel<operand<bf16>, operand<bf16, scale::none, major::mn>, store<bf16>, half>>();
    check_index<indexed_kernel<operand<bf16>, operand<bf16>, store<bf16>, half_tall>>();
    check_index<indexed_kernel<along_k, blocks, store<bf16>, tall>>();
    check_index<indexed_kernel<along_k, blocks, store<bf16>, one>>();
    check_index<indexed_kernel<operand<bf16>, operand<bf16, scale::none, major::mn>, store<bf16>, low>>();
    check_index<kernel_of<tokens, blocks, tall, listed_groups>>();  // no rule picks it, but it is a schedule
}

namespace {

/// K-major scales of several groups of words along K, of a group that serves fewer K blocks than there are stages, and with rows
/// of scales at multiples of 16 bytes, where TMA loads those of high tiles, and elsewhere.
template <class ByEnd, class ByRow>
void check_k_major() {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        const i32 along_tma = 512 * i32(random.integer(1, 6)), few = 1024 + i32(random.integer(1, 128));
        for (const i32 k : {i32(random.integer(1, 128)), i32(random.integer(129, 2000)), along_tma, few,
                            along_tma - i32(random.integer(0, 127))}) {
            CAPTURE(k);
            const i32 n = i32(random.integer(1, 80)), alignment = random_alignment(random);
            const std::vector<i32> counts = random_counts(random, 300);
            CHECK(outcome(psum_product<ByEnd>(random, n, k, counts, alignment, 3), machine) == "");
            std::vector<i32> by_row = counts;
            by_row.push_back(1);  // M is not 0
            CHECK(outcome(index_product<ByRow>(random, n, k, by_row, alignment), machine) == "");
        }
    });
}

}  // namespace

TEST_CASE("groups of rows: K-major scales, several groups of words along K") {
    check_k_major<kernel_of<along_k, blocks, pair, psum_groups>, indexed_kernel<along_k, blocks, store<bf16>, pair>>();
    check_k_major<kernel_of<along_k, blocks, tall, psum_groups>, indexed_kernel<along_k, blocks, store<bf16>, tall>>();
    check_k_major<kernel_of<along_k, blocks, tall_pair, psum_groups>,
                  indexed_kernel<along_k, blocks, store<bf16>, tall_pair>>();
}

TEST_CASE("rows of no group become zero by index, and are not touched by ends") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using by_index = indexed_kernel<tokens, blocks, store<bf16>, one>;
    CHECK(index_outcome<by_index>(random, {}, {-128, 3, -128, 128, -128}, 128) == "");
    CHECK(index_outcome<by_index>(random, {}, {-1}, 16) == "");
    CHECK(index_outcome<by_index>(random, {}, {-700, 1, -1, 1}, 1) == "");
    CHECK(index_outcome<by_index>(random, {}, {1500, 1, -900}, 1) == "");
    using by_end = kernel_of<tokens, blocks, one, psum_groups>;
    CHECK(psum_outcome<by_end>(random, {}, {0, 0, 129, 0}, 128) == "");
    CHECK(psum_outcome<by_end>(random, {}, {0, 0}, 128) == "");
}

TEST_CASE("rows behind a group become zero by ends, if that is asked for") {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        const i32 alignment = random_alignment(random);
        CAPTURE(alignment);
        using kernel = kernel_of<tokens, blocks, tall, psum_groups>;
        const std::vector<i32> counts = random_counts(random, 300);
        CHECK(outcome(psum_product<kernel>(random, 100, 300, counts, alignment, 3, true), machine) == "");
        CHECK(outcome(psum_product<kernel>(random, 100, 0, counts, alignment, 3, true), machine) == "");
    });
}

TEST_CASE("rows of no group become zero without the factor and the bias of any matrix") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto check = [&]<config Config>(i32 k) {
        using kernel = indexed_kernel<tokens, blocks, then<alpha, bias<float>, store<float>>, Config>;
        auto product = index_product<kernel>(random, 40, k, {0, -70, 5, -1, 130, -3}, 1);
        std::vector<float> factors(6, 1), vectors(6 * 40, 0);  // of matrix 0, which has no rows, and of those that have
        factors[0] = vectors[0] = vectors[39] = std::numeric_limits<float>::quiet_NaN();
        auto arguments = product.arguments(product.here());
        arguments.epilogue.first = {1, factors.data(), 1};
        arguments.epilogue.rest.first = {vectors.data(), 40};
        const auto done = sim::try_launch<kernel>(arguments);
        CHECK_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(product.d.verdict() == "");
    };
    for (const i32 k : {0, 200}) {
        check.template operator()<one>(k);
        check.template operator()<pair>(k);
    }
}

TEST_CASE("hundreds of groups of few rows; one group with nearly all rows, and empty ones") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    std::vector<i32> few(row_groups::most_tabled), uneven(40, 0);
    for (i32& count : few) count = i32(random.integer(0, 3));
    few.back() = uneven.back() = 24;
    uneven.front() = 401;
    for (const auto& counts : {few, uneven}) {
        CHECK(index_outcome<indexed_kernel<tokens, blocks, store<bf16>, pair>>(random, {}, counts, 1) == "");
        CHECK(index_outcome<indexed_kernel<tokens, blocks, store<bf16>, one>>(random, {}, counts, 8) == "");
        CHECK(psum_outcome<kernel_of<tokens, blocks, pair, psum_groups>>(random, {}, counts, 1) == "");
    }
}

TEST_CASE("groups are read after the kernel before has ended, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const sim::options dependent{.dependent_launch = true};
    CHECK(psum_outcome<kernel_of<tokens, blocks, one, psum_groups>>(random, dependent, {70, 0, 130}, 64) == "");
    CHECK(index_outcome<indexed_kernel<tokens, blocks, store<bf16>, one>>(random, dependent, {70, -64, 130}, 64) == "");
    CHECK(index_outcome<indexed_kernel<tokens, blocks, store<bf16>, pair>>(random, dependent, {70, -64, 130}, 64) ==
          "");
}

namespace {

/// What a kernel says of a list that breaks a promise.
template <config Config>
void check_refusals() {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto refusal = [&](const std::vector<i32>& list, i32 groups, i32 alignment) {
        using kernel = indexed_kernel<tokens, blocks, store<bf16>, Config>;
        auto product = index_product<kernel>(random, 40, 300, std::vector<i32>(std::size_t(groups), 1), 1);
        REQUIRE(std::size_t(product.shape.m) >= list.size());
        product.table = list;
        product.table.resize(std::size_t(product.shape.m), -1);
        product.groups.alignment = alignment;
        return outcome(product, {});
    };
    const auto says = [](const std::string& text, const char* sentence) { return text.find(sentence) != text.npos; };
    const std::string beyond = refusal({0, 0, 7}, 7, 1);
    CHECK_MESSAGE(says(beyond, "row 2 has group 7, for which B has no matrix"), beyond);
    const std::string finer = refusal({0, 0, 0, 1}, 9, 8);
    CHECK_MESSAGE(says(finer, "a group starts at row 3, which is no multiple of the alignment, 8"), finer);
    const std::string late = refusal({-1, 5, 5}, 9, 2);
    CHECK_MESSAGE(says(late, "a group starts at row 1, which is no multiple of the alignment, 2"), late);
    const std::string again = refusal({3, 4, 3}, 9, 1);
    CHECK_MESSAGE(says(again, "row 2 has group 3, whose rows do not follow each other"), again);
    const std::string gap = refusal({3, -1, 3}, 9, 1);
    CHECK_MESSAGE(says(gap, "row 2 has group 3, whose rows do not follow each other"), gap);
}

}  // namespace

TEST_CASE("lists that break a promise are refused, by tiles that look for groups and by those with a table") {
    check_refusals<one>();
    check_refusals<pair>();
}

}  // namespace grouped_rows_tests
