// SPDX-License-Identifier: MIT
// The current CUDA device.
#include <deepgemm/host/cuda_device.hpp>

#include "device.hpp"

deepgemm::result<deepgemm::device_info> c_interface::current_device(bool /*blackwell*/) {
    return deepgemm::cuda::describe_current_device();
}
