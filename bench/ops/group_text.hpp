// SPDX-License-Identifier: MIT
// Products in groups as a user types them: "G*M,N,K:recipe". What a recipe says is for each operation.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

#include <deepgemm/host/parse.hpp>

#include "ops/gemm/cases.hpp"

namespace deepgemm::bench {

/// The parts of such a text. Errors, std::invalid_argument, quote it.
struct group_text {
    std::string text;
    std::string groups, sizes;  ///< "G" and "M,N,K"; empty sizes if the text has no three
    std::string recipe;         ///< what follows the colon

    static group_text of(const std::string& text) {
        const std::size_t star = text.find('*'), colon = std::min(text.find(':'), text.size());
        std::string sizes = star < colon ? text.substr(star + 1, colon - star - 1) : "";
        if (std::ranges::count(sizes, ',') != 2) sizes.clear();
        return {text, text.substr(0, star), sizes, text.substr(std::min(colon + 1, text.size()))};
    }

    [[noreturn]] void refuse(const std::string& why) const {
        throw std::invalid_argument("the product '" + text + "': " + why);
    }
    /// A number of at least 1, called `name`.
    int number(const char* name, const std::string& digits) const {
        const auto size = parse_extent(name, digits, 1);
        if (!size) refuse(size.failure().message);
        return int(*size);
    }
    int group_count() const { return number("the number of groups", groups); }
    int expected_rows(const std::string& digits) const { return number("the number of expected rows", digits); }
    /// The product of these sizes with the recipe of one product, "" or ":bf16", say. `whose` begins an error: "of one group".
    gemm_case product(const std::string& of_one, const char* whose) const {
        try {
            return parse_shape(sizes + of_one);
        } catch (const std::invalid_argument& wrong) {
            refuse(concat(whose, ", ", wrong.what()));
        }
    }
};

}  // namespace deepgemm::bench
