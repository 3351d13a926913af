// SPDX-License-Identifier: MIT
// Shared-memory matrix descriptors of wgmma (SM90) and tcgen05 (SM100): their bit fields, where each 16-byte chunk of
// the operand lies, and the operand itself as floats. Host only. PTX ISA: "Matrix descriptor", "Strides",
// "Shared Memory Layout and Swizzling". A chunk is 16 bytes along the contiguous dimension: K, or M/N if MN-major.
#pragma once

#include <algorithm>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/layout/swizzle.cuh>
#include <deepgemm/sim/elements.hpp>
#include <deepgemm/sim/memory.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// A decoded descriptor; addresses and strides in bytes, addresses in the shared window of the CTA.
struct matrix_descriptor {
    u32 start, leading_bytes, stride_bytes;
    swizzle_mode swizzle;
    bool mn_major;
};

/// An operand as one instruction reads it: `rows` along M or N; along K as many elements as K-major rows of `k_bytes` hold.
struct operand_shape {
    dtype type;
    u32 rows, k_bytes;
    bool packed_fp4 = false;  ///< FP4 with 32 elements in a chunk, not 16
};

namespace detail {

constexpr u32 descriptor_field(u64 bits, u32 first) { return u32(bits >> first & 0x3fff) << 4; }

inline void check_zero(u64 bits, u32 first, u32 last, const char* instruction) {
    if (bits >> first & ((u64(1) << (last - first + 1)) - 1)) {
        fail("%s: bits %u to %u of the descriptor 0x%016llx must be zero", instruction, first, last, bits);
    }
}

/// Rows that lie one after another before the next stride: eight, and four of MN-major operands with 32-byte atoms.
inline u32 rows_of_group(const matrix_descriptor& d) {
    return d.mn_major && d.swizzle == swizzle_mode::b128_atom32 ? 4 : 8;
}

/// Rows of chunks and chunks per row, in the order in which the operand lies in memory.
struct chunk_grid {
    u32 rows, chunks;
};
inline chunk_grid grid_of(const matrix_descriptor& d, const operand_shape& shape) {
    u32 elements = 0;
    with_chunk_type(shape.type, shape.packed_fp4, [&]<class T>() { elements = chunk_format<T>::elements; });
    if (d.mn_major) return {shape.k_bytes / 16 * elements, shape.rows / elements};
    return {shape.rows, shape.k_bytes / 16};
}

}  // namespace detail

/// Decodes a descriptor of wgmma: start, leading and stride in units of 16 bytes, base offset in bits 49-51 (only zero is
/// modelled: the pattern starts at a multiple of its repeat), swizzle in bits 62-63.
inline matrix_descriptor decode_wgmma_descriptor(u64 bits, bool mn_major) {
    constexpr swizzle_mode modes[4] = {swizzle_mode::none, swizzle_mode::b128, swizzle_mode::b64, swizzle_mode::b32};
    detail::check_zero(bits, 14, 15, "wgmma");
    detail::check_zero(bits, 30, 31, "wgmma");
    detail::check_zero(bits, 46, 48, "wgmma");
    if (bits >> 49 & 7) fail("wgmma: a descriptor with a base offset other than zero is not modelled");
    detail::check_zero(bits, 52, 61, "wgmma");
    return {detail::descriptor_field(bits, 0), detail::descriptor_field(bits, 16), detail::descriptor_field(bits, 32),
            modes[bits >> 62], mn_major};
}

/// Decodes a descriptor of tcgen05: as above, but bits 46-48 are 0b001 and the swizzle is in bits 61-63.
inline matrix_descriptor decode_tcgen05_descriptor(u64 bits, bool mn_major) {
    detail::check_zero(bits, 14, 15, "tcgen05");
    detail::check_zero(bits, 30, 31, "tcgen05");
    if ((bits >> 46 & 7) != 1) fail("tcgen05: bits 46 to 48 of a descriptor must be 0b001");
    if (bits >> 49 & 7) fail("tcgen05: a descriptor with a base offset other than zero is not modelled");
    detail::check_zero(bits, 52, 60, "tcgen05");
    constexpr swizzle_mode modes[8] = {swizzle_mode::none, swizzle_mode::b128_atom32, swizzle_mode::b128, {},
                                       swizzle_mode::b64,  swizzle_mode::none,        swizzle_mode::b32,  {}};
    const u32 layout = u32(bits >> 61);
    if (layout == 3 || layout == 5 || layout == 7) fail("tcgen05: swizzle mode %u of a descriptor is invalid", layout);
    return {detail::descriptor_field(bits, 0), detail::descriptor_field(bits, 16), detail::descriptor_field(bits, 32),
            modes[layout], mn_major};
}

/// Window address of one chunk. K-major: `row` counts M or N, `chunk` K. MN-major: `row` counts K, `chunk` M or N.
/// Rows come in groups; a swizzled row is as long as its span.
inline u32 chunk_address(const matrix_descriptor& d, u32 row, u32 chunk) {
    const u32 span = swizzle_span_bytes(d.swizzle), chunks = span / 16;
    const u32 rows = detail::rows_of_group(d), group = row / rows;
    u32 address = d.start + row % rows * span;
    if (d.swizzle == swizzle_mode::none) {
        address += d.mn_major ? group * d.leading_bytes + chunk * d.stride_bytes
                              : group * d.stride_bytes + chunk * d.leading_bytes;
    } else if (d.mn_major) {
        address += group * d.stride_bytes + chunk % chunks * 16 + chunk / chunks * d.leading_bytes;
    } else {
        address += group * d.stride_bytes + chunk * 16;
    }
    return swizzled(address, d.swizzle);
}

/// The bytes of the running thread's shared memory that hold the operand, as few ranges of offsets. Gaps inside a group
/// of swizzled rows (chunks of other steps of K) count as part of it, and so do those between groups one after another: they
/// belong to the same tile. Between groups that lie apart are bytes of others.
inline std::vector<byte_range> operand_ranges(const matrix_descriptor& d, const operand_shape& shape,
                                              const char* what) {
    const detail::chunk_grid grid = detail::grid_of(d, shape);
    const u32 span = swizzle_span_bytes(d.swizzle), block_chunks = std::min(grid.chunks, span / 16);
    const u32 rows = detail::rows_of_group(d), gap = span > 16 && d.stride_bytes == rows * span ? 128 : 0;
    std::vector<byte_range> ranges;
    for (u32 block = 0; block < grid.chunks; block += block_chunks) {
        for (u32 group = 0; group < grid.rows; group += rows) {
            u32 first = ~0u, last = 0;
            for (u32 row = group; row < std::min(group + rows, grid.rows); ++row) {
                for (u32 chunk = block; chunk < std::min(block + block_chunks, grid.chunks); ++chunk) {
                    first = std::min(first, chunk_address(d, row, chunk));
                    last = std::max(last, chunk_address(d, row, chunk) + 16);
                }
            }
            const u32 lo = off_of(me().cta->rank << 24 | first, last - first, what), hi = lo + last - first;
            if (!ranges.empty() && lo <= ranges.back().hi + gap && ranges.back().lo <= hi + gap) {
                ranges.back() = {std::min(ranges.back().lo, lo), std::max(ranges.back().hi, hi)};
            } else {
                ranges.push_back({lo, hi});
            }
        }
    }
    return ranges;
}

/// Where load_operand() puts element (row, k): `out[row * row_pitch + k * k_pitch]`.
struct operand_pitch {
    u32 row, k;
};

namespace detail {

template <class T>
inline void load_operand_as(const cta_state& cta, const matrix_descriptor& d, const operand_shape& shape, float* out,
                            operand_pitch pitch) {
    constexpr u32 count = chunk_format<T>::elements;
    const chunk_grid grid = grid_of(d, shape);
    const u32 outer = d.mn_major ? pitch.k : pitch.row, inner = d.mn_major ? pitch.row : pitch.k;
    for (u32 row = 0; row < grid.rows; ++row) {
        for (u32 chunk = 0; chunk < grid.chunks; ++chunk) {
            float values[count];
            decode_chunk<T>(cta.async + (chunk_address(d, row, chunk) - window), values);
            float* target = out + row * outer + chunk * count * inner;
            for (u32 i = 0; i < count; ++i) target[i * inner] = values[i];
        }
    }
}

}  // namespace detail

/// Decodes the operand from the async view.
inline void load_operand(const cta_state& cta, const matrix_descriptor& d, const operand_shape& shape, float* out,
                         operand_pitch pitch) {
    with_chunk_type(shape.type, shape.packed_fp4,
                    [&]<class T>() { detail::load_operand_as<T>(cta, d, shape, out, pitch); });
}

/// The bytes of each chunk that hold elements, where that is not the whole chunk; else nothing.
inline std::vector<byte_range> bytes_within_chunks(const matrix_descriptor& d, const operand_shape& shape) {
    u32 bytes = 16;
    with_chunk_type(shape.type, shape.packed_fp4, [&]<class T>() { bytes = chunk_format<T>::bytes; });
    std::vector<byte_range> ranges;
    if (bytes == 16) return ranges;
    const detail::chunk_grid grid = detail::grid_of(d, shape);
    for (u32 row = 0; row < grid.rows; ++row) {
        for (u32 chunk = 0; chunk < grid.chunks; ++chunk) {
            const u32 lo = chunk_address(d, row, chunk) - window;
            ranges.push_back({lo, lo + bytes});
        }
    }
    return ranges;
}

/// An asynchronous read of one operand by an instruction: registered at issue, checked when it takes place.
struct operand_read {
    const char* who = "";
    std::vector<byte_range> ranges{};
    std::vector<byte_range> within{};  ///< bytes of `ranges` that are read, if others are not
};

/// Registers the read in `cta` under `id`; a copy that is still landing there is an error, and so are stores without a fence:
/// one that follows the instruction would hide them by the time it reads. Returns the id.
inline u64 begin_operand_read(cta_state& cta, const operand_read& read, u64 id = 0) {
    for (const byte_range& r : read.ranges) {
        check_in_flight(cta, r.lo, r.hi, read.who);
        id = begin_read(cta, r.lo, r.hi, read.who, id);
    }
    for (const byte_range& r : read.within.empty() ? read.ranges : read.within) check_fenced(cta, r.lo, r.hi, read.who);
    return id;
}

inline void check_operand_read(const cta_state& cta, const operand_read& read) {
    for (const byte_range& r : read.within.empty() ? read.ranges : read.within) {
        check_async_read(cta, r.lo, r.hi, read.who);
    }
}

}  // namespace deepgemm::sim
