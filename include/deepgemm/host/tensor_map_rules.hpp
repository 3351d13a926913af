// SPDX-License-Identifier: MIT
// The rules of TMA for tensor maps, one sentence each, so that a refusal of the driver has an explanation. They are the limits
// of cuTensorMapEncodeTiled without interleaving; no CUDA toolkit is needed.
#pragma once

#include <cstdint>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/layout/tensor_map.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The further rules of elements of 4 bits, and of padded ones.
inline result<void> check_small_elements(const tensor_map_request& request) {
    if (request.type == dtype::e2m1x2 && request.extent[0] % 2 != 0) {
        return fail(errc::bad_extent, "dimension 0 of a tensor map has ", request.extent[0],
                    " elements of e2m1x2; TMA takes multiples of 2");
    }
    if (!request.padded) return {};
    if (request.type != dtype::e2m1x2 && request.type != dtype::e2m3 && request.type != dtype::e3m2) {
        return fail(errc::bad_layout, "a tensor map of ", request.type,
                    " is padded; TMA pads elements of e2m1x2, e2m3 and e3m2");
    }
    if (const auto base = reinterpret_cast<std::uintptr_t>(request.base); base % 32 != 0) {
        return fail(errc::misaligned, "a padded tensor map's base address is ", base % 32,
                    " bytes past a multiple of 32; TMA needs 32-byte alignment");
    }
    for (u32 i = 0; i + 1 < request.rank; ++i) {
        if (request.stride_bytes[i] % 32 != 0) {
            return fail(errc::misaligned, "dimension ", i + 1, " of a padded tensor map has a stride of ",
                        request.stride_bytes[i], " bytes; TMA takes multiples of 32");
        }
    }
    if (request.extent[0] % 128 != 0 || request.box[0] != 128) {
        return fail(errc::bad_extent, "dimension 0 of a padded tensor map has ", request.extent[0],
                    " elements and a box of ", request.box[0], "; TMA takes multiples of 128 and boxes of 128");
    }
    if (request.swizzle == swizzle_mode::b32 || request.swizzle == swizzle_mode::b64) {
        return fail(errc::bad_layout, "a padded tensor map has a swizzle over ", swizzle_span_bytes(request.swizzle),
                    " bytes; TMA takes 128 or none");
    }
    return {};
}

/// Checks a request against the rules of tiled tensor maps. Success means that the driver should encode it.
inline result<void> check(const tensor_map_request& request) {
    constexpr u64 max_stride = u64(1) << 40, max_extent = u64(1) << 32;
    if (request.rank < 1 || request.rank > 5) {
        return fail(errc::bad_layout, "a tensor map has rank ", request.rank, "; TMA takes 1 to 5 dimensions");
    }
    if (request.base == nullptr) return fail(errc::null_pointer, "a tensor map has no base address");
    if (request.fetch_bytes != 128 && request.fetch_bytes != 256) {
        return fail(errc::bad_layout, "L2 is to fetch ", request.fetch_bytes,
                    " bytes at once for a tensor map; it is asked for 128 or 256");
    }
    const auto base = reinterpret_cast<std::uintptr_t>(request.base);
    if (base % 16 != 0) {
        return fail(errc::misaligned, "a tensor map's base address is ", base % 16,
                    " bytes past a multiple of 16; TMA needs 16-byte alignment");
    }
    for (u32 i = 0; i < request.rank; ++i) {
        if (request.extent[i] < 1 || request.extent[i] > max_extent) {
            return fail(errc::bad_extent, "dimension ", i, " of a tensor map has ", request.extent[i],
                        " elements; TMA takes 1 to 4294967296");
        }
        if (request.box[i] < 1 || request.box[i] > 256) {
            return fail(errc::bad_extent, "dimension ", i, " of a tensor map's box has ", request.box[i],
                        " elements; TMA takes 1 to 256");
        }
    }
    for (u32 i = 0; i + 1 < request.rank; ++i) {
        const u64 stride = request.stride_bytes[i];
        if (stride % 16 != 0 || stride >= max_stride) {
            return fail(errc::misaligned, "dimension ", i + 1, " of a tensor map has a stride of ", stride,
                        " bytes; TMA takes multiples of 16 below 2^40");
        }
    }
    if (auto ok = check_small_elements(request); !ok) return ok;
    const u32 row_bytes = smem_row_bytes(request);
    if (row_bytes % 16 != 0) {
        return fail(errc::misaligned, "a row of a tensor map's box has ", row_bytes,
                    " bytes; TMA takes multiples of 16");
    }
    if (request.swizzle != swizzle_mode::none && row_bytes > swizzle_span_bytes(request.swizzle)) {
        return fail(errc::bad_layout, "a row of a tensor map's box has ", row_bytes, " bytes; the swizzle allows ",
                    swizzle_span_bytes(request.swizzle));
    }
    return {};
}

}  // namespace deepgemm
