// SPDX-License-Identifier: MIT
// Names of GPUs.
#include "planning.hpp"

#include <stdexcept>

namespace deepgemm::bench {

device_info device_named(const std::string& name) {
    if (name == "h200") return device_info::h200();
    if (name == "h100") return device_info::h100();
    throw std::invalid_argument("'" + name + "' is not one of h200, h100");
}

}  // namespace deepgemm::bench
