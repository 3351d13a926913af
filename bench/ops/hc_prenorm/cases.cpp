// SPDX-License-Identifier: MIT
#include <algorithm>
#include <stdexcept>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/hc_prenorm/cost.hpp>

#include "words.hpp"

namespace deepgemm::bench {

double hc_prenorm_case::bytes() const { return demand_of(bench::workload_of(*this)).bytes; }

std::string hc_prenorm_case::name() const {
    return concat("m=", rows, " n=", n, " k=", k, " num_splits=", parts == 1 ? 0 : parts);
}

hc_prenorm_workload workload_of(const hc_prenorm_case& c) { return {{c.rows, c.n, c.k}, c.parts}; }

std::vector<hc_prenorm_case> suite_hc_prenorm() {
    std::vector<hc_prenorm_case> cases;
    for (const int rows : {13, 137, 4096, 8192}) {
        for (const int k : {28672, 7680, 7168}) {
            for (const int parts : {1, 16}) cases.push_back({rows, 24, k, parts});
        }
    }
    return cases;
}

hc_prenorm_case parse_prenorm(const std::string& text) {
    const auto refuse = [&](const std::string& why) -> std::invalid_argument {
        return std::invalid_argument(concat("the product '", text, "': ", why));
    };
    const auto number = [&](const char* name, const std::string& digits) {
        const auto size = parse_extent(name, digits, 1);
        if (!size) throw refuse(size.failure().message);
        return int(*size);
    };
    const std::string usual = "prenorm";
    const std::size_t colon = std::min(text.find(':'), text.size()), comma = std::min(text.find(','), colon),
                      second = std::min(text.find(',', comma + 1), colon);
    const std::string recipe = text.substr(std::min(colon + 1, text.size()));
    const bool in_parts = recipe.starts_with(usual + "-");
    if (std::count(text.begin(), text.end(), ',') != 2 || second == colon || (recipe != usual && !in_parts))
        throw refuse("prenorms are written M,N,K:prenorm or, in S parts of K, M,N,K:prenorm-S");
    hc_prenorm_case made{number("M", text.substr(0, comma)), number("N", text.substr(comma + 1, second - comma - 1)),
                         number("K", text.substr(second + 1, colon - second - 1))};
    if (in_parts) made.parts = number("the number of parts", recipe.substr(usual.size() + 1));
    if (const auto ok = validate(workload_of(made)); !ok) throw refuse(ok.failure().message);
    return made;
}

std::string words<ops::hc_prenorm>::text_of(const hc_prenorm_workload& work) {
    const auto& [m, n, k] = work.shape;
    const std::string text = concat(m, ",", n, ",", k, ":prenorm");
    return work.parts == 1 ? text : concat(text, "-", work.parts);
}

}  // namespace deepgemm::bench
