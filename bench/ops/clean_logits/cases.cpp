// SPDX-License-Identifier: MIT
#include <algorithm>
#include <stdexcept>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/clean_logits/rules.hpp>

#include "words.hpp"

namespace deepgemm::bench {

double clean_logits_case::bytes() const {
    double outside = 0;
    for (int i = 0; i < rows; ++i) outside += keys - last_key(ranges, rows, keys, i);
    return 8.0 * rows + outside * size_of(logits);
}

std::string clean_logits_case::name() const {
    return concat("SQ=", rows, " SK=", keys, " Logits=", logits, " CP=", ranges == mqa_ranges::shared ? 1 : 0);
}

clean_logits_workload workload_of(const clean_logits_case& c) { return {c.rows, c.keys, c.logits}; }

std::vector<clean_logits_case> suite_clean_logits() {
    return {{2048, 8192, dtype::f32, mqa_ranges::causal},
            {2048, 8192, dtype::f32, mqa_ranges::shared},
            {2048, 8192, dtype::bf16, mqa_ranges::shared},
            {8192, 8192, dtype::f32, mqa_ranges::causal},
            {8192, 8192, dtype::bf16, mqa_ranges::causal}};
}

clean_logits_case parse_clean_logits(const std::string& text) {
    const auto refuse = [&](const std::string& why) -> std::invalid_argument {
        return std::invalid_argument(concat("the product '", text, "': ", why));
    };
    const auto number = [&](const char* name, const std::string& digits) {
        const auto size = parse_extent(name, digits, 1);
        if (!size) throw refuse(size.failure().message);
        return int(*size);
    };
    const std::string form = concat("cleanings are written ", words<ops::clean_logits>::form);
    const std::size_t colon = std::min(text.find(':'), text.size()), comma = std::min(text.find(','), colon);
    std::string recipe = text.substr(colon);
    const auto drop = [&](const std::string& word) {
        const bool found = recipe.ends_with(word);
        if (found) recipe.resize(recipe.size() - word.size());
        return found;
    };
    if (std::count(text.begin(), text.end(), ',') != 1 || comma == colon) throw refuse(form);
    const auto ranges = drop("-shared") ? mqa_ranges::shared : mqa_ranges::causal;
    const dtype logits = drop("-bf16") ? dtype::bf16 : drop("-f16") ? dtype::f16 : dtype::f32;
    if (recipe != ":clean") throw refuse(form);
    const clean_logits_case made{number("the number of queries", text.substr(0, comma)),
                                 number("the number of keys", text.substr(comma + 1, colon - comma - 1)), logits,
                                 ranges};
    if (ranges == mqa_ranges::shared && (made.rows % 2 != 0 || made.keys % made.rows != 0))
        throw refuse("of shared queries there are an even number, and a multiple of that of keys");
    return made;
}

std::string words<ops::clean_logits>::text_of(const clean_logits_workload& work) {
    const std::string text = concat(work.queries, ",", work.keys, ":clean");
    return work.logits == dtype::f32 ? text : concat(text, "-", work.logits);
}

}  // namespace deepgemm::bench
