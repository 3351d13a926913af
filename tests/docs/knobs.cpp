// SPDX-License-Identifier: MIT
// The code of docs/how-to/knobs.md: what an engine and a single call may ask of the planner.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops.hpp>

#include <doctest/doctest.h>

namespace dg = deepgemm;

namespace {

// [engine]
/// An engine for a server: the bits of a row do not depend on its batch, and some multiprocessors are left to others.
dg::engine serving_engine(std::span<const dg::gemm_handle> kernels, const dg::device_info& device) {
    return dg::engine(kernels, device,
                      {.num_sms = device.sm_count - 20,
                       .split = dg::split_rule::never,
                       .tiles = {.largest_m = 128, .multiple_of_n = 64}});
}
// [engine]

dg::launch_options launched{};

/// A BF16 kernel of that split and width, which only notes how it was launched.
dg::gemm_handle noting(int split_k, int columns) {
    const dg::operand_info plain{dg::dtype::bf16, dg::scale_kind::none, {}};
    const dg::config cfg{.block = {64, columns, 64},
                         .stages = 4,
                         .split_k = split_k,
                         .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}};
    return {{.launch = {.arch = 90, .threads = 256, .smem_bytes = 100000, .cluster_ctas = split_k},
             .traits = {.a = plain, .b = plain},
             .cfg = cfg},
            [] { return dg::result<void>{}; },
            [](const dg::dense_arguments&, const dg::launch_options& options) {
                launched = options;
                return dg::result<void>{};
            }};
}

/// A matrix at an address that nobody reads.
template <class Matrix>
Matrix matrix_at(std::uintptr_t address, dg::i64 rows, dg::i64 columns) {
    return {reinterpret_cast<void*>(address), dg::dtype::bf16, rows, columns, columns};
}

}  // namespace

TEST_CASE("knobs of an engine, and of one call") {
    const std::array kernels{noting(2, 64), noting(1, 96), noting(1, 64)};
    const dg::engine engine = serving_engine(kernels, dg::device_info::h200());
    const auto x = matrix_at<dg::input_matrix>(1ull << 40, 64, 512),
               w = matrix_at<dg::input_matrix>(2ull << 40, 1024, 512);
    const auto y = matrix_at<dg::output_matrix>(3ull << 40, 64, 1024);
    const auto plan = dg::or_throw(engine.plan({.a = dg::unscaled(x), .b = dg::unscaled(w), .d = y}));
    CHECK(plan.ranked.size() == 1);
    CHECK(plan.kernel() == &kernels[2]);

    // [call]
    // This product runs beside a transfer that needs more multiprocessors, and after a kernel that starts it early.
    dg::or_throw(dg::bf16_gemm_nt(engine, x, w, y, {.num_sms = 66, .dependent_launch = true}));
    // [call]
    CHECK(launched.num_sms == 66);
    CHECK(launched.dependent_launch);
    dg::or_throw(dg::bf16_gemm_nt(engine, x, w, y));
    CHECK(launched.num_sms == 112);
    CHECK(!launched.dependent_launch);
}
