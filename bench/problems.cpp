// SPDX-License-Identifier: MIT
// Reads lists of products.
#include "problems.hpp"

#include <sstream>
#include <stdexcept>

namespace deepgemm::bench {

std::vector<listed_problem> parse_problems(const std::string& text) {
    std::vector<listed_problem> all;
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        line.erase(std::min(line.find('#'), line.size()));
        const std::size_t first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
        if (first == std::string::npos) continue;
        const std::string product = line.substr(first, last + 1 - first);
        const bool any_rows = product.starts_with("<=");
        try {
            if (const auto groups = parse_groups(product)) {
                all.push_back({product, {"-", groups->slot, groups->n, groups->k}, false, groups});
                continue;
            }
            all.push_back({product, parse_shape(product.substr(any_rows ? 2 : 0)), any_rows});
            if (any_rows && all.back().problem.m > most_rows)
                throw std::invalid_argument("'" + product + "' is more than <=" + std::to_string(most_rows) +
                                            ", the most numbers of rows that are planned one by one");
        } catch (const std::invalid_argument& why) {
            throw std::invalid_argument("line " + std::to_string(number) + ": " + why.what());
        }
    }
    if (all.empty()) throw std::invalid_argument("the list names no product");
    return all;
}

}  // namespace deepgemm::bench
