// SPDX-License-Identifier: MIT
// Reads products and lists of them.
#include "products.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace deepgemm::bench {

namespace {

/// The product as the last operation of the list that takes the text understands it; the first one takes any.
template <class First, class... Others>
any_product parsed(const std::string& text, operation_list<First, Others...>) {
    if constexpr (sizeof...(Others) != 0) {
        if ((words<Others>::takes(text) || ...)) return parsed(text, operation_list<Others...>{});
    }
    if constexpr (requires { words<First>::takes(text); }) {
        return product_of<First>{words<First>::parse(text)};
    } else {
        try {
            return product_of<First>{words<First>::parse(text)};
        } catch (const std::invalid_argument& why) {
            if (std::ranges::count(text, ',') == 2) throw;  // the form is right; a number or a recipe is not
            std::string others;
            ((others += (others.empty() ? "" : ", ") + std::string(words<Others>::form)), ...);
            throw std::invalid_argument(why.what() + ("; nor is it " + others));
        }
    }
}

/// The rows that a product's operation can vary.
i32 rows_of(const any_product& product) {
    return std::visit([]<class O>(const product_of<O>& p) { return words<O>::rows_of(words<O>::workload_of(p.value)); },
                      product);
}

template <class... O>
std::string joined_abouts(operation_list<O...>) {
    std::string text;
    ((text += (text.empty() ? "" : "\n") + std::string(words<O>::about)), ...);
    return text;
}

}  // namespace

std::string about_products() { return joined_abouts(operations{}); }

any_product parse_product(const std::string& text) { return parsed(text, operations{}); }

std::vector<listed_product> parse_products(const std::string& text) {
    std::vector<listed_product> all;
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        line.erase(std::min(line.find('#'), line.size()));
        const std::size_t first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
        if (first == std::string::npos) continue;
        const std::string product = line.substr(first, last + 1 - first);
        const bool any_rows = product.starts_with("<=");
        try {
            all.push_back({product, parse_product(product.substr(any_rows ? 2 : 0)), any_rows});
            if (any_rows && rows_of(all.back().product) > most_rows)
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
