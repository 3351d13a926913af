// SPDX-License-Identifier: MIT
// What nlohmann-json does not do: it writes files with one row per line, and refuses objects that have a member twice.
#include "json.hpp"

#include <cmath>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>

namespace deepgemm::bench {

namespace {

std::string number_text(double value) {
    if (!std::isfinite(value)) return "null";
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.9g", value);
    return buffer;
}

std::string text_at(const json& value, int depth, std::size_t level) {
    if (value.is_number_float()) return number_text(value.get<double>());
    if (!value.is_structured() || value.empty()) return value.dump();
    const bool spread = depth > 0;
    const std::string new_line = "\n" + std::string(2 * level, ' ');
    std::string out, separator;
    for (const auto& [name, element] : value.items()) {
        out += separator + (spread ? new_line + "  " : "");
        if (value.is_object()) out += json(name).dump() + ": ";
        out += text_at(element, depth - 1, level + 1);
        separator = spread ? "," : ", ";
    }
    if (spread) out += new_line;
    return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace

json parse_json(std::string_view text) {
    std::vector<std::set<std::string>> names;  // of the objects that the parser is in
    const auto refuse_twice = [&](int, json::parse_event_t event, const json& parsed) {
        if (event == json::parse_event_t::object_start) names.emplace_back();
        if (event == json::parse_event_t::object_end) names.pop_back();
        if (event == json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second)
            throw std::invalid_argument("an object has a second member " + parsed.dump());
        return true;
    };
    try {
        return json::parse(text, refuse_twice);
    } catch (const json::exception& why) {
        throw std::invalid_argument(reason_of(why));
    }
}

std::string text_of(const json& value, int depth) { return text_at(value, depth, 0); }

std::string reason_of(const std::exception& why) {
    const std::string text = why.what();
    const std::size_t code = text.find("] ");
    return code == std::string::npos ? text : text.substr(code + 2);
}

}  // namespace deepgemm::bench
