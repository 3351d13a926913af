// SPDX-License-Identifier: MIT
// JSON values for result files, tables and manifests: made, written and read here, without a library, since the GPU machine may
// have none. Numbers keep the text they were written with.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepgemm::bench {

/// A JSON value; objects keep the order in which members were added.
class json {
public:
    json() = default;
    json(bool value) : kind_(kind::boolean), text_(value ? "true" : "false") {}
    template <std::integral T>
    json(T value) : kind_(kind::number), text_(std::to_string(value)) {}
    /// Seven digits. Not-a-number and infinity become null: a measurement that does not exist.
    json(double value);
    /// The fewest digits that give the number back; null as above.
    json(float value);
    json(const char* value) : kind_(kind::string), text_(value) {}
    json(const std::string& value) : kind_(kind::string), text_(value) {}

    static json object() { return json(kind::object, "{}"); }
    static json array() { return json(kind::array, "[]"); }
    /// Reads a whole text by the rules of RFC 8259; also refuses a member that an object has twice, and more than 64 levels.
    /// Throws std::invalid_argument with line, column and what is wrong.
    static json parse(std::string_view text);

    /// Adds a member to an object; returns the object.
    json& add(const std::string& key, json value) {
        members_.emplace_back(key, std::move(value));
        return *this;
    }
    /// Appends to an array; returns the array.
    json& push(json value) { return add({}, std::move(value)); }

    /// The text: arrays and objects are spread over lines down to `depth` levels, then written in one line.
    std::string dump(int depth = 2, int indent = 0) const;

    // What a value holds. Throws std::invalid_argument, such as "7 is no string", where it is of another kind.
    const std::string& string() const;
    bool boolean() const;
    double number() const;
    int integer() const;
    const std::vector<std::pair<std::string, json>>& members() const;   ///< of an object
    const std::vector<std::pair<std::string, json>>& elements() const;  ///< of an array; the names are empty
    /// A member of an object; null if there is none of that name.
    const json* find(std::string_view key) const;
    /// The same, where there must be one.
    const json& at(std::string_view key) const;

private:
    enum class kind { null, boolean, number, string, array, object };
    json(kind k, std::string text) : kind_(k), text_(std::move(text)) {}
    void need(kind wanted, const char* what) const;
    friend class json_reader;

    kind kind_ = kind::null;
    std::string text_ = "null";  ///< of a string what it says, else as written
    std::vector<std::pair<std::string, json>> members_;
};

}  // namespace deepgemm::bench
