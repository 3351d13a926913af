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
#include "statistics.hpp"

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
    double us = not_measured, clock_mhz = not_measured, watts = not_measured, joules = not_measured;
};

/// Times launches on one stream of the current device.
class timer {
public:
    /// A kernel whose single launch is this much slower than the fastest one's is taken not to win back to back: large FP8
    /// products of several kernels were then 1.21 to 1.30 times as long (docs/tuning-model.md).
    static constexpr double worth_a_run = 1.12;

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

    /// Launches one contender back to back for about `seconds`, after two thirds as long for warming up. `estimate_us`
    /// is the time of one launch.
    sustained_time sustained(const contender& who, double seconds, double estimate_us, const machine& board);

    /// Back-to-back times of each contender, in two runs of half of `seconds`: from the first to the last, then from the last
    /// to the first, so that the board's warming up favours nobody. `estimates_us` are the times of single launches. Contenders
    /// whose estimate is more than `within` times the smallest are passed over; their times are not_measured.
    std::vector<sustained_time> sustained(const std::vector<contender>& contenders, double seconds,
                                          const std::vector<double>& estimates_us, double within, const machine& board);

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
