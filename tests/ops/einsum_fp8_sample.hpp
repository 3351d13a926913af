// SPDX-License-Identifier: MIT
// FP8 einsums of heads with exact numbers, NaN in all gaps, and sums in double precision that are made from the tensors by
// axis.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <deepgemm/ops/batched_gemm/einsum.hpp>
#include <deepgemm/reference/random.hpp>

#include "sample.hpp"

namespace deepgemm::test {

/// The einsums that sum over an axis along which weights or activations are not contiguous.
enum class einsum_form {
    up,        ///< bhd,hdr->bhr
    gradient,  ///< bhd,bhr->hdr
};

/// What to call, with how many elements along each axis.
struct einsum_shape {
    einsum_form form = einsum_form::up;
    i64 b = 0, h = 0, d = 0, r = 0;
    bool lies = false;        ///< operands are contiguous along the axis that is summed over, and nothing is transposed
    bool accumulate = false;  ///< gradient: D is FP32 and is added to
    bool f32 = false;         ///< gradient: D is FP32, else BF16
    bool along_b = false;     ///< up: the scales of A are contiguous along b
};

/// A tensor of three axes in memory of its own: one axis is contiguous, gaps between its runs hold bytes 0xff, which are NaN.
template <class T>
struct placed_tensor {
    i64 extent[3], stride[3];
    std::vector<T> memory;

    /// Runs along `contiguous` start at multiples of `unit` elements.
    placed_tensor(random_source& random, std::array<i64, 3> size, int contiguous, i64 unit)
        : extent{size[0], size[1], size[2]} {
        i64 next = align_up(max(size[std::size_t(contiguous)], i64(1)), unit) + unit * random.integer(0, 1);
        stride[contiguous] = 1;
        for (int axis = 2; axis >= 0; --axis) {
            if (axis == contiguous) continue;
            stride[axis] = next;
            next = next * max(extent[axis], i64(1)) + unit * random.integer(0, 1);
        }
        memory.resize(std::size_t(next));
        const std::span<T> all(memory);
        std::fill_n(reinterpret_cast<u8*>(all.data()), all.size_bytes(), u8(0xff));
    }
    T& operator()(i64 i, i64 j, i64 k) { return memory[std::size_t(i * stride[0] + j * stride[1] + k * stride[2])]; }
    const T& operator()(i64 i, i64 j, i64 k) const {
        return memory[std::size_t(i * stride[0] + j * stride[1] + k * stride[2])];
    }
    template <class Body>
    void for_each(const Body& body) const {
        for (i64 i = 0; i < extent[0]; ++i) {
            for (i64 j = 0; j < extent[1]; ++j) {
                for (i64 k = 0; k < extent[2]; ++k) body(i, j, k);
            }
        }
    }
};

/// The arguments of an einsum.
struct einsum_call {
    einsum_shape what{};
    input_tensor a{}, b{};
    tensor_scales sa{}, sb{};
    output_tensor d{};
};

/// The einsum as an operation that a sample is of.
struct einsum_fp8 {};

/// An einsum of small integers and scales that are powers of two, whose results are exact in FP32.
template <>
class sample_of<einsum_fp8> {
public:
    sample_of(random_source& random, const einsum_shape& what)
        : what_(what),
          up_(what.form == einsum_form::up),
          a_(random, {what.b, what.h, what.d}, !up_ && what.lies ? 0 : 2, 16),
          b_(random, up_ ? std::array{what.h, what.d, what.r} : std::array{what.b, what.h, what.r},
             what.lies ? (up_ ? 1 : 0) : 2, 16),
          sa_(random,
              up_ ? std::array{what.b, what.h, ceil_div(what.d, i64(128))}
                  : std::array{ceil_div(what.b, i64(128)), what.h, what.d},
              up_ && what.along_b ? 0 : 2, 4),
          sb_(random,
              up_ ? std::array{what.h, ceil_div(what.d, i64(128)), ceil_div(what.r, i64(128))}
                  : std::array{ceil_div(what.b, i64(128)), what.h, what.r},
              2, 4),
          narrow_(random, sizes_of_d(), 2, 8),
          wide_(random, sizes_of_d(), 2, 4) {
        renew(random);
    }

    /// Other numbers in the same places; D is as before the first run.
    void renew(random_source& random) {
        for (auto* const x : {&a_, &b_})
            x->for_each([&](i64 i, i64 j, i64 k) { (*x)(i, j, k) = e4m3::from_float(float(random.integer(-3, 3))); });
        for (auto* const x : {&sa_, &sb_})
            x->for_each([&](i64 i, i64 j, i64 k) { (*x)(i, j, k) = std::ldexp(1.0f, int(random.integer(-1, 1))); });
        if (what_.accumulate) {
            wide_.for_each([&](i64 i, i64 j, i64 k) { wide_(i, j, k) = float(random.integer(-8, 8)); });
        }
        if (narrow_before_.empty()) narrow_before_ = narrow_.memory;
        if (wide_before_.empty() || what_.accumulate) wide_before_ = wide_.memory;
        restore();
    }

    /// A, its scales, B, its scales, D.
    std::array<sample_memory, 5> memory() {
        const auto piece = [](auto& x) {
            return sample_memory{x.memory.data(), x.memory.size() * sizeof x.memory[0], false};
        };
        std::array all{piece(a_), piece(sa_), piece(b_), piece(sb_), what_.f32 ? piece(wide_) : piece(narrow_)};
        all[4].written = true;
        return all;
    }
    /// The call; `at` says where copies of memory() lie.
    einsum_call problem(std::span<void* const> at) const {
        const auto tensor = [&](auto& call, void* data, dtype type, const auto& x) {
            call = {data, type, {x.extent[0], x.extent[1], x.extent[2]}, {x.stride[0], x.stride[1], x.stride[2]}};
        };
        const auto scales = [&](void* data, const placed_tensor<float>& x) {
            return tensor_scales{data, scale_kind::fp32, {x.stride[0], x.stride[1], x.stride[2]}};
        };
        einsum_call made{.what = what_, .sa = scales(at[1], sa_), .sb = scales(at[3], sb_)};
        tensor(made.a, at[0], dtype::e4m3, a_);
        tensor(made.b, at[2], dtype::e4m3, b_);
        what_.f32 ? tensor(made.d, at[4], dtype::f32, wide_) : tensor(made.d, at[4], dtype::bf16, narrow_);
        return made;
    }
    einsum_call problem() {
        std::array<void*, 5> here;
        std::ranges::transform(memory(), here.begin(), &sample_memory::data);
        return problem(here);
    }

    /// What is wrong with D, in a sentence; "" if nothing is.
    std::string verdict() const { return what_.f32 ? judge(wide_, wide_before_) : judge(narrow_, narrow_before_); }
    void restore() {
        narrow_.memory = narrow_before_;
        wide_.memory = wide_before_;
    }

private:
    std::array<i64, 3> sizes_of_d() const {
        return what_.form == einsum_form::up ? std::array{what_.b, what_.h, what_.r}
                                             : std::array{what_.h, what_.d, what_.r};
    }
    /// Element (i, j, k) of the result without what D held.
    double sum(i64 i, i64 j, i64 k) const {
        double total = 0;
        if (up_) {  // (b, h, r)
            for (i64 d = 0; d < what_.d; ++d) {
                total += double(float(a_(i, j, d))) * double(sa_(i, j, d / 128)) * double(float(b_(j, d, k))) *
                         double(sb_(j, d / 128, k / 128));
            }
        } else {  // (h, d, r)
            for (i64 b = 0; b < what_.b; ++b) {
                total += double(float(a_(b, i, j))) * double(sa_(b / 128, i, j)) * double(float(b_(b, i, k))) *
                         double(sb_(b / 128, i, k));
            }
        }
        return total;
    }
    template <class T>
    std::string judge(const placed_tensor<T>& d, const std::vector<T>& before) const {
        std::vector<T> ought = before;
        d.for_each([&](i64 i, i64 j, i64 k) {
            T& element = ought[std::size_t(i * d.stride[0] + j * d.stride[1] + k * d.stride[2])];
            const double all = sum(i, j, k) + (what_.accumulate ? double(float(element)) : 0.0);
            if constexpr (is_same_v<T, float>) {
                element = float(all);
            } else {
                element = T::from_float(float(all));
            }
        });
        const auto bits = [](const std::vector<T>& x, std::size_t i) {
            const auto* const from = reinterpret_cast<const u8*>(&x[i]);
            u64 all = 0;
            for (std::size_t byte = 0; byte < sizeof(T); ++byte) all |= u64(from[byte]) << 8 * byte;
            return all;
        };
        for (std::size_t i = 0; i < ought.size(); ++i) {
            // A zero may have either sign.
            if (bits(d.memory, i) == bits(ought, i) || float(d.memory[i]) == float(ought[i])) continue;
            return concat("element ", i64(i), " of D is ", double(float(d.memory[i])), ", not ",
                          double(float(ought[i])));
        }
        return "";
    }

    einsum_shape what_;
    bool up_;
    placed_tensor<e4m3> a_, b_;
    placed_tensor<float> sa_, sb_;
    placed_tensor<bf16> narrow_;  ///< D in BF16
    placed_tensor<float> wide_;   ///< D in FP32
    std::vector<bf16> narrow_before_;
    std::vector<float> wide_before_;
};

/// A sample of an FP8 einsum.
using einsum_fp8_sample = sample_of<einsum_fp8>;

/// Bytes of workspace that a call needs.
inline u64 workspace_of(const einsum_call& call) {
    return call.what.form == einsum_form::up ? fp8_einsum_bhd_hdr_bhr_workspace_bytes(call.b)
                                             : fp8_einsum_bhd_bhr_hdr_workspace_bytes(call.a, call.b);
}

/// Runs a call by the function of its einsum.
template <engine_for<ops::batched_gemm> Engine>
result<void> run_named(const Engine& engine, const einsum_call& call, batched_options options) {
    options.accumulate = call.what.accumulate;
    return call.what.form == einsum_form::up
               ? fp8_einsum_bhd_hdr_bhr(engine, call.a, call.sa, call.b, call.sb, call.d, options)
               : fp8_einsum_bhd_bhr_hdr(engine, call.a, call.sa, call.b, call.sb, call.d, options);
}

/// A random einsum: form, orders and D at random, axes of up to `most` elements.
inline einsum_shape random_einsum(random_source& random, i64 most) {
    einsum_shape what{.form = random.integer(0, 1) == 0 ? einsum_form::up : einsum_form::gradient,
                      .b = random.integer(1, most),
                      .h = random.integer(1, 4),
                      .d = random.integer(1, most),
                      .r = random.integer(1, most)};
    what.lies = random.integer(0, 4) == 0;
    if (what.form == einsum_form::up) {
        what.along_b = random.integer(0, 1) == 0;
    } else {
        what.f32 = random.integer(0, 2) != 0;
        what.accumulate = what.f32 && random.integer(0, 1) == 0;
    }
    return what;
}

}  // namespace deepgemm::test
