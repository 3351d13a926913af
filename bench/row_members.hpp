// SPDX-License-Identifier: MIT
// Members that rows of tuned tables have in common, read from JSON. Each throws std::invalid_argument with what is wrong.
#pragma once

#include <deepgemm/kernel/config.cuh>

#include "json.hpp"

namespace deepgemm::bench {

/// The member "us" of a row, or of a kernel in it: microseconds, positive and finite.
float microseconds(const json& of);
/// The shortest decimal number that gives `us` back.
json decimal(float us);
/// The member "config".
config config_of(const json& of);

}  // namespace deepgemm::bench
