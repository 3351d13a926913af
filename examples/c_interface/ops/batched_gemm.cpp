// SPDX-License-Identifier: MIT
// Batches in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_bf16_batched_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                              const deepgemm_input* b, const deepgemm_output* d,
                                              const deepgemm_batch* batch, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const deepgemm_batch& of) {
            return dg::bf16_batched_gemm_nt(on, {left, of.count, of.a_stride}, {right, of.count, of.b_stride},
                                            {product, of.count, of.d_stride},
                                            {.accumulate = of.accumulate != 0, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), structure("the structure of a batch", batch));
    });
}

deepgemm_status deepgemm_fp8_batched_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                             const deepgemm_scales* a_scales, const deepgemm_input* b,
                                             const deepgemm_scales* b_scales, const deepgemm_output* d,
                                             const deepgemm_batch* batch, void* stream, deepgemm_message* message) {
    return deepgemm_fp8_batched_gemm_with_workspace(engine, a, a_scales, b, b_scales, d, batch, nullptr, 0, stream,
                                                    message);
}

deepgemm_status deepgemm_fp8_batched_gemm_workspace_bytes(const deepgemm_input* a, const deepgemm_input* b,
                                                          int64_t count, uint64_t* bytes, deepgemm_message* message) {
    return c_interface::workspace_bytes(a, b, bytes, message, [&](const auto& left, const auto& right) {
        return dg::fp8_batched_gemm_workspace_bytes({dg::unscaled(left), count}, {dg::unscaled(right), count});
    });
}

deepgemm_status deepgemm_fp8_batched_gemm_with_workspace(const deepgemm_engine* engine, const deepgemm_input* a,
                                                         const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                         const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                         const deepgemm_batch* batch, void* workspace,
                                                         uint64_t workspace_bytes, void* stream,
                                                         deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const deepgemm_batch& of) {
            return dg::fp8_batched_gemm_nt(
                on, {left, of.count, of.a_stride, of.a_scale_stride}, {right, of.count, of.b_stride, of.b_scale_stride},
                {product, of.count, of.d_stride},
                {.accumulate = of.accumulate != 0, .stream = stream, .workspace = {workspace, workspace_bytes}});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), structure("the structure of a batch", batch));
    });
}

uint64_t deepgemm_batched_sum_workspace_bytes(const deepgemm_engine* engine, int64_t m, int64_t n) {
    return engine == nullptr || m < 0 || n < 0 ? 0
                                               : dg::batch_sum_workspace_bytes(m, n, engine->engine.device().sm_count);
}

deepgemm_status deepgemm_bf16_batched_sum(const deepgemm_engine* engine, const deepgemm_input* a,
                                          const deepgemm_input* b, const deepgemm_output* d,
                                          const deepgemm_batch* batch, void* workspace, uint64_t workspace_bytes,
                                          void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const dg::input_matrix& left, const dg::input_matrix& right,
                              const auto& product, const deepgemm_batch& of) {
            const auto tensor = [&](const dg::input_matrix& one, dg::i64 stride) {
                return dg::input_tensor{
                    one.data, one.type, {of.count, one.rows, one.columns}, {stride, one.row_stride, one.column_stride}};
            };
            return dg::bf16_einsum_bmk_bnk_mn(on, tensor(left, of.a_stride), tensor(right, of.b_stride), product,
                                              {workspace, workspace_bytes},
                                              {.accumulate = of.accumulate != 0, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), structure("the structure of a batch", batch));
    });
}

}  // extern "C"
