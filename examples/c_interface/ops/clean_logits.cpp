// SPDX-License-Identifier: MIT
// The cleaning of logits in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_clean_logits(const deepgemm_engine* engine, const deepgemm_output* d, const int32_t* first,
                                      const int32_t* last, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& logits) {
            return dg::clean_logits(on, logits, first, last, {.stream = stream});
        };
        return call(engine, body, matrix_of<dg::output_matrix>("D", d));
    });
}

}  // extern "C"
