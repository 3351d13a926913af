// SPDX-License-Identifier: MIT
// The suites, and shapes given on the command line.
#include "cases.hpp"

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace deepgemm::bench {

namespace {

/// A weight matrix (n, k).
struct weight {
    int n, k;
};
constexpr weight weights[] = {{2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
                              {7168, 16384}, {4096, 7168}, {7168, 2048}};
/// Those whose BF16 product is wanted in FP32: a router and an output head.
constexpr weight f32_weights[] = {{256, 7168}, {129280, 7168}};

gemm_case bf16_case(const char* pass, int m, int n, int k, orientation stored, output d, bool accumulate = false) {
    return {.pass = pass,
            .m = m,
            .n = n,
            .k = k,
            .d = d,
            .accumulate = accumulate,
            .operands = element::bf16,
            .stored = stored};
}

/// Applies "bf16-tn-f32-acc", "1d2d-nn" and the like to a case. False if the text is no recipe.
bool apply_recipe(const std::string& recipe, gemm_case& to) {
    std::size_t end = recipe.find('-');
    const std::string type = recipe.substr(0, end);
    bool fp8 = false;
    for (const auto& [name, scales] : {std::pair{"1d2d", b_scales::block},
                                       {"1d1d", b_scales::token},
                                       {"row", b_scales::row},
                                       {"tensor", b_scales::tensor}}) {
        if (type != name) continue;
        fp8 = true;
        to.scales = scales;
    }
    const bool packed = type == "mxf4" || type == "nvf4";  // along K only
    if (!fp8) {
        bool known = false;
        for (const element each : {element::bf16, element::f16, element::fp8_fp4, element::mxf4, element::nvf4}) {
            to.operands = each;
            known = type == to.recipe();
            if (known) break;
        }
        if (!known) return false;
        to.d = type == "f16" ? output::f16 : output::bf16;
    }
    while (end != std::string::npos) {
        const std::size_t begin = end + 1;
        end = recipe.find('-', begin);
        const std::string word = recipe.substr(begin, end == std::string::npos ? end : end - begin);
        if (word == "nn" && !packed) {
            to.stored = orientation::nn;
        } else if (word == "tn" && !packed) {
            to.stored = orientation::tn;
        } else if (word == "tt" && !packed) {
            to.stored = orientation::tt;
        } else if (word == "f32" && !fp8) {
            to.d = output::f32;
        } else if (word == "acc" && type != "1d2d") {
            to.accumulate = true;
            if (fp8) to.d = output::f32;
        } else if (word != "nt" || fp8) {
            return false;
        }
    }
    return true;
}

/// The rules of TMA for dense matrices: rows in memory are multiples of 16 bytes. Empty if the case obeys them.
std::string broken_rule(const gemm_case& c) {
    if (c.is_fp8()) {
        if (c.n % 8 != 0 || c.k % 16 != 0) return "N must be a multiple of 8, K a multiple of 16";
        if (c.a_mn_major() && c.m % 16 != 0) return "M must be a multiple of 16";
        if (c.b_mn_major() && c.n % 16 != 0) return "N must be a multiple of 16";
        return "";
    }
    if (c.is_fp4()) {
        if (c.operands != element::fp8_fp4) {
            return c.n % 8 == 0 && c.k % 32 == 0 ? "" : "N must be a multiple of 8, K a multiple of 32";
        }
        if (c.n % 8 != 0 || c.k % 16 != 0) return "N must be a multiple of 8, K a multiple of 16";
        if (c.a_mn_major() && c.m % 16 != 0) return "M must be a multiple of 16";
        if ((c.b_mn_major() ? c.n : c.k) % 128 != 0)
            return c.b_mn_major() ? "N must be a multiple of 128" : "K must be a multiple of 128";
        return "";
    }
    const int d_columns = 16 / c.d_bytes();
    if ((c.a_mn_major() ? c.m : c.k) % 8 != 0)
        return c.a_mn_major() ? "M must be a multiple of 8" : "K must be a multiple of 8";
    if ((c.b_mn_major() ? c.n : c.k) % 8 != 0)
        return c.b_mn_major() ? "N must be a multiple of 8" : "K must be a multiple of 8";
    if (c.n % d_columns != 0) return "N must be a multiple of " + std::to_string(d_columns);
    return "";
}

}  // namespace

gemm_workload workload_of(const gemm_case& c) {
    gemm_workload made{.shape = {c.m, c.n, c.k}, .accumulate = c.accumulate, .in_place = c.accumulate};
    made.d = c.d == output::bf16 ? dtype::bf16 : c.d == output::f16 ? dtype::f16 : dtype::f32;
    if (c.is_fp8()) {
        constexpr scale_tile rows{1, scale_tile::all}, whole{scale_tile::all, scale_tile::all};
        made.a = made.b = {dtype::e4m3, scale_kind::fp32, {1, 128}};
        if (c.scales == b_scales::block) made.b.tile = {128, 128};
        if (c.is_scaled_at_end()) {  // all that is turned is transposed first
            made.a.tile = made.b.tile = c.scales == b_scales::row ? rows : whole;
            return made;
        }
        const auto stored = [&](i64 rows, bool turned) -> input_matrix {
            return {nullptr, dtype::e4m3, rows, c.k, turned ? 1 : c.k, turned ? rows : 1};
        };
        const auto first = deepgemm::detail::turned_first::but_one_of(
            {.a = {stored(c.m, c.a_mn_major()), {}}, .b = {stored(c.n, c.b_mn_major()), {}}});
        if (c.a_mn_major() && !first.a) made.a.contiguous = major::mn;
        if (c.b_mn_major() && !first.b) made.b.contiguous = major::mn;
        return made;
    }
    if (c.is_fp4()) {
        constexpr operand_info token{dtype::e4m3, scale_kind::ue8m0, {1, 128}},
            mx{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}}, nv{dtype::e2m1x2, scale_kind::ue4m3, {1, 16}};
        made.b = c.operands == element::nvf4 ? nv : mx;
        made.a = c.operands == element::fp8_fp4 ? token : made.b;
        if (c.a_mn_major()) made.a.contiguous = major::mn;
        if (c.b_mn_major()) made.b.contiguous = major::mn;
        return made;
    }
    const dtype type = c.operands == element::bf16 ? dtype::bf16 : dtype::f16;
    made.a = {type, scale_kind::none, {}, c.a_mn_major() ? major::mn : major::k};
    made.b = {type, scale_kind::none, {}, c.b_mn_major() ? major::mn : major::k};
    return made;
}

gemm_workload workload_of(const gemm_case& c, const device_info& device) {
    gemm_workload made = workload_of(c);
    const bool packed = device.arch / 10 == arch::sm100::number / 10 && c.is_fp8() && !c.is_scaled_at_end();
    if (!packed) return made;
    made.a.format = made.b.format = scale_kind::ue8m0;
    made.a.contiguous = c.a_mn_major() ? major::mn : major::k;
    made.b.contiguous = c.b_mn_major() ? major::mn : major::k;
    return made;
}

double gemm_case::flops() const { return demand_of(bench::workload_of(*this)).flops; }
double gemm_case::bytes() const { return demand_of(bench::workload_of(*this)).bytes; }

std::string gemm_case::name() const {
    const std::string shape = std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
    return std::string(pass) + " " + shape + " " + recipe() + " " +
           (is_fp8() && !is_turned() ? "" : std::string(layout()) + " ") + d_type() + (accumulate ? " acc" : "");
}

std::vector<gemm_case> suite_fp8_42() {
    std::vector<gemm_case> cases;
    for (const int m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) cases.push_back({"forward", m, n, k});
    }
    for (const auto& [n, k] : weights) {
        cases.push_back({"dgrad", 4096, k, n});
        cases.push_back({"wgrad", n, 4096, k, b_scales::token, output::f32, true});
        cases.push_back({"wgrad", n, 4096, k});
    }
    return cases;
}

/// The 63 cases of Blackwell with operands of 8 bits, or with weights of 4.
static std::vector<gemm_case> suite_of_63(element operands) {
    std::vector<gemm_case> cases;
    const auto add = [&](const char* pass, int m, int n, int k, orientation stored, b_scales scales, output d,
                         bool accumulate) {
        cases.push_back({pass, m, n, k, scales, d, accumulate, operands, stored});
    };
    for (const int m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) {
            add("forward", m, n, k, orientation::nt, b_scales::block, output::bf16, false);
            add("forward", m, n, k, orientation::nt, b_scales::token, output::bf16, true);
        }
    }
    for (const auto& [n, k] : weights) {
        add("dgrad", 4096, k, n, orientation::nn, b_scales::block, output::bf16, false);
        add("wgrad", n, 4096, k, orientation::tn, b_scales::token, output::f32, true);
        add("wgrad", n, 4096, k, orientation::tn, b_scales::block, output::bf16, false);
    }
    return cases;
}

std::vector<gemm_case> suite_fp8_63() { return suite_of_63(element::e4m3); }

std::vector<gemm_case> suite_fp4() {
    std::vector<gemm_case> cases = suite_of_63(element::fp8_fp4);
    for (const element operands : {element::mxf4, element::nvf4}) {
        for (const int m : {1, 128, 4096}) {
            for (const auto& [n, k] : weights)
                cases.push_back({.pass = "forward", .m = m, .n = n, .k = k, .operands = operands});
        }
    }
    return cases;
}

std::vector<gemm_case> suite_fp8_25() {
    std::vector<gemm_case> cases;
    for (const int m : {64, 128, 4096}) {
        for (const auto& [n, k] : weights) cases.push_back({"forward", m, n, k});
    }
    cases.push_back({"-", 4096, 4096, 4096});
    cases.push_back({"-", 8192, 8192, 4096});
    cases.push_back({"-", 16384, 4096, 4096});
    cases.push_back({"-", 8192, 8192, 8192});
    return cases;
}

std::vector<gemm_case> suite_fp8_layouts() {
    constexpr weight chosen[] = {{4096, 7168}, {7168, 2048}, {24576, 1536}, {7168, 16384}};
    std::vector<gemm_case> cases;
    for (const auto& [n, k] : chosen) {
        for (const orientation stored : {orientation::nn, orientation::tn, orientation::tt})
            cases.push_back({.pass = "-", .m = 4096, .n = n, .k = k, .stored = stored});
    }
    return cases;
}

std::vector<gemm_case> suite_fp8_row_scales() {
    std::vector<gemm_case> cases;
    for (const b_scales scales : {b_scales::row, b_scales::tensor}) {
        for (gemm_case c : suite_fp8_42()) {
            c.scales = scales;
            cases.push_back(c);
        }
    }
    return cases;
}

std::vector<gemm_case> suite_sustained() {
    constexpr problem_shape largest[] = {{4096, 7168, 16384}, {4096, 16384, 7168}, {7168, 4096, 16384},
                                         {8192, 8192, 4096},  {16384, 4096, 4096}, {8192, 8192, 8192}};
    std::vector<gemm_case> cases;
    for (const b_scales scales : {b_scales::block, b_scales::tensor}) {
        for (const auto& [m, n, k] : largest) cases.push_back({"sustained", m, n, k, scales});
    }
    return cases;
}

std::vector<gemm_case> suite_bf16_75() {
    std::vector<gemm_case> cases;
    for (const int m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) {
            for (const bool accumulate : {false, true})
                cases.push_back(bf16_case("forward", m, n, k, orientation::nt, output::bf16, accumulate));
        }
        for (const auto& [n, k] : f32_weights)
            cases.push_back(bf16_case("forward", m, n, k, orientation::nt, output::f32));
    }
    const auto add_gradients = [&cases](const weight& w) {
        cases.push_back(bf16_case("dgrad", 4096, w.k, w.n, orientation::nn, output::bf16));
        cases.push_back(bf16_case("wgrad", w.n, 4096, w.k, orientation::tn, output::f32, true));
        cases.push_back(bf16_case("wgrad", w.n, 4096, w.k, orientation::tn, output::bf16));
    };
    std::for_each(std::begin(weights), std::end(weights), add_gradients);
    std::for_each(std::begin(f32_weights), std::end(f32_weights), add_gradients);
    return cases;
}

std::vector<gemm_case> suite(const std::string& name) {
    const bool all = name == "all", both = all || name == "fp8";
    std::vector<gemm_case> cases;
    const auto append = [&cases](const std::vector<gemm_case>& more) {
        for (const gemm_case& c : more) {
            const auto same = [&c](const gemm_case& old) { return old.name() == c.name(); };
            if (std::none_of(cases.begin(), cases.end(), same)) cases.push_back(c);
        }
    };
    if (both || name == "fp8_42") append(suite_fp8_42());
    if (both || name == "fp8_25") append(suite_fp8_25());
    if (name == "fp8_layouts") append(suite_fp8_layouts());
    if (name == "fp8_63") append(suite_fp8_63());
    if (name == "fp4") append(suite_fp4());
    if (name == "sustained") append(suite_sustained());
    if (all || name == "fp8_row_scales") append(suite_fp8_row_scales());
    if (all || name == "bf16_75") append(suite_bf16_75());
    return cases;
}

gemm_case parse_shape(const std::string& text) {
    gemm_case result{"-", 0, 0, 0};
    const std::size_t colon = std::min(text.find(':'), text.size());
    std::vector<std::string> sizes(1);
    for (const char c : text.substr(0, colon)) {
        if (c == ',') {
            sizes.emplace_back();
        } else {
            sizes.back() += c;
        }
    }
    if (sizes.size() != 3 || (colon != text.size() && !apply_recipe(text.substr(colon + 1), result))) {
        throw std::invalid_argument("the product '" + text +
                                    "' is not M,N,K with an optional :1d2d, :1d1d, :row, :tensor, :bf16, :f16 or "
                                    ":fp8xfp4, with any of -nn, -tn, -tt, all but the first with -acc, the last three "
                                    "with -f32, too; or :mxf4 or :nvf4, with -acc, -f32");
    }
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument("the product '" + text + "': " + why);
    };
    const auto extent = [&](const char* name, std::size_t at) {
        const auto size = parse_extent(name, sizes[at], 1);
        if (!size) refuse(size.failure().message);
        return int(*size);  // max_extent fits
    };
    result.m = extent("M", 0);
    result.n = extent("N", 1);
    result.k = extent("K", 2);
    if (const std::string rule = broken_rule(result); !rule.empty()) refuse(rule);
    return result;
}

std::vector<gemm_case> filtered(std::vector<gemm_case> cases, const std::string& filter) {
    std::erase_if(cases, [&](const gemm_case& c) { return c.name().find(filter) == std::string::npos; });
    return cases;
}

}  // namespace deepgemm::bench
