// SPDX-License-Identifier: MIT
// Reads text that people write: extents, and configurations in the C++ form that print.hpp writes: "config{.block = {128, 128,
// 128}, .stages = 4}". For command lines, tools that keep configurations in files, and programs that pin one by text. It reads
// this one form only; it is no C++ parser.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/kernel/config.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Reads one text from front to back. If it stops, it remembers what it expected there.
class source_reader {
public:
    explicit source_reader(std::string_view text) : text_(text), rest_(text) {}

    /// The structure that the whole text describes; `what` names it in the error.
    template <has_named_fields T>
    result<T> read(const char* what) {
        T made{};
        const bool good = structure(made);
        skip_blanks();
        if (good && rest_.empty()) return made;
        if (good) expected("the end of the text");
        return fail(errc::bad_option, "\"", std::string(text_), "\" is no ", what, ": at character ",
                    text_.size() - rest_.size() + 1, " there must be ", expected_);
    }

private:
    /// "name{.member = value, ...}"
    template <has_named_fields T>
    bool structure(T& to) {
        u64 given = 0;
        bool good = take(fields_of<T>::name) && take("{");
        while (good && !take("}")) {
            good = member(to, given) && (take(",") || is_next('}') || expected("',' or '}'"));
        }
        return good;
    }
    /// One ".member = value". Bit i of `given` is set once member i has a value.
    template <has_named_fields T>
    bool member(T& to, u64& given) {
        if (!take(".")) return false;
        const auto before = rest_;
        const std::string_view name = word();
        bool known = false, good = false;
        u64 bit = 1;
        for_each_field<T>([&](const auto& field) {
            if (name == field.name) {
                known = true;
                if ((given & bit) != 0) {
                    rest_ = before;
                    expected("a member that has no value yet");
                } else {
                    good = take("=") && value(to.*field.member);
                }
                given |= bit;
            }
            bit <<= 1;
        });
        if (known) return good;
        rest_ = before;
        return expected(any_of(member_names<T>()));
    }

    template <class T>
    bool value(T& to) {
        if constexpr (has_named_fields<T>) {
            return structure(to);
        } else if constexpr (has_fields<T>) {
            return places(to);
        } else if constexpr (std::is_enum_v<T>) {
            return take(enum_name<T>) && take("::") && enumerator(to);
        } else if constexpr (is_same_v<T, bool>) {
            return truth(to);
        } else {
            return number(to);
        }
    }
    /// "{value, ...}", a value for each member.
    template <has_fields T>
    bool places(T& to) {
        bool good = take("{"), first = true;
        for_each_field<T>([&](const auto& field) {
            good = good && (first || take(",")) && value(to.*field.member);
            first = false;
        });
        return good && take("}");
    }
    template <class T>
    bool number(T& to) {
        skip_blanks();
        std::size_t length = 0;
        if constexpr (std::is_floating_point_v<T>) {  // libc++ has no from_chars for these
            const std::string text(rest_.substr(0, rest_.find_first_not_of("0123456789.e+-")));
            char* end = nullptr;
            to = T(std::strtod(text.c_str(), &end));
            length = std::size_t(end - text.c_str());
        } else {
            const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), to);
            if (status == std::errc{}) length = std::size_t(end - rest_.data());
        }
        if (length == 0 || to < 0) return expected("a number that is not negative");
        rest_.remove_prefix(length);
        return true;
    }
    bool truth(bool& to) {
        const auto before = rest_;
        const std::string_view value = word();
        to = value == "true";
        if (to || value == "false") return true;
        rest_ = before;
        return expected("true or false");
    }
    template <class Enum>
    bool enumerator(Enum& to) {
        const auto before = rest_;
        const std::string_view value = word();
        const std::vector<std::string> names = enumerator_names<Enum>();
        const auto found = std::find(names.begin(), names.end(), value);
        if (found != names.end()) {
            to = Enum(found - names.begin());
            return true;
        }
        rest_ = before;
        return expected(any_of(names));
    }

    template <class T>
    static std::vector<std::string> member_names() {
        std::vector<std::string> names;
        for_each_field<T>([&](const auto& field) { names.push_back(field.name); });
        return names;
    }
    /// All enumerators, which count from 0; name_of() gives "?" for a number that is no value.
    template <class Enum>
    static std::vector<std::string> enumerator_names() {
        std::vector<std::string> names;
        while (name_of(Enum(names.size())) != std::string_view("?")) names.push_back(name_of(Enum(names.size())));
        return names;
    }
    /// "a, b or c"
    static std::string any_of(const std::vector<std::string>& names) {
        std::string text;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (i != 0) text += i + 1 == names.size() ? " or " : ", ";
            text += names[i];
        }
        return text;
    }

    void skip_blanks() {
        const std::size_t first = std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size());
        rest_.remove_prefix(first);
    }
    bool is_next(char wanted) {
        skip_blanks();
        return rest_.starts_with(wanted);
    }
    bool take(std::string_view wanted) {
        skip_blanks();
        if (!rest_.starts_with(wanted)) return expected(concat("'", std::string(wanted), "'"));
        rest_.remove_prefix(wanted.size());
        return true;
    }
    std::string_view word() {
        skip_blanks();
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_0123456789";
        const std::string_view found = rest_.substr(0, rest_.find_first_not_of(letters));
        rest_.remove_prefix(found.size());
        return found;
    }
    bool expected(std::string what) {
        expected_ = std::move(what);
        return false;
    }

    std::string_view text_, rest_;
    std::string expected_;
};

}  // namespace detail

/// The configuration that a text describes: what to_source() writes, with any blanks, and members in any order. Members that
/// are left out have their default. `Config` is that of the operation. An error says where the text goes wrong and what may
/// stand there. Whether a kernel accepts the configuration is not checked. Host, any thread.
template <has_named_fields Config = config>
result<Config> parse_config(std::string_view text) {
    return detail::source_reader(text).read<Config>("configuration");
}

/// The extent of a matrix from a text: digits and nothing else (no blank, sign, exponent or base), checked by check_extent().
/// `name` is what an error calls it: "M", say. Host, any thread.
inline result<i64> parse_extent(const char* name, std::string_view text, i64 least = 0) {
    i64 value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, value);
    if (status != std::errc{} || stop != end) {
        return fail(errc::bad_extent, name, " is \"", std::string(text), "\"; it must be a whole number from ", least,
                    " to ", max_extent);
    }
    if (auto ok = check_extent(name, value, least); !ok) return ok.failure();
    return value;
}

}  // namespace deepgemm
