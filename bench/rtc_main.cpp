// SPDX-License-Identifier: MIT
// deepgemm_bench_rtc: the command line. What is measured is in rtc.cpp.
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "command_line.hpp"
#include "run_time_costs.hpp"

namespace {

constexpr const char* about =
    "Measures what compiling at run time costs: NVRTC in a fresh process, with and without a precompiled header, nvcc "
    "beside\n"
    "it, the cache in memory and on disk, and the host's part of a launch. Prints JSON. Needs NVRTC, and a GPU only "
    "for the\n"
    "launches. COUNT is how often each compilation is repeated (default 5).\n\n"
    "  deepgemm_bench_rtc 3 > rtc.json";

int run(deepgemm::bench::arguments given) {
    int repetitions = 5;
    deepgemm::bench::command_line line("deepgemm_bench_rtc [COUNT]", about);
    line.add_option("COUNT", repetitions)->transform(deepgemm::bench::whole_number(1, 1000));
    if (!line.read(given, std::cout)) return 0;
    std::cout << deepgemm::bench::run_time_costs(repetitions).dump(3) << '\n';
    return 0;
}

}  // namespace

int main(int count, char** values) {
    try {
        return run(std::vector<std::string>(values + 1, values + count));
    } catch (const std::invalid_argument& why) {
        std::fprintf(stderr, "deepgemm_bench_rtc: %s\n", why.what());
        return 2;
    } catch (const std::exception& why) {
        std::fprintf(stderr, "deepgemm_bench_rtc: %s\n", why.what());
        return 1;
    }
}
