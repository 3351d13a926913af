// SPDX-License-Identifier: MIT
// The ragged edge of D. Hopper's TMA clips rows only to whole units of 16 bytes. If D ends inside a unit, the threads store the
// columns of that tile element by element.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/layout/smem_tile.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

/// Where D lies, for elements that TMA cannot store because D ends inside a unit of 16 bytes.
template <class T>
struct ragged_edge {
    T* d;
    strided<T> layout;
    result_end end;

    /// Any thread: stores two adjacent elements of row `m`, from column `n` on, or adds them to D if `InPlace`. Elements
    /// outside D are left out.
    template <bool InPlace>
    DEEPGEMM_DEVICE void store(float x, float y, i32 m, i32 n) const {
        T* const to = d + layout.offset(m, n);
        if (m >= end.m) return;  // asked once: asked for each element, it made kernels that have no register left spill
        if (n < end.n) store_one<InPlace>(to, x);
        if (n + 1 < end.n) store_one<InPlace>(to + 1, y);
    }

    /// Any thread: stores element (m, n) of the product, if it lies inside, to a D that is transposed in memory.
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
        } else if constexpr (fp8_element<T>) {
            return T{u8(ptx::pack<T>(value, 0.0f) & 0xffu)};
        } else {
            return value;
        }
    }
};

}  // namespace deepgemm
