// SPDX-License-Identifier: MIT
// Programs that measure something a number of times and print JSON: their command line and exit codes. No CLI11 here, so that
// nvcc need not read it.
#pragma once

#include "json.hpp"

namespace deepgemm::bench {

/// Such a program; its one argument, COUNT, is the number of repetitions.
struct measurement_program {
    const char* name;
    const char* about;                 ///< what it measures and what COUNT repeats, then an example
    int repetitions;                   ///< unless COUNT is given
    json (*measure)(int repetitions);  ///< may throw
};

/// Host: what main() does. Returns the exit code: 0, 1 if it could not be measured, 2 for a wrong call.
int run(const measurement_program& program, int count, char** values);

}  // namespace deepgemm::bench
