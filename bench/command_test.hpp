// SPDX-License-Identifier: MIT
// Calls a command of the program `deepgemm` for a test, and keeps what it answered.
#pragma once

#include <sstream>

#include "command.hpp"
#include "support.hpp"

namespace deepgemm::bench {

using rtc::test::scratch;

/// The exit code of a command, and what it printed.
struct said {
    int code;
    std::string text;
    bool has(const std::string& part) const { return text.find(part) != std::string::npos; }
};

/// Runs a command. Does not catch what it throws.
inline said run(int (*command)(arguments, std::ostream&), const std::vector<std::string>& given) {
    std::ostringstream out;
    const int code = command(given, out);
    return {code, out.str()};
}

}  // namespace deepgemm::bench
