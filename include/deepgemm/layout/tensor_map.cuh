// SPDX-License-Identifier: MIT
// The 128-byte tensor map of TMA as kernels see it, and the request from which the host or the simulator encodes one. This is a
// type of our own, of the same size and alignment as the driver's, because <cuda.h> does not compile under NVRTC.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// How TMA permutes the 16-byte chunks of a tile in shared memory: the span within which they move. With b128_atom32 chunks
/// move in pairs, which stay together: the order of MN-major TF32 on SM100.
enum class swizzle_mode : u8 { none, b32, b64, b128, b128_atom32 };

/// Bytes of one swizzled row; 16 without swizzle.
DEEPGEMM_BOTH constexpr u32 swizzle_span_bytes(swizzle_mode mode) {
    return mode == swizzle_mode::b128 || mode == swizzle_mode::b128_atom32 ? 128
           : mode == swizzle_mode::b64                                     ? 64
           : mode == swizzle_mode::b32                                     ? 32
                                                                           : 16;
}

/// An encoded tensor map: opaque to kernels, passed by value as a `__grid_constant__` parameter.
struct alignas(64) tensor_map {
    u64 opaque[16];
};

/// What a tensor map describes: a tensor of `rank` dimensions in global memory and the box one copy moves.
/// Dimension 0 is contiguous; `stride_bytes[i]` is the stride of dimension i + 1.
struct tensor_map_request {
    const void* base = nullptr;  ///< 16-byte aligned.
    dtype type = dtype::f32;
    u32 rank = 2;                        ///< 0: no map is needed
    u64 extent[5] = {1, 1, 1, 1, 1};     ///< elements; of e2m1x2 they are counted singly
    u64 stride_bytes[4] = {0, 0, 0, 0};  ///< multiples of 16
    u32 box[5] = {1, 1, 1, 1, 1};        ///< elements, at most 256 each
    swizzle_mode swizzle = swizzle_mode::none;
    u32 fetch_bytes = 256;  ///< of a row that L2 brings from memory at once: 128 or 256
    /// Elements of 4 bits (e2m1x2) or 6 bits (e2m3, e3m2) lie packed in global memory, and a load brings each 16 of them to a
    /// chunk of 16 bytes of shared memory: at its begin, packed; the other 8 or 4 bytes are undefined. SM100; loads only. The
    /// address and all strides are multiples of 32 bytes; of the contiguous dimension the extent and the coordinates are
    /// multiples of 128 elements, and the box has 128; there is a 128-byte swizzle or none. Without it e2m1x2 is packed in
    /// shared memory, too, and elements of 6 bits have a byte each in both.
    bool padded = false;
};

/// Bits of one element of a request's tensor in global memory.
DEEPGEMM_BOTH constexpr u32 element_bits_of(const tensor_map_request& request) {
    const bool six = request.type == dtype::e2m3 || request.type == dtype::e3m2;
    return request.padded && six ? 6 : bits_of(request.type);
}
/// Bytes of one row of its box: in global memory, which an mbarrier counts of a load, and in shared memory.
DEEPGEMM_BOTH constexpr u32 box_row_bytes(const tensor_map_request& request) {
    return request.box[0] * element_bits_of(request) / 8;
}
DEEPGEMM_BOTH constexpr u32 smem_row_bytes(const tensor_map_request& request) {
    return request.padded ? request.box[0] : box_row_bytes(request);
}

/// The request with padded elements, see tensor_map_request::padded.
DEEPGEMM_BOTH constexpr tensor_map_request padded_map(tensor_map_request request) {
    request.padded = true;
    return request;
}

/// A request for a matrix of `rows` x `columns` elements whose rows are `pitch_bytes` apart.
DEEPGEMM_BOTH constexpr tensor_map_request matrix_map(const void* base, dtype type, i64 rows, i64 columns,
                                                      i64 pitch_bytes, int box_rows, int box_columns,
                                                      swizzle_mode swizzle) {
    tensor_map_request request{};
    request.base = base;
    request.type = type;
    request.extent[0] = u64(columns);
    request.extent[1] = u64(rows);
    request.stride_bytes[0] = u64(pitch_bytes);
    request.box[0] = u32(box_columns);
    request.box[1] = u32(box_rows);
    request.swizzle = swizzle;
    return request;
}

/// The request for a stack of `matrices` matrices like `one`, each `stride_bytes` (a multiple of 16) after the one before. The
/// third coordinate of a copy is the matrix.
DEEPGEMM_BOTH constexpr tensor_map_request stack_map(tensor_map_request one, i64 matrices, i64 stride_bytes) {
    one.rank = 3;
    one.extent[2] = u64(matrices);
    one.stride_bytes[1] = u64(stride_bytes);
    return one;
}

}  // namespace deepgemm
