// SPDX-License-Identifier: MIT
// Grouped kernels whose groups of rows follow each other in one matrix: by the ends of groups (psum), or by the group of each row.
// Integers, so that every bit must be right; D and the rows of A between groups are NaN.
#include "groups.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

template <class A, class B, config Config, class Groups>
using kernel_of = grouped_kernel<A, B, store<bf16>, Config, Groups>;

constexpr config one{.block = {64, 32, 128}, .stages = 3, .math_warpgroups = 1};
constexpr config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}};
constexpr config tall{.block = {256, 64, 128}, .stages = 3};
constexpr config half{.block = {128, 64, 64}, .stages = 3, .promote = promotion::never};

/// Runs of rows in one matrix of A and of D, each from a multiple of `alignment` on, and weights for each.
template <class K>
struct row_groups {
    std::vector<i64> first;  ///< row of each run of rows; the last entry is where the next one would start
    problem_shape shape;
    operand_stack a, b;
    group_results<bf16> d;
    typename K::arguments args{};

    /// `more` rows follow the last run.
    row_groups(random_source& random, const std::vector<i32>& counts, i64 alignment, i64 more)
        : first(starts(counts, alignment)),
          shape{i32(first.back() + more), i32(random.integer(1, 150)), i32(random.integer(1, 400))},
          a(K::info.a, 1, shape.m, shape.k, random),
          b(K::info.b, i64(counts.size()), shape.n, shape.k, random),
          d(1, shape.m, shape.n) {}

    /// Rows [begin, end) of D have to become those of A times matrix `g` of B.
    void expect(i64 begin, i64 end, i64 g) { d.expect(0, begin, rows_of(a[0], begin, end - begin), b[g]); }
    /// Rows [begin, end) of D have to become zero.
    void expect_zeros(i64 begin, i64 end) {
        reference::operand nothing = rows_of(a[0], begin, end - begin), no_weights = b[0];
        nothing.k = no_weights.k = 0;
        d.expect(0, begin, nothing, no_weights);
    }

    /// What the kernel makes of them: "" or what is wrong.
    std::string outcome(const sim::options& machine) {
        args.shape = shape;
        a.become_a(args);
        b.become_b(args);
        d.become_d(args);
        args.ready = {true, true};  // what the schedule reads is not
        const std::string error = test::outcome<K>(args, machine);
        return error.empty() ? d.verdict() : error;
    }

private:
    static std::vector<i64> starts(const std::vector<i32>& counts, i64 alignment) {
        std::vector<i64> first{0};
        for (const i32 count : counts) first.push_back(align_up(first.back() + count, alignment));
        return first;
    }
};

/// Groups by their ends: "" or what is wrong. An empty group may be given the end of the one before it, which is not aligned.
template <class K>
std::string psum_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                         i64 alignment) {
    row_groups<K> groups(random, counts, alignment, random.integer(1, 6));
    std::vector<i32> ends;
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const i64 start = groups.first[g], end = start + counts[g];
        const bool plain = g > 0 && counts[g] == 0 && random.integer(0, 1) == 0;
        ends.push_back(plain ? ends.back() : i32(end));
        groups.expect(start, end, i64(g));
        groups.a.poison(0, end, groups.first[g + 1]);
    }
    groups.a.poison(0, groups.first.back(), groups.shape.m);
    groups.args.tiles = {i32(counts.size()), ends.data(), i32(alignment)};
    return groups.outcome(machine);
}

/// Groups by the group of each row: "" or what is wrong. Negative counts are rows of no group, which become zero although A is NaN
/// there, but for those at the end of a run that a group has begun.
template <class K>
std::string index_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& counts,
                          i64 alignment) {
    std::vector<i32> lengths = counts;
    for (i32& length : lengths) length = length < 0 ? -length : length;
    row_groups<K> groups(random, lengths, alignment, 0);
    std::vector<i32> of_row(std::size_t(groups.shape.m), -1);
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const i64 start = groups.first[g], end = groups.first[g + 1];
        if (counts[g] < 0) {
            groups.expect_zeros(start, end);
            groups.a.poison(0, start, end);
        } else {
            groups.expect(start, end, i64(g));
            std::fill_n(of_row.begin() + start, counts[g], i32(g));
        }
    }
    groups.args.tiles = {i32(ceil_div(i64(groups.shape.m), alignment)), of_row.data(), i32(alignment)};
    return groups.outcome(machine);
}

template <class K>
void check_psum() {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        // TMA brings scales from multiples of four rows on.
        const i64 unit = K::a_scale::staged ? 4 : 1, alignment = unit * random.integer(1, 200 / unit);
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
