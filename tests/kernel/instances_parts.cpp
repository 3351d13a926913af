// SPDX-License-Identifier: MIT
// Instantiates the variants that differ in elements, extents and epilogues, for the simulator.
#include "instances.hpp"

#include "sim_handles.hpp"
#include "variants.cuh"

namespace deepgemm::test {

namespace {

template <class K>
result<void> launch_with(const dense_arguments& given, const bias_relu& step, const sim::options& machine) {
    auto arguments = arguments_for<K>(given);
    arguments.epilogue.first = step;
    return sim::try_launch<K>(arguments, {}, machine);
}

}  // namespace

std::span<const gemm_handle> element_variant_handles() { return handles(element_variants{}); }
std::span<const gemm_handle> swap_variant_handles() { return handles(swap_variants{}); }
std::span<const gemm_handle> swap_half_variant_handles() { return handles(swap_half_variants{}); }
std::span<const gemm_handle> extent_variant_handles() { return handles(extent_variants{}); }

gemm_info biased_info() { return biased::info; }
gemm_info chained_info() { return chained::info; }
result<void> launch_biased(const dense_arguments& arguments, const float* bias, const sim::options& machine) {
    return launch_with<biased>(arguments, {bias}, machine);
}
result<void> launch_chained(const dense_arguments& arguments, const float* bias, const sim::options& machine) {
    return launch_with<chained>(arguments, {bias}, machine);
}
gemm_handle triggering_handle() { return sim::handle_of<triggering>(); }

}  // namespace deepgemm::test
