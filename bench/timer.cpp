// SPDX-License-Identifier: MIT
// Both timing protocols, and the choice between activity records and events.
#include "timer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>

#include "energy.hpp"

namespace deepgemm::bench {

timer::timer(activity* recorder, std::size_t flush_bytes) : recorder_(recorder), flush_bytes_(flush_bytes) {
    if (recorder_ && !recorder_->available()) {
        std::fprintf(stderr, "Kernel times come from CUDA events: %s.\n", recorder_->why_not().c_str());
        recorder_ = nullptr;
    }
    flushed_.reserve(flush_bytes_);
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    check(cudaEventCreate(&begin_), "cudaEventCreate");
    check(cudaEventCreate(&end_), "cudaEventCreate");
    // An idle board runs at a fraction of its clock, and raises it only after some work.
    for (int i = 0; i < 100; ++i) flush(i);
    check(cudaStreamSynchronize(stream_), "first flushes");
}

timer::~timer() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
    cudaStreamDestroy(stream_);
}

std::string timer::method() const {
    return recorder_ ? "cupti: sum of the device's kernel times of a launch"
                     : "events: around a launch behind a memset, launch gap included";
}

void timer::flush(int mark) {
    check(cudaMemsetAsync(flushed_.reserve(0), mark & 0xff, flush_bytes_, stream_), "cudaMemsetAsync");
}

std::vector<flushed_times> timer::flushed(const std::vector<contender>& contenders, int warmups, int reps) {
    for (int i = 0; i < warmups; ++i) {
        for (const contender& c : contenders) {
            flush(i);
            c.launch(stream_);
        }
    }
    check(cudaStreamSynchronize(stream_), "warm-up");
    std::vector<flushed_times> times(contenders.size());
    if (recorder_ && !record_flushed(contenders, reps, times)) {
        std::fprintf(stderr, "\nFrom here on, kernel times come from CUDA events: %s.\n",
                     recorder_->available() ? "the activity records were incomplete" : recorder_->why_not().c_str());
        recorder_ = nullptr;
        times.assign(contenders.size(), {});
    }
    if (!recorder_) event_flushed(contenders, reps, times);
    return times;
}

bool timer::record_flushed(const std::vector<contender>& contenders, int reps, std::vector<flushed_times>& times) {
    recorder_->start();
    if (!recorder_->available()) return false;
    // The memset's byte value tells launches apart: a launch that left no record cannot shift the others.
    const int launches = reps * int(contenders.size());
    for (int i = 0; i < launches; ++i) {
        flush(i);
        contenders[i % contenders.size()].launch(stream_);
    }
    check(cudaStreamSynchronize(stream_), "flushed launches");
    const std::vector<launch_record> records = recorder_->stop(std::max<std::size_t>(flush_bytes_ / 64, 1));
    if (int(records.size()) != launches) return false;
    for (int i = 0; i < launches; ++i) {
        if (records[i].mark != unsigned(i & 0xff) || records[i].kernels.empty()) return false;
        flushed_times& t = times[i % contenders.size()];
        t.us.push_back(records[i].us);
        t.kernels = records[i].kernels;
    }
    return true;
}

void timer::event_flushed(const std::vector<contender>& contenders, int reps, std::vector<flushed_times>& times) {
    for (int i = 0; i < reps; ++i) {
        for (std::size_t c = 0; c < contenders.size(); ++c) {
            flush(i);
            check(cudaEventRecord(begin_, stream_), "cudaEventRecord");
            contenders[c].launch(stream_);
            check(cudaEventRecord(end_, stream_), "cudaEventRecord");
            check(cudaEventSynchronize(end_), contenders[c].name.c_str());
            float milliseconds = 0;
            check(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
            times[c].us.push_back(milliseconds * 1000.0);
        }
    }
}

bool timer::passed(cudaEvent_t event) {
    const cudaError_t status = cudaEventQuery(event);
    if (status == cudaErrorNotReady) {
        static_cast<void>(cudaGetLastError());  // it is no error
        return false;
    }
    check(status, "cudaEventQuery");
    return true;
}

sustained_time timer::sustained(const contender& who, double seconds, double estimate_us, const machine& board) {
    const int launches = std::max(8, int(std::ceil(seconds * 1e6 / estimate_us)));
    for (int i = 0; i < launches * 2 / 3; ++i) who.launch(stream_);
    check(cudaEventRecord(begin_, stream_), "cudaEventRecord");
    sustained_time result{};
    // The counter is read while launches are in the queue, so that the device never waits for the host.
    using clock = std::chrono::steady_clock;
    using namespace std::chrono_literals;
    energy_meter energy;
    const clock::time_point start = clock::now();
    clock::time_point next = start;
    const auto look = [&] {
        if (clock::now() < next || !passed(begin_)) return;
        const double joules = board.energy_joules();
        const clock::time_point now = clock::now();
        energy.look(std::chrono::duration<double>(now - start).count(), joules);
        next = now + 2ms;
    };
    for (int i = 0; i < launches; ++i) {
        who.launch(stream_);
        look();
        // The host runs ahead of the device by the launch queue's depth, about a thousand launches.
        if (i == std::min(launches - 1, launches / 2 + 512)) {
            result.clock_mhz = board.sm_clock_mhz();
            result.watts = board.power_watts();
        }
    }
    check(cudaEventRecord(end_, stream_), "cudaEventRecord");
    while (!passed(end_)) {
        look();
        std::this_thread::sleep_for(500us);
    }
    check(cudaEventSynchronize(end_), who.name.c_str());
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
    result.us = milliseconds * 1000.0 / launches;
    result.joules = energy.watts() * result.us * 1e-6;
    return result;
}

std::vector<sustained_time> timer::sustained(const std::vector<contender>& contenders, double seconds,
                                             const std::vector<double>& estimates_us, double within,
                                             const machine& board) {
    const double limit = within * smallest(estimates_us);
    std::vector<sustained_time> made(contenders.size());
    const auto run = [&](std::size_t i) { return sustained(contenders[i], seconds / 2, estimates_us[i], board); };
    for (std::size_t i = 0; i < made.size(); ++i) {
        if (estimates_us[i] <= limit) made[i] = run(i);
    }
    for (std::size_t i = made.size(); i-- > 0;) {
        if (!(estimates_us[i] <= limit)) continue;
        const sustained_time second = run(i);
        const auto join = [](double& x, double y) { x = (x + y) / 2; };
        join(made[i].us, second.us);
        join(made[i].clock_mhz, second.clock_mhz);
        join(made[i].watts, second.watts);
        join(made[i].joules, second.joules);
    }
    return made;
}

}  // namespace deepgemm::bench
