// SPDX-License-Identifier: MIT
// Times contiguous grouped products: `deepgemm bench --suite contiguous`, contiguous_bf16 and router, and with --tune all
// kernels against one another.
#include <deepgemm/ops/contiguous_gemm/operation.hpp>

#include "ops/group_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// Device memory of one contiguous product at a time.
class contiguous_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const contiguous_case& problem, u64 seed) {
        problem_ = problem;
        counts_ = problem.counts();
        const i64 groups = problem.groups, m = problem.rows, n = problem.n, k = problem.k,
                  size = problem.one().operand_bytes();
        a_ = a_buffer_.as<u8>(std::size_t(m * k * size));
        b_ = b_buffer_.as<u8>(std::size_t(groups * n * k * size));
        d_ = d_buffer_.as<bf16>(std::size_t(m * n));
        if (problem.is_fp8()) {
            sa_ = sa_buffer_.as<float>(std::size_t(scale_pitch() * blocks()));
            sb_ = sb_buffer_.as<float>(std::size_t(groups * b_scales()));
            quantise_tokens(a_, sa_, int(m), int(k), seed);
            for (i64 g = 0; g < groups; ++g)
                quantise_blocks(b_ + g * n * k, sb_ + g * b_scales(), blocks(), int(n), int(k), seed + u64(g) + 1);
        } else {
            normal(a_, problem.operands, m * k, 2 * seed + 1);
            normal(b_, problem.operands, groups * n * k, 2 * seed + 2);
        }
        const std::vector<i32> list = problem.by == grouping::psum ? ends() : groups_of_rows();
        list_ = list_buffer_.as<i32>(list.size());
        check(cudaMemcpy(list_, list.data(), list.size() * sizeof(i32), cudaMemcpyHostToDevice), "copy of the list");
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of D NaN.
    void reset_d() {
        check(cudaMemset(d_, 0xff, std::size_t(problem_.rows) * std::size_t(problem_.n) * sizeof(bf16)), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The product as users of deepgemm describe it.
    contiguous_problem product() const {
        const gemm_problem all = rows(0, 0, problem_.rows);
        return {.a = all.a,
                .b = dense_stack(all.b, problem_.groups),
                .d = all.d,
                .groups = {.by = problem_.by,
                           .data = list_,
                           .alignment = problem_.alignment,
                           .expected_rows = problem_.expected_rows}};
    }

    /// The largest errors among the groups of D, against the reference. Sets `wrong` to a sentence if rows that no group has are
    /// not as they have to be: untouched by end, zero by row.
    comparison judge(reference& truth, std::string& wrong) {
        comparison worst;
        unsigned long long* const found = found_buffer_.as<unsigned long long>(1);
        check(cudaMemset(found, 0, sizeof *found), "cudaMemset");
        const u32 wanted = problem_.by == grouping::psum ? ~0u : 0;
        const i64 words = i64(problem_.n) / 2;
        i64 first = 0;
        for (i64 g = 0; g < problem_.groups; ++g) {
            const i64 count = counts_[std::size_t(g)], next = align_up(first + count, i64(problem_.alignment));
            count_other<<<264, 256>>>(reinterpret_cast<const u32*>(d_), first + count, next, words, wanted, found);
            check(cudaGetLastError(), "count_other");
            if (count != 0) {
                const gemm_problem product = rows(g, first, count);
                truth.compute(product, true);
                add_errors(worst, truth.compare(product.d));
            }
            first = next;
        }
        unsigned long long other = 0;
        check(cudaMemcpy(&other, found, sizeof other, cudaMemcpyDeviceToHost), "cudaMemcpy");
        if (other != 0) wrong = std::to_string(other) + " words of rows that no group has are wrong";
        return worst;
    }

private:
    i64 blocks() const { return ceil_div(problem_.k, 128); }
    i64 scale_pitch() const { return align_up(i64(problem_.rows), i64(4)); }  ///< as quantise_tokens() lays scales
    /// Scales of one group's matrix of B.
    i64 b_scales() const { return blocks() * ceil_div(problem_.n, 128); }

    std::vector<i32> ends() const {
        std::vector<i32> made;
        for (const i32 count : counts_)
            made.push_back((made.empty() ? 0 : align_up(made.back(), problem_.alignment)) + count);
        return made;
    }
    std::vector<i32> groups_of_rows() const {
        std::vector<i32> made;
        for (std::size_t g = 0; g < counts_.size(); ++g) {
            made.insert(made.end(), std::size_t(counts_[g]), i32(g));
            made.resize(std::size_t(align_up(i64(made.size()), i64(problem_.alignment))), -1);
        }
        made.resize(std::size_t(problem_.rows), -1);
        return made;
    }

    /// Rows [first, first + count) with the matrix of group `g`.
    gemm_problem rows(i64 g, i64 first, i64 count) const {
        const i64 n = problem_.n, k = problem_.k, size = problem_.one().operand_bytes();
        const dtype type = workload_of(problem_).a.type;
        const void *const a = a_ + first * k * size, *const b = b_ + g * n * k * size;
        gemm_problem made{
            .a = unscaled(input_matrix{a, type, count, k, k}),
            .b = unscaled(problem_.stored == orientation::nt ? input_matrix{b, type, n, k, k}
                                                             : transposed(input_matrix{b, type, k, n, n})),
            .d = {d_ + first * n, dtype::bf16, count, n, n}};
        if (problem_.is_fp8()) {
            made.a.scales = per_token_scales(sa_ + first, scale_kind::fp32, count, k, scale_pitch());
            made.b.scales = per_block_scales(sb_ + g * b_scales(), scale_kind::fp32, n, k);
        }
        return made;
    }

    contiguous_case problem_{};
    std::vector<i32> counts_;
    device_buffer a_buffer_, b_buffer_, sa_buffer_, sb_buffer_, d_buffer_, list_buffer_, found_buffer_;
    u8 *a_ = nullptr, *b_ = nullptr;
    float *sa_ = nullptr, *sb_ = nullptr;
    bf16* d_ = nullptr;
    i32* list_ = nullptr;
};

}  // namespace

std::unique_ptr<contest> words<ops::contiguous_gemm>::contest_of(const options& o) {
    const auto suite = o.suite == "contiguous" ? suite_contiguous()
                       : o.suite == "router"   ? suite_router()
                                               : suite_contiguous_bf16();
    return std::make_unique<group_contest<ops::contiguous_gemm, contiguous_data>>(o, suite);
}

}  // namespace deepgemm::bench
