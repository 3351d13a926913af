// SPDX-License-Identifier: MIT
// Matrices to test kernels with, in host memory: operands of any type that a kernel describes, and results that reveal every
// byte written outside of them. tests/ops makes samples from them.
#pragma once

#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/reference/fp4_operand.hpp>
#include <deepgemm/reference/operand.hpp>

#include <cstdint>
#include <cstring>
#include <memory>

namespace deepgemm::test {

/// What the operands hold.
enum class numbers {
    exact,   ///< small integers and scales that are powers of two: results must agree bit by bit
    normal,  ///< normal numbers, quantised or rounded
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
                {scales != nullptr ? scales : here, kind, tile, scales_along(view.rows, tile.mn),
                 scales_along(view.k, k_per_word(kind, tile)), stride_mn, stride_k}};
    }
    /// Bytes of the elements, padding included.
    std::size_t data_bytes() const {
        const i64 elements = view.k_stride == 1 ? view.rows * view.row_stride : view.k * view.k_stride;
        return std::size_t(bytes_of(view.type, elements));
    }
};

namespace detail {

template <fp8_element Q>
any_operand make_operand(const operand_info& info, i64 mn, i64 k, i64 pad, numbers kind, random_source& random) {
    const i64 pitch = align_up(max(k, i64(1)), i64(16)) + align_up(pad, i64(16));
    const quantisation how{info.tile, info.format, pitch, info.scales};
    any_operand made;
    if (info.format == scale_kind::none) {
        const auto kept = std::make_shared<matrix<Q>>(mn, k, pitch);
        if (kind == numbers::exact) {
            random.fill_integers(kept->view(), -3, 3);
        } else {
            made.original = matrix<float>(mn, k);
            random.fill_normal(made.original.view());
            for (i64 row = 0; row < mn; ++row) {
                for (i64 column = 0; column < k; ++column)
                    (*kept)(row, column) = Q::from_float(made.original(row, column));
            }
        }
        made.view = {kept->data(), Q::type, mn, k, pitch, 1, {}};
        made.owner = kept;
    } else {
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
    }
    if (info.contiguous == major::mn) {
        const auto turned =
            std::make_shared<matrix<Q>>(k, mn, align_up(max(mn, i64(1)), i64(16)) + align_up(pad, i64(16)));
        for (i64 row = 0; row < mn; ++row) {
            for (i64 column = 0; column < k; ++column)
                (*turned)(column, row) = static_cast<const Q*>(made.view.data)[row * made.view.row_stride + column];
        }
        made.view.data = turned->data();
        made.view.row_stride = 1;
        made.view.k_stride = turned->pitch();
        made.owner = turned;
    }
    return made;
}

/// Exact data are integers, of which every sum of up to 2^18 products is exact in FP32. Values depend on the seed, not on the
/// order.
template <class T>
    requires(half_element<T> || same_as<T, tf32>)
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

/// Sets the bytes of scales that lie beyond K, in the last word of each row, to what is NaN in UE8M0 and no number in UE4M3.
inline void poison_beyond_k(any_operand& x) {
    const reference::scales& scale = x.view.scale;
    const i64 scales = ceil_div(x.view.k, i64(scale.tile.k));
    if (scales % 4 == 0) return;
    for (i64 row = 0; row < x.view.rows; ++row)
        x.words[std::size_t(row * scale.stride_mn + scales / 4 * scale.stride_k)] |= ~0u << scales % 4 * 8;
}

/// Packed FP4 with scales in UE8M0 or UE4M3, at a multiple of 32 bytes, where TMA can spread it. Extents along K are even.
inline any_operand make_fp4_operand(const operand_info& info, i64 mn, i64 k, numbers kind, random_source& random) {
    any_operand made;
    if (kind == numbers::normal) {
        made.original = matrix<float>(mn, k);
        random.fill_normal(made.original.view());
    }
    const fp4_operand packed = kind == numbers::normal
                                   ? fp4_operand::of(made.original.view(), info.format, info.contiguous)
                                   : fp4_operand::exact(random, mn, k, info.format, info.contiguous);
    const auto bytes = std::size_t(packed.data.rows() * packed.data.pitch());
    const auto kept = std::make_shared<std::vector<u8>>(bytes + 32);
    u8* const aligned = kept->data() + 31 - (reinterpret_cast<std::uintptr_t>(kept->data()) + 31) % 32;
    if (bytes != 0) std::memcpy(aligned, packed.data.data(), bytes);
    made.view = packed.view();
    made.view.data = aligned;
    made.words = packed.words.data;
    made.view.scale.words = made.words.data();
    made.owner = kept;
    poison_beyond_k(made);
    return made;
}

}  // namespace detail

/// An operand (mn, k) as a kernel with `info` takes it.
inline any_operand make_operand(const operand_info& info, i64 mn, i64 k, i64 pad, numbers kind, random_source& random) {
    switch (info.type) {
        case dtype::bf16: return detail::make_operand<bf16>(info, mn, k, pad, kind, random);
        case dtype::f16: return detail::make_operand<f16>(info, mn, k, pad, kind, random);
        case dtype::e5m2: return detail::make_operand<e5m2>(info, mn, k, pad, kind, random);
        case dtype::tf32: return detail::make_operand<tf32>(info, mn, k, pad, kind, random);
        case dtype::e2m1x2: return detail::make_fp4_operand(info, mn, k, kind, random);
        default: return detail::make_operand<e4m3>(info, mn, k, pad, kind, random);
    }
}

/// Lays the scales of an operand out so that those of neighbouring rows follow each other.
inline void lay_scales_along_mn(any_operand& x) {
    auto& scale = x.view.scale;
    const i64 rows = scales_along(x.view.rows, scale.tile.mn),
              columns = scales_along(x.view.k, k_per_word(scale.kind, scale.tile));
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

/// A matrix of any result type with poisoned padding and poisoned rows around it, which remembers what it held.
class guarded_matrix {
public:
    static constexpr i64 guard_rows = 3;

    guarded_matrix() = default;
    guarded_matrix(dtype type, i64 rows, i64 columns, i64 pad)
        : type_(type),
          rows_(rows),
          columns_(columns),
          pitch_(align_up(max(columns, i64(1)), 16 / i64(size_of(type))) +
                 align_up(pad, max(i64(8), 16 / i64(size_of(type))))),
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
    /// Keeps the present content as the state with which trespass() compares.
    void remember() { before_ = bytes_; }
    /// Restores that state.
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

}  // namespace deepgemm::test
