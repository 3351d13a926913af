// SPDX-License-Identifier: MIT
// Command lines, which CLI11 reads. All commands share the form of the help page and of the error sentences. CLI11's own
// conversions accept blanks, signs, hexadecimal and octal numbers, so each value passes one of the checks below first.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace deepgemm::bench {

// Checks of values. Each error names the value and what is allowed; CLI11 puts the option's name before it.

/// Decimal digits, perhaps after a minus, and nothing else: a number from `least` to `most`. For transform().
CLI::Validator whole_number(std::int64_t least, std::int64_t most);
/// Decimal digits, perhaps with a point and an exponent: a number from `least` to `most`. For check().
CLI::Validator decimal_number(double least, double most);
/// One of the texts that are allowed. For check().
CLI::Validator one_of(std::vector<const char*> allowed);

/// The word of `known` that is nearest to a misspelt one; empty if none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

/// The command line of one command. Options are added as CLI11 says; the type_name() of one is what the help page calls its
/// value.
class command_line : public CLI::App {
public:
    /// `usage`: "deepgemm explain [options] M,N,K[:R]..."; `about`: what the command does, then an example.
    command_line(const char* usage, const std::string& about);

    /// An option with a value, which the help page calls `value`. An option that gathers values takes one each time it is
    /// typed.
    template <class T>
    CLI::Option* option(const char* name, const char* value, T& to, const std::string& help) {
        return add_option(name, to, help)->type_name(value)->allow_extra_args(false);
    }
    /// An option whose value is handed to `read`, which throws std::invalid_argument for one that makes no sense.
    CLI::Option* reading(const char* name, const char* value, const char* help,
                         const std::function<void(const std::string&)>& read);
    /// A switch.
    CLI::Option* toggle(const char* name, bool& to, const char* help) {
        return add_flag(name, to, help)->disable_flag_override();
    }

    /// Reads `given` into what the options were added with. Returns false if help was asked for, and printed. Throws
    /// std::invalid_argument with a sentence about the first argument that is wrong.
    bool read(arguments given, std::ostream& out);

    /// The options that were given, with their values and a blank before each, in the order of the help page and without those
    /// in `except`. Result files record it.
    std::string typed(std::initializer_list<const char*> except) const;

private:
    [[noreturn]] void refuse(const std::string& argument) const;
};

}  // namespace deepgemm::bench
