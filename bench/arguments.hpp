// SPDX-License-Identifier: MIT
// The type of a command's arguments, for headers that do without command_line.hpp and CLI11.
#pragma once

#include <span>
#include <string>

namespace deepgemm::bench {

/// What a user typed after the name of a command.
using arguments = std::span<const std::string>;

}  // namespace deepgemm::bench
