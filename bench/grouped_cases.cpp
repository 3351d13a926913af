// SPDX-License-Identifier: MIT
#include "grouped_cases.hpp"

#include <algorithm>
#include <cmath>

#include <deepgemm/core/math.cuh>

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

}  // namespace deepgemm::bench
