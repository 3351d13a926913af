// SPDX-License-Identifier: MIT
// The operands of one benchmarked product in device memory: normal random values, rounded to BF16 (or F16), or quantised to
// E4M3 with FP32 scales in the layouts the kernels take. Generated in one pass on the GPU; no unquantised copy exists. Those of
// Blackwell with packed scales are packed_data.cuh's.
#pragma once

#include <deepgemm/ops/gemm/problem.hpp>

#include "cases.hpp"
#include "cuda_check.hpp"
#include "packed_data.cuh"

namespace deepgemm::bench {

/// Host: the device that was current at the first call.
const device_info& current_device();

/// Host: makes a row-major FP8 operand (rows, k) of normal random values on the default stream, scaled per token: the scale
/// (row, K block) is at row + block * align_up(rows, 4).
void quantise_tokens(void* q, float* scales, int rows, int k, u64 seed);
/// The same, scaled by blocks of 128x128: scale (row block, K block) at row block * stride + K block.
void quantise_blocks(void* q, float* scales, i64 stride, int rows, int k, u64 seed);

/// Host: writes the scales of quantise_tokens(), whose K blocks are `stride` words apart, K-major and without padding to `to`.
void turn_scales(float* to, const float* from, int rows, int k, i64 stride);

/// The same with scales for all of K: one for each row, or one in all.
void quantise_at_end(void* q, float* scales, bool by_row, int rows, int k, u64 seed);

/// Host: makes `count` normal numbers of a 16-bit type on the default stream.
void normal(void* to, element type, i64 count, u64 seed);

/// Host: makes what C holds before an accumulating launch on the default stream, as reference::compute() adds it.
void values_of_c(float* to, i64 count, u64 seed);

/// Device memory of one product at a time; grows to the largest case and is reused.
class problem_data {
public:
    /// Host: makes new operands for `problem` on the default stream. FP8: scaled as the case says, packed on Blackwell.
    void generate(const gemm_case& problem, u64 seed);

    /// True if the operands' scales are packed: FP4, and on Blackwell FP8 with scales along K. They are stored as the case
    /// says, and nothing is transposed.
    bool is_packed() const { return packed_; }
    /// Of packed operands: what the reference reads.
    unpacked_operand unpacked_a() const { return packed_a_.unpacked(); }
    unpacked_operand unpacked_b() const { return packed_b_.unpacked(); }
    /// True if FP8 operands are transposed before they are multiplied, or on the way.
    bool is_turned() const { return problem_.is_turned() && !packed_; }

    /// Host: puts D into the state before a launch: C where the case accumulates, else NaN everywhere.
    void reset_d();

    /// The product as users of deepgemm describe it. C is D itself where the case accumulates. FP8: `scales_of_a` is the order
    /// of A's scales in memory, if they change along K; both orders are there.
    gemm_problem product(major scales_of_a = major::mn) const { return made(scales_of_a, true); }
    /// The product with FP8 operands along K, as kernels multiply them, whatever the case says of their order.
    gemm_problem multiplied(major scales_of_a = major::mn) const { return made(scales_of_a, false); }
    /// Calls body(d), where `d` points to D's elements in their type.
    template <class Body>
    void visit_d(Body body) const {
        switch (problem_.d) {
            case output::bf16: body(static_cast<bf16*>(d_)); break;
            case output::f16: body(static_cast<f16*>(d_)); break;
            case output::f32: body(static_cast<float*>(d_)); break;
        }
    }

    const gemm_case& problem() const { return problem_; }
    u64 seed() const { return seed_; }

private:
    void generate_fp8();
    void generate_scaled_along_k();
    gemm_problem made(major scales_of_a, bool as_stored) const;

    gemm_case problem_{"-", 0, 0, 0};
    u64 seed_ = 0;
    bool packed_ = false;
    packed_operand packed_a_{}, packed_b_{};
    device_buffer a_buffer_, b_buffer_, sa_buffer_, sa_k_buffer_, sb_buffer_, d_buffer_, turned_a_buffer_,
        turned_b_buffer_;
    void* a_ = nullptr;
    void* b_ = nullptr;
    void* turned_a_ = nullptr;  ///< FP8 as the case stores it, if that is not along K
    void* turned_b_ = nullptr;
    float* sa_ = nullptr;    ///< MN-major
    float* sa_k_ = nullptr;  ///< the same, K-major
    float* sb_ = nullptr;
    void* d_ = nullptr;
    i64 block_stride_ = 0;  ///< floats between rows of B's per-block scales
};

}  // namespace deepgemm::bench
