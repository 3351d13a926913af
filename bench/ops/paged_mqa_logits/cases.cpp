// SPDX-License-Identifier: MIT
#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/paged_mqa_logits/rules.hpp>

#include "ops/mqa_logits/cases.hpp"
#include "words.hpp"

namespace deepgemm::bench {

int paged_mqa_logits_case::length(int request) const {
    if (whole) return columns;
    const i64 least = i64(columns) * 7 / 13;
    u64 random = u64(request + 1) * 0x9e3779b97f4a7c15ull;
    random = (random ^ random >> 32) * 0xd1342543de82ef95ull;
    return int(least + i64((random >> 33) % u64(columns - least + 1)));
}

double paged_mqa_logits_case::keys() const {
    double sum = 0;
    for (int i = 0; i < requests; ++i) sum += length(i);
    return sum;
}

double paged_mqa_logits_case::written() const {
    return (form == logits_form::full ? double(rows) * columns : keys() * next_n) * size_of(logits);
}

double paged_mqa_logits_case::bytes() const {
    return double(rows) * heads * (depth + size_of(weights)) + keys() * (depth + 4.0) + written();
}

double paged_mqa_logits_case::memory() const {
    return bytes() + double(rows) * columns * size_of(logits) + requests * (columns * 4.0 / block + depth * block);
}

std::string paged_mqa_logits_case::name() const {
    return concat("FP4=0 Logits=", upper(logits), " Reduce=", upper(weights), " VAR=0 PAGE_KV=", block,
                  " BSZ=", requests, " NextN=", next_n, " H=", heads, " D=", depth, " L=", i64(columns) * 10 / 13,
                  form == logits_form::full ? " full" : "");
}

paged_mqa_logits_workload workload_of(const paged_mqa_logits_case& c) {
    return {c.rows, c.next_n, c.columns, {{{c.heads, c.depth, c.weights}, c.logits, c.form}, c.block}};
}

std::vector<paged_mqa_logits_case> suite_paged_mqa_logits() {
    constexpr int short_context = 10650, long_context = 85197;  // 8192 and 65536 on average
    const auto of = [](int requests, int next_n, int heads, int columns, dtype logits) {
        return paged_mqa_logits_case{requests, next_n, columns, heads, 128, 64, logits_form::unclean, logits};
    };
    constexpr auto f32 = dtype::f32, bf16 = dtype::bf16;
    return {
        of(256, 1, 64, short_context, bf16), of(256, 1, 64, long_context, f32),    of(256, 1, 32, short_context, bf16),
        of(256, 1, 32, short_context, f32),  of(256, 2, 32, long_context, f32),    of(4096, 2, 64, short_context, bf16),
        of(4096, 1, 32, short_context, f32), of(4096, 1, 32, short_context, bf16), of(256, 2, 64, long_context, bf16),
        of(4096, 2, 32, short_context, f32), of(256, 2, 64, short_context, f32),   of(4096, 2, 32, short_context, bf16),
        of(256, 2, 64, long_context, f32),   of(4096, 1, 64, short_context, bf16), of(256, 4, 64, short_context, f32),
        of(256, 4, 32, long_context, f32)};
}

paged_mqa_logits_case parse_paged_mqa_logits(const std::string& text) {
    const auto refuse = [&](const std::string& why) -> std::invalid_argument {
        return std::invalid_argument(concat("the product '", text, "': ", why));
    };
    const std::string form = concat("logits of paged keys are written ", words<ops::paged_mqa_logits>::form);
    const std::size_t colon = std::min(text.find(':'), text.size());
    std::string sizes = text.substr(0, colon), word;
    if (std::count(sizes.begin(), sizes.end(), '*') != 1 || std::count(sizes.begin(), sizes.end(), ',') != 3 ||
        sizes.find('*') > sizes.find(','))
        throw refuse(form);
    sizes[sizes.find('*')] = ',';
    std::istringstream extents(sizes), recipe(text.substr(std::min(colon + 1, text.size())));
    const char* const names[] = {"the number of requests", "the number of queries of a request",
                                 "the number of columns", "the number of heads", "the depth of a head"};
    int numbers[5] = {};
    for (int i = 0; i < 5; ++i) {
        word.clear();
        std::getline(extents, word, ',');
        const auto size = parse_extent(names[i], word, 1);
        if (!size) throw refuse(size.failure().message);
        numbers[i] = int(*size);
    }
    if (const auto ok = check_extent("the number of queries", i64(numbers[0]) * numbers[1]); !ok)
        throw refuse(ok.failure().message);
    paged_mqa_logits_case made{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
    if (!std::getline(recipe, word, '-') || word != "paged") throw refuse(form);
    while (std::getline(recipe, word, '-')) {
        if (word == "32" || word == "128") {
            made.block = word == "32" ? 32 : 128;
        } else if (word == "full") {
            made.form = logits_form::full;
        } else if (word == "bf16" || word == "f16") {
            made.logits = word == "f16" ? dtype::f16 : dtype::bf16;
        } else if (word == "by_bf16" || word == "by_f16") {
            made.weights = word == "by_f16" ? dtype::f16 : dtype::bf16;
        } else {
            throw refuse(form);
        }
    }
    if (text.ends_with('-')) throw refuse(form);
    if (const auto ok = validate(workload_of(made)); !ok) throw refuse(ok.failure().message);
    return made;
}

std::string words<ops::paged_mqa_logits>::text_of(const paged_mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what.stored;
    std::string text = concat(work.queries / work.next_n, "*", work.next_n, ",", work.columns, ",", scores.heads, ",",
                              scores.depth, ":paged");
    if (work.what.block != 64) text += concat("-", work.what.block);
    if (form != logits_form::unclean) text += concat("-", name_of(form));
    if (logits != dtype::f32) text += concat("-", logits);
    if (scores.weights != dtype::f32) text += concat("-by_", scores.weights);
    return text;
}

}  // namespace deepgemm::bench
