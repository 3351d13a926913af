// SPDX-License-Identifier: MIT
// Reads and writes whole arrays with 16-byte accesses, eight a thread in flight, on all multiprocessors.
#include "traffic.cuh"

namespace deepgemm::bench {

namespace {

constexpr int threads = 512, ctas_per_sm = 4, in_flight = 8;

/// 16-byte words of an array.
struct words {
    uint4* data;
    i64 count;
};

__device__ uint4 read_streaming(const uint4* from) {
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(from));
    return v;
}

/// Combines all words that the thread reads, so that the compiler cannot remove a load.
__device__ unsigned sum_of(words of, i64 first, i64 step) {
    unsigned sum = 0;
    i64 i = first;
    for (; i + (in_flight - 1) * step < of.count; i += in_flight * step) {
        uint4 v[in_flight];
#pragma unroll
        for (int j = 0; j < in_flight; ++j) v[j] = read_streaming(of.data + i + j * step);
#pragma unroll
        for (int j = 0; j < in_flight; ++j) sum ^= v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
    }
    for (; i < of.count; i += step) sum ^= read_streaming(of.data + i).x;
    return sum;
}

__global__ void __launch_bounds__(threads) move(words a, words b, words d, unsigned* never) {
    const i64 first = i64(blockIdx.x) * threads + threadIdx.x, step = i64(gridDim.x) * threads;
    const unsigned sum = sum_of(b, first, step) ^ sum_of(a, first, step);
    for (i64 i = first; i < d.count; i += step) d.data[i] = uint4{};
    if (never != nullptr) *never = sum;
}

words whole_words(const void* data, double bytes) {
    return {static_cast<uint4*>(const_cast<void*>(data)), i64(bytes / 16)};
}

}  // namespace

contender traffic_of(const void* from, double read, const void* also, double read_also, void* to, double written) {
    return {"traffic alone", [a = whole_words(also, read_also), b = whole_words(from, read),
                              d = whole_words(to, written)](cudaStream_t stream) {
                int device = 0, sms = 0;
                check(cudaGetDevice(&device), "cudaGetDevice");
                check(cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device), "cudaDeviceGetAttribute");
                move<<<ctas_per_sm * sms, threads, 0, stream>>>(a, b, d, nullptr);
                check(cudaGetLastError(), "traffic alone");
            }};
}

contender traffic_alone(const problem_data& data) {
    const gemm_case& c = data.problem();
    const gemm_problem product = data.product();
    const auto bytes = [](const input_matrix& x) { return double(bytes_of(x.type, x.rows * x.columns)); };
    return traffic_of(product.b.matrix.data, bytes(product.b.matrix), product.a.matrix.data, bytes(product.a.matrix),
                      product.d.data, double(c.m) * c.n * c.d_bytes());
}

}  // namespace deepgemm::bench
