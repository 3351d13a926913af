// SPDX-License-Identifier: MIT
// MQA logits in device memory, and their judge.
#pragma once

#include <vector>

#include <deepgemm/ops/mqa_logits/problem.hpp>

#include "cases.hpp"
#include "ops/logits_data.cuh"

namespace deepgemm::bench {

/// Logits of queries with a range of keys each.
struct judged_ranges : judged_logits {
    const e4m3* keys;
    const float* scales;
    const i32 *first, *last;

    __device__ i64 shift(i64 row) const { return form == logits_form::compressed ? first[row] : 0; }
    __device__ key_range columns(i64 row) const { return {i32(first[row] - shift(row)), i32(last[row] - shift(row))}; }
    __device__ const e4m3* key(i64 row, i64 column) const { return keys + (column + shift(row)) * depth; }
    __device__ float scale(i64 row, i64 column) const { return scales[column + shift(row)]; }
};

/// Device memory of one case at a time. Rows have no padding.
class mqa_logits_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const mqa_logits_case& c, u64 seed) {
        const i64 queries = i64(c.rows) * c.heads * c.depth, keys = i64(c.keys) * c.depth,
                  weights = i64(c.rows) * c.heads;
        float* const scales = scale_buffer_.as<float>(std::size_t(c.keys));
        logits_bytes_ = std::size_t(c.rows) * std::size_t(c.columns()) * std::size_t(size_of(c.logits));
        product_ = {.queries = c.rows,
                    .heads = c.heads,
                    .depth = c.depth,
                    .keys = c.keys,
                    .q = logits_data::filled(q_buffer_, queries, 1, 4 * seed + 1),
                    .key = logits_data::filled(key_buffer_, keys, 160, 4 * seed + 2),
                    .key_stride = c.depth,
                    .scale = scales,
                    .weights = logits_data::weights(weights_buffer_, weights, c.weights, 4 * seed + 4),
                    .weights_type = c.weights,
                    .weights_stride = c.heads,
                    .logits = logits_buffer_.as<u8>(logits_bytes_),
                    .logits_type = c.logits,
                    .logits_stride = c.columns(),
                    .form = c.form,
                    .columns = c.columns()};
        fill_scales<<<64, 256>>>(scales, c.keys, 1.0f / 160, 4 * seed + 3);
        std::vector<i32> first(std::size_t(c.rows), 0), last;
        for (int i = 0; i < c.rows; ++i) last.push_back(c.last(i));
        product_.first = logits_data::copied(first_buffer_, first);
        product_.last = logits_data::copied(last_buffer_, last);
        check(cudaGetLastError(), "making of operands");
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of the logits NaN.
    void reset_d() {
        check(cudaMemset(product_.logits, 0xff, logits_bytes_), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of logits");
    }

    /// The problem as users of deepgemm describe it.
    mqa_logits_problem product() const { return product_; }

    /// The error of some rows. This operation has a reference of its own.
    comparison judge(reference&, std::string& wrong) {
        const judged_ranges p{judged_logits::of(product_, product_.queries), product_.key, product_.scale,
                              product_.first, product_.last};
        return shared_.judge(p, wrong);
    }

private:
    logits_data shared_;
    mqa_logits_problem product_{};
    std::size_t logits_bytes_ = 0;
    device_buffer q_buffer_, key_buffer_, scale_buffer_, weights_buffer_, first_buffer_, last_buffer_, logits_buffer_;
};

}  // namespace deepgemm::bench
