// SPDX-License-Identifier: MIT
// Logits of paged keys in C.
#include "../calls.hpp"

namespace dg = deepgemm;

namespace {

dg::result<dg::paged_mqa_logits_problem> problem_of(const deepgemm_paged_mqa_logits* given) {
    using namespace c_interface;
    if (given == nullptr) return missing("the structure of queries and pages");
    const auto weights_type = type_of("a weight", given->weights_type);
    if (!weights_type) return weights_type.failure();
    const auto logits_type = type_of("a logit", given->logits_type);
    if (!logits_type) return logits_type.failure();
    if (given->form != DEEPGEMM_LOGITS_FULL && given->form != DEEPGEMM_LOGITS_UNCLEAN) {
        return dg::fail(dg::errc::bad_option, "the form of logits is ", given->form, "; of paged keys it is ",
                        int(DEEPGEMM_LOGITS_FULL), " (full) or ", int(DEEPGEMM_LOGITS_UNCLEAN), " (unclean)");
    }
    return dg::paged_mqa_logits_problem{.requests = given->requests,
                                        .next_n = given->next_n,
                                        .heads = given->heads,
                                        .depth = given->depth,
                                        .columns = given->columns,
                                        .block = given->block,
                                        .pages = given->pages,
                                        .q = static_cast<const dg::e4m3*>(given->q),
                                        .cache = given->cache,
                                        .page_stride = given->page_stride,
                                        .weights = given->weights,
                                        .weights_type = *weights_type,
                                        .weights_stride = given->weights_stride,
                                        .lengths = given->lengths,
                                        .per_query = given->per_query != 0,
                                        .indices = given->indices,
                                        .block_table = given->block_table,
                                        .table_columns = given->table_columns,
                                        .table_stride = given->table_stride,
                                        .logits = given->logits,
                                        .logits_type = *logits_type,
                                        .logits_stride = given->logits_stride,
                                        .form = dg::logits_form(given->form),
                                        .schedule = given->schedule,
                                        .schedule_words = given->schedule_words};
}

static_assert(DEEPGEMM_PAGED_MQA_SCHEDULE_WORDS(132) == dg::paged_mqa_schedule_words(132));

}  // namespace

extern "C" {

deepgemm_status deepgemm_fp8_paged_mqa_logits(const deepgemm_engine* engine, const deepgemm_paged_mqa_logits* problem,
                                              void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& given) {
            return dg::fp8_paged_mqa_logits(on, given, {.stream = stream});
        };
        return call(engine, body, problem_of(problem));
    });
}

deepgemm_status deepgemm_make_paged_mqa_schedule(const deepgemm_engine* engine,
                                                 const deepgemm_paged_mqa_logits* problem, void* stream,
                                                 deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& given) {
            return dg::make_paged_mqa_schedule(on, given, {.stream = stream});
        };
        return call(engine, body, problem_of(problem));
    });
}

}  // extern "C"
