// SPDX-License-Identifier: MIT
// What a result was measured on: names, versions, clocks, power. Clocks and power come from the driver's management
// library, opened at run time; without it they are unknown.
#pragma once

#include <string>

#include "json.hpp"

namespace deepgemm::bench {

/// The current CUDA device as result files describe it.
class machine {
public:
    /// Reads the current device. Throws std::runtime_error if there is none.
    machine();
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    const std::string& gpu() const { return gpu_; }
    /// Name of the result folder: `h200`, or the GPU's name in lower case with underscores.
    std::string folder() const;
    int num_sms() const { return num_sms_; }

    /// Present clock of the multiprocessors in MHz, and board power in watts; not_measured where unknown.
    double sm_clock_mhz() const;
    double power_watts() const;
    /// Energy that the board has taken since the driver was loaded, in joules; the counter moves in steps. not_measured where
    /// unknown.
    double energy_joules() const;

    /// The `machine` object of a result file.
    json describe(const std::string& command, const std::string& timer) const;
    /// The same in a few lines of text.
    std::string summary() const;

private:
    std::string gpu_, driver_ = "unknown", toolkit_;
    int num_sms_ = 0;
    double max_clock_mhz_ = 0, power_limit_watts_ = 0;
    void* device_ = nullptr;  ///< handle of the management library, or nullptr
};

}  // namespace deepgemm::bench
