// SPDX-License-Identifier: MIT
// Writing JSON and taking values apart; json_reader.cpp reads it.
#include "json.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace deepgemm::bench {

namespace {

std::string quoted(const std::string& value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char buffer[8];
            std::snprintf(buffer, sizeof buffer, "\\u%04x", unsigned(c));
            out += buffer;
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace

json::json(double value) {
    if (!std::isfinite(value)) return;
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.7g", value);
    kind_ = kind::number;
    text_ = buffer;
}

json::json(float value) {
    if (!std::isfinite(value)) return;
    char buffer[40];
    kind_ = kind::number;
    text_ = std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

std::string json::dump(int depth, int indent) const {
    if (kind_ == kind::string) return quoted(text_);
    if (members_.empty()) return text_;
    const bool spread = depth > 0;
    std::string out = text_.substr(0, 1);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (i) out += spread ? "," : ", ";
        if (spread) out += "\n" + std::string(2 * (std::size_t(indent) + 1), ' ');
        if (kind_ == kind::object) out += quoted(members_[i].first) + ": ";
        out += members_[i].second.dump(depth - 1, indent + 1);
    }
    if (spread) out += "\n" + std::string(2 * std::size_t(indent), ' ');
    return out + text_[1];
}

void json::need(kind wanted, const char* what) const {
    if (kind_ == wanted) return;
    std::string shown = dump(0);
    if (shown.size() > 40) shown = shown.substr(0, 37) + "...";
    throw std::invalid_argument(shown + " is no " + what);
}

const std::string& json::string() const {
    need(kind::string, "string");
    return text_;
}

bool json::boolean() const {
    need(kind::boolean, "boolean");
    return text_ == "true";
}

double json::number() const {
    need(kind::number, "number");
    return std::strtod(text_.c_str(), nullptr);  // infinity where a double has no room for it
}

int json::integer() const {
    int value = 0;
    const char* const end = text_.data() + text_.size();
    const auto [stop, status] = std::from_chars(text_.data(), end, value);
    if (kind_ != kind::number || status != std::errc{} || stop != end)
        throw std::invalid_argument(dump(0) + " is no whole number of 32 bits");
    return value;
}

const std::vector<std::pair<std::string, json>>& json::members() const {
    need(kind::object, "object");
    return members_;
}

const std::vector<std::pair<std::string, json>>& json::elements() const {
    need(kind::array, "array");
    return members_;
}

const json* json::find(std::string_view key) const {
    for (const auto& [name, value] : members()) {
        if (name == key) return &value;
    }
    return nullptr;
}

const json& json::at(std::string_view key) const {
    if (const json* const found = find(key); found != nullptr) return *found;
    throw std::invalid_argument("the member \"" + std::string(key) + "\" is missing");
}

}  // namespace deepgemm::bench
