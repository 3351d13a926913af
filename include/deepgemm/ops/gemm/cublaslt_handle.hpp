// SPDX-License-Identifier: MIT
// A handle of cuBLASLt for one device, with a workspace. cublaslt.hpp multiplies by it.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <deepgemm/host/cuda_device.hpp>

namespace deepgemm {

/// How a cublaslt object is made.
struct cublaslt_knobs {
    int num_sms = 0;  ///< multiprocessors that algorithms are chosen for; 0: all of the device
    /// Device memory of the caller's at a multiple of 256 bytes; null: create() allocates it.
    void* workspace = nullptr;
    std::size_t workspace_bytes = std::size_t(32) << 20;  ///< of either
};

namespace detail {

inline result<void> check_cublaslt(const char* call, cublasStatus_t status) {
    if (status == CUBLAS_STATUS_SUCCESS) return {};
    return fail(errc::cuda_failure, call, " failed: ", cublasLtGetStatusName(status), " (",
                cublasLtGetStatusString(status), ")");
}

struct cublaslt_release {
    void operator()(cublasLtContext* handle) const { static_cast<void>(cublasLtDestroy(handle)); }
};
struct device_release {
    void operator()(void* memory) const { static_cast<void>(cudaFree(memory)); }
};

}  // namespace detail

/// A handle of cuBLASLt for one device, and the workspace of its products. Any number of threads may use it at the same time.
/// But products share the workspace, so those in different streams must not overlap: give each stream its own object.
class cublaslt {
public:
    /// Makes a handle for the device that is current, and the workspace unless `knobs` bring one.
    static result<cublaslt> create(const cublaslt_knobs& knobs = {}) {
        const auto device = cuda::current_device();
        if (!device) return device.failure();
        const auto present = cuda::attribute(cudaDevAttrMultiProcessorCount, *device);
        if (!present) return present.failure();
        if (knobs.num_sms < 0 || knobs.num_sms > *present) {
            return fail(errc::bad_option, "num_sms is ", knobs.num_sms, "; the device takes 0 (all) to ", *present);
        }
        const auto past = reinterpret_cast<std::uintptr_t>(knobs.workspace) % 256;
        if (past != 0) {
            return fail(errc::misaligned, "the workspace starts ", past,
                        " bytes past a multiple of 256; cuBLASLt needs 256-byte alignment");
        }
        cublaslt made;
        made.knobs_ = knobs;
        made.device_ = *device;
        cublasLtHandle_t handle = nullptr;
        if (auto ok = detail::check_cublaslt("cublasLtCreate", cublasLtCreate(&handle)); !ok) return ok.failure();
        made.handle_.reset(handle);
        if (knobs.workspace == nullptr && knobs.workspace_bytes > 0) {
            const auto status = cudaMalloc(&made.knobs_.workspace, knobs.workspace_bytes);
            if (auto ok = cuda::check("cudaMalloc of cuBLASLt's workspace", status); !ok) return ok.failure();
            made.owned_.reset(made.knobs_.workspace);
        }
        return result<cublaslt>(std::move(made));
    }

    cublasLtHandle_t handle() const { return handle_.get(); }
    /// The device that was current at create(); products run there only.
    int device() const { return device_; }
    /// As given, with the workspace that is used.
    const cublaslt_knobs& knobs() const { return knobs_; }

private:
    cublaslt() = default;

    std::unique_ptr<cublasLtContext, detail::cublaslt_release> handle_;
    std::unique_ptr<void, detail::device_release> owned_;
    cublaslt_knobs knobs_{};
    int device_ = 0;
};

}  // namespace deepgemm
