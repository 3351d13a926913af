// SPDX-License-Identifier: MIT
// Reads JSON, strictly: a recursive descent over RFC 8259 that knows where it is. Writing is in json.cpp.
#include <cstdint>
#include <stdexcept>

#include "json.hpp"

namespace deepgemm::bench {

class json_reader {
public:
    explicit json_reader(std::string_view text) : text_(text) {}

    json whole() {
        json made = value(0);
        skip_blanks();
        if (at_ != text_.size()) fail("there is more text after the value");
        return made;
    }

private:
    static constexpr int most_levels = 64;

    json value(int level) {
        if (level > most_levels) fail("more than 64 levels");
        skip_blanks();
        switch (next()) {
            case '{': return members(json::object(), '}', level);
            case '[': return members(json::array(), ']', level);
            case '"': return json(string());
            case 't': return word("true", true);
            case 'f': return word("false", false);
            case 'n': return word("null", json());
            default: return number();
        }
    }

    json members(json made, char end, int level) {
        ++at_;
        skip_blanks();
        if (took(end)) return made;
        do {
            std::string key;
            if (end == '}') {
                skip_blanks();
                key = string();
                if (made.find(key) != nullptr) fail("the object has a second member \"" + key + "\"");
                skip_blanks();
                if (!took(':')) fail("a ':' must follow the name of a member");
            }
            made.add(key, value(level + 1));
            skip_blanks();
        } while (took(','));
        if (!took(end)) fail(std::string("a ',' or '") + end + "' must stand here");
        return made;
    }

    json word(std::string_view expected, json meaning) {
        if (text_.substr(at_, expected.size()) != expected) fail("this is no value");
        at_ += expected.size();
        return meaning;
    }

    json number() {
        const std::size_t begin = at_;
        const auto digits = [&] {
            const std::size_t first = at_;
            while (next() >= '0' && next() <= '9') ++at_;
            if (at_ == first) fail(first == begin ? "this is no value" : "a digit must stand here");
        };
        took('-');
        if (!took('0')) digits();
        if (took('.')) digits();
        if (took('e') || took('E')) {
            if (!took('+')) took('-');
            digits();
        }
        return json(json::kind::number, std::string(text_.substr(begin, at_ - begin)));
    }

    std::string string() {
        if (!took('"')) fail("a '\"' must stand here");
        std::string made;
        while (!took('"')) {
            const char c = next();
            if (at_ == text_.size()) fail("the string has no end");
            if (static_cast<unsigned char>(c) < 0x20) fail("a control character must be escaped");
            ++at_;
            if (c != '\\') {
                made += c;
            } else {
                escape(made);
            }
        }
        return made;
    }

    void escape(std::string& to) {
        constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        const std::size_t known = at_ < text_.size() ? names.find(next()) : std::string_view::npos;
        if (known != std::string_view::npos) {
            ++at_;
            to += meanings[known];
            return;
        }
        std::uint32_t code = unit();
        if (code >= 0xd800 && code < 0xdc00) {
            const bool paired = took('\\');
            const std::uint32_t low = paired ? unit() : 0;
            if (low < 0xdc00 || low > 0xdfff) fail("half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        } else if (code >= 0xdc00 && code < 0xe000) {
            fail("half of a surrogate pair");
        }
        append_utf8(code, to);
    }

    std::uint32_t unit() {
        if (!took('u')) fail("no such escape");
        std::uint32_t code = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            constexpr std::string_view digits = "0123456789abcdef";
            const char c = next();
            const std::size_t digit =
                c == '\0' ? digits.npos : digits.find(c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c);
            if (digit == digits.npos) fail("four hexadecimal digits must stand here");
            code = code << 4 | std::uint32_t(digit);
        }
        return code;
    }

    static void append_utf8(std::uint32_t code, std::string& to) {
        if (code < 0x80) {
            to += char(code);
            return;
        }
        const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        constexpr std::uint32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
        to += char(marks[more] | code >> (6 * more));
        for (int i = more - 1; i >= 0; --i) to += char(0x80 | (code >> (6 * i) & 0x3f));
    }

    void skip_blanks() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    }
    char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool took(char wanted) {
        const bool there = at_ < text_.size() && text_[at_] == wanted;
        at_ += there;
        return there;
    }

    [[noreturn]] void fail(const std::string& why) const {
        std::size_t line = 1, column = 1;
        for (const char c : text_.substr(0, at_)) {
            column = c == '\n' ? 1 : column + 1;
            line += c == '\n';
        }
        throw std::invalid_argument("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + why);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

json json::parse(std::string_view text) { return json_reader(text).whole(); }

}  // namespace deepgemm::bench
