// SPDX-License-Identifier: MIT
// Grouped kernels that cut K: groups that follow each other along K, each with a D of its own (gradients of weights), and one product
// whose K is cut into parts. Integers, so that every bit must be right; D is NaN where nothing is added to it.
#include "groups.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using columns = operand<bf16, scale::none, major::mn>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using words = operand<e4m3, scale::per_token<scale::ue8m0>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config one{.block = {64, 64, 64}, .stages = 3, .math_warpgroups = 1, .promote = promotion::never};
constexpr config pair{.block = {128, 128, 64}, .stages = 3, .cluster = {1, 2}, .promote = promotion::never};
constexpr config alternating{
    .block = {64, 64, 64}, .stages = 4, .math_warpgroups = 2, .alternate = true, .promote = promotion::never};
constexpr config scaled{.block = {64, 64, 128}, .stages = 3, .math_warpgroups = 1};

/// Groups of `sizes` elements of K: "" or what is wrong.
template <class K>
std::string k_outcome(random_source& random, const sim::options& machine, const std::vector<i32>& sizes) {
    using element = typename K::element;
    const i64 m = random.integer(1, 200), n = random.integer(1, 200), groups = i64(sizes.size());
    i64 k = 0;
    for (const i32 size : sizes) k += size;
    const operand_stack a(K::info.a, 1, m, k, random), b(K::info.b, 1, n, k, random);
    group_results<element> d(groups, m, n);
    i64 first = 0;
    for (i64 g = 0; g < groups; ++g) {
        const i32 size = sizes[std::size_t(g)];
        d.expect(g, 0, k_of(a[0], first, size), k_of(b[0], first, size));
        first += size;
    }
    typename K::arguments args{{.shape = {i32(m), i32(n), i32(k)}}};
    args.tiles = {i32(groups), sizes.data()};
    a.become_a(args);
    b.become_b(args);
    d.become_d(args);
    args.ready = {true, true};  // what the schedule reads is not
    guarded_matrix c(K::info.d, groups * m, n, 0);
    if (K::info.in_place) {
        d.fill(random);
        d.add(d.view());
    } else if (K::info.accumulate) {
        random.fill_integers(c.template view<element>(), -8, 8);
        d.add(c.template view<const element>());
    }
    args.c = K::info.in_place ? args.d : c.template view<element>().data;
    args.c_pitch = K::info.in_place ? args.d_pitch : c.pitch();
    args.c_matrix_pitch = m * args.c_pitch;
    const std::string error = outcome<K>(args, machine);
    return error.empty() ? d.verdict() : error;
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
    const i64 m = random.integer(1, 130), n = random.integer(1, 130);
    const operand_stack a(K::info.a, 1, m, k, random), b(K::info.b, 1, n, k, random);
    matrix<float> d(parts * m, n, align_up(n, i64(4)));
    typename K::arguments args{{.shape = {i32(m), i32(n), i32(k)}}};
    args.tiles = {parts, K::info.a.format == scale_kind::none ? 64 : 128};
    a.become_a(args);
    b.become_b(args);
    args.d = d.data();
    args.d_pitch = d.pitch();
    args.d_matrix_pitch = m * d.pitch();
    args.matrices = parts;
    const std::string error = outcome<K>(args, machine);
    if (!error.empty()) return error;
    for (i64 part = 1; part < parts; ++part) {
        for (i64 i = 0; i < m; ++i) {
            for (i64 j = 0; j < n; ++j) d(i, j) += d(part * m + i, j);
        }
    }
    const matrix_view<const float> sums = d.view();
    const comparison found = reference::compare_exact(sums.row_range(0, m), reference::gemm(a[0], b[0]));
    return found ? "" : found.text();
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
