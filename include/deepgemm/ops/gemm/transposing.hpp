// SPDX-License-Identifier: MIT
// Products of FP8 operands that are contiguous along M or N, which Hopper's tensor cores do not read. There are two ways.
// Kernels with few rows on the other side transpose such an operand on the way to their registers, so it is read once. Others
// would do so for every tile, and multiply while they wait for it; for them the operand is transposed into a workspace by a
// launch of its own, and the product, which starts while that one ends, reads it there.
#pragma once

#include <initializer_list>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/stack.hpp>
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
constexpr i64 turned_pitch(i64 k) { return held(align_up(wide(max(k, i64(0))), wide(128))); }

/// Bytes of the workspace that an operand takes. Extents have not been checked, so this holds what any of them make.
constexpr wide turned_bytes(const input_matrix& x) {
    return is_turned(x) ? wide(max(x.rows, i64(0))) * turned_pitch(x.columns) : wide(0);
}
/// The same of a stack of operands, at most what 64 bits hold.
constexpr wide turned_stack_bytes(const scaled_stack& x) {
    return x.count > 0 ? held_bytes(x.count * wide(held_bytes(turned_bytes(x.first.matrix)))) : wide(0);
}

/// An operand as it lies in a workspace, transposed.
inline input_matrix turned_operand(const input_matrix& x, const void* place) {
    return {place, x.type, x.rows, x.columns, turned_pitch(x.columns), 1};
}
/// Where the matrices of a stack of operands lie in a workspace, transposed, one after the other.
inline input_stack turned_stack(const scaled_stack& x, const void* place) {
    const input_matrix one = turned_operand(x.first.matrix, place);
    return {one, x.count, held(wide(one.rows) * one.row_stride)};
}
/// Transposes the matrices of a stack to where turned_stack() says.
template <class Engine>
result<void> turn_stack(const Engine& engine, const scaled_stack& from, const input_stack& to,
                        const transpose_options& options) {
    const input_matrix& first = to.first;
    const output_matrix written{
        const_cast<void*>(first.data), first.type, first.rows, first.columns, first.row_stride, 1};
    return transpose(engine, input_stack{transposed(from.first.matrix), from.count, from.matrix_stride},
                     output_stack{written, to.count, to.matrix_stride}, options);
}

}  // namespace detail

/// Bytes of workspace with which any product of FP8 operands A (m,k) and B (n,k) runs: those of each operand that is contiguous
/// along M or N, in rows of whole cache lines; 0 if both are contiguous along K. Of B (k,n), give transposed(b).
constexpr u64 fp8_gemm_workspace_bytes(const input_matrix& a, const input_matrix& b) {
    return detail::held_bytes(detail::turned_bytes(a) + detail::turned_bytes(b));
}

namespace detail {

/// Which operands are transposed into the workspace before a product.
struct turned_first {
    /// Rows or columns up to which a kernel had better transpose the other side on the way.
    static constexpr i64 few = 128;
    bool a = false, b = false;

    bool any() const { return a || b; }

    /// All that are turned, as kernels need it that read operands along K.
    static turned_first all_of(const gemm_problem& problem) {
        return {is_turned(problem.a.matrix), is_turned(problem.b.matrix)};
    }
    /// The same on a device: only Hopper does not multiply them as they are. None if there is nothing to compute.
    static turned_first all_on(const device_info& device, const gemm_problem& problem) {
        const bool hopper = device.arch / 10 == arch::sm90::number / 10;
        return hopper && !is_empty(problem) ? all_of(problem) : turned_first{};
    }
    /// Those that are turned but for one that a kernel had better transpose on the way: that of a product with few rows on the
    /// other side, or columns. The same as all_of() if there is none.
    static turned_first but_one_of(const gemm_problem& problem) {
        turned_first made = all_of(problem);
        if (made.b && problem.a.matrix.rows <= few) {
            made.b = false;
        } else if (made.a && problem.b.matrix.rows <= few) {
            made.a = false;
        }
        return made;
    }
    friend bool operator==(const turned_first&, const turned_first&) = default;
};

/// Where the operands that `first` names lie in a workspace: B behind A.
struct turned_places {
    u64 bytes = 0;  ///< of workspace
    const void* a = nullptr;
    const void* b = nullptr;

    /// Of operands that take so many bytes. Where the workspace is too small, both have its start for a place.
    static turned_places of(const workspace_memory& workspace, turned_first first, wide a, wide b) {
        const wide of_a = first.a ? a : wide(0), of_b = first.b ? b : wide(0);
        turned_places made{held_bytes(of_a + of_b), workspace.data, workspace.data};
        if (workspace.data != nullptr && workspace.bytes >= made.bytes)
            made.b = static_cast<const char*>(workspace.data) + i64(of_a);
        return made;
    }

    /// Has a product read the operands that `first` names from these places.
    template <class Problem>
    void move(Problem& product, turned_first first) const {
        if (first.a) move(product.a, a);
        if (first.b) move(product.b, b);
        // The transposition begins when the kernel before it has ended, so what it does not write is complete.
        if (first.any()) product.ready = {!first.a, !first.b};
    }

private:
    template <class Operand>
    static void move(Operand& x, const void* place) {
        x.matrix = turned_operand(x.matrix, place);
    }
    static void move(scaled_stack& x, const void* place) {
        const input_stack turned = turned_stack(x, place);
        x.first.matrix = turned.first;
        x.matrix_stride = turned.matrix_stride;
    }
};

/// Checks that a workspace has the bytes for the operands that are transposed into it.
inline result<void> check_size(const workspace_memory& workspace, u64 least, turned_first first) {
    if (workspace.bytes >= least) return {};
    return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ", least,
                " to transpose ",
                first.a && first.b ? "A and B, which are"
                : first.a          ? "A, which is"
                                   : "B, which is",
                " not contiguous along K");
}

/// The failure of a product for which there is no kernel, with advice for operands that lie along M or N. `where` is the option
/// that has the workspace.
inline error untransposed(const error& found, turned_first turned, const char* where) {
    if (!turned.any() || found.code != errc::no_kernel) return found;
    return {errc::no_kernel, concat(found.message, "; ",
                                    turned.a && turned.b ? "A and B are"
                                    : turned.a           ? "A is"
                                                         : "B is",
                                    " not contiguous along K: an engine that serves ops::transpose, too, transposes it "
                                    "first, in ",
                                    where)};
}

/// A product some of whose operands lie in a workspace, and what remains as it was.
struct turned_product {
    gemm_problem given{}, product{};
    turned_first first{};
    u64 bytes = 0;  ///< of workspace

    static turned_product of(const gemm_problem& given, turned_first first, const workspace_memory& workspace) {
        const auto places =
            turned_places::of(workspace, first, turned_bytes(given.a.matrix), turned_bytes(given.b.matrix));
        turned_product made{given, given, first, places.bytes};
        places.move(made.product, first);
        return made;
    }

    /// Checks the product against its rules, the operands against those of tensor maps, and memory with the whole workspace.
    result<void> check(const workspace_memory& workspace) const {
        if (auto ok = check_gemm(product); !ok) return ok;
        if (first.a) {
            if (auto ok = check_rows("A", transposed(given.a.matrix), as_columns); !ok) return ok;
        }
        if (first.b) {
            if (auto ok = check_rows("B", transposed(given.b.matrix), as_columns); !ok) return ok;
        }
        if (auto ok = check_size(workspace, bytes, first); !ok) return ok;
        memory_list<7 + epilogue_memory> list;
        if (first.any()) list.add(memory_of(workspace, "operands in it must start at one"));
        for (const memory_use& use : memory_of(given)) list.add(use);
        return check_memory(list);
    }
};

/// A stack of operands and where it is transposed to; nothing is if it has no matrices.
struct operand_turn {
    scaled_stack from{};
    input_stack to{};

    /// Of a stack as a caller has it and as the product reads it, if it is `turned`.
    static operand_turn of(bool turned, const scaled_stack& from, const scaled_stack& to) {
        return turned ? operand_turn{from, {to.first.matrix, to.count, to.matrix_stride}} : operand_turn{};
    }
    /// The same of a single operand.
    static operand_turn of(bool turned, const scaled_matrix& from, const scaled_matrix& to) {
        return of(turned, scaled_stack{from, 1, 0, 0}, scaled_stack{to, 1, 0, 0});
    }
    bool any() const { return from.count > 0; }
};

/// Runs a checked product of operation `O` after the transpositions of its operands. Nothing is launched unless there is a
/// kernel for it.
template <class O, class Engine, class Options>
result<void> run_after(const Engine& engine, std::initializer_list<operand_turn> turns,
                       const typename O::problem& product, const Options& options) {
    call_knobs<O> of_product{options.num_sms, options.pin, options.dependent_launch};
    for (const operand_turn& turn : turns) {
        // After a transposition the product always starts early: what it depends on is that.
        if (turn.any()) of_product.dependent_launch = true;
    }
    if (auto ok = engine.template settle<O>(product, of_product); !ok) return ok;
    transpose_options of_turn{
        .stream = options.stream, .num_sms = options.num_sms, .dependent_launch = options.dependent_launch};
    for (const operand_turn& turn : turns) {
        if (!turn.any()) continue;
        if (auto ok = turn_stack(engine, turn.from, turn.to, of_turn); !ok) return ok;
        of_turn.dependent_launch = true;
    }
    return engine.template run<O>(product, options.stream, of_product);
}

/// Runs a product of operation `O`, some of whose operands `made` has in the workspace, after their transpositions. Nothing is
/// launched if there is an error.
template <class O, class Engine, class Turned, class Options>
result<void> run_made(const Engine& engine, const Turned& made, const workspace_memory& workspace,
                      const Options& options) {
    if (auto ok = made.check(workspace); !ok) return ok;
    return run_after<O>(engine,
                        {operand_turn::of(made.first.a, made.given.a, made.product.a),
                         operand_turn::of(made.first.b, made.given.b, made.product.b)},
                        made.product, options);
}

/// Runs a product after the transpositions that `first` names. Nothing is launched if there is an error.
template <class Engine, class Options>
result<void> run_turned(const Engine& engine, const gemm_problem& problem, turned_first first, const Options& options) {
    return run_made<ops::gemm>(engine, turned_product::of(problem, first, options.workspace), options.workspace,
                               options);
}

/// Runs a product that is not empty, of which at least one operand is turned: the better way, or the other one if there is no
/// kernel for it.
template <class Engine, class Options>
    requires(engine_for<Engine, ops::gemm>&& engine_for<Engine, ops::transpose>)
result<void> run_turned(const Engine& engine, const gemm_problem& problem, const Options& options) {
    const turned_first all = turned_first::all_of(problem), fewer = turned_first::but_one_of(problem);
    if (fewer != all) {
        const auto done = run_turned(engine, problem, fewer, options);
        if (done || done.failure().code != errc::no_kernel) return done;
    }
    return run_turned(engine, problem, all, options);
}

}  // namespace detail

}  // namespace deepgemm
