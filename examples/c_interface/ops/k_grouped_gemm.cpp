// SPDX-License-Identifier: MIT
// The GEMM in groups of K in C.
#include <deepgemm/ops/k_grouped_gemm/transposing.hpp>

#include "../calls.hpp"

namespace dg = deepgemm;

namespace {

/// The list of groups of a call.
dg::result<dg::k_group_list> list_of(const deepgemm_k_groups* given) {
    const auto groups = c_interface::structure("the structure of groups", given);
    if (!groups) return groups.failure();
    const auto& [count, d_stride, list, host_sizes, by_end, accumulate, alignment, scale_words] = *groups;
    return dg::k_group_list{.count = count,
                            .data = list,
                            .by_end = by_end != 0,
                            .alignment = alignment,
                            .concatenated = host_sizes != nullptr,
                            .host_sizes = host_sizes};
}

/// An FP8 operand with its scales. Of packed ones there are as many words as the groups say.
dg::result<dg::scaled_matrix> operand_of(const char* name, const deepgemm_input* given, const deepgemm_scales* scales,
                                         const deepgemm_k_groups* groups) {
    auto made = c_interface::operand_of(name, given, scales);
    if (made && groups != nullptr && made->scales.kind == dg::scale_kind::ue8m0)
        made->scales.columns = groups->scale_words;
    return made;
}

/// Calls function(engine, A, B, D, groups, options); a() and b() are the operands.
template <class Function, class A, class B>
deepgemm_status run(const deepgemm_engine* engine, const A& a, const B& b, const deepgemm_output* d,
                    const deepgemm_k_groups* groups, void* stream, deepgemm_message* message,
                    const Function& function) {
    using namespace c_interface;
    return guarded(message, [&] {
        const auto body = [&](const auto& on, const auto& left, const auto& right, const auto& product,
                              const auto& list) {
            const dg::output_stack all{product, groups->count, groups->d_stride};
            dg::k_grouped_options options{.stream = stream};
            if (groups->accumulate != 0) options.c = all;
            return function(on, left, right, all, list, options);
        };
        return call(engine, body, a(), b(), matrix_of<dg::output_matrix>("D", d), list_of(groups));
    });
}

}  // namespace

extern "C" {

deepgemm_status deepgemm_k_grouped_fp8_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                          const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                          const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                          const deepgemm_k_groups* groups, void* stream,
                                                          deepgemm_message* message) {
    const auto left = [&] { return operand_of("A", a, a_scales, groups); };
    const auto right = [&] { return operand_of("B", b, b_scales, groups); };
    return run(engine, left, right, d, groups, stream, message,
               [](const auto&... given) { return dg::k_grouped_fp8_gemm_nt_contiguous(given...); });
}

deepgemm_status deepgemm_k_grouped_fp8_gemm_workspace_bytes(const deepgemm_input* a, const deepgemm_input* b,
                                                            uint64_t* bytes, deepgemm_message* message) {
    return c_interface::workspace_bytes(a, b, bytes, message, [&](const auto& left, const auto& right) {
        return dg::k_grouped_fp8_gemm_tn_workspace_bytes(dg::transposed(left), dg::transposed(right));
    });
}

deepgemm_status deepgemm_k_grouped_fp8_gemm_with_workspace(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                           const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                           const deepgemm_k_groups* groups, void* workspace,
                                                           uint64_t workspace_bytes, void* stream,
                                                           deepgemm_message* message) {
    const auto left = [&] { return operand_of("A", a, a_scales, groups); };
    const auto right = [&] { return operand_of("B", b, b_scales, groups); };
    return run(
        engine, left, right, d, groups, stream, message,
        [&](const auto& on, const auto& x, const auto& y, const auto& product, const auto& list, const auto& options) {
            const bool along_k =
                dg::k_grouped_fp8_gemm_tn_workspace_bytes(dg::transposed(x.matrix), dg::transposed(y.matrix)) == 0;
            if (along_k)
                return dg::k_grouped_fp8_gemm_nt_contiguous(on, x, y, product, list, options);  // or concatenated
            return dg::k_grouped_fp8_gemm_tn_contiguous(on, dg::transposed(x), dg::transposed(y), product, list,
                                                        {workspace, workspace_bytes}, options);
        });
}

deepgemm_status deepgemm_k_grouped_bf16_gemm_tn_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_input* b, const deepgemm_output* d,
                                                           const deepgemm_k_groups* groups, void* stream,
                                                           deepgemm_message* message) {
    const auto left = [&] { return c_interface::matrix_of<dg::input_matrix>("A", a); };
    const auto right = [&] { return c_interface::matrix_of<dg::input_matrix>("B", b); };
    return run(engine, left, right, d, groups, stream, message,
               [](const auto&... given) { return dg::k_grouped_bf16_gemm_tn_contiguous(given...); });
}

}  // extern "C"
