// SPDX-License-Identifier: MIT
// What compiling at run time costs. Two implementations: rtc.cpp where NVRTC was found at configuration, rtc_none.cpp elsewhere.
#pragma once

#include "json.hpp"

namespace deepgemm::bench {

/// Host: measures, repeating each compilation, in a process that has not called NVRTC before; forks. Throws std::runtime_error
/// where something cannot be measured.
json run_time_costs(int repetitions);

}  // namespace deepgemm::bench
