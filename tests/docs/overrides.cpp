// SPDX-License-Identifier: MIT
// The code of docs/how-to/command-line.md: rows that a caller has measured decide what an engine launches.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>

#include <doctest/doctest.h>

namespace overrides_tests {

namespace dg = deepgemm;

namespace {

// [overrides]
constexpr dg::gemm_tuned_row ours[] = {
    {.m_max = 128, .n = 7168, .k = 2048, .cfg = dg::config{.block = {64, 128, 128}, .sm90 = {.warpgroups = 1}}},
};

/// An engine that uses what was measured here, where it applies.
dg::engine tuned_engine(std::span<const dg::gemm_handle> kernels, const dg::device_info& device) {
    return dg::engine(kernels, device, {}, {.overrides = ours});
}
// [overrides]

/// The kernel of a configuration, described.
template <dg::config Config>
dg::gemm_handle described() {
    using kernel = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                            dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>, dg::store<dg::bf16>, Config>;
    return {kernel::info, {}, {}};
}

}  // namespace

TEST_CASE("an engine with rows of the caller's own") {
    const std::array kernels{described<dg::config{.block = {64, 128, 128}, .sm90 = {.warpgroups = 1}}>(),
                             described<dg::config{.block = {128, 64, 128}}>()};
    const dg::engine engine = tuned_engine(kernels, dg::device_info::h200());
    const dg::gemm_workload work{
        .shape = {128, 7168, 2048}, .a = kernels[0].info.traits.a, .b = kernels[0].info.traits.b};
    const auto with = dg::or_throw(dg::plan(work, engine.device(), engine.kernels(), engine.knobs(), engine.own()));
    CHECK(with.chosen_by == dg::choice::overridden);
    CHECK(with.kernel() == &kernels[0]);
    CHECK(dg::or_throw(dg::plan(work, engine.device(), engine.kernels())).chosen_by == dg::choice::model);
}

}  // namespace overrides_tests
