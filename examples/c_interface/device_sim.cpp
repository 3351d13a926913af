// SPDX-License-Identifier: MIT
// The simulated machine, of which every thread has one.
#include "device.hpp"

deepgemm::result<deepgemm::device_info> c_interface::current_device(bool blackwell) {
    return blackwell ? deepgemm::device_info::simulated_blackwell() : deepgemm::device_info::simulator();
}
