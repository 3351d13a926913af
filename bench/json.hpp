// SPDX-License-Identifier: MIT
// JSON for result files, tables and manifests, by nlohmann-json. A file that builds or reads values includes
// <nlohmann/json.hpp> itself.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace deepgemm::bench {

/// A JSON value; objects keep the order in which members were added.
using json = nlohmann::ordered_json;

/// Reads a whole text. Throws std::invalid_argument with line, column and what is wrong. A member that an object has twice is
/// an error.
json parse_json(std::string_view text);

/// The text of a value: arrays and objects are spread over lines down to `depth` levels, then written in one line. Numbers have
/// up to nine digits, which restore a float. NaN and infinity become null, which stands for a missing measurement.
std::string text_of(const json& value, int depth = 2);

/// What an exception of nlohmann-json says, without its code in brackets.
std::string reason_of(const std::exception& why);

}  // namespace deepgemm::bench
