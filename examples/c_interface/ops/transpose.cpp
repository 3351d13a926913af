// SPDX-License-Identifier: MIT
// Transposition in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_transpose(const deepgemm_engine* engine, const deepgemm_input* x, const deepgemm_output* y,
                                   void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const dg::input_matrix& from, const dg::output_matrix& to) {
            return dg::transpose(on, from, to, {.stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("X", x), matrix_of<dg::output_matrix>("Y", y));
    });
}

}  // extern "C"
