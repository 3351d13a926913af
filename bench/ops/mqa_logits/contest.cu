// SPDX-License-Identifier: MIT
// Times MQA logits: `deepgemm bench --suite mqa_logits`. The time of full logits includes filling them with minus infinity. Of
// every row it is checked which elements were written and what those outside of its range hold; scores of 32 rows are checked
// against sums in double precision.
#include <vector>

#include <deepgemm/ops/mqa_logits/operation.hpp>

#include "normal.cuh"
#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

constexpr int judged_rows = 32;

/// A number of any type that weights and logits may have.
__device__ double load(const void* from, i64 i, dtype type) {
    switch (type) {
        case dtype::bf16: return double(float(static_cast<const bf16*>(from)[i]));
        case dtype::f16: return double(float(static_cast<const f16*>(from)[i]));
        default: return double(static_cast<const float*>(from)[i]);
    }
}

/// Fills queries with normal numbers, and keys with such that reach the largest of FP8, as casts with a scale for each key do.
__global__ void fill_fp8(e4m3* to, i64 count, float scale, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        to[i] = e4m3::from_float(fminf(fmaxf(scale * normal_bf16(seed, u64(i)), -448.0f), 448.0f));
}
__global__ void fill_scales(float* to, i64 count, float scale, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        to[i] = scale * (0.5f + float(random_bits(seed, u64(i)) >> 40) * 0x1p-24f);
}
__global__ void fill_weights(void* to, i64 count, dtype type, u64 seed) {
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
struct mqa_errors {
    double error = 0, result = 0, truth = 0;  ///< sums of squares: of the difference, of the result, of the reference
    unsigned long long unwritten = 0;         ///< elements of a range that are not finite
    unsigned long long outside = 0;  ///< others that are not minus infinity, or were written where none is to be
    unsigned long long largest = 0;  ///< bits of the largest error over the root of the mean square of a row
};

/// A block looks at all elements of a row, whose bytes were all ones.
__global__ void judge_ranges(mqa_logits_problem p, mqa_errors* errors) {
    const i64 row = blockIdx.x, from = p.first[row], to = p.last[row];
    const i64 first = p.form == logits_form::compressed ? 0 : from,
              last = p.form == logits_form::compressed ? to - from : to;
    for (i64 i = threadIdx.x; i < p.logits_stride; i += blockDim.x) {
        const double got = load(p.logits, row * p.logits_stride + i, p.logits_type);
        if (first <= i && i < last) {
            if (!isfinite(got)) atomicAdd(&errors->unwritten, 1ull);
        } else if (p.form == logits_form::full ? !(isinf(got) && got < 0) : !isnan(got)) {
            atomicAdd(&errors->outside, 1ull);
        }
    }
}

/// A block computes scores of a row: thread t those of keys t, t + blockDim.x, ... of the range.
__global__ void judge_scores(mqa_logits_problem p, const i64* rows, mqa_errors* errors) {
    extern __shared__ float query[];  // (heads, depth)
    __shared__ mqa_errors sums;
    const i64 row = rows[blockIdx.x], from = p.first[row], to = p.last[row], length = p.heads * p.depth;
    if (threadIdx.x == 0) sums = {};
    for (i64 i = threadIdx.x; i < length; i += blockDim.x) query[i] = float(p.q[row * length + i]);
    __syncthreads();
    double error = 0, result = 0, truth = 0, largest = 0;
    for (i64 j = from + threadIdx.x; j < to; j += blockDim.x) {
        double want = 0;
        for (i64 h = 0; h < p.heads; ++h) {
            double dot = 0;
            for (i64 d = 0; d < p.depth; ++d)
                dot += double(query[h * p.depth + d]) * double(float(p.key[j * p.depth + d]));
            want += fmax(dot, 0.0) * load(p.weights, row * p.heads + h, p.weights_type);
        }
        want *= double(p.scale[j]);
        const i64 at = p.form == logits_form::compressed ? j - from : j;
        const double got = load(p.logits, row * p.logits_stride + at, p.logits_type);
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
    if (threadIdx.x != 0 || from >= to) return;
    atomicAdd(&errors->error, sums.error);
    atomicAdd(&errors->result, sums.result);
    atomicAdd(&errors->truth, sums.truth);
    const double usual = fmax(sqrt(sums.truth / double(to - from)), 1e-30);
    atomicMax(&errors->largest, bit_cast<unsigned long long>(bit_cast<double>(sums.largest) / usual));
}

/// Device memory of one case at a time. Rows have no padding.
class mqa_logits_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const mqa_logits_case& c, u64 seed) {
        const i64 queries = i64(c.rows) * c.heads * c.depth, keys = i64(c.keys) * c.depth,
                  weights = i64(c.rows) * c.heads;
        u8* const weights_data = weights_buffer_.as<u8>(std::size_t(weights) * std::size_t(size_of(c.weights)));
        float* const scales = scale_buffer_.as<float>(std::size_t(c.keys));
        logits_bytes_ = std::size_t(c.rows) * std::size_t(c.columns()) * std::size_t(size_of(c.logits));
        product_ = {.queries = c.rows,
                    .heads = c.heads,
                    .depth = c.depth,
                    .keys = c.keys,
                    .q = filled(q_buffer_, queries, 1, 4 * seed + 1),
                    .key = filled(key_buffer_, keys, 160, 4 * seed + 2),
                    .key_stride = c.depth,
                    .scale = scales,
                    .weights = weights_data,
                    .weights_type = c.weights,
                    .weights_stride = c.heads,
                    .logits = logits_buffer_.as<u8>(logits_bytes_),
                    .logits_type = c.logits,
                    .logits_stride = c.columns(),
                    .form = c.form,
                    .columns = c.columns()};
        fill_scales<<<64, 256>>>(scales, c.keys, 1.0f / 160, 4 * seed + 3);
        fill_weights<<<256, 256>>>(weights_data, weights, c.weights, 4 * seed + 4);
        std::vector<i32> first(std::size_t(c.rows), 0), last;
        for (int i = 0; i < c.rows; ++i) last.push_back(c.last(i));
        product_.first = copied(first_buffer_, first);
        product_.last = copied(last_buffer_, last);
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

    /// The error of some rows, of which the last one is one. This operation has a reference of its own.
    comparison judge(reference&, std::string& wrong) {
        mqa_errors host{};
        mqa_errors* const device = errors_buffer_.as<mqa_errors>(1);
        check(cudaMemcpy(device, &host, sizeof host, cudaMemcpyHostToDevice), "cudaMemcpy");
        std::vector<i64> rows;
        for (i64 i = 0; i < judged_rows; ++i) rows.push_back((i + 1) * product_.queries / judged_rows - 1);
        std::erase_if(rows, [](i64 row) { return row < 0; });
        const i64* const chosen = copied(rows_buffer_, rows);
        const std::size_t query_bytes = std::size_t(product_.heads * product_.depth) * sizeof(float);
        check(cudaFuncSetAttribute(judge_scores, cudaFuncAttributeMaxDynamicSharedMemorySize, int(query_bytes)),
              "shared memory of the reference");
        judge_ranges<<<unsigned(product_.queries), 256>>>(product_, device);
        judge_scores<<<unsigned(rows.size()), 512, query_bytes>>>(product_, chosen, device);
        check(cudaGetLastError(), "reference of logits");
        check(cudaMemcpy(&host, device, sizeof host, cudaMemcpyDeviceToHost), "reference of logits");
        if (host.outside != 0) wrong = concat(host.outside, " elements outside of ranges are wrong");
        const double norm = host.result + host.truth;
        comparison found{norm > 0 ? host.error / norm : 0, bit_cast<double>(host.largest), (long long)host.unwritten};
        if (host.unwritten != 0) found.diff = __builtin_nan("");
        return found;
    }

private:
    static const e4m3* filled(device_buffer& buffer, i64 count, float scale, u64 seed) {
        e4m3* const made = buffer.as<e4m3>(std::size_t(count));
        fill_fp8<<<1024, 256>>>(made, count, scale, seed);
        return made;
    }
    template <class T>
    static const T* copied(device_buffer& buffer, const std::vector<T>& values) {
        T* const made = buffer.as<T>(values.size());
        check(cudaMemcpy(made, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
        return made;
    }

    mqa_logits_problem product_{};
    std::size_t logits_bytes_ = 0;
    device_buffer q_buffer_, key_buffer_, scale_buffer_, weights_buffer_, first_buffer_, last_buffer_, logits_buffer_,
        errors_buffer_, rows_buffer_;
};

}  // namespace

/// The members of a case's row in a result file. `pairs` are those that count: flops are 2 pairs k.
json members_of(const mqa_logits_case& c) {
    return json::object({{"op", c.op()},
                         {"case", c.name()},
                         {"pass", c.pass()},
                         {"m", c.rows},
                         {"n", c.keys},
                         {"k", c.heads * c.depth},
                         {"heads", c.heads},
                         {"depth", c.depth},
                         {"pairs", c.pairs()},
                         {"form", name_of(c.form)},
                         {"layout", "nt"},
                         {"recipe", "fp8"},
                         {"d_type", name_of(c.logits)},
                         {"accumulate", false}});
}

std::unique_ptr<contest> words<ops::mqa_logits>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::mqa_logits, mqa_logits_data>>(o, suite_mqa_logits());
}

}  // namespace deepgemm::bench
