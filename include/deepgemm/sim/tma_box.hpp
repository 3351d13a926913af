// SPDX-License-Identifier: MIT
// Tensor maps in use by copies, and the boxes that copies move: which bytes of global and of shared memory are the same.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/layout/swizzle.cuh>
#include <deepgemm/sim/global.hpp>
#include <deepgemm/sim/tensor_map.hpp>

#include <algorithm>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// The description in a map, which encode_tensor_map() must have made.
inline tensor_description check_tensor_map(const tensor_map& map, const char* what) {
    const tensor_description d = description_of(map);
    if (d.magic != tensor_map_magic) fail("%s: the tensor map was not made by sim::encode_tensor_map", what);
    return d;
}

/// The description in the map that a TMA load or store is about to use.
inline tensor_description tensor_of(const tensor_map& map, int rank, bool loads, const char* what) {
    check_map(map, loads, what);
    const tensor_description d = check_tensor_map(map, what);
    if (d.rank != rank) fail("%s: %d coordinates for a tensor map of rank %u", what, rank, d.rank);
    return d;
}

/// Nothing but checks: the machine has no caches.
inline void prefetch_l2(const void* address, u32 bytes) {
    constexpr const char* what = "cp.async.bulk.prefetch.L2";
    check_global(address, 1, what);
    if (reinterpret_cast<u64>(address) % 16 != 0 || bytes % 16 != 0 || bytes == 0) {
        fail("%s: global address %p and %u bytes must be multiples of 16", what, address, bytes);
    }
    for (u32 at = 0; at < bytes; at += 16) static_cast<void>(*(static_cast<const volatile char*>(address) + at));
}

inline void prefetch_tensor_map(const tensor_map& map) { check_tensor_map(map, "prefetch.tensormap"); }

/// Where a box lies in its tensor.
struct box_position {
    i64 at[5] = {0, 0, 0, 0, 0};
    box_position(const tensor_description& d, const i32* coord, int rank, const char* what) {
        for (int i = 0; i < rank; ++i) at[i] = coord[i];
        // Hopper raises an illegal instruction here; PTX does not say so.
        if (at[0] * d.element_bits % 128 != 0) {
            const bool bits = d.element_bits < 8;
            fail("%s: contiguous coordinate %d of %u-%s elements is not at a multiple of 16 bytes", what, coord[0],
                 bits ? d.element_bits : d.element_bits / 8u, bits ? "bit" : "byte");
        }
        if (d.chunk_data != 16 && at[0] % 128 != 0) {
            fail("%s: contiguous coordinate %d of padded elements is not a multiple of 128", what, coord[0]);
        }
    }
};

/// Nothing but checks, as above.
inline void tma_prefetch(const tensor_map& map, const i32* coord, int rank) {
    constexpr const char* what = "cp.async.bulk.prefetch.tensor";
    const tensor_description d = check_tensor_map(map, what);
    if (d.rank != rank) fail("%s: %d coordinates for a tensor map of rank %u", what, rank, d.rank);
    static_cast<void>(box_position(d, coord, rank, what));
}

/// Calls f(row of the box, first byte and end in it, address of the row's start) for each row that lies in the tensor, in bytes
/// of global memory. Loads end a row exactly at the tensor's edge; stores, as on Hopper, end it with the 16 bytes in which the
/// edge lies (`unit` 16 instead of 1).
template <class F>
void for_each_row(const tensor_description& d, const box_position& p, u32 unit, F f) {
    const i64 extent = i64(d.extent[0]);
    const u32 first = u32(d.bytes_of(std::clamp<i64>(-p.at[0], 0, d.box[0])));
    const u32 edge = u32(d.bytes_of(std::clamp<i64>(extent - p.at[0], 0, d.box[0])));
    const u32 last = std::min(align_up(edge, unit), d.row_bytes());
    if (first >= last) return;
    for (u32 row = 0; row < d.rows(); ++row) {
        u32 rest = row;
        bool inside = true;
        u8* global = d.base + d.bytes_of(p.at[0]);
        for (u32 i = 1; i < 5; ++i) {
            const i64 x = p.at[i] + rest % d.box[i];
            rest /= d.box[i];
            inside = inside && x >= 0 && x < i64(d.extent[i]);
            global += x * i64(d.stride[i]);
        }
        if (inside) f(row, first, last, global);
    }
}

/// Calls f(offset, global, bytes) for each run of those rows that, under the swizzle, lies in one piece of shared memory:
/// `offset` from the start of the tile at shared-memory offset `tile`.
template <class F>
void for_each_run(const tensor_description& d, const box_position& p, u32 tile, u32 unit, F f) {
    const u32 row_bytes = d.smem_row_bytes(), chunk = d.chunk_data;
    for_each_row(d, p, unit, [&](u32 row, u32 first, u32 last, u8* global) {
        if (d.swizzle == swizzle_mode::none && chunk == 16) {
            f(row * row_bytes + first, global + first, last - first);
            return;
        }
        for (u32 b = first; b < last;) {
            const u32 n = std::min(last - b, chunk - b % chunk), at = row * row_bytes + b / chunk * 16 + b % chunk;
            f(swizzled(tile + at, d.swizzle) - tile, global + b, n);
            b += n;
        }
    });
}

}  // namespace deepgemm::sim
