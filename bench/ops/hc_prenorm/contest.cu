// SPDX-License-Identifier: MIT
// Times HyperConnection prenorms: `deepgemm bench --suite hc_prenorm`, and with --tune all kernels against one another. Every
// element of D and every sum of squares is checked against sums in double precision over the same part of K.
#include <deepgemm/ops/hc_prenorm/operation.hpp>

#include "normal.cuh"
#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// Fills rows of normal numbers, rounded to BF16; B's keep more bits than TF32 has, so that its rounding shows.
__global__ void fill_a(bf16* a, i64 count, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        a[i] = bf16::from_float(normal_bf16(seed, u64(i)));
}
__global__ void fill_b(float* b, i64 count, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        b[i] = normal_bf16(seed, u64(i)) * (1 + float(random_bits(seed + 1, u64(i)) >> 44) * 0x1p-28f);
}

/// What the results are, and how far they are from it.
struct prenorm_errors {
    double error = 0, result = 0, truth = 0;  ///< sums of squares: of the difference, of the result, of the reference
    unsigned long long bad = 0;               ///< elements that are not finite
    unsigned long long largest = 0;  ///< bits of the largest error over the root of the sum of squared products
};

/// A block computes a row of a part: columns 0 to n - 1 of D, and the sum of squares as column n.
__global__ void judge_rows(const bf16* a, const float* b, const float* d, const float* q, int m, int n, int k,
                           i64 pitch, int parts, prenorm_errors* of_d, prenorm_errors* of_q) {
    __shared__ double sums[256], magnitudes[256];
    const int row = int(blockIdx.x), part = int(blockIdx.y), blocks = (k + 63) / 64;
    const int some = blocks / parts, more = blocks % parts;
    const i64 first = 64 * (i64(part) * some + min(part, more)),
              last = min(first + 64 * (some + (part < more ? 1 : 0)), i64(k));
    for (int column = 0; column <= n; ++column) {
        double sum = 0, magnitude = 0;
        for (i64 i = first + threadIdx.x; i < last; i += blockDim.x) {
            const double x = double(float(a[row * pitch + i]));
            const double y = column == n ? x : double(float(tf32::from_float(b[column * pitch + i])));
            sum += x * y;
            magnitude += x * y * x * y;
        }
        sums[threadIdx.x] = sum;
        magnitudes[threadIdx.x] = magnitude;
        for (int half = 128; half > 0; half /= 2) {
            __syncthreads();
            if (int(threadIdx.x) < half) {
                sums[threadIdx.x] += sums[threadIdx.x + half];
                magnitudes[threadIdx.x] += magnitudes[threadIdx.x + half];
            }
        }
        if (threadIdx.x == 0) {
            const i64 at = i64(part) * m + row;
            const double got = column == n ? q[at] : d[at * n + column], want = sums[0];
            prenorm_errors* const to = column == n ? of_q : of_d;
            if (isfinite(got)) {
                atomicAdd(&to->error, (got - want) * (got - want));
                atomicAdd(&to->result, got * got);
                const double relative = fabs(got - want) / fmax(sqrt(magnitudes[0]), 1e-30);
                atomicMax(&to->largest, bit_cast<unsigned long long>(relative));
            } else {
                atomicAdd(&to->bad, 1ull);
            }
            atomicAdd(&to->truth, want * want);
        }
        __syncthreads();
    }
}

/// Device memory of one prenorm at a time.
class hc_prenorm_data {
public:
    /// Host: makes new operands on the default stream. Rows start at multiples of 8 elements, as TMA needs.
    void generate(const hc_prenorm_case& problem, u64 seed) {
        problem_ = problem;
        a_ = a_buffer_.as<bf16>(std::size_t(a_count()));
        b_ = b_buffer_.as<float>(std::size_t(b_count()));
        d_ = d_buffer_.as<float>(std::size_t(d_count()));
        q_ = q_buffer_.as<float>(std::size_t(q_count()));
        fill_a<<<1024, 256>>>(a_, a_count(), 2 * seed + 1);
        fill_b<<<256, 256>>>(b_, b_count(), 2 * seed + 2);
        check(cudaGetLastError(), "making of operands");
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of D and of the sums of squares NaN.
    void reset_d() {
        check(cudaMemset(d_, 0xff, std::size_t(d_count()) * sizeof(float)), "cudaMemset");
        check(cudaMemset(q_, 0xff, std::size_t(q_count()) * sizeof(float)), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The problem as users of deepgemm describe it.
    hc_prenorm_problem product() const {
        const auto& [m, n, k, parts] = problem_;
        return {.a = row_major(static_cast<const bf16*>(a_), m, k, pitch()),
                .b = row_major(static_cast<const float*>(b_), n, k, pitch()),
                .d = dense_stack(row_major(d_, m, n), parts),
                .q = row_major(q_, parts, m)};
    }

    /// The larger of the errors of D and of the sums of squares. This operation has a reference of its own.
    comparison judge(reference&, std::string&) {
        const auto& [m, n, k, parts] = problem_;
        prenorm_errors host[2] = {};
        prenorm_errors* const device = errors_buffer_.as<prenorm_errors>(2);
        check(cudaMemcpy(device, host, sizeof host, cudaMemcpyHostToDevice), "cudaMemcpy");
        judge_rows<<<dim3(unsigned(m), unsigned(parts)), 256>>>(a_, b_, d_, q_, m, n, k, pitch(), parts, device,
                                                                device + 1);
        check(cudaGetLastError(), "reference of a prenorm");
        check(cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost), "reference of a prenorm");
        comparison worst;
        for (const prenorm_errors& of : host) {
            const double norm = of.result + of.truth;
            worst.bad += (long long)of.bad;
            worst.diff = std::max(worst.diff, norm > 0 ? of.error / norm : 0.0);
            worst.max_error = std::max(worst.max_error, bit_cast<double>(of.largest));
        }
        if (worst.bad != 0) worst.diff = __builtin_nan("");
        return worst;
    }

private:
    i64 pitch() const { return align_up(i64(problem_.k), i64(8)); }
    i64 a_count() const { return problem_.rows * pitch(); }
    i64 b_count() const { return problem_.n * pitch(); }
    i64 q_count() const { return i64(problem_.parts) * problem_.rows; }
    i64 d_count() const { return q_count() * problem_.n; }

    hc_prenorm_case problem_{};
    device_buffer a_buffer_, b_buffer_, d_buffer_, q_buffer_, errors_buffer_;
    bf16* a_ = nullptr;
    float *b_ = nullptr, *d_ = nullptr, *q_ = nullptr;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const hc_prenorm_case& problem) {
    return json::object({{"op", problem.op()},
                         {"case", problem.name()},
                         {"pass", problem.pass()},
                         {"m", problem.rows},
                         {"n", problem.n},
                         {"k", problem.k},
                         {"num_splits", problem.parts == 1 ? 0 : problem.parts},
                         {"layout", "nt"},
                         {"recipe", "bf16 x tf32"},
                         {"d_type", "f32"},
                         {"accumulate", false}});
}

std::unique_ptr<contest> words<ops::hc_prenorm>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::hc_prenorm, hc_prenorm_data>>(o, suite_hc_prenorm());
}

}  // namespace deepgemm::bench
