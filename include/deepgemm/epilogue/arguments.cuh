// SPDX-License-Identifier: MIT
// The arguments of the library's steps and sinks, as plain values, and all of them together, as an operation hands them to any
// of its kernels. Pointers are to device memory, or to host memory for the simulator.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Of `alpha`. The factor is `value`, times one in device memory if `device` is not null. That is read when the kernel runs, so
/// that replays of a graph see what it holds then.
struct alpha_arguments {
    float value = 1;
    const float* device = nullptr;
    i64 matrix_stride = 0;  ///< floats from the factor of one matrix of B to that of the next; 0: all have the same
};

/// Of `bias<T>`: a vector with one element for each column, aligned to two elements. Null adds nothing.
template <class T>
struct bias_arguments {
    const T* data = nullptr;
    i64 matrix_stride = 0;  ///< elements, even, from the vector of one matrix of B to that of the next; 0: all share it
};

/// Of `swiglu`.
struct swiglu_arguments {
    float clamp = bit_cast<float>(0x7f800000u);  ///< at least 0, is rounded to BF16; infinity: no clamp
    const float* row_weights = nullptr;          ///< of each row of D; null: 1
    i64 matrix_stride = 0;                       ///< floats from the weights of one matrix of D to those of the next
};

/// Of `cast_to_fp8`: the scales of a result. Word (row, kw) is at data + row * stride_mn + kw * stride_k. A word is a float, or
/// four UE8M0 exponents. Strides are in words, and any are right: stride_mn = 1 is MN-major, stride_k = 1 is K-major.
struct result_scales {
    void* data = nullptr;
    i64 stride_mn = 1, stride_k = 0;
    i64 matrix_stride = 0;  ///< in a stack of matrices: from the scales of one to those of the next
};

/// Of `store_stochastic`. The seed is `seed`, plus a number in device memory if `device` is not null; a graph that is replayed
/// rounds anew if a kernel of it counts that one up.
struct rounding_seed {
    u64 seed = 0;
    const u64* device = nullptr;
};

/// The arguments of all steps that an epilogue may have. Each takes its own; see epilogue_arguments_of.
struct epilogue_values {
    alpha_arguments alpha{};
    bias_arguments<void> bias{};
    swiglu_arguments swiglu{};
    result_scales scales{};
    rounding_seed seed{};
};

/// The arguments of epilogue `E` among `all`: what its arguments_of() makes of them; the defaults if it has none.
template <class E>
DEEPGEMM_BOTH constexpr typename E::arguments epilogue_arguments_of(const epilogue_values& all) {
    if constexpr (requires {
                      { E::arguments_of(all) } -> same_as<typename E::arguments>;
                  }) {
        return E::arguments_of(all);
    } else {
        return typename E::arguments{};
    }
}

}  // namespace deepgemm
