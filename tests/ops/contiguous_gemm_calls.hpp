// SPDX-License-Identifier: MIT
// What tests of the contiguous grouped GEMM call it with: an engine on the simulator, samples, problems that nobody computes.
#pragma once

#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/contiguous_gemm/contiguous_gemm.hpp>

#include <doctest/doctest.h>

#include <span>
#include <string>

#include "contiguous_gemm_sample.hpp"

namespace deepgemm::test::contiguous_calls {

using contiguous_engine = engine_of<ops::contiguous_gemm>;

/// All shipped kernels of groups of rows.
inline std::span<const contiguous_handle> contiguous_kernels() { return instances::of<ops::contiguous_gemm>(); }

/// Runs a sample through the named operation: "", the error or what is wrong.
inline std::string run(const contiguous_engine& engine, contiguous_sample& sample, i64 expected_rows = 0,
                       const grouped_options& options = {}) {
    const auto done = run_named(engine, sample.problem(expected_rows), options);
    return done ? sample.verdict() : done.failure().message;
}

/// An engine with these on the simulator.
inline contiguous_engine engine_on_simulator() { return {contiguous_kernels(), device_info::simulator()}; }

/// A problem at made-up addresses: 4 groups in A (1024, 1024), B (512, 1024) and D (1024, 512).
inline contiguous_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    const scaled_matrix a{row_major(static_cast<const e4m3*>(at(1)), 1024, 1024),
                          per_token_scales(at(2), scale_kind::fp32, 1024, 1024)},
        b{row_major(static_cast<const e4m3*>(at(3)), 512, 1024), per_block_scales(at(4), scale_kind::fp32, 512, 1024)};
    return {.a = a,
            .b = dense_stack(b, 4),
            .d = row_major(static_cast<bf16*>(at(5)), 1024, 512),
            .groups = groups_by_end(static_cast<const i32*>(at(6)))};
}
/// The same by the group of each row.
inline contiguous_problem made_up_by_row() {
    contiguous_problem p = made_up();
    p.groups.by = grouping::indexed;
    return p;
}
/// The same problem of BF16.
inline contiguous_problem made_up_half() {
    contiguous_problem p = made_up();
    for (scaled_matrix* operand : {&p.a, &p.b.first}) {
        *operand = unscaled(operand->matrix);
        operand->matrix.type = dtype::bf16;
    }
    return p;
}

/// Calls body(what) for each kind of operands and of groups, with names for them.
template <class Body>
void for_each_kind(const Body& body) {
    for (const gemm_traits& what : contiguous_sample::all_shipped()) {
        CAPTURE(name_of(what.a.type));
        CAPTURE((what.b.contiguous == major::k ? "nt" : "nn"));
        CAPTURE((what.groups == grouping::psum ? "by end" : "by row"));
        CAPTURE((what.a.gathered ? "gathered" : what.scattered ? "scattered" : ""));
        body(what);
    }
}

}  // namespace deepgemm::test::contiguous_calls
