// SPDX-License-Identifier: MIT
// Encodes tensor maps for TMA through the driver. The encoder is found at run time, so nothing links libcuda.
// Needs the CUDA toolkit; sim/tma.hpp is its counterpart on the simulator.
#pragma once

#include <cuda.h>

#include <algorithm>
#include <cstring>

#include <deepgemm/host/cuda_error.hpp>
#include <deepgemm/host/tensor_map_rules.hpp>

namespace deepgemm::cuda {

namespace detail {

using encode_function = decltype(&::cuTensorMapEncodeTiled);

/// The driver's encoder, looked up once per process.
inline const result<encode_function>& tensor_map_encoder() {
    static const result<encode_function> encoder = []() -> result<encode_function> {
        void* address = nullptr;
        cudaDriverEntryPointQueryResult found{};
        const cudaError_t status =
            cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &address, 12000, cudaEnableDefault, &found);
        if (auto ok = check("cudaGetDriverEntryPointByVersion(cuTensorMapEncodeTiled)", status); !ok)
            return ok.failure();
        if (found != cudaDriverEntryPointSuccess || address == nullptr) {
            return fail(errc::cuda_failure,
                        "the CUDA driver has no cuTensorMapEncodeTiled; TMA needs a driver for CUDA 12.0 or newer");
        }
        return reinterpret_cast<encode_function>(address);
    }();
    return encoder;
}

/// FP8 is encoded as bytes: TMA copies them and fills with zeros, and does not interpret them. So are elements of 6 bits with a
/// byte each.
constexpr CUtensorMapDataType encoded_type(dtype type, bool padded) {
    switch (type) {
        case dtype::e2m1x2:
            return padded ? CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B : CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B;
        case dtype::e2m3:
        case dtype::e3m2: return padded ? CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B : CU_TENSOR_MAP_DATA_TYPE_UINT8;
        case dtype::bf16: return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
        case dtype::f16: return CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
        case dtype::tf32: return CU_TENSOR_MAP_DATA_TYPE_TFLOAT32;
        case dtype::f32: return CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
        case dtype::i32: return CU_TENSOR_MAP_DATA_TYPE_INT32;
        case dtype::ue8m0x4:
        case dtype::ue4m3x4: return CU_TENSOR_MAP_DATA_TYPE_UINT32;
        default: return CU_TENSOR_MAP_DATA_TYPE_UINT8;
    }
}

constexpr CUtensorMapSwizzle encoded_swizzle(swizzle_mode mode) {
    switch (mode) {
        case swizzle_mode::b128: return CU_TENSOR_MAP_SWIZZLE_128B;
        case swizzle_mode::b64: return CU_TENSOR_MAP_SWIZZLE_64B;
        case swizzle_mode::b32: return CU_TENSOR_MAP_SWIZZLE_32B;
        case swizzle_mode::b128_atom32: return CU_TENSOR_MAP_SWIZZLE_128B_ATOM_32B;
        default: return CU_TENSOR_MAP_SWIZZLE_NONE;
    }
}

/// The error for a request that the driver refused, with the request's numbers.
inline error refused(CUresult status, const tensor_map_request& request) {
    return fail(errc::cuda_failure, "the driver refused a tensor map (CUresult ", int(status), "): rank ", request.rank,
                ", ", request.type, ", extents ", request.extent[0], " x ", request.extent[1], ", row stride ",
                request.stride_bytes[0], " bytes, box ", request.box[0], " x ", request.box[1], ", swizzle over ",
                swizzle_span_bytes(request.swizzle), " bytes");
}

}  // namespace detail

/// The tensor map of a request. Elements out of bounds read as zero. Any thread; it touches no device memory and no stream, so it
/// may run under graph capture. It takes about a microsecond.
inline result<tensor_map> encode_tensor_map(const tensor_map_request& request) {
    if (auto ok = deepgemm::check(request); !ok) return ok.failure();
    const auto& encoder = detail::tensor_map_encoder();
    if (!encoder) return encoder.failure();

    cuuint64_t extents[5], strides[4];
    std::copy_n(request.extent, 5, extents);
    std::copy_n(request.stride_bytes, 4, strides);
    const cuuint32_t element_strides[5] = {1, 1, 1, 1, 1};
    CUtensorMap map;
    static_assert(sizeof map == sizeof(tensor_map));
    const CUresult status =
        (*encoder)(&map, detail::encoded_type(request.type, request.padded), request.rank,
                   const_cast<void*>(request.base), extents, strides, request.box, element_strides,
                   CU_TENSOR_MAP_INTERLEAVE_NONE, detail::encoded_swizzle(request.swizzle),
                   request.fetch_bytes == 128 ? CU_TENSOR_MAP_L2_PROMOTION_L2_128B : CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (status != CUDA_SUCCESS) return detail::refused(status, request);
    tensor_map encoded;
    std::memcpy(&encoded, &map, sizeof encoded);
    return encoded;
}

}  // namespace deepgemm::cuda
