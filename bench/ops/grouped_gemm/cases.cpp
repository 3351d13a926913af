// SPDX-License-Identifier: MIT
#include "words.hpp"

#include <algorithm>
#include <cmath>

#include <deepgemm/ops/grouped_gemm/cost.hpp>

#include "ops/group_text.hpp"

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

grouped_workload workload_of(const grouped_case& c) {
    const gemm_workload one = workload_of(c.one());
    return {c.groups, one.shape, c.expected_rows, one.a, one.b, one.d};
}

double grouped_case::flops() const { return demand_of(bench::workload_of(*this), rows).flops; }
double grouped_case::bytes() const { return demand_of(bench::workload_of(*this), rows).bytes; }
double grouped_case::memory() const { return demand_of(bench::workload_of(*this), i64(groups) * slot).bytes; }

std::string grouped_case::name() const {
    return std::to_string(groups) + "x" + std::to_string(expected_rows) + " " + std::to_string(n) + "x" +
           std::to_string(k) + (is_fp8() ? "" : std::string(" ") + one().recipe());
}

std::vector<grouped_case> suite_masked() {
    return {{32, 192, 6144, 7168, 6199}, {32, 192, 7168, 3072, 6136}, {32, 192, 4096, 4096, 6022},
            {32, 192, 4096, 2048, 6120}, {6, 1024, 6144, 7168, 6594}, {6, 1024, 7168, 3072, 5890},
            {6, 1024, 4096, 4096, 6178}, {6, 1024, 4096, 2048, 5895}, {32, 20, 6144, 7168, 631},
            {32, 20, 7168, 3072, 627},   {32, 20, 4096, 4096, 627},   {32, 20, 4096, 2048, 628},
            {6, 20, 6144, 7168, 121},    {6, 20, 7168, 3072, 115},    {6, 20, 4096, 4096, 115},
            {6, 20, 4096, 2048, 116}};
}

std::vector<grouped_case> suite_masked_bf16() {
    std::vector<grouped_case> cases = suite_masked();
    const int rows[] = {6190, 6139, 6015, 6129, 6589, 5876, 6181, 5926, 631, 628, 629, 622, 122, 114, 114, 116};
    for (std::size_t i = 0; i < cases.size(); ++i) {
        cases[i].rows = rows[i];
        cases[i].operands = element::bf16;
    }
    return cases;
}

grouped_case parse_groups(const std::string& text) {
    const group_text given = group_text::of(text);
    const bool bf16 = given.recipe.starts_with("bf16-");
    const std::string masked = bf16 ? "bf16-masked" : "masked";
    const bool hinted = given.recipe.starts_with(masked + "-");
    if (given.sizes.empty() || (given.recipe != masked && !hinted))
        given.refuse(
            "groups are written G*M,N,K:masked or, with E rows expected, G*M,N,K:masked-E; of BF16, :bf16-masked");
    const gemm_case one = given.product(bf16 ? ":bf16" : "", "of one group");
    const int groups = given.group_count();
    const int expected = hinted ? given.expected_rows(given.recipe.substr(masked.size() + 1)) : one.m;
    if (expected > one.m) given.refuse(concat("the number of expected rows is ", expected, "; a group has ", one.m));
    const i32 rows = i32(std::min(i64(groups) * expected, i64(1) << 30));
    return grouped_case{groups, expected, one.n, one.k, rows, one.m, one.operands};
}

std::string words<ops::grouped_gemm>::text_of(const grouped_workload& work) {
    const auto& [m, n, k] = work.shape;
    const char* const type = work.a.type == dtype::bf16 ? "bf16-" : "";
    const std::string text = concat(work.groups, "*", m, ",", n, ",", k, ":", type, "masked");
    return work.expected_rows == m ? text : concat(text, "-", work.expected_rows);
}

}  // namespace deepgemm::bench
