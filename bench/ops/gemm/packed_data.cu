// SPDX-License-Identifier: MIT
// Quantises normal values for Blackwell in three steps: scales, codes of a byte each, then both as they are packed in memory.
#include "packed_data.cuh"

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/small_types.cuh>

#include "normal.cuh"

namespace deepgemm::bench {

namespace {

/// The tiles of an operand of `rows` rows and `k` elements of K under a scale each: `columns` of them along K.
struct tiles {
    int rows, k;
    scale_tile tile;
    int columns;
    bool fp4, small_floats;  ///< elements E2M1, else E4M3; scales UE4M3, else powers of two
    u64 seed;
    __host__ __device__ i64 count() const { return i64(ceil_div(rows, tile.mn)) * columns; }
    __device__ float value(i64 row, i64 kk) const { return normal_bf16(seed, u64(row * k + kk)); }
};

/// A warp for each scale.
__global__ void find_scales(float* scales, tiles x) {
    const i64 at = (i64(blockIdx.x) * blockDim.x + threadIdx.x) / 32;
    if (at >= x.count()) return;
    const i64 row = at / x.columns * x.tile.mn, kk = at % x.columns * x.tile.k;
    const int size = x.tile.mn * x.tile.k;
    float amax = 1e-4f;
    for (int i = int(threadIdx.x) % 32; i < size; i += 32) {
        const i64 r = row + i / x.tile.k, c = kk + i % x.tile.k;
        if (r < x.rows && c < x.k) amax = fmaxf(amax, fabsf(x.value(r, c)));
    }
    for (int step = 16; step > 0; step /= 2) amax = fmaxf(amax, __shfl_xor_sync(0xffffffffu, amax, step));
    const float wanted = amax / (x.fp4 ? 6.0f : 448.0f);
    const u32 bits = bit_cast<u32>(wanted), exponent = (bits >> 23) + u32((bits & 0x7fffffu) != 0);
    const float rounded =
        x.small_floats ? fmaxf(float(e4m3::from_float(wanted)), 0x1p-9f) : bit_cast<float>(exponent << 23);
    if (threadIdx.x % 32 == 0) scales[at] = rounded;
}

/// A thread for each element.
__global__ void quantise(u8* codes, const float* scales, tiles x) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < i64(x.rows) * x.k; i += i64(gridDim.x) * blockDim.x) {
        const i64 row = i / x.k, kk = i % x.k;
        const float value = x.value(row, kk) / scales[row / x.tile.mn * x.columns + kk / x.tile.k];
        codes[i] = x.fp4 ? u8(encode_e2m1(value)) : e4m3::from_float(value).bits;
    }
}

/// A thread for each byte: lines of `length` elements one after another, along K or along the rows.
__global__ void store(u8* to, const u8* codes, tiles x, bool along_k) {
    const i64 lines = along_k ? x.rows : x.k, length = along_k ? x.k : x.rows, bytes = x.fp4 ? length / 2 : length;
    const auto code = [&](i64 line, i64 at) { return codes[along_k ? line * x.k + at : at * x.k + line]; };
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < lines * bytes; i += i64(gridDim.x) * blockDim.x) {
        const i64 line = i / bytes, at = i % bytes;
        to[i] = x.fp4 ? u8(code(line, 2 * at) | code(line, 2 * at + 1) << 4) : code(line, at);
    }
}

/// A thread for each word of four scales along K; bytes of tiles that K does not reach are 0.
__global__ void pack(u32* words, const float* scales, tiles x, i64 stride_mn, i64 stride_k) {
    const int per_row = ceil_div(x.columns, 4);
    const i64 at = i64(blockIdx.x) * blockDim.x + threadIdx.x, row = at / per_row;
    if (row >= ceil_div(x.rows, x.tile.mn)) return;
    const int word = int(at % per_row);
    u32 packed = 0;
    for (int i = 0; i < 4; ++i) {
        if (4 * word + i >= x.columns) break;
        const float scale = scales[row * x.columns + 4 * word + i];
        packed |= (x.small_floats ? e4m3::from_float(scale).bits : bit_cast<u32>(scale) >> 23) << 8 * i;
    }
    words[row * stride_mn + word * stride_k] = packed;
}

unsigned ctas_for(i64 threads) { return unsigned(ceil_div<i64>(max(threads, i64(1)), 256)); }

}  // namespace

void packed_operand::generate(const operand_info& info, int rows, int k, u64 seed) {
    const tiles x{
        rows, k, info.tile, ceil_div(k, info.tile.k), info.type == dtype::e2m1x2, info.format == scale_kind::ue4m3,
        seed};
    const bool along_k = info.contiguous == major::k, by_block = info.tile.mn > 1;
    const i64 elements = i64(rows) * k, words = ceil_div(x.columns, 4),
              stride_k = by_block ? 1 : align_up(i64(rows), i64(4)), stride_mn = by_block ? words : 1;
    u8* const codes = codes_.as<u8>(std::size_t(elements));
    u8* const stored = stored_.as<u8>(std::size_t(x.fp4 ? elements / 2 : elements));
    float* const scales = scales_.as<float>(std::size_t(x.count()));
    const std::size_t count = std::size_t(by_block ? ceil_div(rows, info.tile.mn) * words : stride_k * words);
    u32* const packed = words_.as<u32>(count);
    check(cudaMemset(packed, 0, count * sizeof(u32)), "cudaMemset");
    find_scales<<<ctas_for(32 * x.count()), 256>>>(scales, x);
    quantise<<<4096, 256>>>(codes, scales, x);
    store<<<4096, 256>>>(stored, codes, x, along_k);
    pack<<<ctas_for(ceil_div(rows, info.tile.mn) * words), 256>>>(packed, scales, x, stride_mn, stride_k);
    check(cudaGetLastError(), "packed operands");
    argument_.matrix = {stored, info.type, rows, k, along_k ? k : 1, along_k ? 1 : rows};
    argument_.scales = {packed, info.format, info.tile, ceil_div(rows, info.tile.mn), words, stride_mn, stride_k};
    unpacked_ = {codes, x.fp4, scales, info.tile, x.columns};
}

}  // namespace deepgemm::bench
