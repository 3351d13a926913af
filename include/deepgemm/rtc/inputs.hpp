// SPDX-License-Identifier: MIT
// Refuses what would make NVRTC read a file that no key of a cache holds: options that name files, and includes by an
// absolute path. What is left is headers in memory, whose text is hashed.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/headers.hpp>

namespace deepgemm::rtc {

/// An error if an option of NVRTC's makes it read or keep files: directories and headers to include, precompiled headers, files
/// of options, and options that are passed on unseen to the front end.
inline result<void> check_option(const std::string& option) {
    const auto begins = [&](std::string_view word) { return option.starts_with(word); };
    if (begins("-I") || begins("--include") || begins("-include") || begins("--pre-include")) {
        return fail(errc::bad_option, "the option ", option,
                    " makes NVRTC read headers that the key of a cache entry does not hold; put them into the "
                    "header_set: add(name, text), from_directory(path)");
    }
    for (const std::string_view word : {"pch", "create-pch", "create_pch", "use-pch", "use_pch"}) {
        if (begins(concat("-", std::string(word))) || begins(concat("--", std::string(word)))) {
            return fail(errc::bad_option, "the option ", option,
                        " makes NVRTC use precompiled headers, which the key of a cache entry does not hold; leave it "
                        "out, since headers take little of the time");
        }
    }
    if (begins("-Xcudafe") || option.find("-optf") != option.npos || option.find("-options-file") != option.npos) {
        return fail(errc::bad_option, "the option ", option,
                    " passes on options that may name files, which the key of a cache entry does not hold; give "
                    "options of NVRTC's own");
    }
    return {};
}

/// An error if a text includes a file by its absolute path, or by a macro that may hold one. Sees directives that begin a line.
inline result<void> check_includes(std::string_view name, std::string_view text) {
    constexpr std::string_view blanks = " \t\r\v\f", word = "include", next = "_next";
    for (std::size_t at = text.find('#'); at != text.npos; at = text.find('#', at + 1)) {
        const std::size_t before = text.substr(0, at).find_last_not_of(blanks);
        if (before != text.npos && text[before] != '\n') continue;
        std::string_view line = text.substr(at + 1, text.find('\n', at) - at - 1);
        const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size())); };
        skip_blanks();
        if (!line.starts_with(word)) continue;
        line.remove_prefix(word.size());
        if (line.starts_with(next)) line.remove_prefix(next.size());
        skip_blanks();
        const bool quoted = line.starts_with('<') || line.starts_with('"');
        if (quoted && line.substr(1, 1) != "/") continue;
        return fail(errc::bad_option, std::string(name), " has #include ", std::string(line),
                    ", which may read a file that the key of a cache entry does not hold; include a name of the "
                    "header_set between < and >");
    }
    return {};
}

/// An error if one of the options or headers makes NVRTC read files. Reads all texts: a tenth of a millisecond.
inline result<void> check_inputs(std::span<const std::string> options, const header_set& headers) {
    for (const std::string& option : options) {
        if (auto ok = check_option(option); !ok) return ok;
    }
    for (const char* const name : headers.names()) {
        if (auto ok = check_includes(concat("the header ", name), *headers.find(name)); !ok) return ok;
    }
    return {};
}

}  // namespace deepgemm::rtc
