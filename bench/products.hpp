// SPDX-License-Identifier: MIT
// Products of any operation in words, one on a command line, or a list of them in a file, one a line: what `deepgemm aot`
// compiles kernels for.
#pragma once

#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "deepgemm_bench_operations.hpp"

namespace deepgemm::bench {

/// A product of operation `O`.
template <class O>
struct product_of {
    using operation = O;
    typename words<O>::product value;
};

namespace detail {
template <template <class> class Of, class List>
struct one_of_each;
template <template <class> class Of, class... O>
struct one_of_each<Of, operation_list<O...>> {
    using variant = std::variant<Of<O>...>;
    using tuple = std::tuple<Of<O>...>;
};
}  // namespace detail

/// `Of<O>` of one of all operations, which has the operation as a member type, and of each of them.
template <template <class> class Of>
using of_any = typename detail::one_of_each<Of, operations>::variant;
template <template <class> class Of>
using of_each = typename detail::one_of_each<Of, operations>::tuple;

/// A product of any operation.
using any_product = of_any<product_of>;

/// A plan for a product of any operation.
using any_plan = of_any<plan_of>;
/// Reads one. Throws std::invalid_argument with a sentence if it is none.
any_product parse_product(const std::string& text);

/// How products of all operations are written, for pages of help.
std::string about_products();

/// A product, or all products with up to so many rows.
struct listed_product {
    std::string text;       ///< as it stands in the list
    any_product product;    ///< with the most rows
    bool any_rows = false;  ///< "<=...": every number of rows from 1 to those of the product
};

/// The most rows of a line "<=...": planning this many takes about ten seconds.
inline constexpr int most_rows = 262144;

/// Reads a list: a product or "<=" and a product a line; blanks around it, empty lines and what follows a # do not count.
/// Throws std::invalid_argument with the number of the first line that is wrong, or if there is no product at all.
std::vector<listed_product> parse_products(const std::string& text);

}  // namespace deepgemm::bench
