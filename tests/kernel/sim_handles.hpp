// SPDX-License-Identifier: MIT
// The kernels of a list as handles for the simulator, for the translation units that instantiate them.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/host/sim_launch.hpp>

#include <span>

namespace deepgemm::test {

template <class... K>
std::span<const gemm_handle> handles(shipped::kernels<K...>) {
    return sim::kernel_list<K...>;
}

}  // namespace deepgemm::test
