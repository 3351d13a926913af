// SPDX-License-Identifier: MIT
// The dense GEMM in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_fp8_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                     const deepgemm_scales* a_scales, const deepgemm_input* b,
                                     const deepgemm_scales* b_scales, const deepgemm_output* d,
                                     const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::epilogue_argument& steps) {
            return dg::fp8_gemm_nt(on, left, right, product, {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_fp8_gemm_with_workspace(const deepgemm_engine* engine, const deepgemm_input* a,
                                                 const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                 const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                 const deepgemm_epilogue* epilogue, void* workspace,
                                                 uint64_t workspace_bytes, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::epilogue_argument& steps) {
            return dg::fp8_gemm_nt(on, left, right, product,
                                   {.epilogue = steps, .stream = stream, .workspace = {workspace, workspace_bytes}});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_fp8_gemm_workspace_bytes(const deepgemm_input* a, const deepgemm_input* b, uint64_t* bytes,
                                                  deepgemm_message* message) {
    return c_interface::workspace_bytes(a, b, bytes, message, [&](const auto& left, const auto& right) {
        return dg::fp8_gemm_workspace_bytes(left, right);
    });
}

deepgemm_status deepgemm_bf16_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b,
                                      const deepgemm_output* d, const deepgemm_epilogue* epilogue, void* stream,
                                      deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::epilogue_argument& steps) {
            return dg::bf16_gemm_nt(on, left, right, product, {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), epilogue_of(epilogue));
    });
}

}  // extern "C"
