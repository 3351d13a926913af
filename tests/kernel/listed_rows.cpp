// SPDX-License-Identifier: MIT
// Kernels that gather rows of A or scatter rows of D by a list. Integers, so that every bit must be right; rows of A that no
// list names are NaN, and lists name rows that would fault wherever they must not be read.
#include <limits>
#include <numeric>
#include <set>

#include <deepgemm/epilogue/scatter.cuh>

#include "grouped_runs.hpp"

namespace listed_rows_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using packed = operand<e4m3, scale::per_token<scale::ue8m0>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;
using packed_blocks = operand<e4m3, scale::per_block<scale::ue8m0>>;
using half = operand<bf16>;

constexpr config one{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
constexpr config two{.block = {128, 64, 128}, .stages = 4, .sm90 = {.promote = promotion::deferred}};
constexpr config tall{.block = {256, 64, 128}, .stages = 3};
constexpr config three{.block = {192, 64, 128}, .stages = 3, .sm90 = {.warpgroups = 3}};
constexpr config sharing_b{.block = {128, 64, 128}, .stages = 3, .cluster = {2, 1}};
constexpr config split{.block = {64, 64, 128}, .split_k = 2, .sm90 = {.warpgroups = 1}};
constexpr config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}};
constexpr config alternating{.block = {64, 64, 128}, .stages = 4, .sm90 = {.warpgroups = 2, .alternate = true}};
constexpr config wide{.block = {128, 64, 64}, .stages = 3, .sm90 = {.promote = promotion::never}};
constexpr config whole{.block = {128, 128, 64}, .store_rows = 64, .sm90 = {.promote = promotion::never}};

/// What the lists of a product hold where nothing may read them, and for rows that no group has.
constexpr i64 wild = std::numeric_limits<i32>::max();

/// A list of rows as a kernel takes it, of 32 or of 64 bits.
class list_of_rows {
public:
    list_of_rows(std::vector<i64> rows, bool wide) : wide_(wide), long_(std::move(rows)) {
        for (const i64 row : long_) short_.push_back(i32(row));
    }
    i64 operator[](i64 i) const { return long_.at(std::size_t(i)); }
    row_list list() const {
        return {wide_ ? static_cast<const void*>(long_.data()) : short_.data(), i64(long_.size()), wide_};
    }

private:
    bool wide_;
    std::vector<i64> long_;
    std::vector<i32> short_;
};

/// Where groups of rows lie in a product, and what a kernel is given to find them.
struct row_ranges {
    std::vector<std::pair<i32, i32>> group;  ///< [first, end), of matrix 0, 1, ... of B
    std::vector<i32> table{};
    row_groups arguments{};
    i32 rows = 0;

    /// Groups of `counts` rows, each from a multiple of `alignment` on, with `more` rows behind the last; by their ends or by
    /// row as kernels of `by` take them.
    row_ranges(const std::vector<i32>& counts, i32 alignment, i32 more, grouping by) {
        const std::vector<i32> first = test::detail::starts(counts, alignment);
        rows = first.back() + more;
        if (by == grouping::indexed) table.assign(std::size_t(rows), -1);
        for (std::size_t g = 0; g < counts.size(); ++g) {
            group.emplace_back(first[g], first[g] + counts[g]);
            if (by == grouping::indexed) {
                std::fill_n(table.begin() + first[g], counts[g], i32(g));
            } else {
                table.push_back(first[g] + counts[g]);
            }
        }
        arguments = {i32(counts.size()), nullptr, alignment};
    }
    /// All of the rows as one product.
    explicit row_ranges(i32 all) : group{{0, all}}, rows(all) {}

    static row_ranges random(random_source& random, grouping by) {
        if (by == grouping::none) return row_ranges(i32(random.integer(1, 300)));
        const i64 most[] = {1, 8, 200};
        std::vector<i32> counts = random_counts(random, 300);
        counts.push_back(i32(random.integer(1, 150)));  // some group has rows
        return {counts, i32(random.integer(1, most[random.integer(0, 2)])), i32(random.integer(1, 150)), by};
    }
};

/// A product of kernel K without lists: A and D of as many rows as are given.
template <class K>
grouped_product<K> product_of(random_source& random, const row_ranges& ranges, i32 n, i32 k, i64 rows_of_a,
                              i64 rows_of_d, const operand_info& a) {
    grouped_product<K> made{{ranges.rows, n, k},
                            {a, 1, rows_of_a, k, random},
                            {K::info.traits.b, i64(max(ranges.group.size(), std::size_t(1))), n, k, random},
                            {1, rows_of_d, n}};
    if constexpr (is_same_v<typename K::tiles::arguments, row_groups>) made.groups = ranges.arguments;
    made.table = ranges.table;
    return made;
}

template <class K>
std::string run(grouped_product<K>& product, const typename K::arguments& arguments, const sim::options& machine) {
    const launch_options wishes{.dependent_launch = machine.dependent_launch};
    const auto done = sim::try_launch<K>(arguments, wishes, machine);
    return done ? product.d.verdict() : done.failure().message;
}

/// Rows of A gathered from `stored` rows, of which those that no group wants are NaN: "" or what is wrong. `change` may spoil
/// the list.
template <class K, class Change>
std::string gather(random_source& random, const sim::options& machine, const row_ranges& ranges, i32 n, i32 k,
                   i64 stored, const operand_info& a, const Change& change) {
    auto product = product_of<K>(random, ranges, n, k, stored, ranges.rows, a);
    std::vector<i64> rows(std::size_t(ranges.rows), wild);
    std::set<i64> named;
    i32 behind = 0;  // the group before
    for (std::size_t g = 0; g < ranges.group.size(); ++g) {
        const auto& [first, end] = ranges.group[g];
        if (K::info.traits.groups == grouping::indexed) product.expect_zeros(behind, first);
        behind = end;
        for (i32 row = first; row < end; ++row) {
            named.insert(rows[std::size_t(row)] = random.integer(0, stored - 1));
            product.d.expect(0, row, rows_of(product.a[0], rows[std::size_t(row)], 1), product.b[i64(g)]);
        }
    }
    if (K::info.traits.groups == grouping::indexed) product.expect_zeros(behind, ranges.rows);
    for (i64 row = 0; row < stored; ++row) {
        if (!named.contains(row)) product.a.poison(0, row, row + 1);
    }
    change(rows);
    const list_of_rows list(rows, random.integer(0, 1) == 0);
    auto arguments = product.arguments(product.here());
    arguments.a.list = list.list();
    arguments.a.rows = stored;
    return run(product, arguments, machine);
}

/// Rows of D scattered over `stored` rows: "" or what is wrong.
template <class K, class Change>
std::string scatter_to(random_source& random, const sim::options& machine, const row_ranges& ranges, i32 n, i32 k,
                       i64 more, const Change& change) {
    const i64 stored = ranges.rows + more;
    auto product = product_of<K>(random, ranges, n, k, ranges.rows, stored, K::info.traits.a);
    std::vector<i64> order(static_cast<std::size_t>(stored)), rows(static_cast<std::size_t>(ranges.rows), wild);
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[std::size_t(random.integer(0, i64(i) - 1))]);
    i32 behind = 0;  // the group before
    for (std::size_t g = 0; g < ranges.group.size(); ++g) {
        const auto& [first, end] = ranges.group[g];
        product.a.poison(0, behind, first);
        behind = end;
        for (i32 row = first; row < end; ++row) {
            const i64 to = rows[std::size_t(row)] = order[std::size_t(row)];
            product.d.expect(0, to, rows_of(product.a[0], row, 1), product.b[i64(g)]);
        }
    }
    product.a.poison(0, behind, ranges.rows);
    change(rows);
    const list_of_rows list(rows, random.integer(0, 1) == 0);
    auto arguments = product.arguments(product.here());
    arguments.d.list = list.list();
    arguments.d.rows = stored;
    return run(product, arguments, machine);
}

void as_it_is(std::vector<i64>&) {}

/// A step that changes nothing.
struct kept {
    DEEPGEMM_BOTH float operator()(float value, i32, i32) const { return value; }
};

/// Random groups, sizes and lists on a kernel that gathers. `a` says how A is stored.
template <class K>
void check_gather(operand_info a = K::info.traits.a) {
    on_machines(2, [&](random_source& random, const sim::options& machine) {
        const i32 n = i32(random.integer(1, 150)), k = i32(random.integer(1, 400));
        const i64 stored = random.integer(1, 400);
        CHECK(gather<K>(random, machine, row_ranges::random(random, K::info.traits.groups), n, k, stored, a,
                        as_it_is) == "");
    });
}
template <class K>
void check_scatter() {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        const i32 n = i32(random.integer(1, 150)), k = i32(random.integer(1, 400));
        const auto ranges = row_ranges::random(random, K::info.traits.groups);
        CHECK(scatter_to<K>(random, machine, ranges, n, k, random.integer(0, 200), as_it_is) == "");
    });
}

template <class A, class B, config Config, class Epilogue = store<bf16>>
using by_end = grouped_kernel<A, B, Epilogue, Config, psum_groups>;
template <class A, class B, config Config, class Epilogue = store<bf16>>
using by_row = indexed_kernel<A, B, Epilogue, Config>;
template <class A, class B, config Config, class Epilogue = store<bf16>>
using alone = gemm<arch::sm90, A, B, Epilogue, Config>;

}  // namespace

TEST_CASE("gathered rows: every kind of operands, tiles and groups") {
    check_gather<by_end<gathered<tokens>, blocks, one>>();
    check_gather<by_end<gathered<tokens>, tokens, two>>();
    check_gather<by_end<gathered<half>, operand<bf16, scale::none, major::mn>, wide>>();
    check_gather<by_row<gathered<tokens>, blocks, tall>>();
    check_gather<by_row<gathered<packed>, packed_blocks, three>>();
    check_gather<by_row<gathered<half>, half, wide>>();
    check_gather<by_row<gathered<tokens>, blocks, alternating>>();
    check_gather<alone<gathered<tokens>, blocks, sharing_b>>();
    check_gather<alone<gathered<tokens>, blocks, split>>();
}

TEST_CASE("gathered rows: K-major scales are taken by the kernel that takes MN-major ones") {
    operand_info along_k = gathered<tokens>::info;
    along_k.scales = major::k;
    check_gather<by_end<gathered<tokens>, blocks, two>>(along_k);
    along_k.format = scale_kind::ue8m0;
    check_gather<by_row<gathered<packed>, packed_blocks, three>>(along_k);
}

TEST_CASE("gathered rows: one row many times, none, an end of K in every place") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using kernel = by_end<gathered<tokens>, blocks, one>;
    using halves = by_row<gathered<half>, half, wide>;
    const auto by = [](grouping by) { return row_ranges({0, 70, 0, 5, 130, 0}, 1, 9, by); };
    for (const i32 k : {0, 1, 15, 16, 17, 127, 128, 129, 255, 1000}) {
        CAPTURE(k);
        CHECK(gather<kernel>(random, {}, by(grouping::psum), 40, k, 1, gathered<tokens>::info, as_it_is) == "");
        CHECK(gather<halves>(random, {}, by(grouping::indexed), 40, k, 3, gathered<half>::info, as_it_is) == "");
    }
}

TEST_CASE("gathered rows: a list is read after the kernel before has ended, and rows that A has not are named") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using kernel = by_end<gathered<tokens>, blocks, one>;
    const row_ranges ranges({70, 0, 130}, 64, 9, grouping::psum);
    sim::options dependent{.dependent_launch = true};
    CHECK(gather<kernel>(random, dependent, ranges, 40, 300, 90, gathered<tokens>::info, as_it_is) == "");
    for (const i64 wrong : {i64(90), i64(-1)}) {
        const std::string found = gather<kernel>(random, {}, ranges, 40, 300, 90, gathered<tokens>::info,
                                                 [&](std::vector<i64>& rows) { rows[69] = wrong; });
        CHECK(found.find(concat("entry 69 of a list of rows is ", wrong, ", which is no row of the matrix")) !=
              std::string::npos);
    }
}

TEST_CASE("scattered rows: every kind of results, tiles and groups") {
    check_scatter<by_end<tokens, blocks, one, scatter<bf16>>>();
    check_scatter<by_end<tokens, blocks, pair, scatter<bf16>>>();
    check_scatter<by_row<tokens, blocks, tall, scatter<float>>>();
    check_scatter<by_row<half, half, whole, scatter<bf16>>>();
    check_scatter<by_row<tokens, blocks, alternating, scatter<bf16>>>();
    check_scatter<alone<tokens, blocks, split, scatter<bf16>>>();
    check_scatter<alone<tokens, blocks, sharing_b, then<transform<kept>, scatter<bf16>>>>();
}

TEST_CASE("scattered rows: entries that D has not, and one that is there twice, are found") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using kernel = by_row<tokens, blocks, one, scatter<bf16>>;
    const row_ranges ranges({70, 0, 130}, 64, 9, grouping::indexed);
    const auto refusal = [&](const auto& change) { return scatter_to<kernel>(random, {}, ranges, 40, 300, 7, change); };
    CHECK(refusal([](std::vector<i64>& rows) { rows[3] = 10000; }).find("entry 3 of a list of rows is 10000") !=
          std::string::npos);
    const std::string twice = refusal([](std::vector<i64>& rows) { rows[3] = rows[140]; });
    CAPTURE(twice);
    CHECK(twice.find("st.global") != std::string::npos);
}

}  // namespace listed_rows_tests
