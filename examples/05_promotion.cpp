// SPDX-License-Identifier: MIT
// Rung 5: the main loop of a scaled FP8 GEMM, written out. After each block of 128 elements of K the partial sums are
// multiplied by the block's scales and added to totals in FP32 registers: that is promotion.
// New here: scales, two-level accumulation, and the words acquire, commit, wait, release of tma_pipeline.
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>

#include "common/one_tile.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;

constexpr int width = 64, stages = 4, k = 4096;
using pipeline = dg::tma_pipeline<stages, 4, dg::cluster_shape{}>;  // four warps read each stage
constexpr dg::u32 stage_bytes = (64 + width) * 128, smem_bytes = stages * stage_bytes + pipeline::barrier_bytes;

/// The scales: one for each row of A and K block, and one for each K block of the whole of B. Threads read them from global
/// memory, which keeps the example short.
struct block_scales {
    const float *sa = nullptr, *sb = nullptr;
};

/// D = sum over K blocks of sa sb (A x B^T), promoted after every `Every` blocks. Blocks that are promoted together must have
/// equal scales.
template <int Every>
struct scaled_product : backend::one_tile<width, 160, smem_bytes, block_scales> {
    DEEPGEMM_DEVICE static void load(const params& p, dg::u32 tiles, pipeline pipe) {
        typename pipeline::cursor at;
        for (int block = 0; block < p.k_blocks; ++block) {
            const dg::u32 full = pipe.acquire(at), a = tiles + at.stage * stage_bytes;
            pipe.commit(at, stage_bytes);
            ptx::tma_load<2>(p.a, a, full, {block * block_k, 0});                  // (64, 128)
            ptx::tma_load<2>(p.b, a + a_tile::bytes, full, {block * block_k, 0});  // (64, 128)
            at.advance();
        }
    }

    DEEPGEMM_DEVICE static void multiply(const params& p, dg::u32 tiles, pipeline pipe) {
        typename pipeline::cursor at;
        // A thread holds elements of two rows: `row` and `row` + 8.
        const int row = dg::sm90::wgmma_rows::row(int(ptx::thread_index()), 0);
        // [promote]
        float total[n / 2] = {}, partial[n / 2];
        for (int block = 0; block < p.k_blocks; ++block) {
            const float sb = ptx::ld_global_nc(p.more.sb + block);
            const float factor[2] = {ptx::ld_global_nc(p.more.sa + row * p.k_blocks + block) * sb,
                                     ptx::ld_global_nc(p.more.sa + (row + 8) * p.k_blocks + block) * sb};
            pipe.wait(at);
            const dg::u32 a = tiles + at.stage * stage_bytes;
            multiply_block(partial, a, a + a_tile::bytes,
                           block % Every != 0);  // false: overwrite the sums, which have been promoted
            pipe.release(at);
            at.advance();
            if (block % Every == Every - 1 || block == p.k_blocks - 1) {
                DEEPGEMM_UNROLL
                for (int i = 0; i < n / 2; ++i) total[i] += factor[i / 2 % 2] * partial[i];
            }
        }
        // [promote]
        write(p.d, total);
    }

    DEEPGEMM_DEVICE static void run(const params& p) {
        const dg::u32 tiles = ptx::dynamic_smem();
        const pipeline pipe{tiles + stages * stage_bytes, {0}};
        if (ptx::thread_index() == 0) pipe.initialise();
        ptx::sync_cta();
        if (ptx::warp_index() == 4) {
            ptx::role("producer");
            if (ptx::elect_one()) load(p, tiles, pipe);
        } else {
            ptx::role("math");
            multiply(p, tiles, pipe);
        }
    }
};

/// Runs the kernel on operands as they come from quantisation, and compares D with double precision.
template <int Every>
dg::comparison difference(const dg::quantised_operand<>& a, const dg::quantised_operand<>& b) {
    backend::array<dg::e4m3> a_there(a.data), b_there(b.data);
    backend::array<float> sa(a.scales), sb(b.scales);
    dg::matrix<float> d(64, width);
    backend::array<float> d_there(d.size());
    typename scaled_product<Every>::arguments arguments{a_there.data(), b_there.data(), k, a.data.pitch(),
                                                        d_there.data()};
    arguments.more = {sa.data(), sb.data()};
    backend::launch<scaled_product<Every>>(arguments);
    d_there.read(d);
    return dg::reference::compare(d.view(), dg::reference::gemm(a.view(), b.view()), dg::tolerance::hopper_fp8);
}

/// Numbers from 0 to 1 under scales of 1.
dg::quantised_operand<> positive(dg::random_source& random, int mn, dg::scale_tile tile) {
    dg::matrix<dg::e4m3> data(mn, k);
    dg::matrix<float> scales(dg::ceil_div(mn, tile.mn), k / 128);
    random.fill_uniform(data.view(), 0.0f, 1.0f);
    random.fill_powers_of_two(scales.view(), 0, 0);
    return dg::quantised_operand<>::from_parts(std::move(data), std::move(scales), tile, dg::scale_kind::fp32);
}

int main() {
    constexpr dg::scale_tile token{1, 128}, block{128, 128};
    dg::random_source random(dg::fresh_seed());
    const auto a = backend::normal_operand(random, 64, k, token), b = backend::normal_operand(random, width, k, block);
    std::printf("Normal numbers with scales, K = %d, on %s.\n", k, backend::name().c_str());
    const int wrong = backend::report(difference<1>(a.host, b.host));

    // Sums of positive numbers grow, so that each new product is small beside the sum. Hopper's FP8 tensor core keeps about 14
    // bits of the larger one and loses the rest.
    const auto x = positive(random, 64, token), y = positive(random, width, block);
    const auto promoted = difference<1>(x, y), summed = difference<k / 128>(x, y);
    const auto relative = [](const dg::comparison& c) { return std::fabs(c.got - c.expected) / c.expected; };
    std::printf("Positive numbers, relative error: %.1e promoted after each block, %.1e summed by the tensor core.\n",
                relative(promoted), relative(summed));
    if (backend::simulated)
        std::printf("(The simulator's tensor core sums in FP32; only a GPU shows the difference.)\n");
    return wrong | backend::report(promoted);
}
