// SPDX-License-Identifier: MIT
// Products of FP8 operands that are contiguous along M or N, which Hopper does not multiply: such operands are transposed into a
// workspace, and the product reads them there. The second launch starts while the first one ends.
#pragma once

#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/transpose/transpose.hpp>

namespace deepgemm {

namespace detail {

/// True for an FP8 operand (M or N, K) that is contiguous along M or N, and along K it is not.
constexpr bool is_turned(const input_matrix& x) {
    return is_fp8(x.type) && x.rows != 0 && contiguous_along(x) == major::mn;
}

/// Bytes from row to row of an operand in the workspace: whole cache lines.
constexpr i64 turned_pitch(i64 k) { return align_up(k, i64(128)); }

/// Bytes of the workspace that an operand takes.
constexpr u64 turned_bytes(const input_matrix& x) {
    return is_turned(x) ? u64(x.rows) * u64(turned_pitch(x.columns)) : 0;
}

/// The operand as the product reads it: in the workspace, if it is turned.
inline input_matrix in_workspace(const input_matrix& x, void* place) {
    if (!is_turned(x)) return x;
    return {place, x.type, x.rows, x.columns, turned_pitch(x.columns), 1};
}

}  // namespace detail

/// Bytes of workspace with which a product of FP8 operands A (m,k) and B (n,k) runs: those of each operand that is contiguous along
/// M or N, in rows of whole cache lines; 0 if both are contiguous along K. Of B (k,n), give transposed(b).
constexpr u64 fp8_gemm_workspace_bytes(const input_matrix& a, const input_matrix& b) {
    return detail::turned_bytes(a) + detail::turned_bytes(b);
}

namespace detail {

/// A product whose turned operands lie in a workspace, and what remains as it was.
struct turned_product {
    gemm_problem given{}, product{};

    static turned_product of(const gemm_problem& given, void* workspace) {
        turned_product made{given, given};
        const input_matrix &a = given.a.matrix, &b = given.b.matrix;
        void* const behind_a = workspace == nullptr ? nullptr : static_cast<char*>(workspace) + turned_bytes(a);
        made.product.a.matrix = in_workspace(a, workspace);
        made.product.b.matrix = in_workspace(b, behind_a);
        // The transposition begins when the kernel before it has ended, so what it does not write is complete.
        made.product.ready = {!is_turned(a), !is_turned(b)};
        return made;
    }

    /// Checks the product against its rules, the operands against those of tensor maps, and memory with the whole workspace.
    result<void> check(const workspace_memory& workspace) const {
        if (auto ok = check_gemm(product); !ok) return ok;
        const input_matrix &a = given.a.matrix, &b = given.b.matrix;
        if (is_turned(a)) {
            if (auto ok = check_rows("A", transposed(a), as_columns); !ok) return ok;
        }
        if (is_turned(b)) {
            if (auto ok = check_rows("B", transposed(b), as_columns); !ok) return ok;
        }
        if (const u64 least = fp8_gemm_workspace_bytes(a, b); workspace.bytes < least) {
            const char* const which = !is_turned(b) ? "A" : !is_turned(a) ? "B" : "A and B";
            return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ",
                        least, " to transpose ", which, ", which ", is_turned(a) && is_turned(b) ? "are" : "is",
                        " not contiguous along K");
        }
        memory_list<7 + epilogue_memory> list;
        list.add(memory_of(workspace, "operands in it do"));
        for (const memory_use& use : memory_of(given)) list.add(use);
        return check_memory(list);
    }
};

/// Runs a product of which at least one operand is turned, in two or three launches. Nothing is launched if there is an error.
template <class Engine, class Options>
    requires(engine_for<Engine, ops::gemm>&& engine_for<Engine, ops::transpose>)
result<void> run_turned(const Engine& engine, const gemm_problem& problem, const Options& options) {
    const turned_product made = turned_product::of(problem, options.workspace.data);
    if (auto ok = made.check(options.workspace); !ok) return ok;
    // The product always starts early: what it depends on is the transposition before it.
    const call_knobs<ops::gemm> of_product{options.num_sms, options.pin, true};
    if (auto ok = engine.template supports<ops::gemm>(made.product, of_product); !ok) return ok;
    transpose_options of_turn{
        .stream = options.stream, .num_sms = options.num_sms, .dependent_launch = options.dependent_launch};
    const auto turn = [&](const input_matrix& from, const input_matrix& to) -> result<void> {
        if (!is_turned(from)) return {};
        const output_matrix written{const_cast<void*>(to.data), to.type, to.rows, to.columns, to.row_stride, 1};
        const auto done = transpose(engine, transposed(from), written, of_turn);
        of_turn.dependent_launch = true;
        return done;
    };
    if (auto ok = turn(problem.a.matrix, made.product.a.matrix); !ok) return ok;
    if (auto ok = turn(problem.b.matrix, made.product.b.matrix); !ok) return ok;
    return engine.template run<ops::gemm>(made.product, options.stream, of_product);
}

}  // namespace detail

}  // namespace deepgemm
