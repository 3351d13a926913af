// SPDX-License-Identifier: MIT
// The device an engine is made for, of the backend that the library is built for: device_cuda.cpp or device_sim.cpp.
#pragma once

#include <deepgemm/host/device.hpp>
#include <deepgemm/host/error.hpp>

namespace c_interface {

/// The device that is current for the calling thread; `blackwell` says which machine is simulated.
deepgemm::result<deepgemm::device_info> current_device(bool blackwell);

}  // namespace c_interface
