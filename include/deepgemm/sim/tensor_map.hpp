// SPDX-License-Identifier: MIT
// The simulator's own encoding of tensor maps, with the rules of cuTensorMapEncodeTiled as errors. Real maps, encoded by
// a driver, do not work here, nor these there.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/sim/options.hpp>

#include <cstdint>
#include <cstring>
#include <string>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// What the 128 opaque bytes hold. Dimensions beyond the rank have extent and box 1.
struct tensor_description {
    u64 magic;
    u8* base;
    u64 extent[5];  ///< elements
    u64 stride[5];  ///< bytes, from the second dimension on
    u16 box[5];     ///< elements
    u8 rank;
    dtype type;
    swizzle_mode swizzle;
    u8 element_bits;  ///< in global memory
    u8 chunk_data;    ///< bytes of each 16 in shared memory that hold elements: 16, or fewer if they are padded

    /// Bytes of `elements` elements of a row, in global memory.
    i64 bytes_of(i64 elements) const { return elements * element_bits / 8; }
    u32 rows() const { return u32(box[1]) * box[2] * box[3] * box[4]; }
    /// Bytes of a row of the box in global memory, and in shared memory; and of all of it there.
    u32 row_bytes() const { return u32(bytes_of(box[0])); }
    u32 smem_row_bytes() const { return row_bytes() * 16 / chunk_data; }
    u32 box_bytes() const { return smem_row_bytes() * rows(); }
};
static_assert(sizeof(tensor_description) <= sizeof(tensor_map));

inline constexpr u64 tensor_map_magic = 0x70616d5f6d697364;

/// The further rules of padded elements.
inline void check_padded(const tensor_map_request& r) {
    auto require = [](bool holds, const std::string& message) {
        if (!holds) raise(error("tensor map of padded elements: " + message));
    };
    require(r.type == dtype::e2m1x2 || r.type == dtype::e2m3 || r.type == dtype::e3m2,
            text("type %s is not e2m1x2, e2m3 or e3m2", name_of(r.type)));
    require(reinterpret_cast<std::uintptr_t>(r.base) % 32 == 0,
            text("global address %p is not 32-byte aligned", r.base));
    for (u32 i = 1; i < r.rank; ++i) {
        require(r.stride_bytes[i - 1] % 32 == 0,
                text("stride %llu of dimension %u is not a multiple of 32 bytes", r.stride_bytes[i - 1], i));
    }
    require(r.extent[0] % 128 == 0, text("extent %llu of dimension 0 is not a multiple of 128", r.extent[0]));
    require(r.box[0] == 128, text("box extent %u of dimension 0 is not 128", r.box[0]));
    require(swizzle_span_bytes(r.swizzle) == 128 || r.swizzle == swizzle_mode::none,
            "the swizzle spans neither 128 bytes nor none");
}

/// Encodes a tensor map for the simulator; throws sim::error with what is wrong, its value and what is allowed.
inline tensor_map encode_tensor_map(const tensor_map_request& r) {
    auto require = [](bool holds, const std::string& message) {
        if (!holds) raise(error("tensor map: " + message));
    };
    require(r.rank >= 1 && r.rank <= 5, text("rank %u is not in 1..5", r.rank));
    require(r.base != nullptr, "the global address is null");
    require(reinterpret_cast<std::uintptr_t>(r.base) % 16 == 0,
            text("global address %p is not 16-byte aligned", r.base));
    tensor_description d{};
    d.magic = tensor_map_magic;
    d.base = static_cast<u8*>(const_cast<void*>(r.base));
    d.rank = u8(r.rank);
    d.type = r.type;
    d.swizzle = r.swizzle;
    d.element_bits = u8(element_bits_of(r));
    d.chunk_data = u8(r.padded ? 2 * d.element_bits : 16);
    for (u32 i = 0; i < 5; ++i) {
        const bool used = i < r.rank;
        d.extent[i] = used ? r.extent[i] : 1;
        d.box[i] = used ? u16(r.box[i]) : 1;
        d.stride[i] = i != 0 && used ? r.stride_bytes[i - 1] : 0;
        if (!used) continue;
        require(d.extent[i] >= 1 && d.extent[i] <= u64(1) << 32,
                text("extent %llu of dimension %u is not in 1..2^32", r.extent[i], i));
        require(r.box[i] >= 1 && r.box[i] <= 256, text("box extent %u of dimension %u is not in 1..256", r.box[i], i));
        require(i == 0 || (d.stride[i] % 16 == 0 && d.stride[i] < u64(1) << 40),
                text("stride %llu of dimension %u is not a multiple of 16 bytes below 2^40", d.stride[i], i));
    }
    require(d.element_bits >= 8 || r.extent[0] % 2 == 0,
            text("extent %llu of dimension 0 is not a multiple of 2 elements of 4 bits", r.extent[0]));
    require(r.box[0] * d.element_bits % 8 == 0, text("box rows of %u elements do not end with a byte", r.box[0]));
    if (r.padded) check_padded(r);
    const u32 row = d.smem_row_bytes(), span = swizzle_span_bytes(r.swizzle);
    require(row % 16 == 0, text("box rows of %u bytes are not a multiple of 16 bytes", row));
    if (r.swizzle != swizzle_mode::none) {
        require(row <= span, text("box rows of %u bytes exceed the swizzle span of %u bytes", row, span));
        require(row == span,
                text("box rows of %u bytes are shorter than the swizzle span of %u bytes; the simulator models "
                     "only rows that fill the span",
                     row, span));
    }
    tensor_map map{};
    std::memcpy(&map, &d, sizeof d);
    return map;
}

/// The description in a map; `magic` is wrong if it was not made by encode_tensor_map().
inline tensor_description description_of(const tensor_map& map) {
    tensor_description d;
    std::memcpy(&d, &map, sizeof d);
    return d;
}

}  // namespace deepgemm::sim
