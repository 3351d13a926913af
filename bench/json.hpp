// SPDX-License-Identifier: MIT
// Writes JSON: just enough for the result files, without a library, since the GPU machine may have none.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace deepgemm::bench {

/// A JSON value under construction; objects keep the order in which members were added.
class json {
public:
    json() : text_("null") {}
    json(bool value) : text_(value ? "true" : "false") {}
    json(int value) : text_(std::to_string(value)) {}
    json(long long value) : text_(std::to_string(value)) {}
    /// Not-a-number and infinity become null: a measurement that does not exist.
    json(double value) {
        char buffer[40];
        std::snprintf(buffer, sizeof buffer, "%.7g", value);
        text_ = std::isfinite(value) ? buffer : "null";
    }
    json(const char* value) : text_(quoted(value)) {}
    json(const std::string& value) : text_(quoted(value)) {}

    static json object() { return json(kind::object); }
    static json array() { return json(kind::array); }

    /// Adds a member to an object; returns the object.
    json& add(const std::string& key, json value) {
        members_.emplace_back(key, std::move(value));
        return *this;
    }
    /// Appends to an array; returns the array.
    json& push(json value) { return add({}, std::move(value)); }

    /// The text: arrays and objects are spread over lines down to `depth` levels, then written in one line.
    std::string dump(int depth = 2, int indent = 0) const {
        if (kind_ == kind::value) return text_;
        const bool spread = depth > 0 && !members_.empty();
        std::string out(1, kind_ == kind::object ? '{' : '[');
        for (std::size_t i = 0; i < members_.size(); ++i) {
            if (i) out += spread ? "," : ", ";
            if (spread) out += "\n" + std::string(2 * (indent + 1), ' ');
            if (kind_ == kind::object) out += quoted(members_[i].first) + ": ";
            out += members_[i].second.dump(depth - 1, indent + 1);
        }
        if (spread) out += "\n" + std::string(2 * indent, ' ');
        return out + (kind_ == kind::object ? '}' : ']');
    }

private:
    enum class kind { value, object, array };
    explicit json(kind k) : kind_(k) {}

    static std::string quoted(const std::string& value) {
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

    kind kind_ = kind::value;
    std::string text_;
    std::vector<std::pair<std::string, json>> members_;
};

}  // namespace deepgemm::bench
