// SPDX-License-Identifier: MIT
// A header of ours includes the standard header of every name of std:: that it uses, so that no other header has to bring it:
// standard libraries differ, from version to version, in what theirs bring. The tests labelled `headers` compile the same with
// two standard libraries; this one knows all of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "page.hpp"

namespace {

/// Headers, any one of which is enough, and the names that they declare.
struct declared {
    const char *headers, *names;
};

constexpr declared standard_names[] = {
    {"algorithm",
     "all_of any_of clamp copy copy_if copy_n count count_if fill fill_n find find_if find_if_not for_each max "
     "max_element "
     "min none_of pop_heap push_heap remove_if sort stable_sort unique"},
    {"array", "array"},
    {"atomic", "atomic memory_order_acquire memory_order_release"},
    {"bit", "rotr"},
    {"cctype", "isalnum"},
    {"charconv", "from_chars to_chars"},
    {"chrono", "chrono"},
    {"cmath", "ceil cos exp fabs floor fmod frexp isfinite isinf isnan isnormal ldexp log nan pow signbit sqrt"},
    {"condition_variable", "condition_variable_any"},
    {"cstddef", "ptrdiff_t"},
    {"cstddef cstdio cstdlib cstring", "size_t"},
    {"cstdint", "int16_t int32_t int8_t uint32_t uint64_t uintptr_t"},
    {"cstdio", "fputs remove snprintf vsnprintf"},
    {"cstdlib", "abort free getenv strtod strtoull"},
    {"cstring", "memcmp memcpy memset strcmp strerror strlen"},
    {"ctime", "time time_t"},
    {"deque", "deque"},
    {"deque string vector", "erase erase_if"},
    {"exception stdexcept", "exception"},
    {"filesystem", "filesystem"},
    {"fstream", "ifstream"},
    {"fstream ios", "ios"},
    {"functional", "function hash"},
    {"future", "promise shared_future"},
    {"initializer_list", "initializer_list"},
    {"iterator", "begin end istreambuf_iterator iter_value_t size ssize"},
    {"map", "map"},
    {"memory", "make_shared make_unique shared_ptr unique_ptr"},
    {"mutex", "lock_guard mutex unique_lock"},
    {"new", "bad_alloc"},
    {"optional", "nullopt optional"},
    {"random", "random_device"},
    {"set", "set"},
    {"span", "span"},
    {"sstream", "istringstream"},
    {"stdexcept", "invalid_argument runtime_error"},
    {"string", "string to_string"},
    {"string_view", "string_view"},
    {"system_error", "errc error_code"},
    {"thread deepgemm/rtc/thread.hpp", "jthread this_thread thread"},
    {"stop_token deepgemm/rtc/thread.hpp", "stop_token"},
    {"type_traits",
     "is_base_of_v is_convertible_v is_empty_v is_enum_v is_floating_point_v is_integral_v is_trivially_copyable_v "
     "is_void_v remove_cvref_t "
     "remove_pointer_t type_identity_t"},
    {"unordered_map", "unordered_map"},
    {"tuple", "tuple tuple_element_t"},
    {"tuple utility variant", "get"},
    {"utility", "declval exchange in_place_index index_sequence index_sequence_for move pair swap"},
    {"vector", "vector"},
    {"variant", "get_if monostate variant"},
};

std::vector<std::string> words_of(const char* text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

std::map<std::string, std::vector<std::string>> headers_by_name() {
    std::map<std::string, std::vector<std::string>> found;
    for (const declared& row : standard_names) {
        for (const std::string& name : words_of(row.names)) found[name] = words_of(row.headers);
    }
    return found;
}

/// What a header uses of namespace std outside comments and strings, and what it includes.
struct uses {
    std::set<std::string> names, included;
};

uses uses_of(const std::vector<std::string>& lines) {
    const std::regex include("#include <([^>]+)>.*"), unread("\"(\\\\.|[^\"\\\\])*\"|//.*"), name("\\bstd::(\\w+)");
    uses found;
    for (const std::string& line : lines) {
        std::smatch match;
        if (std::regex_match(line, match, include)) found.included.insert(match[1]);
        const std::string code = std::regex_replace(line, unread, "");
        for (std::sregex_iterator at(code.begin(), code.end(), name), end; at != end; ++at)
            found.names.insert((*at)[1]);
    }
    return found;
}

/// One sentence for each name without its header.
std::vector<std::string> lacking(const uses& header) {
    static const auto known = headers_by_name();
    std::vector<std::string> sentences;
    for (const std::string& name : header.names) {
        const auto row = known.find(name);
        if (row == known.end()) {
            sentences.push_back("std::" + name + " is in no row of the table in tests/docs/standard_headers.cpp");
            continue;
        }
        const auto included = [&](const std::string& one) { return header.included.contains(one); };
        if (std::none_of(row->second.begin(), row->second.end(), included)) {
            sentences.push_back("std::" + name + " is used without #include <" + row->second.front() + ">");
        }
    }
    return sentences;
}

}  // namespace

TEST_CASE("what is used without its standard header is found") {
    using sentences = std::vector<std::string>;
    CHECK(lacking(uses_of({"#include <cstring>", "std::uintptr_t x = 0;  // std::string", "f(\"std::vector\");"})) ==
          sentences{"std::uintptr_t is used without #include <cstdint>"});
    CHECK(lacking(uses_of({"#include <cstdint>", "std::uintptr_t x = 0;"})) == sentences{});
    CHECK(lacking(uses_of({"std::no_such_name x;"})).size() == 1);
}

TEST_CASE("every header includes the standard headers of what it uses") {
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    int headers = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "include/deepgemm")) {
        if (!entry.is_regular_file()) continue;
        ++headers;
        const std::string header = entry.path().lexically_relative(root).generic_string();
        for (const std::string& sentence : lacking(uses_of(source_lines(header)))) FAIL_CHECK(header, ": ", sentence);
    }
    CHECK(headers > 100);
}
