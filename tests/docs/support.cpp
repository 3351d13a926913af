// SPDX-License-Identifier: MIT
// The tables of docs/support.md, for Hopper and for Blackwell, are made from the lists of shipped kernels of all operations.
// Where the environment has DEEPGEMM_WRITE_PAGES they are written, else they are held against them.
#include <doctest/doctest.h>

#include <tuple>

#include "../shipped_lists.hpp"
#include "page.hpp"

namespace support_tests {

using namespace deepgemm;

namespace {

/// Kernels that differ in nothing but the orders of their operands, C and configurations, and how they take C. They are a row.
struct row {
    std::string operation, a, b, d, arch;
    std::string orders[3];  ///< without C, with C, with a C that is D and to which L2 adds; such as "nt tn "
    int kernels = 0;
};

/// An operand: `e4m3, fp32 1x128`. The words of scales of single rows lie along those unless it says otherwise.
std::string operand_text(const operand_info& value) {
    const char* const gathered = value.gathered ? ", rows gathered" : "";
    if (value.format == scale_kind::none) return concat(value.type, gathered);
    if (value.tile.all_of_k())
        return concat(value.type, ", ", name_of(value.format), value.tile.mn == 1 ? " by row" : " as a whole");
    const bool along_k = value.tile.mn == 1 && value.scales == major::k;
    return concat(value.type, ", ", name_of(value.format), " ", value.tile.mn, "x", value.tile.k,
                  along_k ? ", K-major" : "", gathered);
}

std::string result_text(const gemm_traits& what) {
    if (what.scattered) return concat(what.d, ", rows scattered");
    if (what.groups == grouping::summed) return concat(what.d, ", summed over the batch");
    if (!what.heads.any()) return name_of(what.d) + describe(what.epilogue);
    return concat(what.d, ", heads ", what.heads.left, "+", what.heads.middle, "+", what.heads.right);
}

/// How A and B lie, as BLAS says it: `n` or `t` each.
std::string order(const gemm_traits& what) {
    return concat(what.a.contiguous == major::k ? "n" : "t", what.b.contiguous == major::k ? "t" : "n");
}

/// What a kernel computes, as far as a row tells it: its operands and results, the order in which it takes the first, and where
/// in row::orders that stands.
struct kind {
    std::string a, b, d, order;
    std::size_t with_c = 0;
};
kind kind_of(const gemm_traits& what) {
    return {operand_text(what.a), operand_text(what.b), result_text(what), order(what),
            what.in_place     ? 2u
            : what.accumulate ? 1u
                              : 0u};
}
kind kind_of(const hc_prenorm_traits& what) {
    const char* const sums = what.sums == partial_sums::apart ? ", in parts of K" : "";
    return {name_of(what.a), concat(what.b, ", as tf32"), concat(what.d, ", and sums of squares", sums), "nt"};
}

kind kind_of(const stored_mqa_traits& what) {
    const auto& [heads, depth, weights] = what.scores;
    return {concat("e4m3, ", heads, " heads of ", depth, ", weights ", weights), "e4m3, fp32 by key",
            concat("logits ", what.logits), "nt"};
}

kind kind_of(const paged_mqa_traits& what) {
    const auto& [heads, depth, weights] = what.stored.scores;
    return {concat("e4m3, ", heads, " heads of ", depth, ", weights ", weights),
            concat("e4m3, fp32 by key, pages of ", what.block), concat("logits ", what.stored.logits), "nt"};
}
kind kind_of(const topk_traits& what) { return {concat("logits ", what.logits), "", "indices i32", ""}; }

kind kind_of(const transpose_traits& what) { return {"", "", concat("elements of ", what.element_bytes, " byte"), ""}; }

kind kind_of(const clean_logits_traits& what) { return {"", "", concat("logits ", what.logits), ""}; }

/// Adds a kernel to the row of its kind, which may be new.
template <class Info>
void add(std::vector<row>& rows, const char* operation, const Info& kernel) {
    const kind what = kind_of(kernel.traits);
    const char* const arch = kernel.launch.arch == arch::sm100::number ? arch::sm100::name : arch::sm90::name;
    row made{operation, what.a, what.b, what.d, arch, {}};
    const auto key = [](const row& r) { return std::tie(r.operation, r.a, r.b, r.d, r.arch); };
    row* at = nullptr;
    for (row& r : rows) {
        if (key(r) == key(made)) at = &r;
    }
    if (at == nullptr) at = &rows.emplace_back(made);
    ++at->kernels;
    std::string& orders = at->orders[what.with_c];
    if (orders.find(what.order) == std::string::npos) orders += what.order + ' ';
}

template <class O, class... Kernels>
void add_list(std::vector<row>& rows, shipped::kernels<Kernels...>) {
    (add(rows, O::name, Kernels::info), ...);
}

/// All operations that the library's engine serves, on Hopper and on Blackwell.
template <class... Os>
std::vector<row> rows_of(const engine_of<Os...>*) {
    std::vector<row> rows;
    (add_list<Os>(rows, shipped::all_of<Os>()), ...);
    return rows;
}
template <class... Os>
std::vector<row> sm100_rows_of(const engine_of<Os...>*) {
    std::vector<row> rows;
    (add_list<Os>(rows, shipped::sm100_of<Os>()), ...);
    return rows;
}

/// Orders with commas between them, the usual ones first.
std::string listed(const std::string& orders) {
    std::string text;
    for (const char* one : {"nt", "nn", "tn", "tt"}) {
        if (orders.find(one) != std::string::npos) text += concat(text.empty() ? "" : ", ", one);
    }
    return text;
}

std::vector<std::string> table(const std::vector<row>& rows) {
    std::vector<std::string> lines{
        "| operation | A | B | D | orders without C | with C | adding to D in L2 | architecture | kernels |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"};
    for (const row& r : rows) {
        lines.push_back(concat("| `", r.operation, "` | ", r.a, " | ", r.b, " | ", r.d, " | ", listed(r.orders[0]),
                               " | ", listed(r.orders[1]), " | ", listed(r.orders[2]), " | ", r.arch, " | ", r.kernels,
                               " |"));
    }
    return lines;
}

}  // namespace

TEST_CASE("the tables of what is supported are those of the shipped kernels") {
    const auto* const all = static_cast<const engine*>(nullptr);
    const auto hopper = table(rows_of(all)), blackwell = table(sm100_rows_of(all));
    CHECK(hopper.size() > 10);
    CHECK(blackwell.size() > 10);
    check_made_lines("docs/support.md", "support", hopper);
    check_made_lines("docs/support.md", "support_sm100", blackwell);
}

}  // namespace support_tests
