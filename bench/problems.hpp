// SPDX-License-Identifier: MIT
// Lists of products in a file, one a line: what `deepgemm aot` compiles kernels for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cases.hpp"
#include "grouped_cases.hpp"

namespace deepgemm::bench {

/// A product, or all products with up to so many rows.
struct listed_problem {
    std::string text;                      ///< as it stands in the list
    gemm_case problem;                     ///< with the most rows
    bool any_rows = false;                 ///< "<=M,N,K": every number of rows from 1 to M
    std::optional<grouped_case> groups{};  ///< the product, if it is one in groups, instead of `problem`
};

/// The largest M of a line "<=M,N,K": planning this many takes about ten seconds.
inline constexpr int most_rows = 262144;

/// Reads a list: "M,N,K[:recipe]", "<=M,N,K[:recipe]" or "G*M,N,K:masked[-R]" a line; blanks around it, empty lines and what follows a # do not count.
/// Throws std::invalid_argument with the number of the first line that is wrong, or if there is no product at all.
std::vector<listed_problem> parse_problems(const std::string& text);

}  // namespace deepgemm::bench
