// SPDX-License-Identifier: MIT
// No NVRTC was found when the program was configured: see rtc.cpp.
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "no_nvrtc.hpp"
#include "run_time_costs.hpp"

namespace deepgemm::bench {

json run_time_costs(int) { throw std::runtime_error(no_nvrtc); }

}  // namespace deepgemm::bench
