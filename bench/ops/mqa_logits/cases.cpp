// SPDX-License-Identifier: MIT
#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/mqa_logits/rules.hpp>

#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// A type as the peer spells it.
std::string upper(dtype type) { return type == dtype::f32 ? "FP32" : type == dtype::f16 ? "FP16" : "BF16"; }

}  // namespace

int last_key(mqa_ranges ranges, int queries, int keys, int i) {
    if (ranges == mqa_ranges::causal) return std::max(0, i + keys - queries);
    // GPU g of G has chunks g and 2 G - 1 - g of 2 G, so that all have as much to do. This is one from the first third.
    const int chunk = queries / 2, gpus = keys / queries, gpu = gpus / 3;
    return (i < chunk ? gpu * chunk : (2 * gpus - 2 - gpu) * chunk) + i;
}

double mqa_logits_case::pairs() const {
    double sum = 0;
    for (int i = 0; i < rows; ++i) sum += last(i);
    return sum;
}

int mqa_logits_case::columns() const {
    return form == logits_form::compressed ? std::max(1, last(rows - 1)) : keys;  // the last query sees most
}

double mqa_logits_case::bytes() const {
    const double written = form == logits_form::full ? double(rows) * keys : pairs();
    return double(rows) * (double(heads) * (depth + size_of(weights)) + 8) + keys * (depth + 4.0) +
           written * size_of(logits);
}

double mqa_logits_case::memory() const { return bytes() + double(rows) * columns() * size_of(logits); }

std::string mqa_logits_case::name() const {
    return concat("FP4=0 Logits=", upper(logits), " Reduce=", upper(weights),
                  " CMP=", form == logits_form::compressed ? 1 : 0, " SQ=", rows, " SK=", keys, " H=", heads,
                  " D=", depth, " CP=", ranges == mqa_ranges::shared ? 1 : 0,
                  form == logits_form::unclean ? " unclean" : "");
}

mqa_logits_workload workload_of(const mqa_logits_case& c) {
    return {c.rows, c.keys, {{c.heads, c.depth, c.weights}, c.logits, c.form}};
}

std::vector<mqa_logits_case> suite_mqa_logits() {
    constexpr auto full = logits_form::full, compressed = logits_form::compressed;
    constexpr auto causal = mqa_ranges::causal, shared = mqa_ranges::shared;
    constexpr auto f32 = dtype::f32, bf16 = dtype::bf16;
    return {{2048, 8192, 64, 128, full, f32, f32, causal},        {2048, 8192, 64, 128, full, bf16, f32, shared},
            {8192, 8192, 64, 128, full, f32, f32, shared},        {8192, 8192, 64, 128, full, bf16, f32, causal},
            {8192, 8192, 64, 64, full, f32, f32, causal},         {2048, 8192, 64, 32, full, f32, f32, causal},
            {2048, 8192, 64, 32, compressed, bf16, f32, causal},  {2048, 65536, 64, 32, compressed, bf16, f32, shared},
            {8192, 65536, 64, 32, compressed, bf16, f32, causal}, {2048, 8192, 32, 128, compressed, f32, f32, causal},
            {8192, 8192, 32, 128, full, f32, f32, shared},        {8192, 8192, 32, 128, compressed, bf16, f32, causal},
            {2048, 8192, 32, 64, full, f32, f32, shared},         {8192, 8192, 32, 64, full, f32, f32, shared},
            {2048, 8192, 16, 128, compressed, f32, f32, causal},  {8192, 8192, 16, 128, full, f32, f32, shared}};
}

mqa_logits_case parse_mqa_logits(const std::string& text) {
    const auto refuse = [&](const std::string& why) -> std::invalid_argument {
        return std::invalid_argument(concat("the product '", text, "': ", why));
    };
    const std::string form = concat("logits are written ", words<ops::mqa_logits>::form);
    const std::size_t colon = std::min(text.find(':'), text.size());
    const char* const names[] = {"the number of queries", "the number of keys", "the number of heads",
                                 "the depth of a head"};
    int numbers[4] = {};
    std::istringstream sizes(text.substr(0, colon)), recipe(text.substr(std::min(colon + 1, text.size())));
    std::string word;
    if (std::count(text.begin(), text.end(), ',') != 3 || text.find(',', colon) != text.npos) throw refuse(form);
    for (int i = 0; i < 4; ++i) {
        word.clear();
        std::getline(sizes, word, ',');
        const auto size = parse_extent(names[i], word, 1);
        if (!size) throw refuse(size.failure().message);
        numbers[i] = int(*size);
    }
    mqa_logits_case made{numbers[0], numbers[1], numbers[2], numbers[3]};
    if (!std::getline(recipe, word, '-') || word != "mqa") throw refuse(form);
    while (std::getline(recipe, word, '-')) {
        if (word == "unclean") {
            made.form = logits_form::unclean;
        } else if (word == "compressed") {
            made.form = logits_form::compressed;
        } else if (word == "bf16" || word == "f16") {
            made.logits = word == "f16" ? dtype::f16 : dtype::bf16;
        } else if (word == "by_bf16" || word == "by_f16") {
            made.weights = word == "by_f16" ? dtype::f16 : dtype::bf16;
        } else if (word == "shared") {
            made.ranges = mqa_ranges::shared;
        } else {
            throw refuse(form);
        }
    }
    if (text.ends_with('-')) throw refuse(form);
    if (made.ranges == mqa_ranges::shared && (made.rows % 2 != 0 || made.keys % made.rows != 0))
        throw refuse("of shared queries there are an even number, and a multiple of that of keys");
    if (const auto ok = validate(workload_of(made)); !ok) throw refuse(ok.failure().message);
    return made;
}

std::string words<ops::mqa_logits>::text_of(const mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what;
    std::string text = concat(work.queries, ",", work.keys, ",", scores.heads, ",", scores.depth, ":mqa");
    if (form != logits_form::full) text += concat("-", name_of(form));
    if (logits != dtype::f32) text += concat("-", logits);
    if (scores.weights != dtype::f32) text += concat("-by_", scores.weights);
    return text;
}

}  // namespace deepgemm::bench
