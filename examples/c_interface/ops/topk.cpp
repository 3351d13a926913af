// SPDX-License-Identifier: MIT
// Top-k in C.
#include "../calls.hpp"

namespace dg = deepgemm;

extern "C" {

deepgemm_status deepgemm_topk(const deepgemm_engine* engine, const deepgemm_input* logits, int64_t k, int32_t* indices,
                              int64_t indices_stride, float* scores, int64_t scores_stride, const int32_t* first,
                              const int32_t* last, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const dg::input_matrix& from) {
            return dg::topk(on,
                            {.logits = from,
                             .indices = {indices, dg::dtype::i32, from.rows, k, indices_stride, 1},
                             .scores = {scores, dg::dtype::f32, from.rows, k, scores_stride, 1},
                             .first = first,
                             .last = last},
                            {.stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("the matrix of logits", logits));
    });
}

}  // extern "C"
