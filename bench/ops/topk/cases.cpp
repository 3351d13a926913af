// SPDX-License-Identifier: MIT
#include <algorithm>
#include <stdexcept>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/topk/rules.hpp>

#include "words.hpp"

namespace deepgemm::bench {

double topk_case::flops() const {
    switch (source) {
        case logits_source::decode: return decode().flops();
        case logits_source::prefill: return prefill().flops();
        default: return 0;
    }
}

double topk_case::bytes() const {
    const double written = 4.0 * rows * k;
    switch (source) {
        case logits_source::decode: return written + decode().bytes() - size_of(logits) * decode().keys() * next_n;
        case logits_source::prefill: return written + prefill().bytes() - size_of(logits) * prefill().pairs();
        default: return written + double(rows) * columns * size_of(logits);
    }
}

double topk_case::memory() const {
    switch (source) {
        case logits_source::decode: return 4.0 * rows * k + decode().memory();
        case logits_source::prefill: return 4.0 * rows * k + prefill().memory();
        default: return bytes();
    }
}

std::string topk_case::name() const {
    if (source == logits_source::decode)
        return concat("decode requests=", rows / next_n, " next_n=", next_n, " keys=", columns, " k=", k);
    if (source == logits_source::prefill) return concat("prefill queries=", rows, " keys=", columns, " k=", k);
    return concat("rows=", rows, " columns=", columns, " k=", k, " Logits=", logits);
}

topk_workload workload_of(const topk_case& c) { return {c.rows, c.columns, c.k, c.logits}; }

std::vector<topk_case> suite_topk() {
    return {{32, 8192, 2048},   {64, 65536, 2048},  {64, 65536, 2048, dtype::bf16},
            {256, 8192, 2048},  {512, 65536, 2048}, {2048, 8192, 2048},
            {2048, 65536, 2048}};
}

std::vector<topk_case> suite_topk_logits() {
    const auto decode = [](int requests, int next_n, int keys) {
        return topk_case{requests * next_n, keys, 2048, dtype::f32, logits_source::decode, next_n};
    };
    const auto prefill = [](int queries, int keys) {
        return topk_case{queries, keys, 2048, dtype::f32, logits_source::prefill};
    };
    return {decode(32, 2, 65536), decode(32, 1, 8192), prefill(2048, 65536), prefill(8192, 65536)};
}

topk_case parse_topk(const std::string& text) {
    const auto refuse = [&](const std::string& why) -> std::invalid_argument {
        return std::invalid_argument(concat("the product '", text, "': ", why));
    };
    const auto number = [&](const char* name, const std::string& digits) {
        const auto size = parse_extent(name, digits, 1);
        if (!size) throw refuse(size.failure().message);
        return int(*size);
    };
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string sizes = text.substr(0, colon), recipe = text.substr(colon);
    const std::size_t first = sizes.find(','), second = sizes.rfind(',');
    const bool known = recipe == ":topk" || recipe == ":topk-bf16" || recipe == ":topk-f16";
    if (!known || std::count(sizes.begin(), sizes.end(), ',') != 2)
        throw refuse(concat("selections are written ", words<ops::topk>::form));
    const topk_case made{number("the number of rows", sizes.substr(0, first)),
                         number("the number of columns", sizes.substr(first + 1, second - first - 1)),
                         number("k", sizes.substr(second + 1)),
                         recipe.ends_with("-bf16")  ? dtype::bf16
                         : recipe.ends_with("-f16") ? dtype::f16
                                                    : dtype::f32};
    if (const auto ok = validate(workload_of(made)); !ok) throw refuse(ok.failure().message);
    return made;
}

std::string words<ops::topk>::text_of(const topk_workload& work) {
    const std::string text = concat(work.rows, ",", work.columns, ",", work.k, ":topk");
    return work.logits == dtype::f32 ? text : concat(text, "-", work.logits);
}

}  // namespace deepgemm::bench
