// SPDX-License-Identifier: MIT
// Checks that matrices fit into memory before they are allocated. A failed allocation does not say which size was too large,
// and memory that the system has only promised ends the program later.
#pragma once

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

namespace deepgemm::bench {

/// Bytes that this process may still allocate on the host: what is free or can be freed, at most what the control group allows;
/// 1e18 if the system does not say. Host, any thread.
inline double free_host_bytes() {
    double free = 1e18;
    std::ifstream system("/proc/meminfo");
    std::string name, unit;
    for (double kib = 0; system >> name >> kib && std::getline(system, unit);) {
        if (name == "MemAvailable:") free = kib * 1024;
    }
    double allowed = 0;  // the file says "max" where there is no limit
    if (std::ifstream("/sys/fs/cgroup/memory.max") >> allowed && allowed < free) free = allowed;
    return free;
}

/// Throws std::runtime_error with a sentence unless `needed` bytes are free. `what` is what needs them; `where`: "on the host".
inline void check_memory(const std::string& what, double needed, double free, const char* where) {
    if (needed <= free) return;
    char text[120];
    std::snprintf(text, sizeof text, " needs %.1f GB of memory %s; %.1f GB are free", needed * 1e-9, where,
                  free * 1e-9);
    throw std::runtime_error(what + text);
}

}  // namespace deepgemm::bench
