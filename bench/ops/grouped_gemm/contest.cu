// SPDX-License-Identifier: MIT
// Times grouped products: `deepgemm bench --suite masked` and masked_bf16, and with --tune all kernels against one another. It
// checks every result against the reference, group by group, and that no other row of D was written.
#include <optional>

#include <deepgemm/ops/grouped_gemm/operation.hpp>

#include "ops/group_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// Device memory of one grouped product at a time.
class grouped_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const grouped_case& problem, u64 seed) {
        problem_ = problem;
        counts_ = problem.counts();
        const i64 groups = problem.groups, slot = problem.slot, n = problem.n, k = problem.k,
                  size = problem.one().operand_bytes();
        a_ = a_buffer_.as<u8>(std::size_t(groups * slot * k * size));
        b_ = b_buffer_.as<u8>(std::size_t(groups * n * k * size));
        d_ = d_buffer_.as<bf16>(std::size_t(groups * slot * n));
        device_counts_ = counts_buffer_.as<i32>(counts_.size());
        if (problem.is_fp8()) {
            generate_fp8(seed);
        } else {
            normal(a_, problem.operands, groups * slot * k, 2 * seed + 1);
            normal(b_, problem.operands, groups * n * k, 2 * seed + 2);
        }
        check(cudaMemcpy(device_counts_, counts_.data(), counts_.size() * sizeof(i32), cudaMemcpyHostToDevice),
              "copy of counts");
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of D NaN.
    void reset_d() {
        const std::size_t elements =
            std::size_t(problem_.groups) * std::size_t(problem_.slot) * std::size_t(problem_.n);
        check(cudaMemset(d_, 0xff, elements * sizeof(bf16)), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The product as users of deepgemm describe it.
    grouped_problem product() const {
        const gemm_problem one = group(0, problem_.slot);
        return {.a = dense_stack(one.a, problem_.groups),
                .b = dense_stack(one.b, problem_.groups),
                .d = dense_stack(one.d, problem_.groups),
                .counts = device_counts_,
                .expected_rows = problem_.expected_rows};
    }

    /// The same with K-major scales, for FP8.
    std::optional<grouped_problem> k_major_product() const {
        if (!problem_.is_fp8()) return std::nullopt;
        grouped_problem made = product();
        scaled_matrix first = made.a.first;
        first.scales = k_major_scales(sa_k_, scale_kind::fp32, problem_.slot, problem_.k);
        made.a = dense_stack(first, problem_.groups);
        return made;
    }

    /// The largest errors among the groups of D, against the reference. Sets `wrong` to a sentence if rows were written that no
    /// group has.
    comparison judge(reference& truth, std::string& wrong) {
        comparison worst;
        unsigned long long* const found = found_buffer_.as<unsigned long long>(1);
        check(cudaMemset(found, 0, sizeof *found), "cudaMemset");
        for (i64 g = 0; g < problem_.groups; ++g) {
            const i64 count = counts_[std::size_t(g)], slot = problem_.slot, words = i64(problem_.n) / 2;
            count_other<<<264, 256>>>(reinterpret_cast<const u32*>(d_ + g * slot * problem_.n), count, slot, words, ~0u,
                                      found);
            check(cudaGetLastError(), "count_other");
            if (count == 0) continue;
            const gemm_problem product = group(g, count);
            truth.compute(product, true);
            add_errors(worst, truth.compare(product.d));
        }
        unsigned long long written = 0;
        check(cudaMemcpy(&written, found, sizeof written, cudaMemcpyDeviceToHost), "cudaMemcpy");
        if (written != 0) wrong = std::to_string(written) + " words of rows past the counts were written";
        return worst;
    }

private:
    i64 blocks() const { return ceil_div(problem_.k, 128); }
    /// Scales of the operands of one group.
    i64 a_scales() const { return blocks() * problem_.slot; }
    i64 b_scales() const { return blocks() * ceil_div(problem_.n, 128); }

    void generate_fp8(u64 seed) {
        const i64 groups = problem_.groups, slot = problem_.slot, n = problem_.n, k = problem_.k;
        sa_ = sa_buffer_.as<float>(std::size_t(groups * a_scales()));
        sa_k_ = sa_k_buffer_.as<float>(std::size_t(groups * a_scales()));
        sb_ = sb_buffer_.as<float>(std::size_t(groups * b_scales()));
        for (i64 g = 0; g < groups; ++g) {
            quantise_tokens(a_ + g * slot * k, sa_ + g * a_scales(), int(slot), int(k), seed + 2 * u64(g));
            turn_scales(sa_k_ + g * a_scales(), sa_ + g * a_scales(), int(slot), int(k), slot);
            quantise_blocks(b_ + g * n * k, sb_ + g * b_scales(), blocks(), int(n), int(k), seed + 2 * u64(g) + 1);
        }
    }

    /// The first `rows` rows of group `g` as a product.
    gemm_problem group(i64 g, i64 rows) const {
        const i64 slot = problem_.slot, n = problem_.n, k = problem_.k, size = problem_.one().operand_bytes();
        const dtype type = workload_of(problem_).a.type;
        gemm_problem made{.a = unscaled({a_ + g * slot * k * size, type, rows, k, k}),
                          .b = unscaled({b_ + g * n * k * size, type, n, k, k}),
                          .d = {d_ + g * slot * n, dtype::bf16, rows, n, n}};
        if (problem_.is_fp8()) {
            made.a.scales = per_token_scales(sa_ + g * a_scales(), scale_kind::fp32, rows, k, slot);
            made.b.scales = per_block_scales(sb_ + g * b_scales(), scale_kind::fp32, n, k);
        }
        return made;
    }

    grouped_case problem_{};
    std::vector<i32> counts_;
    device_buffer a_buffer_, b_buffer_, sa_buffer_, sa_k_buffer_, sb_buffer_, d_buffer_, counts_buffer_, found_buffer_;
    u8 *a_ = nullptr, *b_ = nullptr;
    float *sa_ = nullptr, *sa_k_ = nullptr, *sb_ = nullptr;
    bf16* d_ = nullptr;
    i32* device_counts_ = nullptr;
};

}  // namespace

std::unique_ptr<contest> words<ops::grouped_gemm>::contest_of(const options& o) {
    const auto suite = o.suite == "masked" ? suite_masked() : suite_masked_bf16();
    return std::make_unique<case_contest<ops::grouped_gemm, grouped_data>>(o, suite);
}

}  // namespace deepgemm::bench
