// SPDX-License-Identifier: MIT
// The two timing protocols. Flushed: cold L2, contenders interleaved, so that drifts of clock and temperature hit all
// alike. Sustained: back to back, where the board's power limit sets the clock.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <string>
#include <vector>

#include "activity.hpp"
#include "cuda_check.hpp"
#include "machine.hpp"

namespace deepgemm::bench {

/// Something to time: a launch on a stream, which must not synchronise. Throws on failure.
struct contender {
    std::string name;
    std::function<void(cudaStream_t)> launch;
};

/// Flushed times of one contender, in microseconds, and the names of the kernels of its last launch.
struct flushed_times {
    std::vector<double> us;
    std::vector<std::string> kernels;
};

/// A back-to-back run: time of one launch, clock and power in the middle of the run, and the board's energy for one launch
/// (not_measured if unknown).
struct sustained_time {
    double us, clock_mhz, watts, joules;
};

/// Times launches on one stream of the current device.
class timer {
public:
    /// `recorder` must outlive the timer; nullptr (or one that does not work) means CUDA events.
    timer(activity* recorder, std::size_t flush_bytes);
    ~timer();
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    /// Says how times are taken, for the result file.
    std::string method() const;
    cudaStream_t stream() const { return stream_; }

    /// Launches all contenders in turn, `warmups + reps` times over, with a memset before each launch.
    std::vector<flushed_times> flushed(const std::vector<contender>& contenders, int warmups, int reps);

    /// Launches one contender back to back for about `seconds`, after a third as long for warming up. `estimate_us`
    /// is the time of one launch.
    sustained_time sustained(const contender& who, double seconds, double estimate_us, const machine& board);

private:
    bool record_flushed(const std::vector<contender>& contenders, int reps, std::vector<flushed_times>& times);
    void event_flushed(const std::vector<contender>& contenders, int reps, std::vector<flushed_times>& times);
    void flush(int mark);
    /// True if the device has come to an event that was recorded.
    static bool passed(cudaEvent_t event);

    activity* recorder_;
    std::size_t flush_bytes_;
    device_buffer flushed_;
    cudaStream_t stream_ = nullptr;
    cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace deepgemm::bench
