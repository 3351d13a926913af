// SPDX-License-Identifier: MIT
// The ragged edge of D: Hopper's TMA clips a row only to whole units of 16 bytes, so where D ends inside one, the columns of
// a tile that reaches there are stored by the threads that hold them, element by element.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/layout/layout.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

/// Where D lies, for columns that TMA cannot store: those of a last, incomplete unit of 16 bytes.
template <class T>
struct ragged_edge {
    T* d;
    strided<T> layout;
    result_end end;

    /// Any thread: stores two adjacent elements of row `m` from column `n` on, or adds them to D if `InPlace`, as far as they
    /// lie inside D.
    template <bool InPlace>
    DEEPGEMM_DEVICE void store(float x, float y, i32 m, i32 n) const {
        const pair_place at{m, n, end};
        T* const to = d + layout.offset(m, n);
        if (at.first_inside()) store_one<InPlace>(to, x);
        if (at.second_inside()) store_one<InPlace>(to + 1, y);
    }

    /// Any thread: stores element (m, n) of the product to a D that lies transposed, if it lies inside.
    DEEPGEMM_DEVICE void store_transposed(float value, i32 m, i32 n) const {
        if (m < end.m && n < end.n) store_one<false>(d + layout.offset(n, m), value);
    }

private:
    template <bool InPlace>
    DEEPGEMM_DEVICE static void store_one(T* to, float value) {
        if constexpr (InPlace) {
            ptx::st_global(to, ptx::ld_global(to) + value);
        } else {
            ptx::st_global(to, from_float(value));
        }
    }
    DEEPGEMM_DEVICE static T from_float(float value) {
        if constexpr (half_element<T>) {
            return T{u16(ptx::pack<T>(value, 0.0f) & 0xffffu)};
        } else {
            return value;
        }
    }
};

}  // namespace deepgemm
