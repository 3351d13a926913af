// SPDX-License-Identifier: MIT
#include "words.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <deepgemm/ops/contiguous_gemm/cost.hpp>

#include "lists.hpp"
#include "ops/group_text.hpp"

namespace deepgemm::bench {

namespace {

/// Cases for both kinds of lists, in the order of the peer's: first all by their ends.
std::vector<contiguous_case> of_both(std::vector<contiguous_case> cases) {
    const std::size_t count = cases.size();
    for (std::size_t i = 0; i < count; ++i) {
        cases.push_back(cases[i]);
        cases.back().by = grouping::indexed;
    }
    return cases;
}

}  // namespace

std::vector<i32> contiguous_case::counts() const {
    if (list != nullptr) {
        std::vector<i32> rows_of(dealt.begin(), dealt.end());
        if (counted) {
            for (i32& count : rows_of) count = align_up(count, alignment);
        }
        return rows_of;
    }
    std::vector<double> shares;
    double sum = 0;
    u32 state = u32(groups * 31 + rows);
    const auto draw = [&state] {
        state = state * 1664525u + 1013904223u;
        return state >> 8;
    };
    for (int g = 0; g < groups; ++g) {
        shares.push_back(0.7 + 0.6 * double(draw()) / double(1u << 24));
        sum += shares.back();
    }
    std::vector<i32> counts;
    const double units = double(rows / alignment);
    double before = 0;
    for (const double share : shares) {  // rounded where groups end, so that the sum is right
        const double end = before + share / sum * units;
        const i32 all = (i32(std::lround(end)) - i32(std::lround(before))) * alignment;
        counts.push_back(std::max(all - i32(draw() % u32(alignment)), 0));
        before = end;
    }
    return counts;
}

contiguous_workload workload_of(const contiguous_case& c) {
    const gemm_workload one = workload_of(c.one());
    const i32 mean = i32(ceil_div(c.rows, std::max(c.groups, 1)));
    contiguous_workload work{c.groups, one.shape,   c.expected_rows == 0 ? mean : c.expected_rows, c.by, one.a, one.b,
                             one.d,    c.scatters()};
    work.a.gathered = c.gathers();
    return work;
}

namespace {

/// The rows whose products are asked for.
i64 useful(const contiguous_case& c) {
    return c.list == nullptr ? c.rows : std::accumulate(c.dealt.begin(), c.dealt.end(), i64(0));
}

}  // namespace

double contiguous_case::flops() const { return demand_of(bench::workload_of(*this), useful(*this)).flops; }
double contiguous_case::bytes() const { return demand_of(bench::workload_of(*this), useful(*this)).bytes; }
double contiguous_case::memory() const { return demand_of(bench::workload_of(*this), rows).bytes; }

std::string contiguous_case::name() const {
    if (list != nullptr) return concat(list, " ", n, "x", k, " ", pass(), " ", alignment, counted ? " counted" : "");
    const std::string types = is_fp8() ? "" : std::string(" ") + one().recipe() + " " + one().layout();
    return concat(groups, "x", rows, " ", n, "x", k, " ", pass(), types,
                  gathers()    ? " gathered"
                  : scatters() ? " scattered"
                               : "");
}

std::string contiguous_case::peer_name() const {
    return concat("num_groups=", groups, " m=", rows, " n=", n, " k=", k, is_fp8() ? " 1D2D" : "",
                  stored == orientation::nt ? " layout=NT" : " layout=NN",
                  by == grouping::psum ? " psum=True" : " psum=False", " zero_pad=False");
}

std::vector<contiguous_case> suite_contiguous() {
    return of_both({{4, 35456, 6144, 7168},
                    {4, 36096, 7168, 3072},
                    {4, 31104, 4096, 4096},
                    {4, 32896, 4096, 2048},
                    {8, 31232, 6144, 7168},
                    {8, 38272, 7168, 3072},
                    {8, 33280, 4096, 4096},
                    {8, 30976, 4096, 2048}});
}

std::vector<contiguous_case> suite_contiguous_bf16() {
    // Of each shape first NT, then NN.
    std::vector<contiguous_case> cases{
        {4, 35456, 6144, 7168}, {4, 36096, 6144, 7168}, {4, 31104, 7168, 3072}, {4, 32896, 7168, 3072},
        {4, 32384, 4096, 4096}, {4, 29184, 4096, 4096}, {4, 36736, 4096, 2048}, {4, 38272, 4096, 2048},
        {8, 33280, 6144, 7168}, {8, 30976, 6144, 7168}, {8, 32768, 7168, 3072}, {8, 30336, 7168, 3072},
        {8, 35584, 4096, 4096}, {8, 31872, 4096, 4096}, {8, 36224, 4096, 2048}, {8, 28928, 4096, 2048}};
    for (std::size_t i = 0; i < cases.size(); ++i) {
        cases[i].operands = element::bf16;
        cases[i].stored = i % 2 == 0 ? orientation::nt : orientation::nn;
    }
    return of_both(cases);
}

std::vector<contiguous_case> suite_router() {
    struct named {
        const char* name;
        std::span<const i32> rows;
        int n, k;
    };
    const named lists[] = {{"zipf_32", zipf_32, 4096, 7168},   {"zipf_32", zipf_32, 7168, 2048},
                           {"zipf_256", zipf_256, 4096, 7168}, {"zipf_256", zipf_256, 7168, 2048},
                           {"one_half", one_half, 4096, 4096}, {"zipf_8", zipf_8, 4096, 4096},
                           {"even_8", even_8, 4096, 4096},     {"eight_256", eight_256, 4096, 7168},
                           {"many_64", many_64, 4096, 7168},   {"many_16", many_16, 4096, 7168}};
    std::vector<contiguous_case> cases;
    struct filling {
        int alignment;
        bool counted;
    };
    for (const auto& [alignment, counted] : {filling{1, false}, {128, false}, {128, true}}) {
        for (const auto& [name, rows, n, k] : lists) {
            i32 all = 0;
            for (const i32 count : rows) all += align_up(count, alignment);
            cases.push_back({.groups = int(rows.size()),
                             .rows = all,
                             .n = n,
                             .k = k,
                             .alignment = alignment,
                             .list = name,
                             .dealt = rows});
            cases.back().counted = counted;
            const std::vector<i32> counts = cases.back().counts();
            cases.back().expected_rows = ceil_div(std::accumulate(counts.begin(), counts.end(), 0), i32(counts.size()));
        }
    }
    return of_both(cases);
}

std::vector<contiguous_case> suite_lists() {
    std::vector<contiguous_case> cases;
    for (const element operands : {element::e4m3, element::bf16}) {
        for (contiguous_case c :
             {contiguous_case{4, 35456, 6144, 7168}, {8, 30976, 4096, 2048}, {64, 8192, 4096, 7168}}) {
            c.operands = operands;
            for (const listed order :
                 {listed::gathered, listed::gathered_before, listed::scattered, listed::scattered_after}) {
                c.order = order;
                cases.push_back(c);
            }
        }
    }
    return cases;
}

contiguous_case parse_contiguous(const std::string& text) {
    const group_text given = group_text::of(text);
    std::string recipe = given.recipe;
    const auto takes = [&recipe](const std::string& word) {
        const bool there = recipe.starts_with(word);
        if (there) recipe.erase(0, word.size());
        return there;
    };
    const bool bf16 = takes("bf16-"), nn = bf16 && takes("nn-"), gathered = takes("gathered-"),
               scattered = !gathered && takes("scattered-"), psum = takes("psum"), known = psum || takes("indexed");
    if (given.sizes.empty() || !known || !(recipe.empty() || recipe.starts_with("-"))) {
        given.refuse(
            "groups of rows are written G*M,N,K:psum or G*M,N,K:indexed, with -E if a group usually has E rows; of "
            "BF16, :bf16-psum, or :bf16-nn-psum with B contiguous along N; :gathered-psum and :scattered-psum with a "
            "list "
            "of rows");
    }
    const gemm_case one = given.product(!bf16 ? "" : nn ? ":bf16-nn" : ":bf16", "of all groups");
    const int groups = given.group_count();
    const int expected = recipe.empty() ? 0 : given.expected_rows(recipe.substr(1));
    if (expected > one.m)
        given.refuse(concat("the number of expected rows is ", expected, "; all groups have ", one.m));
    contiguous_case made{groups,       one.m,      one.n,   one.k, psum ? grouping::psum : grouping::indexed,
                         one.operands, one.stored, expected};
    made.order = gathered ? listed::gathered : scattered ? listed::scattered : listed::none;
    return made;
}

std::string words<ops::contiguous_gemm>::text_of(const contiguous_workload& work) {
    const auto& [m, n, k] = work.shape;
    const bool bf16 = work.a.type == dtype::bf16, nn = work.b.contiguous == major::mn;
    const std::string text = concat(work.groups, "*", m, ",", n, ",", k, ":", bf16 ? "bf16-" : "", nn ? "nn-" : "",
                                    work.a.gathered ? "gathered-" : "", work.scattered ? "scattered-" : "",
                                    work.by == grouping::psum ? "psum" : "indexed");
    const bool mean = work.expected_rows == ceil_div(m, max(work.groups, 1));
    return mean ? text : concat(text, "-", work.expected_rows);
}

}  // namespace deepgemm::bench
