// SPDX-License-Identifier: MIT
// Generates operands, FP8 ones quantised. A scale is amax / 448 over its tile, amax at least 1e-4; elements are rounded to
// E4M3 after a multiplication by the reciprocal of the scale.
#include "data.cuh"

#include <deepgemm/core/math.cuh>
#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>

#include "normal.cuh"

namespace deepgemm::bench {

namespace {

__device__ float scale_of(float amax) { return fmaxf(amax, 1e-4f) / e4m3::largest; }

__device__ float warp_max(float x) {
    for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}

/// One warp for each row and 128 elements of K. Scale (row, block) at row + block * stride.
__global__ void quantise_per_token(u8* q, float* scales, i64 stride, int rows, int k, u64 seed) {
    const int blocks = ceil_div(k, 128), lane = threadIdx.x % 32;
    const i64 warp = (i64(blockIdx.x) * blockDim.x + threadIdx.x) / 32;
    if (warp >= i64(rows) * blocks) return;
    const i64 row = warp / blocks;
    const int block = int(warp % blocks), first = block * 128 + lane * 4;
    float x[4], amax = 0;
    for (int i = 0; i < 4; ++i) {
        x[i] = first + i < k ? normal_bf16(seed, u64(row * k + first + i)) : 0.0f;
        amax = fmaxf(amax, fabsf(x[i]));
    }
    const float scale = scale_of(warp_max(amax)), reciprocal = 1.0f / scale;
    for (int i = 0; i < 4; ++i) {
        if (first + i < k) q[row * k + first + i] = e4m3::from_float(x[i] * reciprocal).bits;
    }
    if (lane == 0) scales[row + block * stride] = scale;
}

/// One CTA of 256 threads for each 128x128 block. Scale (row block, K block) at row block * stride + K block.
__global__ void quantise_per_block(u8* q, float* scales, i64 stride, int rows, int k, u64 seed) {
    __shared__ float warp_amax[8];
    const int column = int(blockIdx.x) * 128 + int(threadIdx.x) % 128,
              first_row = int(blockIdx.y) * 128 + int(threadIdx.x) / 128;
    const int end = min(rows, int(blockIdx.y) * 128 + 128);
    float amax = 0;
    for (int row = first_row; row < end && column < k; row += 2) {
        amax = fmaxf(amax, fabsf(normal_bf16(seed, u64(i64(row) * k + column))));
    }
    amax = warp_max(amax);
    if (threadIdx.x % 32 == 0) warp_amax[threadIdx.x / 32] = amax;
    __syncthreads();
    for (const float other : warp_amax) amax = fmaxf(amax, other);
    const float scale = scale_of(amax), reciprocal = 1.0f / scale;
    for (int row = first_row; row < end && column < k; row += 2) {
        const i64 at = i64(row) * k + column;
        q[at] = e4m3::from_float(normal_bf16(seed, u64(at)) * reciprocal).bits;
    }
    if (threadIdx.x == 0) scales[i64(blockIdx.y) * stride + blockIdx.x] = scale;
}

/// One CTA of 256 threads for each row: amax[row * stride] becomes at least the largest magnitude of the row.
__global__ void find_amax(float* amax, i64 stride, int k, u64 seed) {
    const i64 row = blockIdx.x;
    float largest = 0;
    for (int i = int(threadIdx.x); i < k; i += 256)
        largest = fmaxf(largest, fabsf(normal_bf16(seed, u64(row * k + i))));
    largest = warp_max(largest);
    if (threadIdx.x % 32 == 0) atomicMax(reinterpret_cast<int*>(amax + row * stride), bit_cast<int>(largest));
}
__global__ void turn_to_scales(float* amax, int count) {
    for (int i = int(threadIdx.x); i < count; i += 256) amax[i] = scale_of(amax[i]);
}
/// One CTA for each row, whose scale is scales[row * stride].
__global__ void quantise_rows(u8* q, const float* scales, i64 stride, int k, u64 seed) {
    const i64 row = blockIdx.x;
    const float reciprocal = 1.0f / scales[row * stride];
    for (int i = int(threadIdx.x); i < k; i += 256)
        q[row * k + i] = e4m3::from_float(normal_bf16(seed, u64(row * k + i)) * reciprocal).bits;
}

/// to(r,c) = from[r + c * stride] of `rows` rows of `columns` elements.
template <class T>
__global__ void transpose(T* to, const T* from, i64 rows, i64 columns, i64 stride) {
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < rows * columns; i += i64(gridDim.x) * blockDim.x)
        to[i] = from[i / columns + i % columns * stride];
}

/// Operands without scales: element i of memory is a normal value, whatever row and column that is.
template <class T>
__global__ void fill_normal(T* to, i64 count, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        to[i] = T::from_float(normal_bf16(seed, u64(i)));
    }
}

template <class T>
__global__ void fill_c(T* d, i64 count, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        const float c = c_value(seed, u64(i));
        if constexpr (is_same_v<T, float>) {
            d[i] = c;
        } else {
            d[i] = T::from_float(c);
        }
    }
}

dtype type_of(element operands) {
    switch (operands) {
        case element::bf16: return dtype::bf16;
        case element::f16: return dtype::f16;
        default: return dtype::e4m3;
    }
}

dtype type_of(output d) {
    switch (d) {
        case output::bf16: return dtype::bf16;
        case output::f16: return dtype::f16;
        default: return dtype::f32;
    }
}

/// A copy of bytes (mn, k) in the order (k, mn).
void* turned(device_buffer& to, const void* from, i64 mn, i64 k) {
    u8* const made = to.as<u8>(std::size_t(mn * k));
    transpose<<<4096, 256>>>(made, static_cast<const u8*>(from), k, mn, k);
    check(cudaGetLastError(), "transpose");
    return made;
}

/// An operand of `mn` rows and K columns, dense.
input_matrix dense(const void* data, dtype type, i64 mn, i64 k, bool mn_major) {
    return mn_major ? input_matrix{data, type, mn, k, 1, mn} : input_matrix{data, type, mn, k, k, 1};
}

}  // namespace

const device_info& current_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

void turn_scales(float* to, const float* from, int rows, int k, i64 stride) {
    transpose<<<1024, 256>>>(to, from, rows, ceil_div(k, 128), stride);
    check(cudaGetLastError(), "transpose");
}

void quantise_tokens(void* q, float* scales, int rows, int k, u64 seed) {
    const i64 warps = i64(rows) * ceil_div(k, 128);
    quantise_per_token<<<unsigned(ceil_div<i64>(warps, 8)), 256>>>(static_cast<u8*>(q), scales, align_up(rows, 4), rows,
                                                                   k, seed);
    check(cudaGetLastError(), "quantise_per_token");
}

void quantise_blocks(void* q, float* scales, i64 stride, int rows, int k, u64 seed) {
    const dim3 grid(unsigned(ceil_div(k, 128)), unsigned(ceil_div(rows, 128)));
    quantise_per_block<<<grid, 256>>>(static_cast<u8*>(q), scales, stride, rows, k, seed);
    check(cudaGetLastError(), "quantise_per_block");
}

void quantise_at_end(void* q, float* scales, bool by_row, int rows, int k, u64 seed) {
    const i64 stride = by_row ? 1 : 0;
    const int count = by_row ? rows : 1;
    check(cudaMemset(scales, 0, count * sizeof(float)), "cudaMemset");
    find_amax<<<unsigned(rows), 256>>>(scales, stride, k, seed);
    turn_to_scales<<<1, 256>>>(scales, count);
    quantise_rows<<<unsigned(rows), 256>>>(static_cast<u8*>(q), scales, stride, k, seed);
    check(cudaGetLastError(), "quantise_rows");
}

void normal(void* to, element type, i64 count, u64 seed) {
    if (type == element::bf16) {
        fill_normal<<<1024, 256>>>(static_cast<bf16*>(to), count, seed);
    } else {
        fill_normal<<<1024, 256>>>(static_cast<f16*>(to), count, seed);
    }
    check(cudaGetLastError(), "fill_normal");
}

void values_of_c(float* to, i64 count, u64 seed) {
    fill_c<<<1024, 256>>>(to, count, seed);
    check(cudaGetLastError(), "fill_c");
}

void problem_data::generate(const gemm_case& problem, u64 seed) {
    problem_ = problem;
    seed_ = seed;
    const i64 m = problem.m, n = problem.n, k = problem.k;
    const gemm_workload work = workload_of(problem, current_device());
    packed_ = problem.is_fp4() || work.a.format == scale_kind::ue8m0;
    d_ = d_buffer_.reserve(std::size_t(m * n) * problem.d_bytes());
    if (packed_) {
        packed_a_.generate(work.a, problem.m, problem.k, 2 * seed + 1);
        packed_b_.generate(work.b, problem.n, problem.k, 2 * seed + 2);
        check(cudaDeviceSynchronize(), "making of operands");
        return;
    }
    a_ = a_buffer_.reserve(std::size_t(m * k) * problem.operand_bytes());
    b_ = b_buffer_.reserve(std::size_t(n * k) * problem.operand_bytes());
    if (problem.is_fp8()) {
        generate_fp8();
    } else {
        normal(a_, problem.operands, m * k, 2 * seed + 1);
        normal(b_, problem.operands, n * k, 2 * seed + 2);
    }
    check(cudaDeviceSynchronize(), "making of operands");
}

void problem_data::generate_fp8() {
    const int m = problem_.m, n = problem_.n, k = problem_.k;
    if (problem_.is_scaled_at_end()) {
        const bool by_row = problem_.scales == b_scales::row;
        sa_ = sa_buffer_.as<float>(std::size_t(m));
        sb_ = sb_buffer_.as<float>(std::size_t(n));
        quantise_at_end(a_, sa_, by_row, m, k, 2 * seed_ + 1);
        quantise_at_end(b_, sb_, by_row, n, k, 2 * seed_ + 2);
    } else {
        generate_scaled_along_k();
    }
    if (problem_.a_mn_major()) turned_a_ = turned(turned_a_buffer_, a_, m, k);
    if (problem_.b_mn_major()) turned_b_ = turned(turned_b_buffer_, b_, n, k);
}

void problem_data::generate_scaled_along_k() {
    const int m = problem_.m, n = problem_.n, k = problem_.k, blocks = ceil_div(k, 128);
    const bool b_block = problem_.scales == b_scales::block;
    block_stride_ = align_up(blocks, 4);
    const std::size_t sa_count = std::size_t(align_up(m, 4)) * blocks;
    const std::size_t sb_count =
        b_block ? std::size_t(block_stride_) * ceil_div(n, 128) : std::size_t(align_up(n, 4)) * blocks;
    sa_ = sa_buffer_.as<float>(sa_count);
    sb_ = sb_buffer_.as<float>(sb_count);
    // Padding between scales must be readable; it never counts.
    check(cudaMemset(sa_, 0, sa_count * sizeof(float)), "cudaMemset");
    check(cudaMemset(sb_, 0, sb_count * sizeof(float)), "cudaMemset");

    quantise_tokens(a_, sa_, m, k, 2 * seed_ + 1);
    sa_k_ = sa_k_buffer_.as<float>(std::size_t(m) * blocks);
    turn_scales(sa_k_, sa_, m, k, align_up(m, 4));
    if (b_block) {
        quantise_blocks(b_, sb_, block_stride_, n, k, 2 * seed_ + 2);
    } else {
        quantise_tokens(b_, sb_, n, k, 2 * seed_ + 2);
    }
}

void problem_data::reset_d() {
    const i64 count = i64(problem_.m) * problem_.n;
    if (problem_.accumulate) {
        visit_d([this, count](auto* d) { fill_c<<<1024, 256>>>(d, count, seed_); });
        check(cudaGetLastError(), "fill_c");
    } else {
        check(cudaMemset(d_, 0xff, std::size_t(count) * problem_.d_bytes()), "cudaMemset");
    }
    check(cudaDeviceSynchronize(), "reset of D");
}

gemm_problem problem_data::made(major scales_of_a, bool as_stored) const {
    const i64 m = problem_.m, n = problem_.n, k = problem_.k;
    const dtype type = type_of(problem_.operands), d_type = type_of(problem_.d);
    if (packed_) {
        gemm_problem product{.a = packed_a_.argument(), .b = packed_b_.argument(), .d = {d_, d_type, m, n, n}};
        if (problem_.accumulate) product.c = product.d;
        return product;
    }
    scale_argument of_a{.kind = scale_kind::none}, of_b = of_a;
    if (problem_.is_scaled_at_end()) {
        const bool by_row = problem_.scales == b_scales::row;
        of_a = by_row ? per_row_scales(sa_, m) : per_tensor_scale(sa_);
        of_b = by_row ? per_row_scales(sb_, n) : per_tensor_scale(sb_);
    } else if (problem_.is_fp8()) {
        of_a = scales_of_a == major::mn ? per_token_scales(sa_, scale_kind::fp32, m, k)
                                        : k_major_scales(sa_k_, scale_kind::fp32, m, k);
        of_b = per_token_scales(sb_, scale_kind::fp32, n, k);
        if (problem_.scales == b_scales::block) {
            of_b = per_block_scales(sb_, scale_kind::fp32, n, k);
            of_b.row_stride = block_stride_;
        }
    }
    const auto operand = [&](const void* data, const void* turned, i64 mn, bool mn_major) {
        if (!problem_.is_fp8()) return dense(data, type, mn, k, mn_major);
        const bool turns = mn_major && as_stored;
        return dense(turns ? turned : data, type, mn, k, turns);
    };
    gemm_problem product{.a = {operand(a_, turned_a_, m, problem_.a_mn_major()), of_a},
                         .b = {operand(b_, turned_b_, n, problem_.b_mn_major()), of_b},
                         .d = {d_, d_type, m, n, n}};
    if (problem_.accumulate) product.c = product.d;
    return product;
}

}  // namespace deepgemm::bench
