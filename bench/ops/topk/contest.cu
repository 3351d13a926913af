// SPDX-License-Identifier: MIT
// Times the selection of the largest logits: `deepgemm bench --suite topk`. Every row is checked: its indices are in order, and as
// many elements of the row come before the last of them as should.
#include <deepgemm/ops/topk/operation.hpp>
#include <deepgemm/ptx/convert.cuh>

#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

__device__ float logit(const topk_problem& p, i64 row, i64 column) {
    const i64 at = row * p.logits.row_stride + column;
    if (p.logits.type == dtype::f32) return static_cast<const float*>(p.logits.data)[at];
    const u16 bits = static_cast<const u16*>(p.logits.data)[at];
    return p.logits.type == dtype::bf16 ? ptx::unpack_bf16(bits).x : ptx::unpack_f16(bits).x;
}

/// Sums of four uniform numbers, which are nearly normal; the same for the same seed.
__global__ void fill_logits(topk_problem p, u64 seed) {
    const i64 row = blockIdx.x;
    for (i64 i = threadIdx.x; i < p.logits.columns; i += blockDim.x) {
        u64 x = (u64(row) << 32 | u64(i)) * 0x9e3779b97f4a7c15ull + seed;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ x >> 27) * 0x94d049bb133111ebull;
        x ^= x >> 31;
        const u32 sum = u32(x & 0xffff) + u32(x >> 16 & 0xffff) + u32(x >> 32 & 0xffff) + u32(x >> 48);
        const float value = (float(sum) - 131070.0f) / 37837.0f;
        void* const data = const_cast<void*>(p.logits.data);
        const i64 at = row * p.logits.row_stride + i;
        if (p.logits.type == dtype::f32) {
            static_cast<float*>(data)[at] = value;
        } else {
            const u32 bits = p.logits.type == dtype::bf16 ? ptx::pack_bf16(value, 0.0f) : ptx::pack_f16(value, 0.0f);
            static_cast<u16*>(data)[at] = u16(bits);
        }
    }
}

/// True if element `a` of a row comes before element `b`.
__device__ bool before(const topk_problem& p, i64 row, i64 a, i64 b) {
    const float x = logit(p, row, a), y = logit(p, row, b);
    return x > y || (x == y && a < b);
}

/// A block looks at a row, and counts what is wrong with it.
__global__ void judge_selected(topk_problem p, unsigned long long* wrong) {
    const i64 row = blockIdx.x, columns = p.logits.columns, k = p.indices.columns, found = k < columns ? k : columns;
    const i32* const indices = static_cast<const i32*>(p.indices.data) + row * p.indices.row_stride;
    __shared__ unsigned long long ahead;
    if (threadIdx.x == 0) ahead = 0;
    __syncthreads();
    const i64 last = found == 0 ? 0 : indices[found - 1];
    const bool exists = 0 <= last && last < columns;
    for (i64 i = threadIdx.x; exists && i < columns; i += blockDim.x) {
        if (before(p, row, i, last)) atomicAdd(&ahead, 1ull);
    }
    for (i64 j = threadIdx.x; j < k; j += blockDim.x) {
        const i64 index = indices[j], next = j + 1 < found ? indices[j + 1] : -1;
        const bool inside = 0 <= index && index < columns,
                   ordered = next < 0 || next >= columns || !inside || before(p, row, index, next);
        if (j < found ? !(inside && ordered) : index != -1) atomicAdd(wrong, 1ull);
    }
    __syncthreads();
    if (threadIdx.x == 0 && found > 0 && ahead != u64(found - 1)) atomicAdd(wrong, 1ull);
}

/// Device memory of one case at a time. Rows have no padding.
class topk_data {
public:
    /// Host: makes new logits on the default stream.
    void generate(const topk_case& c, u64 seed) {
        const std::size_t bytes = std::size_t(c.rows) * std::size_t(c.columns) * size_of(c.logits);
        index_bytes_ = 4 * std::size_t(c.rows) * std::size_t(c.k);
        product_ = {.logits = {logits_buffer_.as<u8>(bytes), c.logits, c.rows, c.columns, c.columns, 1},
                    .indices = {indices_buffer_.as<u8>(index_bytes_), dtype::i32, c.rows, c.k, c.k, 1}};
        fill_logits<<<unsigned(c.rows), 256>>>(product_, seed);
        check(cudaGetLastError(), "logits");
        reset_d();
    }
    /// Host: makes every index what no kernel writes.
    void reset_d() {
        check(cudaMemset(product_.indices.data, 0x5b, index_bytes_), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of indices");
    }
    /// The problem as users of deepgemm describe it.
    topk_problem product() const { return product_; }

    /// Nothing, or a sentence with the number of wrong indices.
    comparison judge(reference&, std::string& wrong) {
        unsigned long long count = 0;
        unsigned long long* const device = count_buffer_.as<unsigned long long>(1);
        check(cudaMemcpy(device, &count, sizeof count, cudaMemcpyHostToDevice), "cudaMemcpy");
        judge_selected<<<unsigned(product_.logits.rows), 256>>>(product_, device);
        check(cudaGetLastError(), "reference of topk");
        check(cudaMemcpy(&count, device, sizeof count, cudaMemcpyDeviceToHost), "reference of topk");
        if (count != 0) wrong = concat(count, " indices are wrong");
        return {};
    }

private:
    topk_problem product_{};
    std::size_t index_bytes_ = 0;
    device_buffer logits_buffer_, indices_buffer_, count_buffer_;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const topk_case& c) {
    return json::object({{"op", c.op()},
                         {"case", c.name()},
                         {"m", c.rows},
                         {"n", c.columns},
                         {"k", c.k},
                         {"d_type", name_of(c.logits)}});
}

std::unique_ptr<contest> words<ops::topk>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::topk, topk_data>>(o, suite_topk());
}

}  // namespace deepgemm::bench
