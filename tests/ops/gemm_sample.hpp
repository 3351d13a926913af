// SPDX-License-Identifier: MIT
// Samples of the dense GEMM: operands for whatever types a kernel describes, C, a D that shows every byte written outside of
// it, and the reference. What padding there is holds NaN.
#pragma once

#include <array>
#include <span>

#include <deepgemm/ops/gemm/gemm.hpp>

#include "../kernel/operands.hpp"
#include "epilogue_sample.hpp"
#include "sample.hpp"

namespace deepgemm::test {

/// How the matrices lie in memory. Pads are in elements, beyond what TMA's alignment needs, and hold NaN.
struct placement {
    i64 a_pad = 0, b_pad = 0, c_pad = 0, d_pad = 0;
    bool c_is_d = false;          ///< always for kernels that add in place
    bool scales_along_n = false;  ///< per-block scales of B contiguous along N instead of K
    bool extreme_scales =
        false;  ///< exponent bytes 0 in A and 254 in B, UE8M0 only: 2^-127, which is subnormal, and 2^127
};

/// A product as kernels of a given description take it: exact integers unless `kind` says otherwise. Its data follow from
/// `seed` and from the seed of the run (tests/main.cpp), so that tests may number their samples and have other data in every
/// run.
template <>
class sample_of<ops::gemm> {
public:
    sample_of(const gemm_info& info, problem_shape shape, u64 seed, numbers kind = numbers::exact, placement how = {})
        : info_(info), shape_(shape), kind_(kind), c_is_d_(how.c_is_d || info.traits.in_place) {
        random_source random(fresh_seed() + seed);
        const auto& [m, n, k] = shape;
        a_ = make_operand(info.traits.a, m, k, how.a_pad, kind, random);
        b_ = make_operand(info.traits.b, n, k, how.b_pad, kind, random);
        if (how.scales_along_n) lay_scales_along_mn(b_);
        if (how.extreme_scales) {
            for (u32& word : a_.words) word = 0;
            for (u32& word : b_.words) word = 0xfefefefeu;
        }
        steps_ = sample_epilogue(info.traits.epilogue, 1, 1, m, n, random);
        d_ =
            guarded_matrix(info.traits.d, m,
                           reference::stored_column(i64(steps_.info().columns_after(n)), info.traits.heads), how.d_pad);
        expected_ = reference::gemm(a_.view, b_.view);
        if (kind == numbers::normal) {
            truth_ = reference::gemm(reference::plain<float>(a_.original), reference::plain<float>(b_.original));
        }
        if (info.traits.accumulate) {
            if (!c_is_d_) c_ = guarded_matrix(info.traits.d, m, n, how.c_pad);
            guarded_matrix& c = c_is_d_ ? d_ : c_;
            on_type([&](auto element) {
                const auto values = c.template view<decltype(element)>();
                kind == numbers::exact ? random.fill_integers(values, -8, 8) : random.fill_normal(values, 32.0f);
                reference::add(expected_, values);
                if (kind == numbers::normal) reference::add(truth_, values);
            });
            c.remember();
        }
    }

    static sample_of of(const gemm_info& kernel, const gemm_workload& work, u64 seed) {
        return {kernel, work.shape, seed, numbers::exact, {.c_is_d = true}};
    }
    /// Operands as they are and in double precision; D, what it held before, a value and a magnitude of each element.
    static double host_bytes(const gemm_workload& work) {
        const auto operand = [&](const operand_info& x, i64 rows) {
            return deepgemm::detail::bytes_of(x, rows, work.shape.k) + 8.0 * double(rows) * work.shape.k;
        };
        return operand(work.a, work.shape.m) + operand(work.b, work.shape.n) +
               (2 * size_of(work.d) + 16) * double(work.shape.m) * work.shape.n;
    }

    any_operand& a() { return a_; }
    any_operand& b() { return b_; }
    guarded_matrix& c() { return c_is_d_ ? d_ : c_; }
    guarded_matrix& d() { return d_; }
    reference::product& expected() { return expected_; }
    const sample_epilogue& steps() const { return steps_; }
    const problem_shape& shape() const { return shape_; }

    /// A, its scales, B, its scales, C unless it is D itself, D, what steps read, and the scales of D.
    std::array<sample_memory, 8> memory() {
        const auto operand = [](any_operand& x) {
            return sample_memory{const_cast<void*>(x.view.data), x.data_bytes()};
        };
        const auto words = [](std::vector<u32>& x) { return sample_memory{x.data(), x.size() * sizeof(u32)}; };
        const auto bytes = [](std::vector<u8>& x) { return sample_memory{x.data(), x.size()}; };
        const auto [inputs, scales] = steps_.memory();
        std::array<sample_memory, 8> all{operand(a_),       words(a_.words),   operand(b_), words(b_.words),
                                         bytes(c_.bytes()), bytes(d_.bytes()), inputs,      scales};
        all[5].written = true;
        return all;
    }
    /// The product as the named operations take it; `at` says where copies of memory() lie.
    gemm_problem problem(std::span<void* const> at) {
        gemm_problem made{.a = a_.argument(at[0], at[1]),
                          .b = b_.argument(at[2], at[3]),
                          .d = d_.argument(at[5]),
                          .heads = info_.traits.heads,
                          .epilogue = steps_.argument(at[6], at[7]),
                          .promoted = info_.traits.promoted};
        if (info_.traits.accumulate) made.c = input_matrix(c_is_d_ ? made.d : c_.argument(at[4]));
        return made;
    }
    gemm_problem problem() {
        void* const here[8] = {};
        return problem(here);
    }
    /// Puts D back to what it was before the first run.
    void restore() {
        d_.restore();
        steps_.restore();
    }

    /// What is wrong with D, in a sentence; "" if nothing is. Exact data must agree bit by bit; else each element has to be
    /// within the tensor core's error of the reference on the operands as they are.
    std::string verdict() {
        std::string wrong = d_.trespass([&](i64, i64 column) { return !in_hole(column); });
        if (!wrong.empty()) return wrong;
        const double allowed = deepgemm::detail::is_half(info_.traits.a.type) ? tolerance::half : tolerance::hopper_fp8;
        on_type([&](auto element) {
            const auto d = d_.template view<const decltype(element)>();
            if (steps_.info().any()) {
                const double accumulation = kind_ == numbers::exact ? 0 : allowed;
                wrong = steps_.verdict(d, steps_.after(expected_, accumulation, 0, 0, 0), 0, 0);
                if (wrong.empty()) wrong = steps_.trespass([](i64, i64) { return true; });
                return;
            }
            const comparison found = kind_ == numbers::exact
                                         ? reference::compare_exact(d, expected_, info_.traits.heads)
                                         : reference::compare(d, expected_, allowed, info_.traits.heads);
            if (!found) wrong = found.text();
        });
        return wrong;
    }

    /// calc_diff() of D and the product of the operands as they were before quantisation or rounding, if D is that product;
    /// numbers::normal only.
    double diff_to_unquantised() {
        double diff = 0;
        on_type([&](auto element) {
            diff = reference::diff(d_.template view<const decltype(element)>(), truth_, info_.traits.heads);
        });
        return diff;
    }

private:
    /// Calls `action` with an element of D's type.
    template <class Action>
    void on_type(Action action) {
        switch (info_.traits.d) {
            case dtype::bf16: return action(bf16{});
            case dtype::f16: return action(f16{});
            case dtype::e4m3: return action(e4m3{});
            case dtype::e5m2: return action(e5m2{});
            default: return action(float{});
        }
    }
    bool in_hole(i64 column) const {
        const auto& [left, middle, right] = info_.traits.heads;
        if (!info_.traits.heads.any()) return false;
        const i64 inside = column % (left + middle + right);
        return inside >= left && inside < left + middle;
    }

    gemm_info info_;
    problem_shape shape_;
    numbers kind_;
    bool c_is_d_;
    any_operand a_, b_;
    guarded_matrix c_, d_;
    sample_epilogue steps_;
    reference::product expected_;
    reference::product truth_;  ///< of the operands before quantisation
};

/// A sample of the dense GEMM.
using gemm_sample = sample_of<ops::gemm>;

/// Rows and columns of D that a cluster of a kernel computes at a time.
struct tile_extent {
    i32 m, n;
};
inline tile_extent cluster_tile(const gemm_info& info) {
    return {info.cfg.block.m * info.cfg.cluster.m, info.cfg.block.n * info.cfg.cluster.n};
}

/// A shape that kernels take, of at least that size: whole heads for those that split heads, whole groups of gates, an even
/// number of elements of packed FP4 along K, and whole runs of 128 along the contiguous extent of FP4 that TMA spreads over
/// bytes.
inline problem_shape shape_for(const gemm_info& info, i32 m, i32 n, i32 k) {
    const head_splits& heads = info.traits.heads;
    if (heads.any()) return {m, align_up(max(n, 1), heads.left + heads.right), k};
    problem_shape made{m, whole_columns(info.traits.epilogue, n), k};
    const bool packed = sm100_product_of(info.traits.a, info.traits.b).element_bits == 4;
    const auto fit = [&](const operand_info& x, i32& rows) {
        if (x.type != dtype::e2m1x2) return;
        i32& extent = x.contiguous == major::mn ? rows : made.k;
        extent = align_up(extent, packed ? 2 : 128);
        made.k = align_up(made.k, 2);
    };
    fit(info.traits.a, made.m);
    fit(info.traits.b, made.n);
    return made;
}

/// The largest calc_diff() of a product of normal numbers before and after they are quantised as a kernel takes them.
constexpr double quantisation_diff(const gemm_info& info) {
    const auto fp4 = [](const operand_info& x) { return x.type == dtype::e2m1x2; };
    return fp4(info.traits.a) && fp4(info.traits.b) ? 2e-2 : fp4(info.traits.a) || fp4(info.traits.b) ? 1e-2 : 1e-3;
}

/// One of the combinations of FP8 types and scales that are shipped, without a configuration.
inline gemm_info random_kind(random_source& random) {
    const auto format = random.integer(0, 1) == 0 ? scale_kind::fp32 : scale_kind::ue8m0;
    gemm_info kind;
    kind.traits.a = {dtype::e4m3, format, {1, 128}};
    kind.traits.b = {dtype::e4m3, format, {random.integer(0, 1) == 0 ? 1 : 128, 128}};
    kind.traits.d = random.integer(0, 1) == 0 ? dtype::bf16 : dtype::f32;
    kind.traits.accumulate = random.integer(0, 1) == 0;
    return kind;
}

/// The same with scales that hold for all of K, or without: of either granularity on either side.
inline gemm_info random_end_kind(random_source& random) {
    const auto operand = [&]() -> operand_info {
        const int mn = random.integer(0, 1) == 0 ? 1 : scale_tile::all;
        if (random.integer(0, 3) == 0) return {.format = scale_kind::none};
        return {.tile = {mn, scale_tile::all}};
    };
    gemm_info kind;
    kind.traits.a = operand();
    kind.traits.b = operand();
    kind.traits.d = random.integer(0, 1) == 0 ? dtype::bf16 : dtype::f32;
    kind.traits.promoted = random.integer(0, 2) == 0;
    kind.traits.accumulate = random.integer(0, 1) == 0 && !(kind.traits.promoted && kind.traits.d == dtype::bf16);
    return kind;
}

/// The same of 16-bit operands: one type, any orders.
inline gemm_info random_half_kind(random_source& random, dtype type = dtype::bf16) {
    const auto operand = [&] {
        return operand_info{type, scale_kind::none, {}, random.integer(0, 1) == 0 ? major::k : major::mn};
    };
    gemm_info kind;
    kind.traits.a = operand();
    kind.traits.b = operand();
    kind.traits.d = random.integer(0, 1) == 0 ? type : dtype::f32;
    kind.traits.accumulate = random.integer(0, 1) == 0;
    return kind;
}

/// An extent whose order of magnitude is random too.
inline i32 random_extent(random_source& random, i32 largest) {
    return i32(random.integer(1, max(i64(1), i64(largest) >> random.integer(0, 6))));
}

inline placement random_placement(random_source& random, const gemm_info& kind) {
    return {.a_pad = 16 * random.integer(0, 2),
            .b_pad = 16 * random.integer(0, 2),
            .c_pad = random.integer(0, 9),
            .d_pad = random.integer(0, 9),
            .c_is_d = random.integer(0, 1) == 1,
            .scales_along_n = kind.traits.b.tile.mn > 1 && random.integer(0, 1) == 1};
}

/// What to say where a product goes wrong.
inline std::string describe(const gemm_info& info, problem_shape shape, u64 seed) {
    return concat(to_source(info), " on ", shape.m, " x ", shape.n, " x ", shape.k, ", seed ", seed);
}

/// Runs a product through the named operation of its types; D's heads decide where they are split.
template <engine_for<ops::gemm> Engine>
result<void> run_named(const Engine& engine, const gemm_problem& p, gemm_options options = {}) {
    options.c = p.c;
    options.epilogue = p.epilogue;
    options.promoted = p.promoted;
    if (p.heads.any()) return fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, p.heads, options);
    switch (p.a.matrix.type) {
        case dtype::bf16: return bf16_gemm_nt(engine, p.a.matrix, p.b.matrix, p.d, options);
        case dtype::f16: return f16_gemm_nt(engine, p.a.matrix, p.b.matrix, p.d, options);
        case dtype::tf32: return tf32_gemm_nt(engine, p.a.matrix, p.b.matrix, p.d, options);
        default: return fp8_gemm_nt(engine, p.a, p.b, p.d, options);
    }
}

}  // namespace deepgemm::test
