// SPDX-License-Identifier: MIT
// The HyperConnection prenorm in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_tf32_hc_prenorm_gemm(const deepgemm_engine* engine, const deepgemm_input* a,
                                              const deepgemm_input* b, const deepgemm_output* d, int64_t parts,
                                              int64_t d_stride, const deepgemm_output* q, void* stream,
                                              deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const auto& squares) {
            return dg::tf32_hc_prenorm_gemm(on, left, right, dg::output_stack{product, parts, d_stride}, squares,
                                            {.stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), matrix_of<dg::output_matrix>("q", q));
    });
}

}  // extern "C"
