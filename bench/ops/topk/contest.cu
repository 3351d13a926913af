// SPDX-License-Identifier: MIT
// Times the selection of the largest logits: `deepgemm bench --suite topk`, and with the kernel that scores before it,
// topk_logits, whose scores are judged as where they alone are timed. Every row is checked: its indices are in order, and as
// many elements of its range come before the last of them as should.
#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>
#include <deepgemm/ops/paged_mqa_logits/paged_mqa_logits.hpp>
#include <deepgemm/ops/topk/operation.hpp>
#include <deepgemm/ptx/convert.cuh>

#include "ops/case_contest.cuh"
#include "ops/mqa_logits/data.cuh"
#include "ops/paged_mqa_logits/data.cuh"
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
    const i64 row = blockIdx.x, k = p.indices.columns;
    // Ranges begin with the first column, and end among the columns.
    const i64 columns = p.last == nullptr ? p.logits.columns : p.last[row / p.rows_of_range],
              found = k < columns ? k : columns;
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
    topk_data() : indexer_(instances::of<ops::mqa_logits>(), or_throw(cuda::describe_current_device())) {
        indexer_.with(instances::of<ops::paged_mqa_logits>());
    }
    /// Host: makes new logits, or what they are made of, on the default stream.
    void generate(const topk_case& c, u64 seed) {
        source_ = c.source;
        index_bytes_ = 4 * std::size_t(c.rows) * std::size_t(c.k);
        product_ = {.logits = {nullptr, c.logits, c.rows, c.columns, c.columns, 1},
                    .indices = {indices_buffer_.as<u8>(index_bytes_), dtype::i32, c.rows, c.k, c.k, 1}};
        if (source_ == logits_source::decode) {
            pages_.generate(c.decode(), seed);
            product_.logits.data = pages_.product().logits;
            product_.last = pages_.product().lengths;
            product_.rows_of_range = c.next_n;
        } else if (source_ == logits_source::prefill) {
            ranges_.generate(c.prefill(), seed);
            product_.logits.data = ranges_.product().logits;
            product_.last = ranges_.product().last;
        } else {
            product_.logits.data =
                logits_buffer_.as<u8>(std::size_t(c.rows) * std::size_t(c.columns) * size_of(c.logits));
            fill_logits<<<unsigned(c.rows), 256>>>(product_, seed);
            check(cudaGetLastError(), "logits");
        }
        reset_d();
    }
    /// What runs before the selection, in its time: the kernel that scores.
    void before(cudaStream_t stream) const {
        if (source_ == logits_source::decode)
            or_throw(fp8_paged_mqa_logits(indexer_, pages_.product(), {.stream = stream}));
        if (source_ == logits_source::prefill)
            or_throw(fp8_mqa_logits(indexer_, ranges_.product(), {.stream = stream}));
    }
    /// Host: makes every index what no kernel writes, and scores NaN.
    void reset_d() {
        if (source_ == logits_source::decode) pages_.reset_d();
        if (source_ == logits_source::prefill) ranges_.reset_d();
        check(cudaMemset(product_.indices.data, 0x5b, index_bytes_), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of indices");
    }
    /// The problem as users of deepgemm describe it.
    topk_problem product() const { return product_; }

    /// The error of the scores; sets `wrong` to a sentence if they or indices are where they must not be.
    comparison judge(reference& by, std::string& wrong) {
        unsigned long long count = 0;
        unsigned long long* const device = count_buffer_.as<unsigned long long>(1);
        check(cudaMemcpy(device, &count, sizeof count, cudaMemcpyHostToDevice), "cudaMemcpy");
        judge_selected<<<unsigned(product_.logits.rows), 256>>>(product_, device);
        check(cudaGetLastError(), "reference of topk");
        check(cudaMemcpy(&count, device, sizeof count, cudaMemcpyDeviceToHost), "reference of topk");
        if (count != 0) wrong = concat(count, " indices are wrong");
        if (source_ == logits_source::decode) return pages_.judge(by, wrong);
        return source_ == logits_source::prefill ? ranges_.judge(by, wrong) : comparison{};
    }

private:
    engine_of<ops::mqa_logits, ops::paged_mqa_logits> indexer_;
    logits_source source_ = logits_source::given;
    paged_mqa_logits_data pages_;
    mqa_logits_data ranges_;
    topk_problem product_{};
    std::size_t index_bytes_ = 0;
    device_buffer logits_buffer_, indices_buffer_, count_buffer_;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const topk_case& c) {
    if (c.source != logits_source::given) {
        return json::object({{"op", c.op()},
                             {"case", c.name()},
                             {"pass", c.pass()},
                             {"m", c.rows},
                             {"n", c.columns},
                             {"k", 64 * 128},
                             {"heads", 64},
                             {"depth", 128},
                             {"next_n", c.next_n},
                             {"best", c.k},
                             {"pairs", c.flops() / (2 * 64 * 128)},
                             {"layout", "nt"},
                             {"recipe", "fp8"},
                             {"d_type", name_of(c.logits)},
                             {"accumulate", false}});
    }
    return json::object({{"op", c.op()},
                         {"case", c.name()},
                         {"m", c.rows},
                         {"n", c.columns},
                         {"k", c.k},
                         {"d_type", name_of(c.logits)}});
}

std::unique_ptr<contest> words<ops::topk>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::topk, topk_data>>(
        o, o.suite == "topk_logits" ? suite_topk_logits() : suite_topk());
}

}  // namespace deepgemm::bench
