// SPDX-License-Identifier: MIT
#include <algorithm>
#include <stdexcept>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/transpose/rules.hpp>

#include "words.hpp"

namespace deepgemm::bench {

std::string transpose_case::name() const {
    const std::string one = concat(rows, "x", columns);
    return matrices == 1 ? one : concat(matrices, " of ", one);
}

transpose_workload workload_of(const transpose_case& c) { return {c.rows, c.columns, c.matrices}; }

std::vector<transpose_case> suite_transpose() {
    return {{4096, 1536}, {4096, 7168}, {7168, 4096}, {1536, 24576}, {16384, 7168}, {7168, 4096, 8}};
}

transpose_case parse_transpose(const std::string& text) {
    const auto refuse = [&](const std::string& why) -> std::invalid_argument {
        return std::invalid_argument(concat("the product '", text, "': ", why));
    };
    const auto number = [&](const char* name, const std::string& digits) {
        const auto size = parse_extent(name, digits, 1);
        if (!size) throw refuse(size.failure().message);
        return int(*size);
    };
    const std::size_t colon = std::min(text.find(':'), text.size()), star = text.substr(0, colon).find('*'),
                      first = star == text.npos ? 0 : star + 1, comma = std::min(text.find(',', first), colon);
    if (text.substr(colon) != ":transpose" || comma == colon || std::count(text.begin(), text.end(), ',') != 1)
        throw refuse(concat("transpositions are written ", words<ops::transpose>::form));
    return {number("the number of rows", text.substr(first, comma - first)),
            number("the number of columns", text.substr(comma + 1, colon - comma - 1)),
            star == text.npos ? 1 : number("the number of matrices", text.substr(0, star))};
}

std::string words<ops::transpose>::text_of(const transpose_workload& work) {
    const std::string one = concat(work.rows, ",", work.columns, ":transpose");
    return work.matrices == 1 ? one : concat(work.matrices, "*", one);
}

}  // namespace deepgemm::bench
