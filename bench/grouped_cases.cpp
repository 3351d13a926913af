// SPDX-License-Identifier: MIT
#include "grouped_cases.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <deepgemm/core/math.cuh>
#include <deepgemm/host/parse.hpp>

#include "cases.hpp"

namespace deepgemm::bench {

std::vector<i32> grouped_case::counts() const {
    std::vector<double> shares;
    double sum = 0;
    u32 state = u32(groups * 31 + expected_rows);
    for (int g = 0; g < groups; ++g) {
        state = state * 1664525u + 1013904223u;
        shares.push_back(0.7 + 0.6 * double(state >> 8) / double(1u << 24));
        sum += shares.back();
    }
    std::vector<i32> counts;
    double before = 0;
    for (const double share : shares) {  // rounded where groups end, so that the sum is right
        const double end = before + share / sum * rows;
        counts.push_back(std::min(i32(std::lround(end)) - i32(std::lround(before)), slot));
        before = end;
    }
    return counts;
}

double grouped_case::bytes() const {
    const double blocks = ceil_div(k, 128);
    const double scales = 4 * blocks * (rows + double(groups) * ceil_div(n, 128));
    return double(rows) * k + double(groups) * n * k + scales + 2.0 * rows * n;
}

double grouped_case::memory() const {
    const double blocks = ceil_div(k, 128), slots = double(groups) * slot;
    return slots * k + double(groups) * n * k + 4 * blocks * (slots + double(groups) * ceil_div(n, 128)) +
           2 * slots * n;
}

std::string grouped_case::name() const {
    return std::to_string(groups) + "x" + std::to_string(expected_rows) + " " + std::to_string(n) + "x" +
           std::to_string(k);
}

std::vector<grouped_case> suite_masked() {
    return {{32, 192, 6144, 7168, 6199}, {32, 192, 7168, 3072, 6136}, {32, 192, 4096, 4096, 6022},
            {32, 192, 4096, 2048, 6120}, {6, 1024, 6144, 7168, 6594}, {6, 1024, 7168, 3072, 5890},
            {6, 1024, 4096, 4096, 6178}, {6, 1024, 4096, 2048, 5895}, {32, 20, 6144, 7168, 631},
            {32, 20, 7168, 3072, 627},   {32, 20, 4096, 4096, 627},   {32, 20, 4096, 2048, 628},
            {6, 20, 6144, 7168, 121},    {6, 20, 7168, 3072, 115},    {6, 20, 4096, 4096, 115},
            {6, 20, 4096, 2048, 116}};
}

std::optional<grouped_case> parse_groups(const std::string& text) {
    const std::size_t star = text.find('*'), colon = std::min(text.find(':'), text.size());
    if (star == std::string::npos) return {};
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument("the product '" + text + "': " + why);
    };
    const auto number = [&](const char* name, const std::string& digits) {
        const auto size = parse_extent(name, digits, 1);
        if (!size) refuse(size.failure().message);
        return int(*size);
    };
    const std::string recipe = text.substr(colon), masked = ":masked";
    const bool hinted = recipe.starts_with(masked + "-");
    if (star > colon || (recipe != masked && !hinted))
        refuse("groups are written G*M,N,K:masked or, with R rows expected, G*M,N,K:masked-R");
    const gemm_case one = parse_shape(text.substr(star + 1, colon - star - 1));  // as one product, in FP8
    const int groups = number("the number of groups", text.substr(0, star));
    const int expected = hinted ? number("the number of expected rows", recipe.substr(masked.size() + 1)) : one.m;
    if (expected > one.m) refuse("more rows are expected than a group has");
    return grouped_case{groups, expected, one.n, one.k, i32(std::min(i64(groups) * expected, i64(1) << 30)), one.m};
}

}  // namespace deepgemm::bench
