// SPDX-License-Identifier: MIT
// Times products in groups of K: `deepgemm bench --suite k_grouped` and k_grouped_bf16, and with --tune all kernels against one
// another. Every result is checked against the reference, group by group.
#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/k_grouped_gemm/operation.hpp>
#include <deepgemm/scale/pack_k_grouped.cuh>

#include "ops/group_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// Rounds positive scales down to powers of two, which packed scales can be.
__global__ void round_to_powers(float* scales, i64 count) {
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        scales[i] = bit_cast<float>(bit_cast<u32>(scales[i]) & 0x7f800000u);
}

/// Device memory of one product in groups of K at a time.
class k_grouped_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const k_grouped_case& problem, u64 seed) {
        problem_ = problem;
        seed_ = seed;
        sizes_ = problem.sizes();
        const i64 m = problem.rows, n = problem.n, k = problem.k, size = problem.one().operand_bytes();
        a_ = a_buffer_.as<u8>(std::size_t(m * k * size));
        b_ = b_buffer_.as<u8>(std::size_t(n * k * size));
        d_ = d_buffer_.as<u8>(d_bytes() * std::size_t(problem.groups));
        list_ = list_buffer_.as<i32>(sizes_.size());
        if (problem.is_fp8()) {
            sa_ = sa_buffer_.as<float>(std::size_t(pitch(m) * blocks(k)));
            sb_ = sb_buffer_.as<float>(std::size_t(pitch(n) * blocks(k)));
            quantise(a_, sa_, m, 2 * seed + 1);
            quantise(b_, sb_, n, 2 * seed + 2);
        } else {
            normal(a_, problem.operands, m * k, 2 * seed + 1);
            normal(b_, problem.operands, n * k, 2 * seed + 2);
        }
        check(cudaMemcpy(list_, sizes_.data(), sizes_.size() * sizeof(i32), cudaMemcpyHostToDevice), "copy of sizes");
        if (problem.packed) {
            wa_ = packed(wa_buffer_, sa_, m);
            wb_ = packed(wb_buffer_, sb_, n);
        }
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: puts D into the state before a launch: C where the case accumulates, else NaN everywhere.
    void reset_d() {
        for (i64 g = 0; g < problem_.groups; ++g) {
            u8* const d = d_ + std::size_t(g) * d_bytes();
            if (problem_.accumulate) {
                values_of_c(reinterpret_cast<float*>(d), i64(problem_.rows) * problem_.n, seed_ + u64(g));
            } else {
                check(cudaMemset(d, 0xff, d_bytes()), "cudaMemset");
            }
        }
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The product as users of deepgemm describe it.
    k_grouped_problem product() const {
        const gemm_problem all = part(0, 0, problem_.k);
        k_grouped_problem made{.a = all.a,
                               .b = all.b,
                               .d = dense_stack(all.d, problem_.groups),
                               .groups = problem_.concatenated
                                             ? concatenated_groups(list_, sizes_.data(), problem_.groups)
                                             : k_groups_by_size(list_, problem_.groups)};
        if (problem_.packed) {
            made.a.scales = k_grouped_scales(wa_, problem_.rows, words());
            made.b.scales = k_grouped_scales(wb_, problem_.n, words());
        }
        if (problem_.accumulate) made.c = made.d;
        return made;
    }

    /// The largest errors among the groups of D, against the reference.
    comparison judge(reference& truth, std::string& /*wrong*/) {
        comparison worst;
        i64 first = 0;
        for (i64 g = 0; g < problem_.groups; ++g) {
            const i64 size = sizes_[std::size_t(g)];
            const gemm_problem product = part(g, first, size);
            truth.compute(product, true, seed_ + u64(g));
            add_errors(worst, truth.compare(product.d));
            first += size;
        }
        return worst;
    }

private:
    static i64 pitch(i64 rows) { return align_up(rows, i64(4)); }  ///< as quantise_tokens() lays scales
    static i64 blocks(i64 k) { return ceil_div(k, i64(128)); }
    std::size_t d_bytes() const {
        return std::size_t(problem_.rows) * std::size_t(problem_.n) * problem_.one().d_bytes();
    }

    /// Words of packed scales along K.
    i64 words() const { return most_k_group_words(problem_.k, problem_.groups); }

    /// Makes the scales of an operand of `rows` rows powers of two, which the reference reads, and packs them.
    const u32* packed(device_buffer& to, float* scales, i64 rows) const {
        u32* const out = to.as<u32>(std::size_t(pitch(rows) * words()));
        round_to_powers<<<1024, 256>>>(scales, pitch(rows) * blocks(problem_.k));
        check(cudaGetLastError(), "round_to_powers");
        or_throw(cuda::launch<scale::pack_k_grouped>({.in = scales,
                                                      .row_stride = pitch(rows),
                                                      .rows = i32(blocks(problem_.k)),
                                                      .mn = i32(pitch(rows)),
                                                      .layout = list_,
                                                      .groups = problem_.groups,
                                                      .alignment = 128,
                                                      .out = out,
                                                      .words = i32(words())}));
        return out;
    }

    /// Makes an FP8 operand of `rows` rows: one matrix, or one for each group.
    void quantise(u8* to, float* scales, i64 rows, u64 seed) const {
        if (!problem_.concatenated) {
            quantise_tokens(to, scales, int(rows), problem_.k, seed);
            return;
        }
        i64 first = 0;
        for (std::size_t g = 0; g < sizes_.size(); ++g) {
            if (sizes_[g] == 0) continue;
            quantise_tokens(to + rows * first, scales + pitch(rows) * blocks(first), int(rows), sizes_[g],
                            seed + 1000003 * (u64(g) + 1));
            first += sizes_[g];
        }
    }

    /// Elements [first, first + size) of K, which are those of group `g`, or all of K if operands have one pitch.
    gemm_problem part(i64 g, i64 first, i64 size) const {
        const gemm_workload one = workload_of(problem_).one();
        const i64 m = problem_.rows, n = problem_.n, k = problem_.k;
        u8* const result = d_ + std::size_t(g) * d_bytes();
        const auto operand = [&](const u8* data, const float* scales, i64 rows) -> scaled_matrix {
            if (!problem_.is_fp8()) {  // (k, rows)
                return unscaled(transposed(input_matrix{data + first * rows * 2, one.a.type, size, rows, rows}));
            }
            const bool apart = problem_.concatenated;
            return {{data + (apart ? first * rows : first), one.a.type, rows, size, apart ? size : k},
                    per_token_scales(scales + pitch(rows) * blocks(first), scale_kind::fp32, rows, size)};
        };
        gemm_problem made{.a = operand(a_, sa_, m), .b = operand(b_, sb_, n), .d = {result, one.d, m, n, n}};
        if (problem_.accumulate) made.c = made.d;
        return made;
    }

    k_grouped_case problem_{};
    u64 seed_ = 0;
    std::vector<i32> sizes_;
    device_buffer a_buffer_, b_buffer_, sa_buffer_, sb_buffer_, wa_buffer_, wb_buffer_, d_buffer_, list_buffer_;
    u8 *a_ = nullptr, *b_ = nullptr, *d_ = nullptr;
    float *sa_ = nullptr, *sb_ = nullptr;
    const u32 *wa_ = nullptr, *wb_ = nullptr;
    i32* list_ = nullptr;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const k_grouped_case& problem) {
    json row = json::object();
    row["op"] = problem.op();
    row["case"] = problem.peer_name();
    row["pass"] = problem.pass();
    row["m"] = problem.rows;
    row["n"] = problem.n;
    row["k"] = problem.k;
    row["groups"] = problem.groups;
    row["layout"] = problem.one().layout();
    row["recipe"] = problem.one().recipe();
    row["d_type"] = problem.one().d_type();
    row["accumulate"] = problem.accumulate;
    return row;
}

std::unique_ptr<contest> words<ops::k_grouped_gemm>::contest_of(const options& o) {
    const auto suite = o.suite == "k_grouped" ? suite_k_grouped() : suite_k_grouped_bf16();
    return std::make_unique<case_contest<ops::k_grouped_gemm, k_grouped_data>>(o, suite);
}

}  // namespace deepgemm::bench
