// SPDX-License-Identifier: MIT
// Reads what people write: extents, and a configuration from the C++ text that print.hpp writes: "config{.block = {128, 128, 128},
// .stages = 4}". For command lines, for tools that keep configurations in files and for programs that pin one by text. Reads that
// one form of a configuration; it is no C++ parser.
#pragma once

#include <charconv>
#include <string_view>

#include <deepgemm/host/print.hpp>
#include <deepgemm/host/validate.hpp>

namespace deepgemm {

namespace detail {

/// Reads one text from front to back and remembers what was expected where it stopped.
class config_reader {
public:
    explicit config_reader(std::string_view text) : text_(text), rest_(text) {}

    result<config> read() {
        config made{};
        bool good = take("config") && take("{");
        while (good && !take("}")) {
            good = member(made) && (take(",") || is_next('}') || expected("',' or '}'"));
        }
        skip_blanks();
        if (good && rest_.empty()) return made;
        if (good) expected("the end of the text");
        return fail(errc::bad_option, "\"", std::string(text_), "\" is no configuration: at character ",
                    text_.size() - rest_.size() + 1, " there must be ", expected_);
    }

private:
    /// One ".name = value".
    bool member(config& made) {
        // Names every member: a new one makes this line fail, and then it must be read below.
        auto& [block, stages, cluster, math_warpgroups, alternate, swap, split_k, raster_rows, store_rows,
               store_columns, store_buffers, promote, trigger_dependents, extents] = made;
        if (!take(".")) return false;
        const auto before = rest_;
        const std::string_view name = word();
        if (names_.find(concat(" ", std::string(name), " ")) != std::string::npos) {
            rest_ = before;
            return expected("a member that has no value yet");
        }
        names_ += concat(std::string(name), " ");
        const auto is = [&](std::string_view wanted) { return name == wanted && take("="); };
        if (is("block")) return numbers({&block.m, &block.n, &block.k});
        if (is("stages")) return number(stages);
        if (is("cluster")) return numbers({&cluster.m, &cluster.n});
        if (is("math_warpgroups")) return number(math_warpgroups);
        if (is("alternate")) return truth(alternate);
        if (is("swap")) return truth(swap);
        if (is("split_k")) return number(split_k);
        if (is("raster_rows")) return number(raster_rows);
        if (is("store_rows")) return number(store_rows);
        if (is("store_columns")) return number(store_columns);
        if (is("store_buffers")) return number(store_buffers);
        if (is("promote")) return take("promotion") && take("::") && moment(promote);
        if (is("trigger_dependents")) return truth(trigger_dependents);
        if (is("extents")) return numbers({&extents.m, &extents.n, &extents.k});
        if (expected_ == "'='") return false;
        rest_ = before;
        return expected(
            "block, stages, cluster, math_warpgroups, alternate, swap, split_k, raster_rows, store_rows, "
            "store_columns, "
            "store_buffers, promote, trigger_dependents or extents");
    }

    bool numbers(std::initializer_list<int*> to) {
        bool good = take("{");
        for (int* const value : to) good = good && (value == *to.begin() || take(",")) && number(*value);
        return good && take("}");
    }
    bool number(int& to) {
        skip_blanks();
        const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), to);
        if (status != std::errc{} || to < 0) return expected("a number that is not negative");
        rest_.remove_prefix(std::size_t(end - rest_.data()));
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
    bool moment(promotion& to) {
        const auto before = rest_;
        const std::string_view value = word();
        for (const promotion known : {promotion::at_once, promotion::deferred, promotion::never}) {
            if (value != name_of(known)) continue;
            to = known;
            return true;
        }
        rest_ = before;
        return expected("at_once, deferred or never");
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
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_";
        const std::string_view found = rest_.substr(0, rest_.find_first_not_of(letters));
        rest_.remove_prefix(found.size());
        return found;
    }
    bool expected(std::string what) {
        expected_ = std::move(what);
        return false;
    }

    std::string_view text_, rest_;
    std::string expected_, names_ = " ";
};

}  // namespace detail

/// The configuration that a text names: what to_source(const config&) writes, with any blanks and members in any order; members
/// that are left out have their default. An error says where the text goes wrong and what may stand there. Whether gemm accepts
/// the configuration is not asked. Host, any thread.
inline result<config> parse_config(std::string_view text) { return detail::config_reader(text).read(); }

/// The extent of a matrix that a text names: digits and nothing else (neither blank, sign, exponent nor base), judged by
/// check_extent(). `name` is what an error calls it: "M", say. Host, any thread.
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
