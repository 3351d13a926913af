// SPDX-License-Identifier: MIT
// MQA logits in C.
#include "../calls.hpp"

namespace dg = deepgemm;

namespace {

dg::result<dg::mqa_logits_problem> problem_of(const deepgemm_mqa_logits* given) {
    using namespace c_interface;
    if (given == nullptr) return missing("the structure of queries and keys");
    const auto weights_type = type_of("a weight", given->weights_type);
    if (!weights_type) return weights_type.failure();
    const auto logits_type = type_of("a logit", given->logits_type);
    if (!logits_type) return logits_type.failure();
    if (given->form < 0 || given->form > DEEPGEMM_LOGITS_COMPRESSED) {
        return dg::fail(dg::errc::bad_option, "the form of logits is ", given->form, "; it is from 0 (full) to ",
                        int(DEEPGEMM_LOGITS_COMPRESSED), " (compressed)");
    }
    return dg::mqa_logits_problem{.queries = given->queries,
                                  .heads = given->heads,
                                  .depth = given->depth,
                                  .keys = given->keys,
                                  .q = static_cast<const dg::e4m3*>(given->q),
                                  .key = static_cast<const dg::e4m3*>(given->key),
                                  .key_stride = given->key_stride,
                                  .scale = given->scale,
                                  .weights = given->weights,
                                  .weights_type = *weights_type,
                                  .weights_stride = given->weights_stride,
                                  .first = given->first,
                                  .last = given->last,
                                  .logits = given->logits,
                                  .logits_type = *logits_type,
                                  .logits_stride = given->logits_stride,
                                  .form = dg::logits_form(given->form),
                                  .columns = given->columns};
}
static_assert(int(dg::logits_form::compressed) == DEEPGEMM_LOGITS_COMPRESSED &&
              int(dg::logits_form::unclean) == DEEPGEMM_LOGITS_UNCLEAN);

}  // namespace

extern "C" {

deepgemm_status deepgemm_fp8_mqa_logits(const deepgemm_engine* engine, const deepgemm_mqa_logits* problem, void* stream,
                                        deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& given) {
            return dg::fp8_mqa_logits(on, given, {.stream = stream});
        };
        return call(engine, body, problem_of(problem));
    });
}

}  // extern "C"
