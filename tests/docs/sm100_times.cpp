// SPDX-License-Identifier: MIT
// The tables of docs/sm100-times.md: what the model of Blackwell predicts for every dense product of the specification's
// table. Where the environment has DEEPGEMM_WRITE_PAGES they are written, else they are held against the model.
#include <deepgemm/ops/gemm/sm100_plan.hpp>

#include <utility>

#include "page.hpp"

namespace sm100_times_tests {

using namespace deepgemm;

namespace {

constexpr operand_info half{dtype::bf16, scale_kind::none, {}}, token{dtype::e4m3, scale_kind::ue8m0, {1, 128}},
    block{dtype::e4m3, scale_kind::ue8m0, {128, 128}}, mx{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}},
    nv{dtype::e2m1x2, scale_kind::ue4m3, {1, 16}};

struct weight {
    i32 n, k;
};
constexpr weight weights[] = {{2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
                              {7168, 16384}, {4096, 7168}, {7168, 2048}},
                 f32_weights[] = {{256, 7168}, {129280, 7168}};

/// A line of a table. `orders` are those of A and B, as BLAS has them.
std::string line(const std::string& pass, const std::string& orders, const std::string& recipe, gemm_workload work) {
    if (orders[0] == 't') work.a.contiguous = major::mn;
    if (orders[1] == 'n') work.b.contiguous = major::mn;
    work.in_place = work.accumulate;
    const auto made = choose_sm100(work, device_info::b200());
    REQUIRE_MESSAGE(made, made.failure().message);
    const cost& c = made->best.predicted;
    const auto [m, n, k] = work.shape;
    return concat("| ", pass, " | ", m, " | ", n, " | ", k, " | ", orders, " | ", recipe, " | ", work.d,
                  work.accumulate ? " acc" : "", " | ", describe(made->best.tile), " | ", format("%.1f", c.total_us),
                  " | ", format("%.0f", demand_of(work).flops / c.total_us * 1e-6), " | ", name_of(c.limit), " |");
}

using table = std::vector<std::string>;
table with_head(table lines) {
    table made{"| pass | m | n | k | orders | recipe | D | tile | predicted, µs | TFLOPS | bound by |",
               "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"};
    made.insert(made.end(), lines.begin(), lines.end());
    return made;
}

/// FP8 with scales of tokens and blocks, or FP8 with FP4 weights: forward with and without C, and both gradients.
table small_types(bool fp4) {
    const auto work = [fp4](i32 m, i32 n, i32 k, bool by_token, dtype d, bool accumulate) {
        return gemm_workload{.shape = {m, n, k},
                             .a = token,
                             .b = fp4        ? mx
                                  : by_token ? token
                                             : block,
                             .d = d,
                             .accumulate = accumulate};
    };
    const std::string plain = fp4 ? "fp8xfp4" : "1d2d", both = fp4 ? "fp8xfp4" : "1d1d";
    table lines;
    for (const i32 m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) {
            lines.push_back(line("forward", "nt", plain, work(m, n, k, false, dtype::bf16, false)));
            lines.push_back(line("forward", "nt", both, work(m, n, k, true, dtype::bf16, true)));
        }
    }
    for (const auto& [n, k] : weights) {
        lines.push_back(line("dgrad", "nn", plain, work(4096, k, n, false, dtype::bf16, false)));
        lines.push_back(line("wgrad", "tn", both, work(n, 4096, k, true, dtype::f32, true)));
        lines.push_back(line("wgrad", "tn", plain, work(n, 4096, k, false, dtype::bf16, false)));
    }
    return with_head(lines);
}

/// Both operands FP4.
table fp4_alone() {
    table lines;
    for (const auto& [recipe, x] : {std::pair{"mxf4", mx}, std::pair{"nvf4", nv}}) {
        for (const i32 m : {1, 128, 4096}) {
            for (const auto& [n, k] : weights)
                lines.push_back(line("forward", "nt", recipe, {.shape = {m, n, k}, .a = x, .b = x, .d = dtype::bf16}));
        }
    }
    return with_head(lines);
}

table halves() {
    const auto work = [](i32 m, i32 n, i32 k, dtype d, bool accumulate) {
        return gemm_workload{.shape = {m, n, k}, .a = half, .b = half, .d = d, .accumulate = accumulate};
    };
    table lines;
    for (const i32 m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) {
            for (const bool accumulate : {false, true})
                lines.push_back(line("forward", "nt", "bf16", work(m, n, k, dtype::bf16, accumulate)));
        }
        for (const auto& [n, k] : f32_weights)
            lines.push_back(line("forward", "nt", "bf16", work(m, n, k, dtype::f32, false)));
    }
    const auto gradients = [&](i32 n, i32 k) {
        lines.push_back(line("dgrad", "nn", "bf16", work(4096, k, n, dtype::bf16, false)));
        lines.push_back(line("wgrad", "tn", "bf16", work(n, 4096, k, dtype::f32, true)));
        lines.push_back(line("wgrad", "tn", "bf16", work(n, 4096, k, dtype::bf16, false)));
    };
    for (const auto& [n, k] : weights) gradients(n, k);
    for (const auto& [n, k] : f32_weights) gradients(n, k);
    return with_head(lines);
}

/// What a stage and an epilogue of some tiles take.
table tiles() {
    const struct {
        const char* name;
        operand_info a, b;
        sm100_tile tile;
    } shown[] = {{"BF16", half, half, {.m = 128, .n = 64}},
                 {"BF16", half, half, {.m = 128, .n = 128}},
                 {"BF16", half, half, {.m = 128, .n = 256}},
                 {"BF16", half, half, {.m = 128, .n = 256, .ctas = 2}},
                 {"FP8", token, block, {.m = 128, .n = 224}},
                 {"FP8", token, block, {.m = 224, .n = 128, .swap = true, .ctas = 2}},
                 {"FP8 x FP4", token, mx, {.m = 128, .n = 224, .ctas = 2}},
                 {"FP4, MX", mx, mx, {.m = 128, .n = 224, .ctas = 2}}};
    table lines{
        "| operands | tile | columns | stages | multiply | operands read | scales copied | from L2 | latency | "
        "totals read | D stored |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"};
    for (const auto& [name, a, b, tile] : shown) {
        const gemm_workload work{.shape = {4096, 4096, 4096}, .a = a, .b = b, .d = dtype::bf16};
        REQUIRE(check_sm100_tile(tile, work));
        const sm100_product how = sm100_product_of(a, b);
        const sm100_clocks c = clocks_of(tile, work);
        lines.push_back(concat("| ", name, " | ", describe(tile), " | ", sm100_tmem_columns(tile, how), " | ",
                               sm100_stages(tile, how, dtype::bf16), " | ",
                               format("%.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f |", c.multiply, c.port, c.scales,
                                      c.fill, c.latency, c.totals, c.store)));
    }
    return lines;
}

}  // namespace

TEST_CASE("predicted times of Blackwell are what the model says") {
    const char* const page = "docs/sm100-times.md";
    const table fp8 = small_types(false), fp4 = small_types(true), fp4_both = fp4_alone(), bf16 = halves();
    CHECK(fp8.size() == 2 + 63);
    CHECK(fp4.size() == 2 + 63);
    CHECK(fp4_both.size() == 2 + 42);
    CHECK(bf16.size() == 2 + 75);
    check_made_lines(page, "tiles", tiles());
    check_made_lines(page, "fp8", fp8);
    check_made_lines(page, "fp8xfp4", fp4);
    check_made_lines(page, "fp4xfp4", fp4_both);
    check_made_lines(page, "bf16", bf16);
}

}  // namespace sm100_times_tests
