// SPDX-License-Identifier: MIT
// deepgemm_bench_rtc. What is measured is in rtc.cpp.
#include "measurement_program.hpp"
#include "run_time_costs.hpp"

int main(int count, char** values) {
    constexpr const char* about =
        "Measures what compiling at run time costs: NVRTC in a fresh process, with and without a precompiled\n"
        "header, nvcc beside it, the cache in memory and on disk, and the host's part of a launch. Prints JSON.\n"
        "Needs NVRTC, and a GPU only for the launches. COUNT is how often each compilation is repeated (default\n"
        "5).\n\n"
        "  deepgemm_bench_rtc 3 > rtc.json";
    return deepgemm::bench::run({"deepgemm_bench_rtc", about, 5, deepgemm::bench::run_time_costs}, count, values);
}
