// SPDX-License-Identifier: MIT
// deepgemm bench and deepgemm tune: to the simulator or to the GPU.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include "command.hpp"

namespace deepgemm::bench {

int bench_command(arguments given, std::ostream& out) {
    for (const std::string other : {"rtc", "engine"}) {
        if (!given.empty() && given[0] == other)
            throw std::invalid_argument("'" + other + "' is a program of its own, deepgemm_bench_" + other +
                                        "; './dg bench " + other + "' runs it");
    }
    std::vector<std::string> rest(given.begin(), given.end());
    if (std::erase(rest, "--sim") != 0) return simulate_command(rest, out);
    return measure_command(rest, out);
}

int tune_command(arguments given, std::ostream& out) {
    std::vector<std::string> all(given.begin(), given.end());
    all.insert(all.begin(), "--tune");
    return measure_command(all, out);
}

}  // namespace deepgemm::bench
