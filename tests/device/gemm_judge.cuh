// SPDX-License-Identifier: MIT
// References for products that are too large for a host: kernels that make data, multiply plainly (FP32 sums of 32 products,
// scaled and summed in double) and judge every element of D. They are simple on purpose and share nothing with the kernels that
// they judge.
#pragma once

#include <deepgemm/core/types.cuh>
#include <deepgemm/epilogue/head_splits.cuh>

namespace deepgemm::gemm_tests {

/// 32 random bits for element `i` of a matrix.
__device__ inline u32 random_bits(u64 seed, u64 i) {
    u64 z = (seed + 1) * 0x9e3779b97f4a7c15ull + i * 0xd1342543de82ef95ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return u32((z ^ z >> 31) >> 16);
}

/// What a filled matrix holds.
enum class filling { normal, small_integers, powers_of_two };

/// An element: a normal number times `sigma`, an integer of [-3, 3], or 1/2, 1 or 2.
__device__ inline float random_value(filling what, float sigma, u64 seed, u64 i) {
    const u32 bits = random_bits(seed, i);
    if (what == filling::small_integers) return float(int(bits % 7) - 3);
    if (what == filling::powers_of_two) return float(1 << bits % 3) * 0.5f;
    const float radius = sqrtf(-2.0f * logf(float((bits >> 16) + 1) * 0x1p-16f));
    return sigma * radius * cosf(float(bits & 0xffff) * (0x1p-16f * 6.2831853f));
}

template <class T>
__global__ void fill_kernel(T* out, i64 count, filling what, float sigma, u64 seed) {
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        const float value = random_value(what, sigma, seed, u64(i));
        if constexpr (is_same_v<T, float>) {
            out[i] = value;
        } else {
            out[i] = T::from_float(value);
        }
    }
}

/// Counts 32-bit words that differ.
static __global__ void count_differences(const u32* x, const u32* y, i64 words, unsigned long long* count) {
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < words; i += i64(gridDim.x) * blockDim.x) {
        if (x[i] != y[i]) atomicAdd(count, 1ull);
    }
}

/// A quantised operand on the device, scales as floats.
struct quantised_rows {
    const e4m3* data;
    i64 pitch;
    const float* scales;  ///< of (row / tile_rows, k / 128) at row * stride_mn + k * stride_k
    i64 stride_mn, stride_k;
    int tile_rows;
    __device__ float at(i64 row, i64 k) const { return float(data[row * pitch + k]); }
    __device__ float scale(i64 row, i64 k) const { return scales[row / tile_rows * stride_mn + k / 128 * stride_k]; }
};

/// An operand before quantisation.
struct plain_rows {
    const bf16* data;
    i64 pitch;
    __device__ float at(i64 row, i64 k) const { return float(data[row * pitch + k]); }
    __device__ static float scale(i64 /*row*/, i64 /*k*/) { return 1; }
};

/// What judging found, summed over all elements.
struct findings {
    double products, squares;        ///< of D and the reference rounded to D's type, for calc_diff
    unsigned long long wrong;        ///< elements beyond their bound
    unsigned long long first_wrong;  ///< the smallest row * n + column of those
};

/// How elements are judged.
struct judgement {
    bool exact;  ///< bit for bit; else within `accumulation` times the sum of |products| and one rounding
    double accumulation;
    double rounding;  ///< relative error of one rounding to D's type
};

/// Column of D where column `n` of the product is stored.
__device__ inline i64 stored_at(i64 n, head_splits heads) {
    return heads.any() ? n + (n + heads.right) / (heads.left + heads.right) * heads.middle : n;
}

/// Compares D(m,n), rows `d_pitch` apart, with C + A x B^T; c may be null, else it lies as D does. 16 x 16 threads; a CTA takes
/// 64 x 64 elements, a thread rows y, y + 16, ... and columns x, x + 16, ...
template <class A, class B, class D>
__global__ void judge_kernel(A a, B b, i32 m, i32 n, i32 k, const D* d, const D* c, i64 d_pitch, head_splits heads,
                             judgement how, findings* out) {
    constexpr int tile = 64, step = 32;
    __shared__ float a_tile[step][tile + 1], b_tile[step][tile + 1];
    const int x = int(threadIdx.x), y = int(threadIdx.y), thread = y * 16 + x;
    const i64 first_row = i64(blockIdx.y) * tile, first_column = i64(blockIdx.x) * tile;
    double value[4][4] = {};
    double magnitude[4][4] = {};
    for (i32 k0 = 0; k0 < k; k0 += step) {
        for (int i = 0; i < tile * step / 256; ++i) {
            const int row = thread / step + 8 * i, inner = thread % step;
            const bool inside = k0 + inner < k;
            a_tile[inner][row] = inside && first_row + row < m ? a.at(first_row + row, k0 + inner) : 0.0f;
            b_tile[inner][row] = inside && first_column + row < n ? b.at(first_column + row, k0 + inner) : 0.0f;
        }
        __syncthreads();
        float sum[4][4] = {}, sizes[4][4] = {};
#pragma unroll 8
        for (int inner = 0; inner < step; ++inner) {
            for (int i = 0; i < 4; ++i) {
                for (int j = 0; j < 4; ++j) {
                    const float p = a_tile[inner][y + 16 * i], q = b_tile[inner][x + 16 * j];
                    sum[i][j] += p * q;
                    sizes[i][j] += fabsf(p) * fabsf(q);
                }
            }
        }
        for (int i = 0; i < 4; ++i) {
            for (int j = 0; j < 4; ++j) {
                const i64 row = first_row + y + 16 * i, column = first_column + x + 16 * j;
                // Rows and columns beyond the last are not judged; their scales must not be read.
                const float scale = row < m && column < n ? a.scale(row, k0) * b.scale(column, k0) : 1.0f;
                value[i][j] += double(scale) * double(sum[i][j]);
                magnitude[i][j] += double(fabsf(scale)) * double(sizes[i][j]);
            }
        }
        __syncthreads();
    }
    double products = 0, squares = 0;
    for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 4; ++j) {
            const i64 row = first_row + y + 16 * i, column = first_column + x + 16 * j;
            if (row >= m || column >= n) continue;
            const i64 place = row * d_pitch + stored_at(column, heads);
            double expected = value[i][j], size = magnitude[i][j];
            if (c != nullptr) {
                expected += double(float(c[place]));
                size += fabs(double(float(c[place])));
            }
            const float got = float(d[place]);
            float rounded = float(expected);
            if constexpr (!is_same_v<D, float>) rounded = float(D::from_float(rounded));
            products += double(got) * double(rounded);
            squares += double(got) * double(got) + double(rounded) * double(rounded);
            const double drift = how.accumulation * size, bound = drift + (fabs(expected) + drift) * how.rounding;
            const bool same = got == rounded || (isnan(got) && isnan(rounded));
            const bool fine = same || (!how.exact && isfinite(expected) &&
                                       fabs(double(got) - expected) <= bound);  // false for one NaN
            if (!fine) {
                atomicAdd(&out->wrong, 1ull);
                atomicMin(&out->first_wrong, (unsigned long long)(row * n + column));
            }
        }
    }
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        products += __shfl_down_sync(~0u, products, lanes);
        squares += __shfl_down_sync(~0u, squares, lanes);
    }
    if (thread % 32 == 0) {
        atomicAdd(&out->products, products);
        atomicAdd(&out->squares, squares);
    }
}

/// Counts elements of D that a head split must leave alone, and all of a row beyond them, whose bits are not all ones.
static __global__ void count_touched_holes(const bf16* d, i64 rows, i64 columns, head_splits heads,
                                           unsigned long long* count) {
    const i64 head = heads.left + heads.middle + heads.right;
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < rows * columns; i += i64(gridDim.x) * blockDim.x) {
        const i64 inside = i % columns % head;
        if (inside >= heads.left && inside < heads.left + heads.middle && d[i].bits != 0xffff) atomicAdd(count, 1ull);
    }
}

}  // namespace deepgemm::gemm_tests
