// SPDX-License-Identifier: MIT
// Steps that leave fewer columns than they get: a gated layer's halves, in eights of columns that alternate, go in, and their
// product comes out. Integer gates give exact results, compared element by element; what lies around D stays as it was.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/gated.cuh>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>

#include <cmath>
#include <vector>

namespace gated_tests {

using namespace deepgemm;

namespace {

/// max(gate, 0) * up: as SwiGLU, but whole numbers stay whole.
struct rectified_gate {
    DEEPGEMM_DEVICE float operator()(float gate, float up, i32, i32) const { return gate > 0 ? gate * up : 0.0f; }
};
// [gate]
/// The gate of SwiGLU.
struct silu_gate {
    DEEPGEMM_DEVICE float operator()(float gate, float up, i32, i32) const { return gate / (1 + std::exp(-gate)) * up; }
};
// [gate]
/// Depends on the place of an element: of the product before the gate, of D after it.
struct add_place {
    DEEPGEMM_DEVICE float operator()(float value, i32 m, i32 n) const { return value + float((m + 3 * n) % 5); }
};

constexpr float place(int m, int n) { return float((m + 3 * n) % 5); }
constexpr float a_at(int m, int k) { return float((m * 3 + k * 5) % 5 - 2); }
constexpr float b_at(int n, int k) { return float((n * 7 + k * 3) % 3 - 1); }
constexpr float c_at(int m, int n) { return float((m * 2 + n) % 7 - 3); }

/// What a case adds before the gate and after it.
struct additions {
    bool before = false, after = false, c = false;
};

/// D of one product of (m, k) by (n, k), with a margin on all sides; elements that are wrong by more than `tolerance`,
/// relative.
template <class Kernel, class Gate>
int wrong_elements(int m, int n, int k, additions add, double tolerance) {
    using T = typename Kernel::element;
    const auto as_t = [](float x) {
        if constexpr (half_element<T>) {
            return T::from_float(x);
        } else {
            return x;
        }
    };
    const int columns = n / 2, pitch = columns / 8 * 8 + 16, margin = 2;
    std::vector<bf16> a(std::size_t(m * k)), b(std::size_t(n * k));
    std::vector<T> d(std::size_t((m + margin) * pitch), as_t(77)), c(d.size());
    for (int i = 0; i < m * k; ++i) a[std::size_t(i)] = bf16::from_float(a_at(i / k, i % k));
    for (int i = 0; i < n * k; ++i) b[std::size_t(i)] = bf16::from_float(b_at(i / k, i % k));
    for (int i = 0; i < int(c.size()); ++i) c[std::size_t(i)] = as_t(c_at(i / pitch, i % pitch));
    typename Kernel::arguments arguments{};
    arguments.shape = {m, n, k};
    arguments.a.data = a.data();
    arguments.a.pitch = k;
    arguments.b.data = b.data();
    arguments.b.pitch = k;
    arguments.d.data = d.data();
    arguments.d.pitch = pitch;
    arguments.c.data = c.data();
    arguments.c.pitch = pitch;
    sim::launch<Kernel>(arguments, {.num_sms = 4});
    int wrong = 0;
    for (int row = 0; row < m + margin; ++row) {
        for (int column = 0; column < pitch; ++column) {
            double expected = 77;
            if (row < m && column < columns) {
                const auto product = [&](int at) {
                    double sum = add.before ? place(row, at) : 0;
                    for (int i = 0; i < k; ++i) sum += double(a_at(row, i)) * b_at(at, i);
                    return sum;
                };
                const int gate = column / 8 * 16 + column % 8;
                expected = Gate{}(float(product(gate)), float(product(gate + 8)), row, column);
                if (add.after) expected += place(row, column);
                if (add.c) expected += c_at(row, column);
                if constexpr (half_element<T>) expected = float(T::from_float(float(expected)));
            }
            const double found = float(d[std::size_t(row * pitch + column)]);
            wrong += !(std::abs(found - expected) <= tolerance * std::abs(expected));
        }
    }
    return wrong;
}

using half = operand<bf16>;
template <class Epilogue, config Config>
using product = gemm<arch::sm90, half, half, Epilogue, Config>;

constexpr config small{.block = {64, 32, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config wide{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}};
constexpr config by_warpgroup{.block = {128, 128, 64},
                              .store_rows = 64,
                              .store_columns = 16,
                              .store_buffers = 2,
                              .sm90 = {.promote = promotion::never}};
constexpr config in_turns{.block = {64, 96, 64}, .sm90 = {.alternate = true, .promote = promotion::never}};
constexpr config in_parts{.block = {64, 64, 64}, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}};

template <class Epilogue, config Config>
void check(additions add) {
    using kernel = product<Epilogue, Config>;
    for (const auto& [m, n, k] : {problem_shape{128, 256, 128}, {77, 176, 200}, {130, 16, 64}, {5, 528, 0}}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CHECK(wrong_elements<kernel, rectified_gate>(m, n, k, add, 0) == 0);
    }
}

}  // namespace

static_assert(fragment_step<gated<rectified_gate>> && !epilogue_step<gated<rectified_gate>>);
static_assert(epilogue<then<gated<rectified_gate>, store<bf16>>>);

TEST_CASE("a gate leaves half of the columns") {
    check<then<gated<rectified_gate>, store<float>>, small>({});
    check<then<gated<rectified_gate>, store<bf16>>, wide>({});
    check<then<gated<rectified_gate>, store<float>>, by_warpgroup>({});
    check<then<gated<rectified_gate>, store<bf16>>, in_turns>({});
    check<then<gated<rectified_gate>, store<float>>, in_parts>({});
}

TEST_CASE("steps before a gate see the product, steps after it and C see D") {
    check<then<transform<add_place>, gated<rectified_gate>, store<float>>, small>({.before = true});
    check<then<transform<add_place>, gated<rectified_gate>, transform<add_place>, accumulate<float>>, wide>(
        {.before = true, .after = true, .c = true});
    check<then<gated<rectified_gate>, transform<add_place>, accumulate<bf16>>, by_warpgroup>(
        {.after = true, .c = true});
}

TEST_CASE("SwiGLU's halves leave as their product") {
    using kernel = product<then<gated<silu_gate>, store<float>>, small>;
    CHECK(wrong_elements<kernel, silu_gate>(77, 176, 200, {}, 1e-6) == 0);
}

}  // namespace gated_tests
