// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM in C.
#include <deepgemm/ops/contiguous_gemm/transposing.hpp>

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
struct named_rows {
    const char* name;
    const deepgemm_row_list* given;
};
dg::result<dg::row_list> rows_of(const named_rows& rows) {
    const auto list = c_interface::structure(rows.name, rows.given);
    if (!list) return list.failure();
    const auto& [data, count, bits] = *list;
    if (bits != 32 && bits != 64)
        return dg::fail(dg::errc::bad_option, "the entries of ", rows.name, " have ", bits,
                        " bits; they have 32 or 64");
    return dg::row_list{data, count, bits == 64, true};
}
named_rows rows_of_a(const deepgemm_row_list* given) { return {"the list of rows of A", given}; }
named_rows rows_of_d(const deepgemm_row_list* given) { return {"the list of rows of D", given}; }

dg::result<dg::grouped_options> options_of(const deepgemm_epilogue* given, void* stream) {
    const auto steps = c_interface::epilogue_of(given);
    if (!steps) return steps.failure();
    return dg::grouped_options{.epilogue = *steps, .stream = stream};
}

dg::scaled_stack stack_of(const dg::scaled_matrix& first, const deepgemm_row_groups& groups) {
    return {first, groups.count, groups.b_stride, groups.b_scale_stride};
}
dg::input_stack stack_of(const dg::input_matrix& first, const deepgemm_row_groups& groups) {
    return {first, groups.count, groups.b_stride};
}

/// Runs `function`, a product in groups of FP8 operands: function(engine, A, B, D, the lists `rows`..., groups, options).
template <class Function, class... Rows>
deepgemm_status run_fp8(const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales,
                        const deepgemm_input* b, const deepgemm_scales* b_scales, const deepgemm_output* d,
                        const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
                        deepgemm_message* message, const Function& function, const Rows&... rows) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto&... more) {
            return function(on, left, stack_of(right, *groups), more...);
        };
        return call(engine, body, operand_of("A", a, a_scales), operand_of("B", b, b_scales),
                    matrix_of<dg::output_matrix>("D", d), rows_of(rows)..., list_of(groups),
                    options_of(epilogue, stream));
    });
}
/// The same of BF16 operands.
template <class Function, class... Rows>
deepgemm_status run_bf16(const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b,
                         const deepgemm_output* d, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue,
                         void* stream, deepgemm_message* message, const Function& function, const Rows&... rows) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto&... more) {
            return function(on, left, stack_of(right, *groups), more...);
        };
        return call(engine, body, matrix_of<dg::input_matrix>("A", a), matrix_of<dg::input_matrix>("B", b),
                    matrix_of<dg::output_matrix>("D", d), rows_of(rows)..., list_of(groups),
                    options_of(epilogue, stream));
    });
}

}  // namespace

extern "C" {

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                          const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                          const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                          const deepgemm_row_groups* groups,
                                                          const deepgemm_epilogue* epilogue, void* stream,
                                                          deepgemm_message* message) {
    return run_fp8(engine, a, a_scales, b, b_scales, d, groups, epilogue, stream, message,
                   [](const auto&... given) { return dg::m_grouped_fp8_gemm_nt_contiguous(given...); });
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_contiguous_with_workspace(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_groups* groups,
    const deepgemm_epilogue* epilogue, void* workspace, uint64_t workspace_bytes, void* stream,
    deepgemm_message* message) {
    const auto function = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const auto& lists, const auto& options) {
        const auto& [first, count, matrix_stride, scale_stride] = right;
        return dg::m_grouped_fp8_gemm_nn_contiguous(on, left,
                                                    {dg::transposed(first), count, matrix_stride, scale_stride},
                                                    product, lists, {workspace, workspace_bytes}, options);
    };
    return run_fp8(engine, a, a_scales, b, b_scales, d, groups, epilogue, stream, message, function);
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_contiguous_workspace_bytes(const deepgemm_input* b, int64_t count,
                                                                       uint64_t* bytes, deepgemm_message* message) {
    using namespace c_interface;
    return guarded(message, [&]() -> dg::result<void> {
        const auto one = matrix_of<dg::input_matrix>("B", b);
        if (!one) return one.failure();
        if (bytes == nullptr) return missing("the place for the bytes");
        *bytes = dg::m_grouped_fp8_gemm_nn_workspace_bytes({dg::unscaled(dg::transposed(*one)), count});
        return {};
    });
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_input* b, const deepgemm_output* d,
                                                           const deepgemm_row_groups* groups,
                                                           const deepgemm_epilogue* epilogue, void* stream,
                                                           deepgemm_message* message) {
    return run_bf16(engine, a, b, d, groups, epilogue, stream, message,
                    [](const auto&... given) { return dg::m_grouped_bf16_gemm_nt_contiguous(given...); });
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous_gathered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_list* a_rows,
    const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message) {
    const auto function = [](const auto& on, const auto& left, const auto& right, const auto& product, const auto& rows,
                             const auto&... more) {
        return dg::m_grouped_fp8_gemm_nt_contiguous_gathered(on, left, rows, right, product, more...);
    };
    return run_fp8(engine, a, a_scales, b, b_scales, d, groups, epilogue, stream, message, function, rows_of_a(a_rows));
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous_gathered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b, const deepgemm_output* d,
    const deepgemm_row_list* a_rows, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
    deepgemm_message* message) {
    const auto function = [](const auto& on, const auto& left, const auto& right, const auto& product, const auto& rows,
                             const auto&... more) {
        return dg::m_grouped_bf16_gemm_nt_contiguous_gathered(on, left, rows, right, product, more...);
    };
    return run_bf16(engine, a, b, d, groups, epilogue, stream, message, function, rows_of_a(a_rows));
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous_scattered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_list* d_rows,
    const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message) {
    const auto function = [](const auto&... given) { return dg::m_grouped_fp8_gemm_nt_contiguous_scattered(given...); };
    return run_fp8(engine, a, a_scales, b, b_scales, d, groups, epilogue, stream, message, function, rows_of_d(d_rows));
}

deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous_scattered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b, const deepgemm_output* d,
    const deepgemm_row_list* d_rows, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
    deepgemm_message* message) {
    const auto function = [](const auto&... given) {
        return dg::m_grouped_bf16_gemm_nt_contiguous_scattered(given...);
    };
    return run_bf16(engine, a, b, d, groups, epilogue, stream, message, function, rows_of_d(d_rows));
}

}  // extern "C"
