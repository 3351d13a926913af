// SPDX-License-Identifier: MIT
// Times contiguous grouped products: `deepgemm bench --suite contiguous`, contiguous_bf16, router and lists, and with --tune
// all kernels against one another. Rows that a list names are moved by the kernel, or by a kernel of their own in the same
// time.
#include <algorithm>
#include <numeric>
#include <optional>
#include <random>

#include <deepgemm/ops/contiguous_gemm/operation.hpp>

#include "ops/group_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// Moves `rows` rows of `units` T: row i of `to` becomes row list[i] of `from`, or, if `scatters`, row list[i] of `to` row i of
/// `from`. Units of a row are `unit_stride` apart and rows `row_stride`. A block moves some rows, one after another.
template <class T>
__global__ void move_rows(const T* from, T* to, const i32* list, i64 rows, i64 units, i64 row_stride, i64 unit_stride,
                          bool scatters) {
    for (i64 row = blockIdx.x * i64(blockDim.y) + threadIdx.y; row < rows; row += i64(gridDim.x) * blockDim.y) {
        const i64 other = list[row];
        const T* const source = from + (scatters ? row : other) * row_stride;
        T* const target = to + (scatters ? other : row) * row_stride;
        for (i64 i = threadIdx.x; i < units; i += blockDim.x) target[i * unit_stride] = source[i * unit_stride];
    }
}

/// Device memory of one contiguous product at a time.
class contiguous_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const contiguous_case& problem, u64 seed) {
        problem_ = problem;
        stored_d_ = nullptr;
        counts_ = problem.counts();
        const i64 groups = problem.groups, m = problem.rows, n = problem.n, k = problem.k,
                  size = problem.one().operand_bytes();
        a_ = a_buffer_.as<u8>(std::size_t(m * k * size));
        b_ = b_buffer_.as<u8>(std::size_t(groups * n * k * size));
        d_ = d_buffer_.as<bf16>(std::size_t(m * n));
        if (problem.is_fp8()) {
            sa_ = sa_buffer_.as<float>(std::size_t(scale_pitch() * blocks()));
            sb_ = sb_buffer_.as<float>(std::size_t(groups * b_scales()));
            sa_k_ = sa_k_buffer_.as<float>(std::size_t(m * blocks()));
            quantise_tokens(a_, sa_, int(m), int(k), seed);
            turn_scales(sa_k_, sa_, int(m), int(k), scale_pitch());
            for (i64 g = 0; g < groups; ++g)
                quantise_blocks(b_ + g * n * k, sb_ + g * b_scales(), blocks(), int(n), int(k), seed + u64(g) + 1);
        } else {
            normal(a_, problem.operands, m * k, 2 * seed + 1);
            normal(b_, problem.operands, groups * n * k, 2 * seed + 2);
        }
        const std::vector<i32> list = problem.by == grouping::psum ? ends() : groups_of_rows();
        list_ = list_buffer_.as<i32>(list.size());
        check(cudaMemcpy(list_, list.data(), list.size() * sizeof(i32), cudaMemcpyHostToDevice), "copy of the list");
        if (problem.order != listed::none) disorder(seed);
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// What runs before and after the product, in its time: kernels that move rows.
    void before(cudaStream_t stream) const {
        if (problem_.order == listed::gathered_before)
            move_a(stored_a_, moved_a_, stored_sa_, moved_sa_, false, stream);
    }
    void after(cudaStream_t stream) const {
        if (problem_.order == listed::scattered_after) move_d(d_, stored_d_, true, stream);
    }

    /// Host: makes every element of D NaN.
    void reset_d() {
        for (bf16* const d : {d_, stored_d_}) {
            if (d == nullptr) continue;
            check(cudaMemset(d, 0xff, std::size_t(problem_.rows) * std::size_t(problem_.n) * sizeof(bf16)),
                  "cudaMemset");
        }
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The product as users of deepgemm describe it.
    contiguous_problem product() const {
        const gemm_problem all = rows(0, 0, problem_.rows);
        contiguous_problem made{.a = all.a,
                                .b = dense_stack(all.b, problem_.groups),
                                .d = all.d,
                                .groups = {.by = problem_.by,
                                           .data = list_,
                                           .alignment = problem_.alignment,
                                           .expected_rows = problem_.expected_rows}};
        const row_list order = list_of_rows(order_, problem_.rows);
        switch (problem_.order) {
            case listed::gathered:
                made.a_rows = order;
                made.a.matrix.data = stored_a_;
                made.a.scales.data = stored_sa_;
                break;
            case listed::gathered_before:
                made.a.matrix.data = moved_a_;
                made.a.scales.data = moved_sa_;
                break;
            case listed::scattered:
                made.d_rows = order;
                made.d.data = stored_d_;
                break;
            case listed::scattered_after:
            case listed::none: break;
        }
        return made;
    }

    /// The same with K-major scales, for FP8 in order.
    std::optional<contiguous_problem> k_major_product() const {
        if (!problem_.is_fp8() || problem_.order != listed::none) return std::nullopt;
        contiguous_problem made = product();
        made.a.scales = k_major_scales(sa_k_, scale_kind::fp32, problem_.rows, problem_.k);
        return made;
    }

    /// The largest errors among the groups of D, against the reference. Sets `wrong` to a sentence if rows that no group has
    /// are not as they have to be: untouched by end, zero by row.
    comparison judge(reference& truth, std::string& wrong) {
        comparison worst;
        unsigned long long* const found = found_buffer_.as<unsigned long long>(1);
        check(cudaMemset(found, 0, sizeof *found), "cudaMemset");
        const bool scatters = problem_.order == listed::scattered || problem_.order == listed::scattered_after;
        if (scatters) move_d(stored_d_, d_, false, nullptr);  // back in order
        const u32 wanted = problem_.by == grouping::psum || problem_.scatters() ? ~0u : 0;
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
    /// Draws an order, and makes an A whose rows lie in it, and the places for rows that are moved.
    void disorder(u64 seed) {
        std::vector<i32> order(std::size_t(problem_.rows));
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), std::mt19937(u32(seed)));
        order_ = order_buffer_.as<i32>(order.size());
        check(cudaMemcpy(order_, order.data(), order.size() * sizeof(i32), cudaMemcpyHostToDevice),
              "copy of the order");
        const std::size_t bytes = std::size_t(a_bytes()),
                          scales = problem_.is_fp8() ? std::size_t(scale_pitch() * blocks()) : 0;
        stored_a_ = stored_a_buffer_.as<u8>(bytes);
        moved_a_ = moved_a_buffer_.as<u8>(bytes);
        stored_sa_ = scales == 0 ? nullptr : stored_sa_buffer_.as<float>(scales);
        moved_sa_ = scales == 0 ? nullptr : moved_sa_buffer_.as<float>(scales);
        stored_d_ = stored_d_buffer_.as<bf16>(std::size_t(i64(problem_.rows) * problem_.n));
        move_a(a_, stored_a_, sa_, stored_sa_, true, nullptr);
    }
    i64 a_bytes() const { return i64(problem_.rows) * problem_.k * problem_.one().operand_bytes(); }
    void move_a(const u8* from, u8* to, const float* scales_from, float* scales_to, bool scatters,
                cudaStream_t stream) const {
        const i64 units = a_bytes() / problem_.rows / 16;
        move_rows<<<1056, dim3(128, 2), 0, stream>>>(reinterpret_cast<const uint4*>(from), reinterpret_cast<uint4*>(to),
                                                     order_, problem_.rows, units, units, 1, scatters);
        check(cudaGetLastError(), "move_rows");
        if (scales_to == nullptr) return;
        move_rows<<<1056, dim3(1, 256), 0, stream>>>(scales_from, scales_to, order_, problem_.rows, blocks(), 1,
                                                     scale_pitch(), scatters);
        check(cudaGetLastError(), "move_rows");
    }
    void move_d(const bf16* from, bf16* to, bool scatters, cudaStream_t stream) const {
        const i64 units = i64(problem_.n) / 8;
        move_rows<<<1056, dim3(128, 2), 0, stream>>>(reinterpret_cast<const uint4*>(from), reinterpret_cast<uint4*>(to),
                                                     order_, problem_.rows, units, units, 1, scatters);
        check(cudaGetLastError(), "move_rows");
    }

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
    device_buffer a_buffer_, b_buffer_, sa_buffer_, sa_k_buffer_, sb_buffer_, d_buffer_, list_buffer_, found_buffer_,
        order_buffer_, stored_a_buffer_, moved_a_buffer_, stored_sa_buffer_, moved_sa_buffer_, stored_d_buffer_;
    u8 *a_ = nullptr, *b_ = nullptr;
    float *sa_ = nullptr, *sa_k_ = nullptr, *sb_ = nullptr;
    bf16* d_ = nullptr;
    i32* list_ = nullptr;
    i32* order_ = nullptr;  ///< where the product's rows are stored, if not in order; and what is stored there
    u8 *stored_a_ = nullptr, *moved_a_ = nullptr;
    float *stored_sa_ = nullptr, *moved_sa_ = nullptr;
    bf16* stored_d_ = nullptr;
};

}  // namespace

std::unique_ptr<contest> words<ops::contiguous_gemm>::contest_of(const options& o) {
    const auto suite = o.suite == "contiguous" ? suite_contiguous()
                       : o.suite == "router"   ? suite_router()
                       : o.suite == "lists"    ? suite_lists()
                                               : suite_contiguous_bf16();
    return std::make_unique<case_contest<ops::contiguous_gemm, contiguous_data>>(o, suite);
}

}  // namespace deepgemm::bench
