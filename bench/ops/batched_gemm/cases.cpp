// SPDX-License-Identifier: MIT
#include <stdexcept>

#include <deepgemm/ops/batched_gemm/operation.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>

#include "ops/group_text.hpp"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

constexpr int tokens[] = {4, 32, 128, 4096, 8192};

std::string spelled(int b, int h, int r, int d) { return concat("b=", b, " h=", h, " r=", r, " d=", d); }

/// Heads of `h` times (r, d): down to d, or up to r.
batched_case heads(int b, int h, int r, int d, bool down, element type) {
    const int n = down ? d : r, k = down ? r : d;
    gemm_case each{.pass = "-", .m = b, .n = n, .k = k, .operands = type};
    if (!down) each.stored = orientation::nn;
    return {h,
            b,
            each,
            batch_form::heads,
            type == element::bf16 ? 128 : 0,
            spelled(b, h, r, d),
            down ? "bhr,hdr->bhd" : "bhd,hdr->bhr"};
}

std::vector<batched_case> bf16_heads() {
    std::vector<batched_case> cases;
    for (const bool down : {true, false}) {
        for (const auto& [h, r, d] : {std::tuple{128, 512, 128}, {8, 4096, 1024}}) {
            for (const int b : tokens) cases.push_back(heads(b, h, r, d, down, element::bf16));
        }
    }
    return cases;
}

std::vector<batched_case> sums() {
    std::vector<batched_case> cases;
    for (const int s : {129, 4096, 8192}) {
        for (const auto& [m, n, k] : {std::tuple{128, 384, 128}, {256, 256, 256}, {384, 128, 384}}) {
            for (const bool f32 : {true, false}) {
                gemm_case each{.pass = "-", .m = m, .n = n, .k = k, .operands = element::bf16};
                if (f32) each.d = output::f32, each.accumulate = true;
                cases.push_back({s, m, each, batch_form::sum, 0,
                                 concat("b=", s, " m=", m, " n=", n, " k=", k, f32 ? " FP32" : " BF16"),
                                 "bmk,bnk->mn"});
            }
        }
    }
    return cases;
}

/// The gradient of the weights of `h` heads, (d, r) each.
batched_case gradient(int b, int h, int r, int d) {
    const gemm_case each{.pass = "-",
                         .m = d,
                         .n = r,
                         .k = b,
                         .scales = b_scales::token,
                         .d = output::f32,
                         .accumulate = true,
                         .stored = orientation::tn};
    return {h, d, each, batch_form::gradient, 0, spelled(b, h, r, d), "bhd,bhr->hdr"};
}

std::vector<batched_case> fp8_heads() {
    std::vector<batched_case> cases;
    for (const bool down : {true, false}) {
        for (const int b : tokens) cases.push_back(heads(b, 8, 4096, 1024, down, element::e4m3));
    }
    for (const int b : tokens) cases.push_back(gradient(b, 8, 4096, 1024));
    return cases;
}

/// One gradient. Its K are tokens, of which there may be any number, since no row in memory has them.
gemm_case gradient_of(group_text given, const std::string& recipe) {
    const std::size_t last = given.sizes.rfind(',') + 1;
    const int tokens = given.number("K", given.sizes.substr(last));
    given.sizes = given.sizes.substr(0, last) + "16";
    gemm_case each = given.product(":" + recipe, "of one product");
    each.k = tokens;
    return each;
}

/// The recipe of one product, as parse_shape() takes it.
std::string recipe_of(const gemm_workload& one) {
    if (one.a.type == dtype::e4m3 && one.b.tile.mn == 1) return one.accumulate ? "1d1d-acc" : "1d1d";
    if (one.a.type == dtype::e4m3) return one.b.contiguous == major::mn ? "1d2d-nn" : "1d2d";
    std::string text = one.a.type == dtype::bf16 ? "bf16" : "f16";
    const bool a_turned = one.a.contiguous == major::mn, b_turned = one.b.contiguous == major::mn;
    if (a_turned || b_turned) text += a_turned && b_turned ? "-tn" : a_turned ? "-tt" : "-nn";
    if (one.d == dtype::f32) text += "-f32";
    return one.accumulate ? text + "-acc" : text;
}

}  // namespace

std::string batched_case::op() const {
    const std::string type = each.is_fp8() ? "fp8" : each.operands == element::bf16 ? "bf16" : "f16";
    return type + (*expression != '\0' ? "_einsum" : "_batched_gemm");
}

bool batched_case::turns_first() const {
    return each.is_turned() && (each.a_mn_major() || each.m > deepgemm::detail::turned_first::few);
}

batched_workload workload_of(const batched_case& c) {
    gemm_case each = c.each;
    if (c.turns_first()) each.stored = orientation::nt;
    batched_workload work{c.count, workload_of(each), c.form == batch_form::sum};
    if (c.each.is_fp8() && c.form == batch_form::heads) work.one.a.scales = major::k;
    return work;
}

double batched_case::flops() const { return demand_of(bench::workload_of(*this)).flops; }
double batched_case::bytes() const { return demand_of(bench::workload_of(*this)).bytes; }
double batched_case::memory() const {
    const double copies = each.is_turned() ? 3.0 * count * (double(each.m) + each.n) * (each.k + 128.0) : 0;
    return bytes() + copies + 2.0 * count * double(padding) * double(each.n) + (form == batch_form::sum ? 2e7 : 0);
}

std::string batched_case::name() const {
    return peer.empty() ? words<ops::batched_gemm>::text_of(bench::workload_of(*this)) : concat(expression, " ", peer);
}

std::vector<batched_case> suite_einsum(const std::string& name) {
    if (name == "einsum_bf16") return bf16_heads();
    if (name == "einsum_bmk") return sums();
    if (name == "einsum_fp8") return fp8_heads();
    if (name != "einsum") throw std::invalid_argument("no suite is called " + name);
    std::vector<batched_case> all = bf16_heads();
    for (const auto& more : {sums(), fp8_heads()}) all.insert(all.end(), more.begin(), more.end());
    return all;
}

batched_case parse_batch(const std::string& text) {
    const group_text given = group_text::of(text);
    const std::size_t dash = given.recipe.find('-');
    const std::string form = given.recipe.substr(0, dash),
                      recipe = given.recipe.substr(std::min(dash + 1, given.recipe.size()));
    const bool known = form == "batch" || form == "heads" || form == "gradient" || form == "sum";
    if (given.sizes.empty() || !known || dash == std::string::npos || recipe.empty()) {
        given.refuse(
            "batches are written S*M,N,K:batch-recipe, :heads-recipe with the rows of heads among each other, or "
            ":sum-recipe, with a recipe of one product: bf16, bf16-nn, 1d2d; gradients in FP8 :gradient-1d1d or "
            ":gradient-1d1d-acc");
    }
    const bool is_gradient = form == "gradient";
    if (is_gradient && recipe != "1d1d" && recipe != "1d1d-acc") given.refuse("gradients are 1d1d or 1d1d-acc");
    const gemm_case each =
        is_gradient ? gradient_of(given, "1d1d-tn" + recipe.substr(4)) : given.product(":" + recipe, "of one product");
    const batched_case made{given.number("the number of products", given.groups), each.m, each,
                            form == "batch"   ? batch_form::apart
                            : form == "heads" ? batch_form::heads
                            : is_gradient     ? batch_form::gradient
                                              : batch_form::sum};
    if (each.is_fp4()) given.refuse("batches are FP8, bf16 or f16; FP4 is multiplied in single products");
    if (each.is_fp8() && !is_gradient && (each.scales != b_scales::block || made.form == batch_form::sum))
        given.refuse("batches in FP8 are scaled as 1d2d, and are not summed up");
    const bool is_up = made.form == batch_form::heads && each.stored == orientation::nn;
    if (each.is_turned() && !is_gradient && !is_up)
        given.refuse("of batches in FP8, heads have B (k,n), written heads-1d2d-nn, and no others");
    if (const auto ok = validate(workload_of(made)); !ok) given.refuse(ok.failure().message);
    return made;
}

std::string words<ops::batched_gemm>::text_of(const batched_workload& work) {
    const auto& [m, n, k] = work.one.shape;
    const bool heads = work.one.a.type == dtype::e4m3 && work.one.a.scales == major::k;
    return concat(work.count, "*", m, ",", n, ",", k, ":",
                  work.sum                                                    ? "sum-"
                  : heads                                                     ? "heads-"
                  : work.one.a.type == dtype::e4m3 && work.one.b.tile.mn == 1 ? "gradient-"
                                                                              : "batch-",
                  recipe_of(work.one));
}

}  // namespace deepgemm::bench
