// SPDX-License-Identifier: MIT
// Members that rows of tuned tables have in common, read from JSON. Each throws std::invalid_argument with what is wrong.
#pragma once

#include <deepgemm/host/context.hpp>
#include <deepgemm/host/parse.hpp>

#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "json.hpp"

namespace deepgemm::bench {

/// The member "us" of a row, or of a kernel in it: microseconds, positive and finite.
float microseconds(const json& of);
/// The objective of that name. Rows have the member "objective" only where it is not latency.
objective_kind objective_of(const json& name);
/// The shortest decimal number that gives `us` back.
json decimal(float us);
/// The member "config", a configuration of the row's operation.
template <class Config>
Config config_of(const json& of) {
    auto cfg = parse_config<Config>(of.at("config").get<std::string>());
    if (!cfg) throw std::invalid_argument(cfg.failure().message);
    return *cfg;
}

}  // namespace deepgemm::bench
