// SPDX-License-Identifier: MIT
// What a user typed, for headers that need not know how it is read: command_line.hpp does.
#pragma once

#include <span>
#include <string>

namespace deepgemm::bench {

/// What a user typed after the name of a command.
using arguments = std::span<const std::string>;

}  // namespace deepgemm::bench
