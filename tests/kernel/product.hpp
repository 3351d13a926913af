// SPDX-License-Identifier: MIT
// A product to test a kernel with, in host memory: operands for whatever types the kernel describes, C, a D that shows every
// byte written outside of it, and the reference. For the simulator as it lies; tests on a GPU copy it.
#pragma once

#include <deepgemm/ops/gemm/text.hpp>
#include <deepgemm/reference/operand.hpp>

#include <memory>

namespace deepgemm::test {

/// What the operands hold.
enum class numbers {
    exact,   ///< small integers and scales that are powers of two: results must agree bit by bit
    normal,  ///< normal numbers, quantised or rounded
};

/// How the matrices lie in memory. Pads are in elements, beyond what TMA's alignment needs, and hold NaN.
struct placement {
    i64 a_pad = 0, b_pad = 0, c_pad = 0, d_pad = 0;
    bool c_is_d = false;          ///< always for kernels that add in place
    bool scales_along_n = false;  ///< per-block scales of B contiguous along N instead of K
    bool extreme_scales =
        false;  ///< exponent bytes 0 in A and 254 in B, UE8M0 only: 2^-127, which is subnormal, and 2^127
};

/// An operand whose element type is known at run time.
struct any_operand {
    std::shared_ptr<void> owner;
    reference::operand view{};
    std::vector<u32> words;  ///< of scales; `view` reads them here
    matrix<float> original;  ///< before quantisation, numbers::normal only

    /// As an argument; `data` and `scales` say where copies lie, null means here.
    scaled_matrix argument(const void* data = nullptr, const void* scales = nullptr) const {
        const input_matrix matrix{
            data != nullptr ? data : view.data, view.type, view.rows, view.k, view.row_stride, view.k_stride};
        const auto& [kind, tile, here, stride_mn, stride_k] = view.scale;
        if (kind == scale_kind::none) return unscaled(matrix);
        return {matrix,
                {scales != nullptr ? scales : here, kind, tile, ceil_div(view.rows, i64(tile.mn)),
                 ceil_div(view.k, k_per_word(kind, tile)), stride_mn, stride_k}};
    }
    /// Bytes of the elements, padding included.
    std::size_t data_bytes() const {
        const i64 elements = view.k_stride == 1 ? view.rows * view.row_stride : view.k * view.k_stride;
        return std::size_t(elements) * size_of(view.type);
    }
};

namespace detail {

template <fp8_element Q>
any_operand make_operand(const operand_info& info, i64 mn, i64 k, i64 pad, numbers kind, random_source& random) {
    const quantisation how{info.tile, info.format, align_up(max(k, i64(1)), i64(16)) + align_up(pad, i64(16)),
                           info.scales};
    any_operand made;
    quantised_operand<Q> quantised;
    if (kind == numbers::exact) {
        quantised = quantised_operand<Q>::exact(random, mn, k, how);
    } else {
        made.original = matrix<float>(mn, k);
        random.fill_normal(made.original.view());
        quantised = quantised_operand<Q>::of(made.original.view(), how);
    }
    made.words = std::move(quantised.words);
    const auto kept = std::make_shared<quantised_operand<Q>>(std::move(quantised));
    made.view = kept->view();
    made.view.scale.words = made.words.data();
    made.owner = kept;
    return made;
}

/// Exact: integers of which every sum of up to 2^18 products is exact in FP32. Values depend on the seed, not on the order.
template <half_element T>
any_operand make_operand(const operand_info& info, i64 mn, i64 k, i64 pad, numbers kind, random_source& random) {
    const bool turned = info.contiguous == major::mn;
    const i64 lines = turned ? k : mn, length = turned ? mn : k;
    const auto kept =
        std::make_shared<matrix<T>>(lines, length, align_up(max(length, i64(1)), i64(8)) + align_up(pad, i64(8)));
    const matrix_view<T> values = turned ? kept->view().transposed() : kept->view();
    any_operand made;
    if (kind == numbers::exact) {
        random.fill_integers(values, -8, 8);
    } else {
        made.original = matrix<float>(mn, k);
        random.fill_normal(made.original.view());
        for (i64 row = 0; row < mn; ++row) {
            for (i64 column = 0; column < k; ++column) {
                values(row, column) = T::from_float(made.original(row, column));
            }
        }
    }
    made.view = reference::plain(matrix_view<const T>(values));
    made.owner = kept;
    return made;
}

}  // namespace detail

/// An operand (mn, k) as a kernel with `info` takes it.
inline any_operand make_operand(const operand_info& info, i64 mn, i64 k, i64 pad, numbers kind, random_source& random) {
    switch (info.type) {
        case dtype::bf16: return detail::make_operand<bf16>(info, mn, k, pad, kind, random);
        case dtype::f16: return detail::make_operand<f16>(info, mn, k, pad, kind, random);
        case dtype::e5m2: return detail::make_operand<e5m2>(info, mn, k, pad, kind, random);
        default: return detail::make_operand<e4m3>(info, mn, k, pad, kind, random);
    }
}

/// Lays the scales of an operand out so that those of neighbouring rows follow each other.
inline void lay_scales_along_mn(any_operand& x) {
    auto& scale = x.view.scale;
    const i64 rows = ceil_div(x.view.rows, i64(scale.tile.mn)),
              columns = ceil_div(x.view.k, k_per_word(scale.kind, scale.tile));
    std::vector<u32> turned(x.words.size(), 0xffffffffu);
    for (i64 row = 0; row < rows; ++row) {
        for (i64 word = 0; word < columns; ++word) {
            turned[std::size_t(word * rows + row)] =
                x.words[std::size_t(row * scale.stride_mn + word * scale.stride_k)];
        }
    }
    x.words = std::move(turned);
    scale.words = x.words.data();
    scale.stride_mn = 1;
    scale.stride_k = rows;
}

/// A matrix of BF16 or FP32 with poisoned padding and poisoned rows around it, which remembers what it held.
class guarded_matrix {
public:
    static constexpr i64 guard_rows = 3;

    guarded_matrix() = default;
    guarded_matrix(dtype type, i64 rows, i64 columns, i64 pad)
        : type_(type),
          rows_(rows),
          columns_(columns),
          pitch_(align_up(max(columns, i64(1)), 16 / i64(size_of(type))) + align_up(pad, i64(8))),
          bytes_(std::size_t((rows + 2 * guard_rows) * pitch_) * size_of(type), 0xff),
          before_(bytes_) {}

    i64 pitch() const { return pitch_; }
    /// Guards included.
    std::vector<u8>& bytes() { return bytes_; }
    const std::vector<u8>& bytes() const { return bytes_; }
    /// Bytes from the start of the memory to the first element.
    std::size_t offset() const { return std::size_t(guard_rows * pitch_) * size_of(type_); }

    template <class T>
    matrix_view<T> view() {
        return {reinterpret_cast<T*>(bytes_.data() + offset()), rows_, columns_, pitch_, 1};
    }
    /// The matrix as an argument; `memory` is where a copy of bytes() lies, null means here.
    output_matrix argument(void* memory = nullptr) {
        return {
            static_cast<u8*>(memory != nullptr ? memory : bytes_.data()) + offset(), type_, rows_, columns_, pitch_, 1};
    }
    /// Takes what the memory holds now as the state that trespass() compares with.
    void remember() { before_ = bytes_; }
    /// Goes back to that state.
    void restore() { bytes_ = before_; }

    /// The first byte that changed where `belongs(row, column)` is false; "" if none did.
    template <class Belongs>
    std::string trespass(Belongs belongs) const {
        const i64 size = size_of(type_);
        for (i64 row = -guard_rows; row < rows_ + guard_rows; ++row) {
            for (i64 column = 0; column < pitch_; ++column) {
                const auto at = std::size_t(((row + guard_rows) * pitch_ + column) * size);
                if (std::memcmp(&bytes_[at], &before_[at], std::size_t(size)) == 0) continue;
                const bool inside = row >= 0 && row < rows_ && column < columns_;
                if (!inside || !belongs(row, column))
                    return concat("memory outside of the result was written: row ", row, ", column ", column);
            }
        }
        return "";
    }

private:
    dtype type_ = dtype::bf16;
    i64 rows_ = 0, columns_ = 0, pitch_ = 0;
    std::vector<u8> bytes_, before_;
};

/// A whole product for kernels with a given description.
class product {
public:
    product(const gemm_info& info, problem_shape shape, u64 seed, numbers kind = numbers::exact, placement how = {})
        : info_(info), shape_(shape), kind_(kind), c_is_d_(how.c_is_d || info.traits.in_place) {
        random_source random(seed);
        const auto& [m, n, k] = shape;
        a_ = make_operand(info.traits.a, m, k, how.a_pad, kind, random);
        b_ = make_operand(info.traits.b, n, k, how.b_pad, kind, random);
        if (how.scales_along_n) lay_scales_along_mn(b_);
        if (how.extreme_scales) {
            for (u32& word : a_.words) word = 0;
            for (u32& word : b_.words) word = 0xfefefefeu;
        }
        d_ = guarded_matrix(info.traits.d, m, reference::stored_column(n, info.traits.heads), how.d_pad);
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

    any_operand& a() { return a_; }
    any_operand& b() { return b_; }
    guarded_matrix& c() { return c_is_d_ ? d_ : c_; }
    guarded_matrix& d() { return d_; }
    reference::product& expected() { return expected_; }
    const problem_shape& shape() const { return shape_; }

    /// The product as the named operations take it, in host memory.
    gemm_problem problem() {
        gemm_problem made{.a = a_.argument(), .b = b_.argument(), .d = d_.argument(), .heads = info_.traits.heads};
        if (info_.traits.accumulate) made.c = input_matrix(c().argument());
        return made;
    }

    /// What is wrong with D, in a sentence; "" if nothing is. Exact data must agree bit by bit; else each element has to be
    /// within the tensor core's error of the reference on the operands as they are.
    std::string verdict() {
        std::string wrong = d_.trespass([&](i64, i64 column) { return !in_hole(column); });
        if (!wrong.empty()) return wrong;
        const double allowed = info_.traits.a.format == scale_kind::none ? tolerance::half : tolerance::hopper_fp8;
        on_type([&](auto element) {
            const auto d = d_.template view<const decltype(element)>();
            const comparison found = kind_ == numbers::exact
                                         ? reference::compare_exact(d, expected_, info_.traits.heads)
                                         : reference::compare(d, expected_, allowed, info_.traits.heads);
            if (!found) wrong = found.text();
        });
        return wrong;
    }

    /// calc_diff() of D and the product of the operands as they were before quantisation or rounding; numbers::normal only.
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
    reference::product expected_;
    reference::product truth_;  ///< of the operands before quantisation
};

/// Rows and columns of D that a cluster of a kernel computes at a time.
struct tile_extent {
    i32 m, n;
};
inline tile_extent cluster_tile(const gemm_info& info) {
    return {info.cfg.block.m * info.cfg.cluster.m, info.cfg.block.n * info.cfg.cluster.n};
}

/// `n` columns, or the next whole heads for kernels that split heads.
inline problem_shape shape_for(const gemm_info& info, i32 m, i32 n, i32 k) {
    const head_splits& heads = info.traits.heads;
    return {m, heads.any() ? align_up(max(n, 1), heads.left + heads.right) : n, k};
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
            .scales_along_n = kind.traits.b.tile.mn != 1 && random.integer(0, 1) == 1};
}

/// What to say where a product goes wrong.
inline std::string describe(const gemm_info& info, problem_shape shape, u64 seed) {
    return concat(to_source(info), " on ", shape.m, " x ", shape.n, " x ", shape.k, ", seed ", seed);
}

}  // namespace deepgemm::test
