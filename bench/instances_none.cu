// SPDX-License-Identifier: MIT
// An empty list of kernels, where the target deepgemm_instances is not built: the benchmark then times the peers alone.
#include <deepgemm/host/instances.hpp>

namespace deepgemm::instances {

template <>
std::span<const kernel_handle<ops::gemm>> of<ops::gemm>() {
    return {};
}
template <>
std::span<const kernel_handle<ops::grouped_gemm>> of<ops::grouped_gemm>() {
    return {};
}
std::span<const kernel_handle<ops::gemm>> dense() { return {}; }

}  // namespace deepgemm::instances
