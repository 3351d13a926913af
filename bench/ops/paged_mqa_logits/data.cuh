// SPDX-License-Identifier: MIT
// Logits of paged keys in device memory, and their judge. Pages lie in random order, and entries of the block table after a
// context name none.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include <deepgemm/ops/paged_mqa_logits/problem.hpp>

#include "cases.hpp"
#include "ops/logits_data.cuh"
#include "traffic.cuh"

namespace deepgemm::bench {

/// Fills pages: keys that reach the largest of FP8, as casts with a scale for each key do, and scales.
static __global__ void fill_pages(u8* cache, i64 pages, i64 block, i64 depth, i64 stride, u64 seed) {
    for (i64 page = blockIdx.x; page < pages; page += gridDim.x) {
        u8* const to = cache + page * stride;
        for (i64 i = threadIdx.x; i < block * depth; i += blockDim.x) {
            const float value = 160 * normal_bf16(seed, u64(page * block * depth + i));
            to[i] = e4m3::from_float(fminf(fmaxf(value, -448.0f), 448.0f)).bits;
        }
        for (i64 i = threadIdx.x; i < block; i += blockDim.x) {
            const float part = 0.5f + float(random_bits(seed + 1, u64(page * block + i)) >> 40) * 0x1p-24f;
            reinterpret_cast<float*>(to + block * depth)[i] = part / 160;
        }
    }
}

/// Logits of requests with pages of keys.
struct judged_pages : judged_logits {
    const u8* cache;
    i64 page_stride, block, next_n, table_stride;
    const i32 *lengths, *table;

    __device__ key_range columns(i64 row) const { return {0, lengths[row / next_n]}; }
    __device__ const u8* page(i64 row, i64 column) const {
        return cache + table[row / next_n * table_stride + column / block] * page_stride;
    }
    __device__ const e4m3* key(i64 row, i64 column) const {
        return reinterpret_cast<const e4m3*>(page(row, column)) + column % block * depth;
    }
    __device__ float scale(i64 row, i64 column) const {
        return reinterpret_cast<const float*>(page(row, column) + block * depth)[column % block];
    }
};

/// Device memory of one case at a time. Rows have no padding.
class paged_mqa_logits_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const paged_mqa_logits_case& c, u64 seed) {
        const i64 stride = i64(c.block) * (c.depth + 4), entries = ceil_div(c.columns, c.block);
        std::vector<i32> lengths, table(std::size_t(c.requests * entries), -1);
        i64 pages = 0;
        for (int i = 0; i < c.requests; ++i) {
            lengths.push_back(c.length(i));
            pages += ceil_div(lengths.back(), c.block);
        }
        std::vector<i32> order(std::size_t(pages), 0);
        std::iota(order.begin(), order.end(), 0);
        u64 random = seed;
        for (std::size_t i = order.size(); i > 1; --i) {
            random = random * 6364136223846793005ull + 1442695040888963407ull;
            std::swap(order[i - 1], order[std::size_t(random >> 33) % i]);
        }
        auto next = order.begin();
        for (int i = 0; i < c.requests; ++i) {
            const i64 used = ceil_div(lengths[std::size_t(i)], c.block);
            std::copy_n(next, used, table.begin() + i * entries);
            next += used;
        }
        u8* const cache = cache_buffer_.as<u8>(std::size_t(pages * stride));
        fill_pages<<<4096, 256>>>(cache, pages, c.block, c.depth, stride, 4 * seed + 2);
        logits_bytes_ = std::size_t(c.rows) * std::size_t(c.columns) * std::size_t(size_of(c.logits));
        q_bytes_ = double(c.rows) * c.heads * c.depth;
        written_ = c.written();
        product_ = {.requests = c.requests,
                    .next_n = c.next_n,
                    .heads = c.heads,
                    .depth = c.depth,
                    .columns = c.columns,
                    .block = c.block,
                    .pages = pages,
                    .q = logits_data::filled(q_buffer_, i64(c.rows) * c.heads * c.depth, 1, 4 * seed + 1),
                    .cache = cache,
                    .page_stride = stride,
                    .weights = logits_data::weights(weights_buffer_, i64(c.rows) * c.heads, c.weights, 4 * seed + 4),
                    .weights_type = c.weights,
                    .weights_stride = c.heads,
                    .lengths = logits_data::copied(lengths_buffer_, lengths),
                    .block_table = logits_data::copied(table_buffer_, table),
                    .table_columns = entries,
                    .table_stride = entries,
                    .logits = logits_buffer_.as<u8>(logits_bytes_),
                    .logits_type = c.logits,
                    .logits_stride = c.columns,
                    .form = c.form};
        check(cudaGetLastError(), "making of operands");
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of the logits NaN.
    void reset_d() {
        check(cudaMemset(product_.logits, 0xff, logits_bytes_), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of logits");
    }

    /// The problem as users of deepgemm describe it.
    paged_mqa_logits_problem product() const { return product_; }

    /// Reads the pages in the order in which they lie and the queries, and writes as many logits as the case counts.
    contender traffic() const {
        return traffic_of(product_.cache, double(product_.pages) * double(product_.page_stride), product_.q, q_bytes_,
                          product_.logits, written_);
    }

    /// The error of some rows. This operation has a reference of its own.
    comparison judge(reference&, std::string& wrong) {
        const auto& p = product_;
        const judged_pages judged{judged_logits::of(p, p.requests * p.next_n),
                                  static_cast<const u8*>(p.cache),
                                  p.page_stride,
                                  p.block,
                                  p.next_n,
                                  p.table_stride,
                                  p.lengths,
                                  p.block_table};
        return shared_.judge(judged, wrong);
    }

private:
    logits_data shared_;
    paged_mqa_logits_problem product_{};
    std::size_t logits_bytes_ = 0;
    double q_bytes_ = 0, written_ = 0;
    device_buffer q_buffer_, cache_buffer_, weights_buffer_, lengths_buffer_, table_buffer_, logits_buffer_;
};

}  // namespace deepgemm::bench
