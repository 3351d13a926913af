// SPDX-License-Identifier: MIT
// Finds the first error and the failed concept in a compiler's log, for the beginning of an error message. It matches the
// wording of NVRTC. In other wordings it finds less, but the message contains the whole log in any case.
#pragma once

#include <deepgemm/core/macros.cuh>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

namespace detail {

/// Calls `visit` with every line of a text.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        visit(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// The identifier at the start of a text, scopes included.
inline std::string_view identifier(std::string_view text) {
    const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ':'; };
    return text.substr(0, std::size_t(std::find_if_not(text.begin(), text.end(), part) - text.begin()));
}

}  // namespace detail

/// The first line that reports an error; empty if none does.
inline std::string first_error(std::string_view log) {
    std::string found;
    detail::for_each_line(log, [&](std::string_view line) {
        const bool reports = line.find("error:") != line.npos || line.find("error :") != line.npos ||
                             line.starts_with("ptxas fatal") || line.starts_with("nvrtc: error");
        if (found.empty() && reports) found = line;
    });
    return found;
}

/// The first concept that failed by a requirement of its own, not by a concept that it requires; empty if the log reports none.
inline std::string failed_concept(std::string_view log) {
    constexpr std::string_view word = "concept ";
    std::string found;
    bool noted = false;
    detail::for_each_line(log, [&](std::string_view line) {
        const std::size_t at = line.find(word);
        if (line.find("atomic constraint evaluates to false") != line.npos) {
            noted = true;
        } else if (noted && found.empty() && at != line.npos) {
            found = detail::identifier(line.substr(at + word.size()));
        }
    });
    return found;
}

}  // namespace deepgemm::rtc
