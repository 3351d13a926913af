// SPDX-License-Identifier: MIT
// How tests call a command of the program `deepgemm`, and what they look at afterwards.
#pragma once

#include <sstream>

#include "command.hpp"
#include "support.hpp"

namespace deepgemm::bench {

using rtc::test::scratch;

/// What a command answered.
struct said {
    int code;
    std::string text;
    bool has(const std::string& part) const { return text.find(part) != std::string::npos; }
};

/// Runs a command. What it throws goes through.
inline said run(int (*command)(arguments, std::ostream&), const std::vector<std::string>& given) {
    std::ostringstream out;
    const int code = command(given, out);
    return {code, out.str()};
}

}  // namespace deepgemm::bench
