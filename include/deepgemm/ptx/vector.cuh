// SPDX-License-Identifier: MIT
// Short vectors that one load or store instruction moves. They have no arithmetic.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm::ptx {

/// Two values that one instruction moves; `x` has the lower address.
template <class T>
struct alignas(2 * sizeof(T)) vec2 {
    T x, y;
};

/// Four values that one instruction moves; `x` has the lowest address.
template <class T>
struct alignas(4 * sizeof(T) < 16 ? 4 * sizeof(T) : 16) vec4 {
    T x, y, z, w;
};

/// Eight values that one instruction moves (ptx/global_wide.cuh, if they have four bytes); `v[0]` has the lowest address.
template <class T>
struct alignas(8 * sizeof(T) < 32 ? 8 * sizeof(T) : 32) vec8 {
    T v[8];
};

/// A type that one load or store moves: 1, 2, 4, 8 or 16 bytes, trivially copyable.
template <class T>
concept movable = __is_trivially_copyable(T) &&
                  (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16);

namespace detail {

/// The bits of an 8- or 16-byte value as registers.
template <class T>
struct words {
    u32 w[sizeof(T) / 4];
};

}  // namespace detail

}  // namespace deepgemm::ptx
