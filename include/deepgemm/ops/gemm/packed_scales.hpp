// SPDX-License-Identifier: MIT
// Products on Blackwell whose scales are floats that are powers of two: they are packed first, each operand's by a launch of
// scale::to_mn_major<scale::ue8m0>, into a workspace. Tensor cores then apply the words. Scales of blocks are repeated for
// each of their rows.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/scale_rules.hpp>
#include <deepgemm/host/scale_transform.hpp>
#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/gemm/operation.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// True for an operand whose scales are floats along K.
inline bool has_float_scales(const scaled_matrix& x) {
    return is_small(x.matrix.type) && x.scales.kind == scale_kind::fp32 && !scaled_at_end(x);
}

/// The packed scales of an operand, and how they come from floats.
struct packed_operand {
    scaled_matrix operand{};                 ///< with packed scales, or as it was
    scale::to_mn_major_arguments turning{};  ///< has no output if there is nothing to do
    u64 bytes = 0;                           ///< of the workspace

    /// `place` is where the words shall be.
    static result<packed_operand> of(const char* name, const scaled_matrix& given, void* place) {
        packed_operand made{given};
        if (!has_float_scales(given)) return made;
        const auto& [matrix, scales] = given;
        const scale_tensor have{.rows = scales.rows,
                                .columns = scales.columns,
                                .row_stride = scales.row_stride,
                                .column_stride = scales.column_stride};
        const scale_requirement need{
            .mn = matrix.rows, .k = matrix.columns, .tile = scales.tile, .arch = arch::sm100::number};
        const auto plan = plan_scale_layout(have, need);
        if (!plan) return fail(plan.failure().code, "the scales of ", name, ": ", plan.failure().message);
        if (scales.data == nullptr)
            return fail(errc::null_pointer, "the scales of ", name, " have no data: their pointer is null");
        const scale_words words = transformed(have, need, *plan);
        made.bytes = u64(4 * words.count());
        made.turning = transform_arguments(have, need, static_cast<const float*>(scales.data), place);
        made.operand.scales = {place, scale_kind::ue8m0, {1, scales.tile.k}, words.rows, words.words, 1, words.pitch};
        return made;
    }
};

}  // namespace detail

/// Bytes of workspace in which the packed scales of a product lie; 0 if none of its scales are floats along K. Multiples of
/// 16 for each operand. Of operands of any size that a problem may have; host, any thread.
inline u64 packed_scales_bytes(const gemm_problem& problem) {
    u64 bytes = 0;
    for (const auto* const x : {&problem.a, &problem.b}) {
        if (!detail::has_float_scales(*x)) continue;
        const i64 words = ceil_div(x->matrix.columns, 4 * i64(max(x->scales.tile.k, 1)));
        bytes += u64(4 * words * align_up(x->matrix.rows, i64(4)));
    }
    return bytes;
}

/// What packing found: device memory, or null. Kernels add to `invalid`; the caller sets it to 0 before, reads it after the
/// stream has come so far, and gives both to check_packed() for an error that names a scale.
struct packing_report {
    u32* invalid = nullptr;              ///< scales that are no powers of two; they became NaN
    scale::unpackable* found = nullptr;  ///< one of them, of A or of B
};

/// D(m,n) = [C(m,n) +] A x B^T on Blackwell, for operands of FP8 or FP4 whose scales may be floats along K: 1 x 32, 1 x 128,
/// 32 x 32 or 128 x 128, powers of two. `workspace` has packed_scales_bytes() at a multiple of 16. launch(arguments), which
/// returns result<void>, launches scale::to_mn_major<scale::ue8m0> on the stream on which the engine's kernel runs:
///
///     run_packed(engine, [&](const auto& a) { return cuda::launch<scale::to_mn_major<scale::ue8m0>>(a, {.stream = s}); }, ...)
///
/// Nothing is launched if there is an error. On Hopper, whose kernels take floats, call the named function.
template <engine_for<ops::gemm> Engine, class Launch>
result<void> run_packed(const Engine& engine, const Launch& launch, const gemm_problem& problem,
                        const workspace_memory& workspace, void* stream = nullptr, const packing_report& report = {}) {
    const bool multiplies = problem.a.matrix.columns > 0 && !is_empty(problem);
    if (!multiplies || packed_scales_bytes(problem) == 0) return engine.template run<ops::gemm>(problem, stream);
    if (engine.device().arch / 10 == arch::sm90::number / 10) {
        return fail(errc::wrong_device, engine.device().name,
                    " takes scales in FP32 as they are; only Blackwell needs them packed");
    }
    if (auto ok = detail::check_sizes_and_types(problem); !ok) return ok;
    const u64 least = packed_scales_bytes(problem);
    if (workspace.bytes < least) {
        return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ", least,
                    " for packed scales");
    }
    auto a = detail::packed_operand::of("A", problem.a, workspace.data);
    if (!a) return a.failure();
    void* const after_a = workspace.data == nullptr ? nullptr : static_cast<char*>(workspace.data) + a->bytes;
    auto b = detail::packed_operand::of("B", problem.b, after_a);
    if (!b) return b.failure();

    gemm_problem product = problem;
    product.a = a->operand;
    product.b = b->operand;
    product.ready = {};  // the product waits for the words
    for (detail::packed_operand* const x : {&*a, &*b}) {
        if (x->bytes == 0) continue;
        x->turning.invalid = report.invalid;
        x->turning.found = report.found;
        if (auto ok = validate<scale::to_mn_major<scale::ue8m0>>(x->turning); !ok) return ok;
    }
    memory_list<7 + detail::epilogue_memory> list;
    list.add(memory_of(workspace, "words of scales in it must start at one"));
    for (memory_use use : memory_of(problem)) {
        const bool scales = use.data == problem.a.scales.data || use.data == problem.b.scales.data;
        if (scales) use.alignment = 4;  // threads read them
        list.add(use);
    }
    if (auto ok = check_memory(list); !ok) return ok;
    if (auto ok = engine.template settle<ops::gemm>(product, {}); !ok) return ok;
    for (const detail::packed_operand* const x : {&*a, &*b}) {
        if (x->bytes == 0) continue;
        if (auto ok = launch(x->turning); !ok) return ok;
    }
    return engine.template run<ops::gemm>(product, stream);
}

}  // namespace deepgemm
