// SPDX-License-Identifier: MIT
// Rung 22: decode in a layer of experts. Every step has a few tokens, and which experts they go to is known when the step runs.
// A dispatch kernel copies tokens to the slots of their experts and counts them; a product in groups reads the counts where
// they are. So the host never waits, and both launches are one CUDA graph, captured once and replayed with other tokens. The
// simulator has no graphs: there each step makes the same calls again. New here: groups with slots, in the layout of libraries
// for expert-parallel dispatch, and a kernel of one's own in a graph.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/grouped.cuh>

#include "common/experts.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
using dg::i32;

// [dispatch]
/// Copies each token to a slot of every expert that was chosen for it, in the order of tokens, and counts them. A block for
/// each expert. Where experts are on several GPUs, a library for all-to-all does this.
struct dispatch {
    static constexpr dg::launch_info launch{.threads = 32};
    static constexpr int map_count = 0;
    struct arguments {
        const dg::e4m3* tokens;  ///< (tokens, k); k is a multiple of 128
        const float* scales;     ///< (k / 128, scale_stride)
        const i32* chosen;       ///< (choices): the experts of the first token, and so on; negative: none
        i32 choices, of_token;   ///< in all, and of each token
        i32 experts, k, scale_stride;
        dg::e4m3* slot_tokens;  ///< (experts, slot, k)
        float* slot_scales;     ///< (experts, k / 128, slot)
        i32* counts;            ///< (experts)
        i32 slot;               ///< rows; at least as many as there are tokens
    };
    using params = arguments;
    static params make_params(const arguments& given) { return given; }
    static int grid(const arguments& given, int /*num_sms*/) { return given.experts; }

    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("dispatch");
        ptx::grid_dependency_wait();
        const i32 lane = i32(ptx::lane_index()), expert = i32(ptx::cta_index());
        i32 count = 0;
        for (i32 first = 0; first < p.choices; first += 32) {
            const bool mine = first + lane < p.choices && ptx::ld_global(p.chosen + first + lane) == expert;
            const dg::u32 lanes = ptx::ballot(mine);
            for (i32 i = 0; i < 32; ++i) {
                if ((lanes >> i & 1) != 0) copy(p, (first + i) / p.of_token, expert, count++, lane);
            }
        }
        if (lane == 0) ptx::st_global(p.counts + expert, count);
    }

    DEEPGEMM_DEVICE static void copy(const params& p, i32 token, i32 expert, i32 row, i32 lane) {
        using chunk = ptx::vec4<dg::u32>;
        const chunk* const from = reinterpret_cast<const chunk*>(p.tokens + dg::i64(token) * p.k);
        chunk* const to = reinterpret_cast<chunk*>(p.slot_tokens + (dg::i64(expert) * p.slot + row) * p.k);
        for (i32 i = lane; i < p.k / 16; i += 32) ptx::st_global(to + i, ptx::ld_global(from + i));
        float* const scales = p.slot_scales + dg::i64(expert) * (p.k / 128) * p.slot + row;
        for (i32 block = lane; block < p.k / 128; block += 32)
            ptx::st_global(scales + block * p.slot, ptx::ld_global(p.scales + block * p.scale_stride + token));
    }
};
// [dispatch]

// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config few{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}, many{.block = {128, 128, 128}};
using few_rows = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, few,
                          dg::grouped<few.block, dg::cluster_shape{}, dg::masked_groups>>;
using many_rows = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, many,
                           dg::grouped<many.block, dg::cluster_shape{}, dg::masked_groups>>;
// [kernels]

int main() {
    constexpr int slot = 24, choices = 2, experts = 8, n = 256, k = 384, blocks = k / 128;
    dg::random_source random(dg::fresh_seed());
    auto tokens = backend::normal_operand(random, slot, k, {1, 128});
    auto weights = backend::normal_operand(random, experts * n, k, {128, 128});
    dg::matrix<dg::bf16> d(experts * slot, n);
    std::vector<i32> chosen(slot * choices, -1), counts(experts);
    backend::array<i32> chosen_there(chosen), counts_there(counts.size());
    backend::array<dg::e4m3> slots(std::size_t(experts * slot * k));
    backend::array<float> slot_scales(std::size_t(experts * blocks * slot));
    backend::array<dg::bf16> d_there(d.size());

    // [step]
    const dg::engine engine(backend::kernels<few_rows, many_rows>(), backend::device());
    dg::or_throw(engine.prepare());  // loads the kernels, so that no launch does
    const dispatch::arguments to_experts{.tokens = tokens.data.data(),
                                         .scales = reinterpret_cast<const float*>(tokens.words.data()),
                                         .chosen = chosen_there.data(),
                                         .choices = slot * choices,
                                         .of_token = choices,
                                         .experts = experts,
                                         .k = k,
                                         .scale_stride = i32(tokens.host.stride_k),
                                         .slot_tokens = slots.data(),
                                         .slot_scales = slot_scales.data(),
                                         .counts = counts_there.data(),
                                         .slot = slot};
    // [layout]
    const dg::scaled_matrix first{dg::row_major<const dg::e4m3>(slots.data(), slot, k),  // of the first expert
                                  dg::per_token_scales(slot_scales.data(), dg::scale_kind::fp32, slot, k)};
    const dg::output_matrix first_d = dg::row_major(d_there.data(), slot, n);
    // [layout]
    // The launches of a step. Nothing runs before the graph is replayed.
    backend::graph step([&](void* stream) {
        backend::enqueue<dispatch>(stream, to_experts);
        dg::or_throw(dg::m_grouped_fp8_gemm_nt_masked(
            engine, dg::dense_stack(first, experts), backend::stack_of(weights, experts),
            dg::dense_stack(first_d, experts), counts_there.data(), slot * choices / experts, {.stream = stream}));
    });
    // [step]

    std::printf("A graph of two launches on %s%s.\n", backend::name().c_str(),
                backend::simulated ? ", which has no graphs: each step makes the calls again" : "");
    int failed = 0;
    for (const int batch : {24, 5, 0, 17}) {
        const backend::routing routed = backend::route(random, batch, experts, choices);
        std::fill(chosen.begin(), chosen.end(), -1);
        std::copy_n(routed.expert.data(), batch * choices, chosen.begin());
        dg::matrix<dg::bf16> before(experts * slot, n);
        d_there.read(before);

        // [replay]
        chosen_there.write(chosen);  // what a router's kernel would write
        step.replay();
        // [replay]

        d_there.read(d);
        counts_there.read(counts);
        std::printf("%d tokens; rows of experts:", batch);
        dg::comparison found;
        int touched = 0, miscounted = 0;
        for (int expert = 0; expert < experts; ++expert) {
            std::vector<dg::i64> mine;  // tokens
            for (int i = 0; i < batch * choices; ++i) {
                if (chosen[std::size_t(i)] == expert) mine.push_back(i / choices);
            }
            const auto count = dg::i64(mine.size());
            std::printf(" %lld", count);
            miscounted += counts[std::size_t(expert)] != count;
            auto product =
                backend::product_of_expert(tokens.host.view(), weights.host.view(), expert, experts, std::move(mine));
            product.rows = backend::rows_from(expert * slot, count);
            found.add(dg::reference::compare(d.view(), product, dg::tolerance::hopper_fp8));
            for (dg::i64 i = (expert * slot + count) * n; i < dg::i64(expert + 1) * slot * n; ++i)
                touched += d.data()[i].bits != before.data()[i].bits;
        }
        std::printf("\n%d counts are wrong, %d elements of other rows were touched. ", miscounted, touched);
        failed |= backend::report(found) | int(miscounted != 0) | int(touched != 0);
    }
    return failed;
}
