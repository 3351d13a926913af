// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM in C.
#include "../calls.hpp"

namespace dg = deepgemm;

namespace {

/// The list of groups of a call.
dg::result<dg::group_list> list_of(const deepgemm_row_groups* given) {
    const auto groups = c_interface::structure("the structure of groups", given);
    if (!groups) return groups.failure();
    const auto& [count, b_stride, b_scale_stride, kind, zero_padding, list, alignment, expected_rows] = *groups;
    if (kind != DEEPGEMM_GROUPS_BY_END && kind != DEEPGEMM_GROUPS_BY_ROW) {
        return dg::fail(dg::errc::bad_option, "the list of groups is of kind ", kind, "; it is ",
                        int(DEEPGEMM_GROUPS_BY_END), " (by end) or ", int(DEEPGEMM_GROUPS_BY_ROW), " (by row)");
    }
    return dg::group_list{.by = kind == DEEPGEMM_GROUPS_BY_END ? dg::grouping::psum : dg::grouping::indexed,
                          .data = list,
                          .alignment = alignment,
                          .expected_rows = expected_rows,
                          .zero_padding = zero_padding != 0};
}

/// A list of rows of a call; `name` says of which matrix.
dg::result<dg::row_list> rows_of(const char* name, const deepgemm_row_list* given) {
    const auto list = c_interface::structure(name, given);
    if (!list) return list.failure();
    const auto& [data, count, bits] = *list;
    if (bits != 32 && bits != 64)
        return dg::fail(dg::errc::bad_option, "the entries of ", name, " have ", bits, " bits; they have 32 or 64");
    return dg::row_list{data, count, bits == 64};
}
constexpr const char *list_of_a = "the list of rows of A", *list_of_d = "the list of rows of D";

}  // namespace

extern "C" {

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                          const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                          const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                          const deepgemm_row_groups* groups,
                                                          const deepgemm_epilogue* epilogue, void* stream,
                                                          deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::group_list& list, const dg::epilogue_argument& steps) {
            return dg::m_grouped_fp8_gemm_nt_contiguous(
                on, left, {right, groups->count, groups->b_stride, groups->b_scale_stride}, product, list,
                {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), list_of(groups), epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_input* b, const deepgemm_output* d,
                                                           const deepgemm_row_groups* groups,
                                                           const deepgemm_epilogue* epilogue, void* stream,
                                                           deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::group_list& list, const dg::epilogue_argument& steps) {
            return dg::m_grouped_bf16_gemm_nt_contiguous(on, left, {right, groups->count, groups->b_stride}, product,
                                                         list, {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), list_of(groups), epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous_gathered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_list* a_rows,
    const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::row_list& rows, const dg::group_list& list,
                              const dg::epilogue_argument& steps) {
            return dg::m_grouped_fp8_gemm_nt_contiguous_gathered(
                on, left, rows, {right, groups->count, groups->b_stride, groups->b_scale_stride}, product, list,
                {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), rows_of(list_of_a, a_rows), list_of(groups),
                    epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous_gathered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b, const deepgemm_output* d,
    const deepgemm_row_list* a_rows, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
    deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::row_list& rows, const dg::group_list& list,
                              const dg::epilogue_argument& steps) {
            return dg::m_grouped_bf16_gemm_nt_contiguous_gathered(on, left, rows,
                                                                  {right, groups->count, groups->b_stride}, product,
                                                                  list, {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), rows_of(list_of_a, a_rows), list_of(groups),
                    epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous_scattered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_list* d_rows,
    const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::row_list& rows, const dg::group_list& list,
                              const dg::epilogue_argument& steps) {
            return dg::m_grouped_fp8_gemm_nt_contiguous_scattered(
                on, left, {right, groups->count, groups->b_stride, groups->b_scale_stride}, product, rows, list,
                {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), rows_of(list_of_d, d_rows), list_of(groups),
                    epilogue_of(epilogue));
    });
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous_scattered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b, const deepgemm_output* d,
    const deepgemm_row_list* d_rows, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
    deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const dg::row_list& rows, const dg::group_list& list,
                              const dg::epilogue_argument& steps) {
            return dg::m_grouped_bf16_gemm_nt_contiguous_scattered(on, left, {right, groups->count, groups->b_stride},
                                                                   product, rows, list,
                                                                   {.epilogue = steps, .stream = stream});
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), rows_of(list_of_d, d_rows), list_of(groups),
                    epilogue_of(epilogue));
    });
}

}  // extern "C"
