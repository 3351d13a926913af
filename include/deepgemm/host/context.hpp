// SPDX-License-Identifier: MIT
// The knobs of planning and launching, as members of a value that the caller owns: nothing is process state. Environment
// variables give defaults only, and only to a caller who asks for them.
#pragma once

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>

#include <deepgemm/host/error.hpp>
#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

/// What a caller may wish of plans and launches. No knob changes results.
struct context {
    int num_sms = 0;                ///< multiprocessors to use, even or odd; 0: all of the device
    bool dependent_launch = false;  ///< launch so that a kernel may start before its predecessor has ended (PDL)
    bool deterministic = true;      ///< only kernels whose results are bit-identical from run to run; today all are
    bool ignore_static_extents = false;  ///< only kernels that take every extent at run time
    std::optional<config> pin{};         ///< the one configuration to use; planning fails where none agrees()
    /// Measured choices of the caller's own, which come before the library's table and hold for any num_sms. A row whose kernel is
    /// not among those given is passed over. The rows must outlive the context.
    std::span<const tuned_row> overrides{};

    /// A context whose members come from DEEPGEMM_NUM_SMS, DEEPGEMM_DEPENDENT_LAUNCH, DEEPGEMM_DETERMINISTIC and
    /// DEEPGEMM_IGNORE_STATIC_EXTENTS where those are set (numbers; 0 or 1 for switches), and else are the defaults.
    static result<context> from_environment();
};

namespace detail {

/// Reads an environment variable as a number from 0 to `largest` into `value`; leaves it alone if the variable is not set.
inline result<void> read_environment(const char* name, int largest, int& value) {
    const char* const text = std::getenv(name);
    if (text == nullptr || *text == '\0') return {};
    int number = -1;
    const char* const end = text + std::strlen(text);
    const auto [stop, status] = std::from_chars(text, end, number);
    if (status != std::errc{} || stop != end || number < 0 || number > largest) {
        return fail(errc::bad_option, "the environment variable ", name, " is \"", text,
                    "\"; it must be a number from 0 to ", largest);
    }
    value = number;
    return {};
}

}  // namespace detail

inline result<context> context::from_environment() {
    context made;
    int dependent = made.dependent_launch, deterministic = made.deterministic, ignore = made.ignore_static_extents;
    if (auto ok = detail::read_environment("DEEPGEMM_NUM_SMS", 65535, made.num_sms); !ok) return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_DEPENDENT_LAUNCH", 1, dependent); !ok) return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_DETERMINISTIC", 1, deterministic); !ok) return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_IGNORE_STATIC_EXTENTS", 1, ignore); !ok) return ok.failure();
    made.dependent_launch = dependent != 0;
    made.deterministic = deterministic != 0;
    made.ignore_static_extents = ignore != 0;
    return made;
}

}  // namespace deepgemm
