// SPDX-License-Identifier: MIT
// The tables of budgets with which the pages of operations begin: what products demand of any kernel, and how long an H200
// takes for that. Where the environment has DEEPGEMM_WRITE_PAGES they are written, else they are held against what the library
// counts.
#include <deepgemm/ops.hpp>
#include <deepgemm/ops/paged_mqa_logits/operation.hpp>

#include <tuple>

#include "page.hpp"

namespace budgets_tests {

using namespace deepgemm;

namespace {

// An H200: flops of a multiprocessor in a cycle, flops and bytes in a microsecond. The pages say where these come from.
constexpr double multiprocessors = 132, memory_rate = 4.1e6;
struct tensor_cores {
    const char* type;
    double cycle, rate;
};
constexpr tensor_cores in_fp8{"FP8", 8192, 1480e6}, in_half{"BF16", 4096, 820e6}, in_tf32{"TF32", 2048, 410e6};

constexpr operand_info tokens{dtype::e4m3, scale_kind::fp32, {1, 128}},
    blocks{dtype::e4m3, scale_kind::fp32, {128, 128}}, half{dtype::bf16, scale_kind::none, {}};

gemm_workload dense(bool fp8, i32 m, i32 n, i32 k) {
    return {.shape = {m, n, k}, .a = fp8 ? tokens : half, .b = fp8 ? blocks : half, .d = dtype::bf16};
}
/// `rows` rows in each of `groups` groups.
grouped_workload in_slots(bool fp8, i32 groups, i32 rows, i32 n, i32 k) {
    return {groups, {rows, n, k}, rows, fp8 ? tokens : half, fp8 ? blocks : half, dtype::bf16};
}
/// `m` rows in `groups` groups.
contiguous_workload in_rows(bool fp8, i32 groups, i32 m, i32 n, i32 k) {
    const gemm_workload one = dense(fp8, m, n, k);
    return {groups, one.shape, m / groups, grouping::psum, one.a, one.b, one.d};
}

/// Three digits of a number from 0.1 on.
std::string digits(double x) { return format(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x); }

/// The same with an exponent, as in 3.12e12.
std::string scientific(double x) {
    std::string text = format("%.2e", x);
    text.erase(text.find('+'), 1);
    return text;
}

/// A line of a table.
std::string line(const tensor_cores& by, const std::string& product, const demand& needs) {
    const double cycles = needs.flops / multiprocessors / by.cycle;
    const double multiply = needs.flops / by.rate, move = needs.bytes / memory_rate;
    return concat("| ", by.type, ", ", product, " | ", scientific(needs.flops), " | ", digits(cycles / 1000), " | ",
                  digits(multiply), " | ", format("%.3f", needs.bytes * 1e-9), " | ", digits(move), " | ",
                  move > multiply ? "memory" : "multiply", " |");
}
std::string line(bool fp8, const std::string& product, const demand& needs) {
    return line(fp8 ? in_fp8 : in_half, product, needs);
}

using table = std::vector<std::string>;
table with_head(table lines) {
    table made{"| product | operations | cycles, thousands | multiply, µs | GB | move, µs | longer |",
               "| --- | --- | --- | --- | --- | --- | --- |"};
    made.insert(made.end(), lines.begin(), lines.end());
    return made;
}

table dense_table() {
    table lines;
    for (const auto& [fp8, m, n, k] : {std::tuple{true, 1, 7168, 16384},
                                       {true, 128, 7168, 16384},
                                       {true, 4096, 7168, 16384},
                                       {false, 1, 7168, 16384},
                                       {false, 128, 7168, 16384},
                                       {false, 4096, 7168, 16384}}) {
        lines.push_back(line(fp8, concat(m, " x ", n, " x ", k), demand_of(dense(fp8, m, n, k))));
    }
    return with_head(lines);
}

table masked_table() {
    table lines;
    for (const auto& [fp8, groups, rows] : {std::tuple{true, 6, 20},
                                            {true, 32, 20},
                                            {true, 32, 192},
                                            {true, 6, 1024},
                                            {false, 32, 20},
                                            {false, 32, 192},
                                            {false, 6, 1024}}) {
        lines.push_back(line(fp8, concat(groups, " groups of ", rows, " rows"),
                             demand_of(in_slots(fp8, groups, rows, 6144, 7168))));
    }
    return with_head(lines);
}

table batched_table() {
    table lines;
    for (const auto& [fp8, h, b, n, k] : {std::tuple{false, 128, 4, 128, 512},
                                          {false, 128, 4096, 128, 512},
                                          {false, 128, 4096, 512, 128},
                                          {false, 8, 128, 1024, 4096},
                                          {false, 8, 4096, 1024, 4096},
                                          {true, 8, 4096, 1024, 4096}}) {
        lines.push_back(line(fp8, concat(h, " heads, ", b, " rows, N ", n, ", K ", k),
                             demand_of(batched_workload{h, dense(fp8, b, n, k)})));
    }
    for (const auto& [s, m, n, k] : {std::tuple{129, 128, 384, 128}, {4096, 256, 256, 256}}) {
        gemm_workload one = dense(false, m, n, k);
        lines.push_back(line(false, concat("the sum of ", s, " of ", m, " x ", n, " x ", k),
                             demand_of(batched_workload{s, one, true})));
    }
    return with_head(lines);
}

table contiguous_table() {
    table lines;
    for (const auto& [fp8, groups, m, n, k] : {std::tuple{true, 4, 35456, 6144, 7168},
                                               {true, 8, 30976, 4096, 2048},
                                               {false, 4, 35456, 6144, 7168},
                                               {true, 64, 4096, 4096, 7168},
                                               {true, 256, 4096, 4096, 7168}}) {
        lines.push_back(line(fp8, concat(m, " rows in ", groups, " groups, N ", n, ", K ", k),
                             demand_of(in_rows(fp8, groups, m, n, k))));
    }
    return with_head(lines);
}

table k_grouped_table() {
    table lines;
    for (const auto& [fp8, groups, m, n, k] : {std::tuple{true, 4, 4096, 7168, 33536},
                                               {true, 16, 4096, 7168, 34304},
                                               {true, 16, 7168, 2048, 33152},
                                               {false, 4, 4096, 7168, 32384},
                                               {false, 16, 7168, 2048, 35072}}) {
        const operand_info operand = fp8 ? tokens : half;
        const k_grouped_workload work{.groups = groups,
                                      .shape = {m, n, k},
                                      .a = operand,
                                      .b = operand,
                                      .d = dtype::f32,
                                      .accumulate = true,
                                      .in_place = true};
        lines.push_back(line(fp8, concat(groups, " of ", m, " x ", n, ", K ", k, " in all"), demand_of(work)));
    }
    return with_head(lines);
}

table prenorm_table() {
    table lines;
    for (const auto& [m, k, parts] : {std::tuple{13, 7168, 1},
                                      {137, 7168, 1},
                                      {137, 7168, 16},
                                      {4096, 7168, 1},
                                      {8192, 7168, 1},
                                      {8192, 7168, 16},
                                      {8192, 28672, 1}}) {
        const std::string name = concat(m, " x 24 x ", k, parts > 1 ? concat(" in ", parts, " parts") : "");
        lines.push_back(line(in_tf32, name, demand_of(hc_prenorm_workload{{m, 24, k}, parts})));
    }
    return with_head(lines);
}

table logits_table() {
    table lines;
    for (const auto& [queries, heads, depth] : {std::tuple{2048, 64, 128},
                                                {8192, 64, 128},
                                                {8192, 32, 128},
                                                {8192, 64, 64},
                                                {8192, 64, 32},
                                                {8192, 16, 128}}) {
        const mqa_logits_workload work{queries, 8192, {{heads, depth}}};
        lines.push_back(
            line(true, concat(queries, " queries, 8192 keys, ", heads, " heads of ", depth), demand_of(work)));
    }
    return with_head(lines);
}

table cleaning_table() {
    table lines{"| logits | GB | move, µs |", "| --- | --- | --- |"};
    for (const auto& [queries, logits] : {std::pair{2048, dtype::f32}, {8192, dtype::f32}, {8192, dtype::bf16}}) {
        const double bytes = demand_of(clean_logits_workload{queries, 8192, logits}).bytes;
        lines.push_back(concat("| ", queries, " x 8192 in ", logits, " | ", format("%.3f", bytes * 1e-9), " | ",
                               digits(bytes / memory_rate), " |"));
    }
    return lines;
}

table transposition_table() {
    table lines{"| bytes | GB | move, µs |", "| --- | --- | --- |"};
    for (const auto& [rows, columns] : {std::pair{4096, 7168}, {24576, 1536}, {7168, 16384}}) {
        const double bytes = demand_of(transpose_workload{rows, columns}).bytes;
        lines.push_back(concat("| ", rows, " x ", columns, " | ", format("%.3f", bytes * 1e-9), " | ",
                               digits(bytes / memory_rate), " |"));
    }
    return lines;
}

table pages_table() {
    table lines;
    for (const auto& [requests, next_n, heads, columns] : {std::tuple{256, 1, 64, 8192},
                                                           {256, 1, 64, 65536},
                                                           {256, 1, 32, 65536},
                                                           {256, 2, 64, 65536},
                                                           {4096, 1, 64, 8192},
                                                           {256, 4, 64, 65536}}) {
        const paged_mqa_logits_workload work{requests * next_n, next_n, columns, {{{heads, 128}}, 64}};
        lines.push_back(
            line(true, concat(requests, " requests of ", next_n, ", ", columns, " keys each, ", heads, " heads of 128"),
                 demand_of(work)));
    }
    return with_head(lines);
}

table selection_table() {
    table lines{"| rows | GB | move, µs |", "| --- | --- | --- |"};
    for (const auto& [rows, columns, logits] : {std::tuple{64, 65536, dtype::f32},
                                                {64, 65536, dtype::bf16},
                                                {512, 65536, dtype::f32},
                                                {2048, 8192, dtype::f32},
                                                {2048, 65536, dtype::f32}}) {
        const double bytes = demand_of(topk_workload{rows, columns, 2048, logits}).bytes;
        lines.push_back(concat("| ", rows, " of ", columns, " in ", logits, ", k = 2048 | ",
                               format("%.3f", bytes * 1e-9), " | ", digits(bytes / memory_rate), " |"));
    }
    return lines;
}

/// What a K block of 128 elements takes in FP8, by tile: to multiply it, and to bring it from L2 when all multiprocessors read.
table tile_table() {
    const double l2_bytes = cost_parameters{}.l2_bytes;
    table lines{"| tile | multiply, cycles | bytes | from L2, cycles |", "| --- | --- | --- | --- |"};
    for (const auto& [m, n, sharing] :
         {std::tuple{64, 64, 1}, {64, 128, 1}, {128, 128, 1}, {192, 128, 1}, {256, 128, 1}, {256, 128, 2}}) {
        const double multiply = 2.0 * m * n * 128 / in_fp8.cycle, bytes = 128.0 * (double(m) / sharing + n);
        lines.push_back(concat("| ", m, " x ", n, sharing > 1 ? ", in pairs that share A" : "", " | ",
                               format("%.0f | %.0f | %.0f |", multiply, bytes, bytes / l2_bytes)));
    }
    return lines;
}

}  // namespace

TEST_CASE("pages of operations begin with their budgets") {
    check_made_lines("docs/ops/gemm.md", "budget", dense_table());
    check_made_lines("docs/ops/gemm.md", "tiles", tile_table());
    check_made_lines("docs/ops/grouped_gemm.md", "budget", masked_table());
    check_made_lines("docs/ops/contiguous_gemm.md", "budget", contiguous_table());
    check_made_lines("docs/ops/k_grouped_gemm.md", "budget", k_grouped_table());
    check_made_lines("docs/ops/batched_gemm.md", "budget", batched_table());
    check_made_lines("docs/ops/hc_prenorm.md", "budget", prenorm_table());
    check_made_lines("docs/ops/mqa_logits.md", "budget", logits_table());
    check_made_lines("docs/ops/clean_logits.md", "budget", cleaning_table());
    check_made_lines("docs/ops/paged_mqa_logits.md", "budget", pages_table());
    check_made_lines("docs/ops/topk.md", "budget", selection_table());
    check_made_lines("docs/ops/transpose.md", "budget", transposition_table());
    for (const auto& page : pages()) {  // of every operation
        if (page.parent_path() != "docs/ops") continue;
        CAPTURE(page.string());
        table headings;
        bool made = false;
        for (const std::string& line : source_lines(page)) {
            if (line.starts_with("## ")) headings.push_back(line);
            made |= line == "<!-- budget:begin -->";
        }
        CHECK(headings.at(0) == "## Budget");
        CHECK(made);
    }
}

}  // namespace budgets_tests
