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
#include <deepgemm/ops/gemm/scale_packer.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

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

/// What packing found: device memory, or null. Kernels add to `invalid`; the caller sets it to 0 before, reads it after the
/// stream has come so far, and gives both to check_packed() for an error that names a scale.
struct packing_report {
    u32* invalid = nullptr;              ///< scales that are no powers of two; they became NaN
    scale::unpackable* found = nullptr;  ///< one of them, of A or of B
};

namespace detail {

/// A product with packed scales, and what makes them.
struct packed_product {
    packed_operand a{}, b{};
    gemm_problem product{};

    /// Checks a problem that multiplies something and whose scales are floats along K on at least one side, but not whether
    /// there is a kernel for the product.
    static result<packed_product> of(const gemm_problem& problem, const workspace_memory& workspace,
                                     const packing_report& report) {
        if (auto ok = check_sizes_and_types(problem); !ok) return ok.failure();
        const u64 least = packed_scales_bytes(problem);
        if (workspace.bytes < least) {
            return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ",
                        least, " for packed scales");
        }
        auto a = packed_operand::of("A", problem.a, workspace.data);
        if (!a) return a.failure();
        void* const after_a = workspace.data == nullptr ? nullptr : static_cast<char*>(workspace.data) + a->bytes;
        auto b = packed_operand::of("B", problem.b, after_a);
        if (!b) return b.failure();
        packed_product made{*a, *b, problem};
        made.product.a = a->operand;
        made.product.b = b->operand;
        made.product.ready = {};  // the product waits for the words
        for (packed_operand* const x : {&made.a, &made.b}) {
            if (x->bytes == 0) continue;
            x->turning.invalid = report.invalid;
            x->turning.found = report.found;
            if (auto ok = validate<scale::to_mn_major<scale::ue8m0>>(x->turning); !ok) return ok.failure();
        }
        memory_list<7 + epilogue_memory> list;
        list.add(memory_of(workspace, "words of scales in it must start at one"));
        for (memory_use use : memory_of(problem)) {
            const bool scales = use.data == problem.a.scales.data || use.data == problem.b.scales.data;
            if (scales) use.alignment = 4;  // threads read them
            list.add(use);
        }
        if (auto ok = check_memory(list); !ok) return ok.failure();
        return made;
    }

    /// Launches what makes the words.
    template <class Launch>
    result<void> pack(const Launch& launch) const {
        for (const packed_operand* const x : {&a, &b}) {
            if (x->bytes == 0) continue;
            if (auto ok = launch(x->turning); !ok) return ok;
        }
        return {};
    }
};

}  // namespace detail

/// Packs by launches of scale::to_mn_major<scale::ue8m0>, for gemm_options::packer:
///
///     const packer_by_launch packer(&cuda::launch<scale::to_mn_major<scale::ue8m0>>);
///     fp8_gemm_nt(engine, a, b, d, {.workspace = {memory, packed_scales_bytes(problem)}, .packer = &packer});
class packer_by_launch final : public scale_packer {
public:
    /// Launches on launch_options::stream. The function must outlive the calls if it comes with an object.
    using launcher = kernel_function<const scale::to_mn_major_arguments&, const launch_options&>;

    explicit packer_by_launch(launcher launch, const packing_report& report = {}) : launch_(launch), report_(report) {}

    result<gemm_problem> prepared(const gemm_problem& problem, const workspace_memory& workspace) const override {
        const auto made = detail::packed_product::of(problem, workspace, report_);
        if (!made) return made.failure();
        return made->product;
    }
    result<void> pack(const gemm_problem& problem, const workspace_memory& workspace, void* stream) const override {
        const auto made = detail::packed_product::of(problem, workspace, report_);
        if (!made) return made.failure();
        return made->pack([&](const scale::to_mn_major_arguments& a) { return launch_(a, {.stream = stream}); });
    }

private:
    launcher launch_;
    packing_report report_;
};

/// D(m,n) = [C(m,n) +] A x B^T on Blackwell, for operands of FP8 or FP4 whose scales may be floats along K: 1 x 32, 1 x 128,
/// 32 x 32 or 128 x 128, powers of two. `workspace` has packed_scales_bytes() at a multiple of 16. launch(arguments), which
/// returns result<void>, launches scale::to_mn_major<scale::ue8m0> on the stream on which the engine's kernel runs:
///
///     run_packed(engine, [&](const auto& a) { return cuda::launch<scale::to_mn_major<scale::ue8m0>>(a, {.stream = s}); }, ...)
///
/// Nothing is launched if there is an error. On Hopper, whose kernels take floats, call the named function. The named functions
/// do the same with gemm_options::packer.
template <engine_for<ops::gemm> Engine, class Launch>
result<void> run_packed(const Engine& engine, const Launch& launch, const gemm_problem& problem,
                        const workspace_memory& workspace, void* stream = nullptr, const packing_report& report = {}) {
    const bool multiplies = problem.a.matrix.columns > 0 && !is_empty(problem);
    if (!multiplies || packed_scales_bytes(problem) == 0) return engine.template run<ops::gemm>(problem, stream);
    if (engine.device().arch / 10 == arch::sm90::number / 10) {
        return fail(errc::wrong_device, engine.device().name,
                    " takes scales in FP32 as they are; only Blackwell needs them packed");
    }
    const auto made = detail::packed_product::of(problem, workspace, report);
    if (!made) return made.failure();
    if (auto ok = engine.template settle<ops::gemm>(made->product, {}); !ok) return ok;
    if (auto ok = made->pack(launch); !ok) return ok;
    return engine.template run<ops::gemm>(made->product, stream);
}

}  // namespace deepgemm
