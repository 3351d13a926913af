// SPDX-License-Identifier: MIT
// What compiling at run time costs. Two implementations: rtc.cpp where NVRTC was found at configuration, rtc_none.cpp
// elsewhere.
#pragma once

#include "json.hpp"

namespace deepgemm::bench {

/// Host: measures each compilation `repetitions` times. Each runs in a forked child, so the calling process must not have
/// called NVRTC before. Throws std::runtime_error if something cannot be measured.
json run_time_costs(int repetitions);

}  // namespace deepgemm::bench
