// SPDX-License-Identifier: MIT
// JSON as it is laid out, and what is refused beyond what nlohmann-json refuses.
#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "json.hpp"

namespace json_test_tests {

using namespace deepgemm::bench;

namespace {

std::string refusal(const std::string& text) {
    try {
        return "fine: " + text_of(parse_json(text), 0);
    } catch (const std::invalid_argument& why) {
        return why.what();
    }
}

}  // namespace

TEST_CASE("JSON is laid out with so many levels over lines") {
    const json list = json::array({1, std::numeric_limits<double>::quiet_NaN(), "a\"b\\\n"});
    const json file = json::object({{"x", true}, {"list", list}, {"none", json()}, {"empty", json::array()}});
    CHECK(text_of(file, 0) == R"({"x": true, "list": [1, null, "a\"b\\\n"], "none": null, "empty": []})");
    CHECK(text_of(file, 1) ==
          "{\n  \"x\": true,\n  \"list\": [1, null, \"a\\\"b\\\\\\n\"],\n  \"none\": null,\n  \"empty\": []\n}");
    CHECK(text_of(json::array({json::array({1, 2}), json::object({{"a", 3}})}), 9) ==
          "[\n  [\n    1,\n    2\n  ],\n  {\n    \"a\": 3\n  }\n]");
    CHECK(text_of(json::object()) == "{}");
    CHECK(text_of(5000000000) == "5000000000");
    CHECK(text_of(0.1) == "0.1");
    CHECK(text_of(123.456789012) == "123.456789");
    CHECK(text_of(std::numeric_limits<float>::infinity()) == "null");
}

TEST_CASE("nine digits give a float back") {
    for (const float value :
         {1.0f / 3, 1e6f / 3, 8.35f, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max()})
        CHECK(parse_json(text_of(value)).get<float>() == value);
}

TEST_CASE("JSON is read as it was written") {
    for (const char* text : {"null", "true", "0", "-1.5e+10", "\"\"", "[]", "{}", "[[], {}, [1, 2]]",
                             R"({"b": {"b": [true, null, "c"]}, "a": 1, "": 1})"}) {
        CAPTURE(text);
        CHECK(text_of(parse_json(text), 0) == text);
        CHECK(text_of(parse_json(text_of(parse_json(text), 9)), 0) == text);
    }
}

TEST_CASE("what is no JSON is refused with its place") {
    CHECK(refusal("{\n  \"a\": 1\n  \"b\": 2\n}").find("parse error at line 3, column 5: ") == 0);
    CHECK(refusal("[1,]").find("parse error at line 1, column 4: ") == 0);
    CHECK(refusal("1 2").find("parse error at line 1, column 3: ") == 0);
    CHECK(refusal("NaN").find("parse error at line 1, column 1: ") == 0);
    CHECK(refusal("{\"a\": 1, \"a\": 2}") == "an object has a second member \"a\"");
    CHECK(refusal("[{\"a\": {\"a\": 1}}, {\"a\": 2}]").find("fine: ") == 0);
    CHECK(refusal(std::string(100000, '[')).find("parse error at line 1, column 100001: ") == 0);
}

}  // namespace json_test_tests
