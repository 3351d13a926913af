// SPDX-License-Identifier: MIT
// Operands of logits of an indexer on a GPU, and how logits are judged: of every row which elements were written and what those
// outside of its range hold, of 32 rows the scores against sums in double precision.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/epilogue/logits.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

#include "cuda_check.hpp"
#include "normal.cuh"
#include "reference.cuh"

namespace deepgemm::bench {

/// A number of any type that weights and logits may have.
__device__ inline double load_number(const void* from, i64 i, dtype type) {
    switch (type) {
        case dtype::bf16: return double(float(static_cast<const bf16*>(from)[i]));
        case dtype::f16: return double(float(static_cast<const f16*>(from)[i]));
        default: return double(static_cast<const float*>(from)[i]);
    }
}

/// Fills queries with normal numbers, and keys with such that reach the largest of FP8, as casts with a scale for each key do.
static __global__ void fill_fp8(e4m3* to, i64 count, float scale, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        to[i] = e4m3::from_float(fminf(fmaxf(scale * normal_bf16(seed, u64(i)), -448.0f), 448.0f));
}
static __global__ void fill_scales(float* to, i64 count, float scale, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        to[i] = scale * (0.5f + float(random_bits(seed, u64(i)) >> 40) * 0x1p-24f);
}
static __global__ void fill_weights(void* to, i64 count, dtype type, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        const float value = normal_bf16(seed, u64(i));
        switch (type) {
            case dtype::bf16: static_cast<bf16*>(to)[i] = bf16::from_float(value); break;
            case dtype::f16: static_cast<f16*>(to)[i] = f16::from_float(value); break;
            default: static_cast<float*>(to)[i] = value;
        }
    }
}

/// What the logits are, and how far they are from what they should be.
struct logits_errors {
    double error = 0, result = 0, truth = 0;  ///< sums of squares: of the difference, of the result, of the reference
    unsigned long long unwritten = 0;         ///< elements of a range that are not finite
    unsigned long long outside = 0;  ///< others that are not minus infinity, or were written where none is to be
    unsigned long long largest = 0;  ///< bits of the largest error over the root of the mean square of a row
};

/// Queries and logits as the judge needs them. What derives from it says of a row where its scores are, `columns(row)`, a
/// key_range, and whose they are: `key(row, column)` and `scale(row, column)`.
struct judged_logits {
    i64 queries = 0, heads = 0, depth = 0;
    const e4m3* q = nullptr;
    const void* weights = nullptr;
    dtype weights_type = dtype::f32;
    const void* logits = nullptr;
    i64 logits_stride = 0;
    dtype logits_type = dtype::f32;
    logits_form form = logits_form::full;

    /// Those of a problem whose rows have no padding.
    template <class Problem>
    static judged_logits of(const Problem& p, i64 queries) {
        return {queries,        p.heads,  p.depth,         p.q,           p.weights,
                p.weights_type, p.logits, p.logits_stride, p.logits_type, p.form};
    }
};

/// A block looks at all elements of a row, whose bytes were all ones.
template <class Judged>
__global__ void judge_ranges(Judged p, logits_errors* errors) {
    const i64 row = blockIdx.x;
    const auto range = p.columns(row);
    for (i64 i = threadIdx.x; i < p.logits_stride; i += blockDim.x) {
        const double got = load_number(p.logits, row * p.logits_stride + i, p.logits_type);
        if (range.first <= i && i < range.last) {
            if (!isfinite(got)) atomicAdd(&errors->unwritten, 1ull);
        } else if (p.form == logits_form::full ? !(isinf(got) && got < 0) : !isnan(got)) {
            atomicAdd(&errors->outside, 1ull);
        }
    }
}

/// A block computes scores of a row: thread t those of columns t, t + blockDim.x, ... of the range.
template <class Judged>
__global__ void judge_scores(Judged p, const i64* rows, logits_errors* errors) {
    extern __shared__ float query[];  // (heads, depth)
    __shared__ logits_errors sums;
    const i64 row = rows[blockIdx.x], length = p.heads * p.depth;
    const auto range = p.columns(row);
    if (threadIdx.x == 0) sums = {};
    for (i64 i = threadIdx.x; i < length; i += blockDim.x) query[i] = float(p.q[row * length + i]);
    __syncthreads();
    double error = 0, result = 0, truth = 0, largest = 0;
    for (i64 j = range.first + threadIdx.x; j < range.last; j += blockDim.x) {
        const e4m3* const key = p.key(row, j);
        double want = 0;
        for (i64 h = 0; h < p.heads; ++h) {
            double dot = 0;
            for (i64 d = 0; d < p.depth; ++d) dot += double(query[h * p.depth + d]) * double(float(key[d]));
            want += fmax(dot, 0.0) * load_number(p.weights, row * p.heads + h, p.weights_type);
        }
        want *= double(p.scale(row, j));
        const double got = load_number(p.logits, row * p.logits_stride + j, p.logits_type);
        error += (got - want) * (got - want);
        result += got * got;
        truth += want * want;
        largest = fmax(largest, fabs(got - want));
    }
    atomicAdd(&sums.error, error);
    atomicAdd(&sums.result, result);
    atomicAdd(&sums.truth, truth);
    atomicMax(&sums.largest, bit_cast<unsigned long long>(largest));
    __syncthreads();
    if (threadIdx.x != 0 || range.first >= range.last) return;
    atomicAdd(&errors->error, sums.error);
    atomicAdd(&errors->result, sums.result);
    atomicAdd(&errors->truth, sums.truth);
    const double usual = fmax(sqrt(sums.truth / double(range.last - range.first)), 1e-30);
    atomicMax(&errors->largest, bit_cast<unsigned long long>(bit_cast<double>(sums.largest) / usual));
}

/// The operands that all logits have, in device memory, and the judge.
class logits_data {
public:
    /// Host: `count` elements of FP8, normal ones times `scale`.
    static const e4m3* filled(device_buffer& buffer, i64 count, float scale, u64 seed) {
        e4m3* const made = buffer.as<e4m3>(std::size_t(count));
        fill_fp8<<<1024, 256>>>(made, count, scale, seed);
        return made;
    }
    /// Host: `count` weights of a type.
    static const void* weights(device_buffer& buffer, i64 count, dtype type, u64 seed) {
        u8* const made = buffer.as<u8>(std::size_t(count) * std::size_t(size_of(type)));
        fill_weights<<<256, 256>>>(made, count, type, seed);
        return made;
    }
    template <class T>
    static const T* copied(device_buffer& buffer, const std::vector<T>& values) {
        T* const made = buffer.as<T>(values.size());
        check(cudaMemcpy(made, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
        return made;
    }

    /// Host: the error of some rows, of which the last one is one; sets `wrong` if elements outside of ranges are.
    template <class Judged>
    comparison judge(const Judged& p, std::string& wrong) {
        constexpr i64 judged_rows = 32;
        logits_errors host{};
        logits_errors* const device = errors_buffer_.as<logits_errors>(1);
        check(cudaMemcpy(device, &host, sizeof host, cudaMemcpyHostToDevice), "cudaMemcpy");
        std::vector<i64> rows;
        for (i64 i = 0; i < judged_rows; ++i) rows.push_back((i + 1) * p.queries / judged_rows - 1);
        std::erase_if(rows, [](i64 row) { return row < 0; });
        const i64* const chosen = copied(rows_buffer_, rows);
        const std::size_t query_bytes = std::size_t(p.heads * p.depth) * sizeof(float);
        check(cudaFuncSetAttribute(judge_scores<Judged>, cudaFuncAttributeMaxDynamicSharedMemorySize, int(query_bytes)),
              "shared memory of the reference");
        judge_ranges<<<unsigned(p.queries), 256>>>(p, device);
        judge_scores<<<unsigned(rows.size()), 512, query_bytes>>>(p, chosen, device);
        check(cudaGetLastError(), "reference of logits");
        check(cudaMemcpy(&host, device, sizeof host, cudaMemcpyDeviceToHost), "reference of logits");
        if (host.outside != 0) wrong = concat(host.outside, " elements outside of ranges are wrong");
        const double norm = host.result + host.truth;
        comparison found{norm > 0 ? host.error / norm : 0, bit_cast<double>(host.largest), (long long)host.unwritten};
        if (host.unwritten != 0) found.diff = __builtin_nan("");
        return found;
    }

private:
    device_buffer errors_buffer_, rows_buffer_;
};

}  // namespace deepgemm::bench
