// SPDX-License-Identifier: MIT
#include "words.hpp"

#include <algorithm>
#include <cmath>

#include <deepgemm/ops/k_grouped_gemm/cost.hpp>

#include "ops/group_text.hpp"

namespace deepgemm::bench {

std::vector<i32> k_grouped_case::sizes() const {
    std::vector<double> shares;
    double sum = 0;
    u32 state = u32(groups * 31 + k);
    for (int g = 0; g < groups; ++g) {
        state = state * 1664525u + 1013904223u;
        shares.push_back(0.7 + 0.6 * double(state >> 8) / double(1u << 24));
        sum += shares.back();
    }
    std::vector<i32> sizes;
    const double units = double(k / 128);
    double before = 0;
    for (const double share : shares) {  // rounded where groups end, so that the sum is right
        const double end = before + share / sum * units;
        sizes.push_back((i32(std::lround(end)) - i32(std::lround(before))) * 128);
        before = end;
    }
    return sizes;
}

k_grouped_workload workload_of(const k_grouped_case& c) {
    const gemm_workload one = workload_of(c.one());
    const auto scaled = [&c](operand_info x) {
        if (c.packed) x.format = scale_kind::ue8m0;
        return x;
    };
    return {.groups = c.groups,
            .shape = one.shape,
            .concatenated = c.concatenated,
            .a = scaled(one.a),
            .b = scaled(one.b),
            .d = one.d,
            .accumulate = one.accumulate,
            .in_place = one.in_place};
}

double k_grouped_case::flops() const { return demand_of(bench::workload_of(*this)).flops; }
double k_grouped_case::bytes() const { return demand_of(bench::workload_of(*this)).bytes; }

std::string k_grouped_case::name() const {
    return concat(groups, "x", k, " ", rows, "x", n, " ", pass(), is_fp8() ? "" : " bf16", packed ? " ue8m0" : "",
                  accumulate ? "" : concat(" to ", one().d_type()));
}

std::string k_grouped_case::peer_name() const {
    return concat("num_groups=", groups, " m=", rows, " n=", n, " k=", k,
                  is_fp8() ? " gran_k=128 k_alignment=128 psum=0" : " align=128 psum=0");
}

std::vector<k_grouped_case> suite_k_grouped() {
    std::vector<k_grouped_case> cases{{4, 4096, 7168, 33536}, {4, 7168, 2048, 35328},  {8, 4096, 7168, 32000},
                                      {8, 7168, 2048, 32768}, {16, 4096, 7168, 34304}, {16, 7168, 2048, 33152}};
    const std::size_t count = cases.size();
    for (std::size_t i = 0; i < count; ++i) {
        cases.push_back(cases[i]);
        cases[i].concatenated = true;
    }
    return cases;
}

std::vector<k_grouped_case> suite_k_grouped_bf16() {
    std::vector<k_grouped_case> cases{{4, 4096, 7168, 32384}, {4, 7168, 2048, 27008},  {8, 4096, 7168, 36352},
                                      {8, 7168, 2048, 32000}, {16, 4096, 7168, 33664}, {16, 7168, 2048, 35072}};
    for (k_grouped_case& c : cases) c.operands = element::bf16;
    return cases;
}

k_grouped_case parse_k_groups(const std::string& text) {
    const group_text given = group_text::of(text);
    std::string recipe = given.recipe;
    const auto takes = [&recipe](const std::string& word) {
        const bool there = recipe.starts_with(word);
        if (there) recipe.erase(0, word.size());
        return there;
    };
    const bool bf16 = takes("bf16-"), apart = !bf16 && takes("concatenated"), known = apart || takes("along-k"),
               packed = !bf16 && takes("-ue8m0"), f32 = takes("-f32"), half = !f32 && takes("-bf16");
    if (given.sizes.empty() || !known || !recipe.empty()) {
        given.refuse(
            "groups of K are written G*M,N,K:along-k or, of concatenated operands, G*M,N,K:concatenated; of BF16, "
            ":bf16-along-k; with -ue8m0 behind that if scales of FP8 are packed, then with -f32 or -bf16 if D is not "
            "added "
            "to but stored in that type");
    }
    const gemm_case one = given.product(bf16 ? ":bf16-tn" : "", "of all groups");
    if (apart && one.k % 128 != 0) given.refuse(concat("K is ", one.k, "; concatenated groups have multiples of 128"));
    return {.groups = given.group_count(),
            .rows = one.m,
            .n = one.n,
            .k = one.k,
            .operands = one.operands,
            .concatenated = apart,
            .d = half ? output::bf16 : output::f32,
            .accumulate = !f32 && !half,
            .packed = packed};
}

std::string words<ops::k_grouped_gemm>::text_of(const k_grouped_workload& work) {
    const auto& [m, n, k] = work.shape;
    return concat(work.groups, "*", m, ",", n, ",", k, ":", work.a.type == dtype::bf16 ? "bf16-" : "",
                  work.concatenated ? "concatenated" : "along-k", work.a.format == scale_kind::ue8m0 ? "-ue8m0" : "",
                  work.accumulate         ? ""
                  : work.d == dtype::bf16 ? "-bf16"
                                          : "-f32");
}

}  // namespace deepgemm::bench
