// SPDX-License-Identifier: MIT
// JSON as it is written, as it is read back, and what is refused.
#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include "json.hpp"

using namespace deepgemm::bench;

namespace {

std::string refusal(const std::string& text) {
    try {
        json::parse(text);
    } catch (const std::invalid_argument& why) {
        return why.what();
    }
    return "fine";
}

}  // namespace

TEST_CASE("JSON is written") {
    json inner = json::array();
    inner.push(1).push(std::numeric_limits<double>::quiet_NaN()).push("a\"b\\\n");
    const json file = json::object().add("x", true).add("list", inner).add("none", json());
    CHECK(file.dump(0) == R"({"x": true, "list": [1, null, "a\"b\\\u000a"], "none": null})");
    CHECK(file.dump(1) == "{\n  \"x\": true,\n  \"list\": [1, null, \"a\\\"b\\\\\\u000a\"],\n  \"none\": null\n}");
    CHECK(json::array().dump() == "[]");
    CHECK(json::object().dump() == "{}");
    CHECK(json(0.1).dump() == "0.1");
    CHECK(json(0.1f).dump() == "0.1");
    CHECK(float(json::parse(json(1.0f / 3).dump()).number()) == 1.0f / 3);
    CHECK(json(std::numeric_limits<float>::infinity()).dump() == "null");
}

TEST_CASE("JSON is read as it was written") {
    for (const char* text : {"null", "true", "false", "0", "-1.5e+10", "\"\"", "[]", "{}", "[[], {}, [1, 2]]",
                             R"({"a": {"b": [true, null, "c"]}, "": 1})"}) {
        CAPTURE(text);
        const std::string once = json::parse(text).dump(0);
        CHECK(once == text);
        CHECK(json::parse(json::parse(text).dump(9)).dump(0) == once);
    }
    CHECK(json::parse(" \t\r\n[ 1 ,2 ] ").dump(0) == "[1, 2]");
    CHECK(json::parse(R"("\"\\\/\b\f\n\r\tA\u00e9\u20AC\uD83D\uDE00")").string() ==
          "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST_CASE("what a value holds") {
    const json file = json::parse(R"({"n": -12, "x": 2.5, "t": true, "s": "text", "l": [7, 8], "big": 5000000000})");
    CHECK(file.at("n").integer() == -12);
    CHECK(file.at("x").number() == 2.5);
    CHECK(json::parse("1e999").number() == std::numeric_limits<double>::infinity());
    CHECK(file.at("t").boolean());
    CHECK(file.at("s").string() == "text");
    CHECK(file.at("l").elements()[1].second.integer() == 8);
    CHECK(file.members().size() == 6);
    CHECK(file.find("y") == nullptr);
    CHECK_THROWS_WITH_AS(file.at("y"), "the member \"y\" is missing", std::invalid_argument);
    CHECK_THROWS_WITH_AS(file.at("s").number(), "\"text\" is no number", std::invalid_argument);
    CHECK_THROWS_WITH_AS(file.at("x").integer(), "2.5 is no whole number of 32 bits", std::invalid_argument);
    CHECK_THROWS_WITH_AS(file.at("big").integer(), "5000000000 is no whole number of 32 bits", std::invalid_argument);
    CHECK_THROWS_WITH_AS(file.at("l").members(), "[7, 8] is no object", std::invalid_argument);
    CHECK_THROWS_WITH_AS(file.elements(), "{\"n\": -12, \"x\": 2.5, \"t\": true, \"s\": ... is no array",
                         std::invalid_argument);
}

TEST_CASE("what is no JSON is refused with its place") {
    CHECK(refusal("") == "line 1, column 1: this is no value");
    CHECK(refusal("{\n  \"a\": 1\n  \"b\": 2\n}") == "line 3, column 3: a ',' or '}' must stand here");
    CHECK(refusal("[1,]") == "line 1, column 4: this is no value");
    CHECK(refusal("{\"a\": 1,}") == "line 1, column 9: a '\"' must stand here");
    CHECK(refusal("{\"a\" 1}") == "line 1, column 6: a ':' must follow the name of a member");
    CHECK(refusal("{\"a\": 1, \"a\": 2}") == "line 1, column 13: the object has a second member \"a\"");
    CHECK(refusal("1 2") == "line 1, column 3: there is more text after the value");
    CHECK(refusal("01") == "line 1, column 2: there is more text after the value");
    CHECK(refusal("1.") == "line 1, column 3: a digit must stand here");
    CHECK(refusal("1e+") == "line 1, column 4: a digit must stand here");
    CHECK(refusal("-") == "line 1, column 2: a digit must stand here");
    for (const char* text : {"+1", ".5", "nul", "True", "NaN", "'a'", "// x\n1"}) {
        CAPTURE(text);
        CHECK(refusal(text).ends_with("this is no value"));
    }
    CHECK(refusal("\"a") == "line 1, column 3: the string has no end");
    CHECK(refusal("\"a\nb\"") == "line 1, column 3: a control character must be escaped");
    CHECK(refusal(R"("\x")") == "line 1, column 3: no such escape");
    CHECK(refusal(R"("\u12g4")") == "line 1, column 6: four hexadecimal digits must stand here");
    CHECK(refusal(R"("\ud83d")").ends_with("half of a surrogate pair"));
    CHECK(refusal(R"("\ude00")").ends_with("half of a surrogate pair"));
    CHECK(refusal(std::string(64, '[') + std::string(64, ']')) == "fine");
    CHECK(refusal(std::string(100000, '[')).ends_with("more than 64 levels"));
}
