// SPDX-License-Identifier: MIT
// The knobs of planning and launching. They are members of a value that the caller owns; none is process state. Environment
// variables give defaults, and only to a caller who asks for them. (The switches of host/diagnosis.hpp belong to the process.)
#pragma once

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <system_error>

#include <deepgemm/core/types.cuh>
#include <deepgemm/host/error.hpp>

namespace deepgemm {

/// How the planner chooses split_k, the one member of a configuration that may change the last bits of D. Every rule but
/// `fastest` makes products batch-invariant: the bits of a row of D depend on that row of A, on B, N and K, but not on how many
/// rows A has. But sums of batches, whose kernels have no split_k, cut K into as many parts as there are multiprocessors for,
/// whatever the rule: their bits depend on M, on the multiprocessors and on the workspace.
enum class split_rule : u8 {
    fastest,     ///< by speed; the last bits of a row may then change with M and num_sms
    never,       ///< no kernel splits K
    as_one_row,  ///< as the kernel does that is fastest for one row, whatever M is
};

constexpr const char* name_of(split_rule rule) {
    switch (rule) {
        case split_rule::fastest: return "fastest";
        case split_rule::never: return "never";
        case split_rule::as_one_row: return "as_one_row";
    }
    return "?";
}

/// What the planner makes small. Each objective has measured choices of its own; the cost model is the same for all.
enum class objective_kind : u8 {
    latency,    ///< the time of one launch at a time
    sustained,  ///< the time for each of many launches back to back, where the power of the board sets the clock
};

constexpr const char* name_of(objective_kind objective) {
    switch (objective) {
        case objective_kind::latency: return "latency";
        case objective_kind::sustained: return "sustained";
    }
    return "?";
}

/// Limits on the tile of D that a kernel computes at a time, in elements of D.
struct tile_limits {
    int largest_m = 0, largest_n = 0;          ///< at most so many rows and columns; 0: no limit
    int multiple_of_m = 1, multiple_of_n = 1;  ///< rows and columns are multiples of these
    friend constexpr bool operator==(const tile_limits&, const tile_limits&) = default;
};

/// What a caller may ask of plans and launches. No knob changes results, except the last bits of D: they depend on split_k, and
/// so on every knob that makes the planner choose another one.
struct context {
    int num_sms = 0;                ///< multiprocessors to use, even or odd; 0: all of the device
    bool dependent_launch = false;  ///< launch so that a kernel may start before its predecessor has ended (PDL)
    bool deterministic = true;      ///< only kernels whose results are bit-identical from run to run; today all are
    split_rule split = split_rule::fastest;  ///< what split_k depends on: anything, or N and K alone (batch invariance)
    objective_kind objective = objective_kind::latency;  ///< only measured choices made for it are looked at
    tile_limits tiles{};                                 ///< only kernels with such tiles
    bool ignore_static_extents = false;                  ///< only kernels that take every extent at run time

    /// The defaults, except for members whose environment variable is set: DEEPGEMM_NUM_SMS, DEEPGEMM_DEPENDENT_LAUNCH,
    /// DEEPGEMM_DETERMINISTIC, DEEPGEMM_IGNORE_STATIC_EXTENTS (numbers; 0 or 1 for switches), DEEPGEMM_SPLIT (the name of a
    /// split_rule) and DEEPGEMM_OBJECTIVE (the name of an objective_kind).
    static result<context> from_environment();
};

namespace detail {

/// Reads an environment variable as a number from 0 to `largest` into `value`. If it is not set, `value` stays as it is.
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

/// The same for the name of a value of an enumeration; `names` lists those that there are, for the error.
template <class Enum>
result<void> read_environment(const char* name, std::initializer_list<Enum> values, const char* names, Enum& value) {
    const char* const text = std::getenv(name);
    if (text == nullptr || *text == '\0') return {};
    for (const Enum one : values) {
        if (std::strcmp(text, name_of(one)) != 0) continue;
        value = one;
        return {};
    }
    return fail(errc::bad_option, "the environment variable ", name, " is \"", text, "\"; it must be ", names);
}

}  // namespace detail

inline result<context> context::from_environment() {
    context made;
    int dependent = made.dependent_launch, deterministic = made.deterministic, ignore = made.ignore_static_extents;
    if (auto ok = detail::read_environment("DEEPGEMM_NUM_SMS", 65535, made.num_sms); !ok) return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_DEPENDENT_LAUNCH", 1, dependent); !ok) return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_DETERMINISTIC", 1, deterministic); !ok) return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_IGNORE_STATIC_EXTENTS", 1, ignore); !ok) return ok.failure();
    using enum split_rule;
    using enum objective_kind;
    if (auto ok = detail::read_environment("DEEPGEMM_SPLIT", {fastest, never, as_one_row},
                                           "fastest, never or as_one_row", made.split);
        !ok)
        return ok.failure();
    if (auto ok = detail::read_environment("DEEPGEMM_OBJECTIVE", {latency, sustained}, "latency or sustained",
                                           made.objective);
        !ok)
        return ok.failure();
    made.dependent_launch = dependent != 0;
    made.deterministic = deterministic != 0;
    made.ignore_static_extents = ignore != 0;
    return made;
}

}  // namespace deepgemm
