// SPDX-License-Identifier: MIT
// Errors of the CUDA runtime as results. Needs the CUDA toolkit.
#pragma once

#include <cuda_runtime_api.h>

#include <deepgemm/host/error.hpp>

namespace deepgemm::cuda {

/// An error that names the call and says what the runtime reports about it.
inline error explain(const char* call, cudaError_t status) {
    return fail(errc::cuda_failure, call, " failed: ", cudaGetErrorName(status), " (", cudaGetErrorString(status), ")");
}

/// Success, or the error of a call of the runtime. It also clears the thread's last error.
inline result<void> check(const char* call, cudaError_t status) {
    if (status == cudaSuccess) return {};
    static_cast<void>(cudaGetLastError());
    return explain(call, status);
}

}  // namespace deepgemm::cuda
