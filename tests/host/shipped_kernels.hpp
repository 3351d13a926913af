// SPDX-License-Identifier: MIT
// The shipped kernels, described and not compiled: what planning needs of them.
#pragma once

#include <deepgemm/ops/gemm/shipped.cuh>

#include "fakes.hpp"

namespace deepgemm::fakes {

/// A kernel as a handle that launches nothing: described, not compiled.
inline gemm_handle described(const gemm_info& info) {
    return {info, [] { return result<void>{}; },
            [](const dense_arguments&, const launch_options&) { return result<void>{}; }};
}
template <class... Kernels>
std::vector<gemm_handle> described(shipped::kernels<Kernels...>) {
    return {described(Kernels::info)...};
}

/// All shipped kernels.
inline const std::vector<gemm_handle>& kernels() {
    static const std::vector<gemm_handle> all = described(shipped::dense());
    return all;
}

}  // namespace deepgemm::fakes
