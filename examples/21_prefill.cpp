// SPDX-License-Identifier: MIT
// Rung 21: prefill in a layer of experts. A router sends each token of a prompt to two experts. That makes a list of tokens by
// expert, whose groups begin and end where they do, without padding. Two kernels compute all experts, as in rung 19: the first
// gathers the rows of A by the list, forms SwiGLU, times the routing weight, and casts it to FP8; the second is a named
// operation. What is left is to add the two rows of each token. New here: products in groups of rows, and gathered rows.
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/schedule/grouped.cuh>

#include "common/experts.hpp"

namespace dg = deepgemm;

// [kernels]
/// h = swiglu(x * w1) in each group, in FP8 with one scale for each row and 128 columns. A kernel with its own epilogue is
/// launched by its type.
constexpr dg::config wide{.block = {128, 256, 64}, .sm90 = {.promote = dg::promotion::never}};
using gate_and_up = dg::gemm<dg::arch::sm90, dg::gathered<dg::operand<dg::bf16>>, dg::operand<dg::bf16>,  // x, w1
                             dg::then<dg::swiglu<>, dg::cast_to_fp8<>>,  // h and its scales
                             wide, dg::grouped<wide.block, dg::cluster_shape{}, dg::psum_groups>>;

/// y = h * w2 in each group, for groups of few rows and of many: an engine chooses.
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;  // h
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;  // w2
constexpr dg::config few{.block = {64, 128, 128}, .sm90 = {.warpgroups = 1}}, many{.block = {128, 128, 128}};
using down_few = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, few,
                          dg::grouped<few.block, dg::cluster_shape{}, dg::psum_groups>>;
using down_many = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, many,
                           dg::grouped<many.block, dg::cluster_shape{}, dg::psum_groups>>;
// [kernels]

/// Row of an expert's w1 that makes column j of the gate; that of the up-projection is eight further down.
constexpr int gate_row(int j) { return j / 8 * 16 + j % 8; }

int main() {
    constexpr int tokens = 120, choices = 2, experts = 6, model = 256, inner = 256, rows = tokens * choices;
    constexpr float clamp = 10;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> x(tokens, model), w1(experts * 2 * inner, model);
    random.fill_normal(x.view());
    random.fill_normal(w1.view(), 0.2f);
    auto w2 = backend::normal_operand(random, experts * model, inner, {128, 128});
    const backend::routing routed = backend::route(random, tokens, experts, choices);

    // [sort]
    // Tokens by expert, and where each expert's end. A server has a kernel for this, which leaves the lists in device memory.
    std::vector<dg::i32> token_of_row, ends;
    std::vector<float> weights;
    for (int expert = 0; expert < experts; ++expert) {
        for (int token = 0; token < tokens; ++token) {
            for (int choice = 0; choice < choices; ++choice) {
                if (routed.expert(token, choice) != expert) continue;
                token_of_row.push_back(token);
                weights.push_back(routed.weight(token, choice));
            }
        }
        ends.push_back(dg::i32(token_of_row.size()));
    }
    // [sort]

    constexpr int groups = inner / 128, stride = (rows + 3) / 4 * 4;
    dg::matrix<dg::e4m3> h(rows, inner);
    dg::matrix<float> h_scales(groups, rows, stride);  // MN-major: the scales of all rows for one group of columns
    dg::matrix<dg::bf16> y(rows, model);
    backend::array<dg::bf16> x_there(x), w1_there(w1), y_there(y.size());
    backend::array<dg::e4m3> h_there(h.size());
    backend::array<float> scales_there(h_scales.size()), weights_there(weights);
    backend::array<dg::i32> ends_there(ends), tokens_there(token_of_row);

    // [layer]
    gate_and_up::arguments first{{.shape = {rows, 2 * inner, model}, .matrices = experts}};
    first.a = {.data = x_there.data(),  // (tokens, model)
               .pitch = model,
               .list = {tokens_there.data(), rows},  // row i of the product is row list[i]
               .rows = tokens};
    first.b = {.data = w1_there.data(), .pitch = model, .matrix_pitch = dg::i64(2 * inner) * model};  // of each expert
    first.d = {h_there.data(), inner};                                                                // (rows, inner)
    first.tiles = {.count = experts, .list = ends_there.data(), .alignment = 1};
    first.epilogue.first = {.clamp = clamp, .row_weights = weights_there.data()};
    first.epilogue.rest = {scales_there.data(), 1, stride};
    backend::launch<gate_and_up>(first);

    const dg::engine engine(backend::kernels<down_few, down_many>(), backend::device());
    const dg::scaled_matrix h_in_fp8{dg::row_major<const dg::e4m3>(h_there.data(), rows, inner),
                                     dg::per_token_scales(scales_there.data(), dg::scale_kind::fp32, rows, inner)};
    dg::or_throw(dg::m_grouped_fp8_gemm_nt_contiguous(engine, h_in_fp8, backend::stack_of(w2, experts),
                                                      argument_of(y, y_there.data()),
                                                      dg::groups_by_end(ends_there.data(), 1)));
    backend::synchronise();
    // [layer]
    h_there.read(h);
    scales_there.read(h_scales);
    y_there.read(y);

    // The rows of each expert: h against its definition, y against the product of the h that was stored, both in double. E4M3
    // has relative steps of 1/8, below 2^-6 of the scale absolute ones of 2^-9.
    const dg::reference::operand stored{
        h.data(), dg::dtype::e4m3, rows, inner, inner, 1, {dg::scale_kind::fp32, {1, 128}, h_scales.data(), 1, stride}};
    const auto x_exact = dg::reference::plain(std::as_const(x).view()),
               w1_exact = dg::reference::plain(std::as_const(w1).view());
    int wrong = 0;
    dg::comparison found;
    std::printf("%d tokens on %s; rows of experts:", tokens, backend::name().c_str());
    for (int expert = 0, begin = 0; expert < experts; begin = ends[std::size_t(expert++)]) {
        const auto group = backend::rows_from(begin, ends[std::size_t(expert)] - begin);
        std::printf(" %zu", group.size());
        const auto sums =
            backend::product_of_expert(x_exact, w1_exact, expert, experts,
                                       {token_of_row.begin() + begin, token_of_row.begin() + begin + group.size()});
        for (const dg::i64 row : group) {
            for (int j = 0; j < inner; ++j) {
                const dg::i64 i = row - begin;
                const double gate = std::fmin(sums.value(i, gate_row(j)), clamp),
                             up = std::fmax(std::fmin(sums.value(i, gate_row(j) + 8), clamp), -clamp),
                             exact = gate / (1 + std::exp(-gate)) * up * weights[std::size_t(row)];
                const double scale = h_scales(j / 128, row);
                wrong += !(std::fabs(float(h(row, j)) * scale - exact) <= 0.075 * std::fabs(exact) + scale / 512);
            }
        }
        const auto product = backend::product_of_expert(stored, w2.host.view(), expert, experts, group);
        found.add(dg::reference::compare(y.view(), product, dg::tolerance::hopper_fp8));
    }
    std::printf("\nh: %d of %d elements differ from SwiGLU by more than FP8 does\n", wrong, rows * inner);
    const int failed = backend::report(found);
    return wrong != 0 ? 1 : failed;
}
