// SPDX-License-Identifier: MIT
// Names of GPUs.
#include "planning.hpp"

#include <stdexcept>

namespace deepgemm::bench {

device_info device_named(const std::string& name) {
    if (name == "h200") return device_info::h200();
    if (name == "h100") return device_info::h100();
    if (name == "b200") return device_info::b200();
    if (name == "b300") return device_info::b300();
    throw std::invalid_argument("'" + name + "' is not one of h200, h100, b200, b300");
}

}  // namespace deepgemm::bench
