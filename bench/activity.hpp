// SPDX-License-Identifier: MIT
// Kernel times as a profiler sees them: the device's own start and end stamps of each kernel, without launch gaps.
// Two implementations: activity_cupti.cpp where CUPTI was found at configuration, activity_none.cpp elsewhere.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace deepgemm::bench {

/// What ran between two large memsets: one launch of a contender, which may be several kernels.
struct launch_record {
    unsigned mark = 0;  ///< byte value of the memset before the launch
    double us = 0;      ///< in which at least one of the kernels ran
    std::vector<std::string> kernels;
};

/// Records of kernel activity on the GPU. One object in a process.
class activity {
public:
    /// Must be constructed before the first CUDA call. `why_not` says, after a failure, what is missing.
    activity();
    bool available() const { return why_not_.empty(); }
    const std::string& why_not() const { return why_not_; }

    /// Host: begins to record. The device must be idle.
    void start();
    /// Host: ends recording and returns what ran since start(), cut at every memset of at least `separator_bytes`.
    /// The device must be idle. Consecutive memsets of one value count as one. On failure returns nothing and
    /// available() turns false.
    std::vector<launch_record> stop(std::size_t separator_bytes);

private:
    std::string why_not_;
};

}  // namespace deepgemm::bench
