// SPDX-License-Identifier: MIT
// The grouped GEMM in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_masked(const deepgemm_engine* engine, const deepgemm_input* a,
                                                      const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                      const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                      const deepgemm_groups* groups, const deepgemm_epilogue* epilogue,
                                                      void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const deepgemm_groups& of, const dg::epilogue_argument& steps) {
            return dg::m_grouped_fp8_gemm_nt_masked(
                on, {left, of.count, of.a_stride, of.a_scale_stride}, {right, of.count, of.b_stride, of.b_scale_stride},
                {product, of.count, of.d_stride}, of.rows, of.expected_rows, {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), structure("the structure of groups", groups),
                    epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_masked(const deepgemm_engine* engine, const deepgemm_input* a,
                                                       const deepgemm_input* b, const deepgemm_output* d,
                                                       const deepgemm_groups* groups, const deepgemm_epilogue* epilogue,
                                                       void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const deepgemm_groups& of, const dg::epilogue_argument& steps) {
            return dg::m_grouped_bf16_gemm_nt_masked(on, {left, of.count, of.a_stride}, {right, of.count, of.b_stride},
                                                     {product, of.count, of.d_stride}, of.rows, of.expected_rows,
                                                     {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), structure("the structure of groups", groups),
                    epilogue_of(epilogue));
    });
}

}  // extern "C"
