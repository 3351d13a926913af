// SPDX-License-Identifier: MIT
// Switches for people who examine a program without rebuilding it: environment variables that make deepgemm print more or
// refuse more. They change no result. docs/how-to/diagnosis.md has the table.
#pragma once

#include <cstdlib>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/context.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What to print and what to refuse.
struct diagnosis {
    bool print_plans = false;  ///< write the kernel of each plan to standard error
    std::string
        keep_code{};  ///< a directory for source, PTX and cubin of each kernel compiled at run time; empty: none
    bool fail_on_local_memory = false;  ///< a kernel compiled at run time that spills or has a stack is an error

    /// The switches as the environment sets them: DEEPGEMM_PRINT_PLANS and DEEPGEMM_FAIL_ON_LOCAL_MEMORY (0 or 1),
    /// DEEPGEMM_KEEP_CODE (a path). Any other value of the first two is an error.
    static result<diagnosis> from_environment() {
        diagnosis made;
        int print = 0, fail_on_local = 0;
        if (auto ok = detail::read_environment("DEEPGEMM_PRINT_PLANS", 1, print); !ok) return ok.failure();
        if (auto ok = detail::read_environment("DEEPGEMM_FAIL_ON_LOCAL_MEMORY", 1, fail_on_local); !ok)
            return ok.failure();
        made.print_plans = print != 0;
        made.fail_on_local_memory = fail_on_local != 0;
        if (const char* const directory = std::getenv("DEEPGEMM_KEEP_CODE")) made.keep_code = directory;
        return made;
    }

    /// The switches of this process, read once, on first use; any thread.
    static const result<diagnosis>& of_process() {
        static const result<diagnosis> read = from_environment();
        return read;
    }
};

}  // namespace deepgemm
