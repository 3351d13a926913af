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
    u64 stride[5];  ///< bytes; stride[0] is the size of an element
    u16 box[5];     ///< elements
    u8 rank;
    dtype type;
    swizzle_mode swizzle;

    u32 element_bytes() const { return u32(stride[0]); }
    u32 row_bytes() const { return box[0] * element_bytes(); }
    u32 rows() const { return u32(box[1]) * box[2] * box[3] * box[4]; }
    u32 box_bytes() const { return row_bytes() * rows(); }
};
static_assert(sizeof(tensor_description) <= sizeof(tensor_map));

inline constexpr u64 tensor_map_magic = 0x70616d5f6d697364;

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
    for (u32 i = 0; i < 5; ++i) {
        const bool used = i < r.rank;
        d.extent[i] = used ? r.extent[i] : 1;
        d.box[i] = used ? u16(r.box[i]) : 1;
        d.stride[i] = i == 0 ? size_of(r.type) : used ? r.stride_bytes[i - 1] : 0;
        if (!used) continue;
        require(d.extent[i] >= 1 && d.extent[i] <= u64(1) << 32,
                text("extent %llu of dimension %u is not in 1..2^32", r.extent[i], i));
        require(r.box[i] >= 1 && r.box[i] <= 256, text("box extent %u of dimension %u is not in 1..256", r.box[i], i));
        require(i == 0 || (d.stride[i] % 16 == 0 && d.stride[i] < u64(1) << 40),
                text("stride %llu of dimension %u is not a multiple of 16 bytes below 2^40", d.stride[i], i));
    }
    const u32 row = d.row_bytes(), span = swizzle_span_bytes(r.swizzle);
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
