// SPDX-License-Identifier: MIT
// Refuses what would make NVRTC read or look for a file that no cache key covers: options that name files, and includes by an
// absolute path. Only headers in memory remain, and their text is hashed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/headers.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// An error if an option makes NVRTC read, keep or look for files: directories and headers to include, precompiled headers,
/// files of options, macros of __has_include, and options that are passed on to the front end unseen.
inline result<void> check_option(const std::string& option) {
    // NVRTC skips blanks before an option.
    const std::string_view bare =
        std::string_view(option).substr(std::min(option.find_first_not_of(" \t\n\v\f\r"), option.size()));
    const auto begins = [&](std::string_view word) { return bare.starts_with(word); };
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
    if (option.find("__has_") != option.npos) {
        return fail(errc::bad_option, "the option ", option,
                    " may make NVRTC look for a file that the key of a cache entry does not hold; leave __has_include "
                    "to the texts of the header_set, with a name of the set between < and >");
    }
    if (begins("-Xcudafe") || option.find("-optf") != option.npos || option.find("-options-file") != option.npos) {
        return fail(errc::bad_option, "the option ", option,
                    " passes on options that may name files, which the key of a cache entry does not hold; give "
                    "options of NVRTC's own");
    }
    return {};
}

/// check_option() for the options in the environment variable NVRTC_APPEND_FLAGS. NVRTC 13.0 ignores them; a later version may
/// not.
inline result<void> check_environment() {
    const char* const value = std::getenv("NVRTC_APPEND_FLAGS");
    std::istringstream words(value == nullptr ? "" : value);
    for (std::string option; words >> option;) {
        option.erase(0, std::min(option.find_first_not_of("\"'"), option.size()));
        if (auto ok = check_option(option); !ok)
            return fail(ok.failure().code, "in NVRTC_APPEND_FLAGS, ", ok.failure().message);
    }
    return {};
}

namespace detail {

/// A text with its continued lines joined as NVRTC joins them: where a backslash ends the line, apart from carriage returns. It
/// is kept in `storage` if there are such lines.
inline std::string_view join_lines(std::string_view text, std::string& storage) {
    std::size_t from = 0;
    for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\', at + 1)) {
        const std::size_t end = text.find_first_not_of('\r', at + 1);
        if (end == text.npos || text[end] != '\n') continue;
        storage += text.substr(from, at - from);
        from = end + 1;
    }
    return from == 0 ? text : std::string_view(storage += text.substr(from));
}

/// True for a character that separates the words of a directive.
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n'); }

/// The rest of a directive without blanks and comments at its front.
inline std::string_view skip_blanks(std::string_view rest) {
    for (;;) {
        rest.remove_prefix(std::size_t(std::find_if_not(rest.begin(), rest.end(), is_blank) - rest.begin()));
        if (!rest.starts_with("/*")) return rest;
        const std::size_t end = rest.find("*/", 2);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 2);
    }
}

/// True for a character that may be part of an identifier; bytes of characters beyond ASCII may.
constexpr bool in_identifier(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// The identifier that a text begins with; empty if it begins with none.
inline std::string_view identifier_of(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), in_identifier);
    return text.substr(0, std::size_t(end - text.begin()));
}

/// True if a text begins with a header's name that is no absolute path. Names that could be taken for the start of a comment or
/// a literal do not count, so that place_of() need not know names.
inline bool begins_with_name(std::string_view text) {
    if (!text.starts_with('<') && !text.starts_with('"')) return false;
    const std::string_view name = text.substr(1, text.find(text[0] == '<' ? '>' : '"', 1) - 1);
    return !name.starts_with('/') && name.find_first_of("\"'\n") == name.npos && name.find("/*") == name.npos;
}

/// The end of the literal that begins at `at`; npos in case of doubt: a raw string, a digit separator, no end on its line.
inline std::size_t end_of_literal(std::string_view text, std::size_t at) {
    const char quote = text[at], before = at == 0 ? '\n' : text[at - 1];
    if (quote == '"' ? before == 'R' : in_identifier(before) || before == '.' || before == '+' || before == '-')
        return text.npos;
    for (std::size_t i = at + 1; i < text.size() && text[i] != '\n'; i += text[i] == '\\' ? 2 : 1) {
        if (text[i] == quote) return i + 1;
    }
    return text.npos;
}

/// How a preprocessor sees a place of a text.
enum class place {
    line_start,  ///< only blanks and comments are before it on its line, so a directive may begin
    in_line,
    inert,    ///< in a comment or a literal
    doubtful  ///< anywhere after a literal whose end is in doubt
};

/// How a preprocessor sees the place `index` of a text. Reads the text up to there.
inline place place_of(std::string_view text, std::size_t index) {
    bool begins_line = true;
    std::size_t at = 0;
    while (at < index) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("//")) {
            at = text.find('\n', at);
        } else if (rest.starts_with("/*")) {
            const std::size_t end = text.find("*/", at + 2);
            at = end == text.npos ? end : end + 2;
        } else if (rest[0] == '"' || rest[0] == '\'') {
            at = end_of_literal(text, at);
            if (at == text.npos) return place::doubtful;
            begins_line = false;
        } else {
            begins_line = rest[0] == '\n' || (begins_line && is_blank(rest[0]));
            ++at;
        }
    }
    return at > index ? place::inert : begins_line ? place::line_start : place::in_line;
}

/// True if the text before a name only asks whether the name is defined: `defined`, #ifdef or #ifndef.
inline bool asks_if_defined(std::string_view before) {
    const auto drop_blanks = [&] {
        while (!before.empty() && is_blank(before.back())) before.remove_suffix(1);
    };
    drop_blanks();
    if (before.ends_with('(')) before.remove_suffix(1);
    drop_blanks();
    return before.ends_with("defined") || before.ends_with("ifdef") || before.ends_with("ifndef");
}

/// The text of a directive from `at` on. Ends with a line, but not inside a comment.
inline std::string_view directive_at(std::string_view text, std::size_t at) {
    std::size_t end = text.find('\n', at), from = at;
    for (;;) {
        const std::size_t comment = text.substr(0, end).find("/*", from);
        if (comment == text.npos) return text.substr(at, end - at);
        from = std::min(text.find("*/", comment + 2), text.size());
        end = std::max(end, text.find('\n', from));
    }
}

/// True if NVRTC may read a file for a directive: one that includes something other than a plain name. NVRTC 13.0 has neither
/// #embed nor #import; a later version may.
inline bool reads_file(std::string_view directive) {
    const std::string_view word = identifier_of(directive);
    if (word != "include" && word != "include_next" && word != "embed" && word != "import") return false;
    return !begins_with_name(skip_blanks(directive.substr(word.size())));
}

/// The part of a directive that may make NVRTC look for a file; empty if there is none. That is a __has_include of anything but
/// a plain name, or a bare `__has_`, which macros may complete. `directive` must be a part of `text`.
inline std::string_view question_in(std::string_view text, std::string_view directive) {
    constexpr std::string_view begin = "__has_";
    for (std::size_t at = directive.find(begin); at != directive.npos; at = directive.find(begin, at + 1)) {
        const std::string_view word = identifier_of(directive.substr(at));
        if (word != begin && word != "__has_include" && word != "__has_include_next" && word != "__has_embed") continue;
        if (at > 0 && in_identifier(directive[at - 1])) continue;
        const std::string_view rest = skip_blanks(directive.substr(at + word.size()));
        const bool plain = rest.starts_with('(') ? begins_with_name(skip_blanks(rest.substr(1)))
                                                 : asks_if_defined(directive.substr(0, at));
        const std::string_view question = directive.substr(at);
        if (!plain && place_of(text, std::size_t(question.data() - text.data())) != place::inert) return question;
    }
    return {};
}

/// check_includes() for the directives that begin with `sign`, in a text whose lines are joined.
inline result<void> check_directives(std::string_view name, std::string_view text, std::string_view sign) {
    for (std::size_t at = text.find(sign[0]); at != text.npos; at = text.find(sign[0], at + 1)) {
        if (!text.substr(at).starts_with(sign)) continue;
        const std::string_view directive = skip_blanks(directive_at(text, at + sign.size()));
        const bool reads = reads_file(directive);
        const std::string_view what = reads ? directive : question_in(text, directive);
        if (what.empty()) continue;
        if (const place where = place_of(text, at); where == place::inert || where == place::in_line) continue;
        return fail(errc::bad_option, std::string(name), " has ", reads ? "#" : "",
                    std::string(what.substr(0, what.find('\n'))), ", which may ", reads ? "read" : "look for",
                    " a file that the key of a cache entry does not hold; name one of the header_set between < and >");
    }
    return {};
}

}  // namespace detail

/// An error if a text includes a file, or asks whether one exists, by its absolute path or by a macro that may hold one. It
/// reads a text as NVRTC does: continued lines, comments, `%:`. After a raw string it takes comments and literals for code, so
/// it may refuse too much there. It does not detect a __has_include that macros assemble from parts other than `__has_` and the
/// rest.
inline result<void> check_includes(std::string_view name, std::string_view text) {
    std::string storage;
    const std::string_view joined = detail::join_lines(text, storage);
    for (const char* const sign : {"#", "%:"}) {
        if (auto ok = detail::check_directives(name, joined, sign); !ok) return ok;
    }
    return {};
}

/// An error if an option or a header makes NVRTC read files. It reads all texts: 0.2 ms for the library's.
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
