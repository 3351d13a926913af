// SPDX-License-Identifier: MIT
// Rung 27: a block-scaled product on Blackwell: FP8 with a scale for each 32 elements of K, which the tensor core applies. What
// promotion does by hand in rung 5 is a part of the multiply here. One thread loads, one multiplies, four warps store.
// New here: scales in tensor memory, and stages that a commit releases.
#include <vector>

#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tcgen05.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
namespace sm100 = deepgemm::sm100;

/// D = A (128, k) x B (128, k)^T with scales: warps 0 to 3 store, warp 4 loads, warp 5 multiplies.
struct block_scaled {
    static constexpr int m = 128, n = 128, block_k = 128;
    static constexpr dg::u32 stages = 3;
    using tile = dg::operand_tile<dg::e4m3, 128, block_k>;
    using cursor = dg::ring<int(stages)>;
    static constexpr dg::u32 scale_bytes = 128 * 4, stage_bytes = 2 * (tile::bytes + scale_bytes);
    static constexpr dg::u32 columns = 256, sa_columns = 128, sb_columns = 132;  // of tensor memory: D first
    static constexpr dg::u32 smem_bytes = stages * (stage_bytes + 16) + 8 + 4;

    static constexpr dg::launch_info launch{.arch = 100, .threads = 192, .smem_bytes = smem_bytes};
    struct arguments {
        const dg::e4m3 *a, *b;
        const dg::u32 *sa, *sb;  ///< 128 words for each 128 elements of K, in the order of sorted()
        dg::i32 k;
        dg::i64 pitch;
        float* d;
    };
    struct params {
        dg::tensor_map a, b;
        const dg::u32 *sa, *sb;
        dg::i32 k_blocks;
        float* d;
    };
    static constexpr int map_count = 2;
    static void tensor_maps(const arguments& args, dg::tensor_map_request (&maps)[map_count]) {
        maps[0] = tile::map(args.a, m, args.k, args.pitch, m);
        maps[1] = tile::map(args.b, n, args.k, args.pitch, n);
    }
    static params make_params(const arguments& args, const dg::tensor_map (&maps)[map_count]) {
        return {maps[0], maps[1], args.sa, args.sb, dg::ceil_div(args.k, block_k), args.d};
    }
    static int grid(const arguments&, int /*num_sms*/) { return 1; }

    /// Where things lie in shared memory.
    struct storage {
        dg::u32 base;
        DEEPGEMM_DEVICE dg::u32 a(dg::u32 stage) const { return base + stage * tile::bytes; }
        DEEPGEMM_DEVICE dg::u32 b(dg::u32 stage) const { return a(stages) + stage * tile::bytes; }
        DEEPGEMM_DEVICE dg::u32 sa(dg::u32 stage) const { return b(stages) + stage * scale_bytes; }
        DEEPGEMM_DEVICE dg::u32 sb(dg::u32 stage) const { return sa(stages) + stage * scale_bytes; }
        DEEPGEMM_DEVICE dg::u32 full(dg::u32 stage) const { return sb(stages) + stage * 8; }
        DEEPGEMM_DEVICE dg::u32 empty(dg::u32 stage) const { return full(stages) + stage * 8; }
        DEEPGEMM_DEVICE dg::u32 done() const { return empty(stages); }
        DEEPGEMM_DEVICE dg::u32 address() const { return done() + 8; }
    };

    DEEPGEMM_DEVICE static void load(const params& p, storage smem) {
        cursor at;
        for (int block = 0; block < p.k_blocks; ++block) {
            ptx::mbarrier_wait(smem.empty(at.stage), at.parity ^ 1, "empty stage");
            const dg::u32 full = smem.full(at.stage);
            ptx::mbarrier_arrive_expect_tx(full, stage_bytes);
            ptx::tma_load<2>(p.a, smem.a(at.stage), full, {block * block_k, 0});  // (128, 128)
            ptx::tma_load<2>(p.b, smem.b(at.stage), full, {block * block_k, 0});  // (128, 128)
            ptx::bulk_load(smem.sa(at.stage), p.sa + block * 128, scale_bytes, full);
            ptx::bulk_load(smem.sb(at.stage), p.sb + block * 128, scale_bytes, full);
            at.advance();
        }
    }

    // [multiply]
    DEEPGEMM_DEVICE static void multiply(const params& p, storage smem, dg::u32 tmem) {
        cursor at;
        for (int block = 0; block < p.k_blocks; ++block) {
            ptx::mbarrier_wait(smem.full(at.stage), at.parity, "full stage");
            ptx::tcgen05_fence_after();
            // The tensor core takes scales from tensor memory. This copy brings 128 words of four, to four columns of 32 lanes,
            // and repeats them in the other lanes. It and the multiplies follow each other as they are issued.
            ptx::tcgen05_copy_scales<1>(tmem + sa_columns, sm100::scale_descriptor(smem.sa(at.stage)));
            ptx::tcgen05_copy_scales<1>(tmem + sb_columns, sm100::scale_descriptor(smem.sb(at.stage)));
            const dg::u64 a = sm100::descriptor_of<tile>(smem.a(at.stage)),
                          b = sm100::descriptor_of<tile>(smem.b(at.stage));
            for (dg::u32 step = 0; step < 4; ++step) {
                // A multiply takes 32 elements of K, and so one scale of each row: byte `step` of its word.
                const dg::u32 instruction = sm100::scaled_instruction<dg::e4m3, dg::e4m3>(m, n, step);
                ptx::tcgen05_mma_scaled<1>(tmem, sm100::advance(a, 32 * step), sm100::advance(b, 32 * step),
                                           instruction, tmem + sa_columns, tmem + sb_columns, block != 0 || step != 0);
            }
            // Nobody waits here for the multiplies. When they have read their operands, the commit empties the stage.
            ptx::tcgen05_commit<1>(smem.empty(at.stage));
            at.advance();
        }
        ptx::tcgen05_commit<1>(smem.done());
    }
    // [multiply]

    DEEPGEMM_DEVICE static void store(const params& p, storage smem, dg::u32 tmem) {
        ptx::mbarrier_wait(smem.done(), 0, "product");
        ptx::tcgen05_fence_after();
        const int row = int(ptx::thread_index());
        for (int column = 0; column < n; column += 32) {
            dg::u32 words[32];
            ptx::tcgen05_load(words, tmem + (ptx::warp_index() * 32 << 16) + dg::u32(column));
            ptx::tcgen05_wait_load();
            DEEPGEMM_UNROLL
            for (int i = 0; i < 32; ++i) ptx::st_global(p.d + row * n + column + i, dg::bit_cast<float>(words[i]));
        }
    }

    DEEPGEMM_DEVICE static void run(const params& p) {
        const storage smem{ptx::dynamic_smem()};
        const dg::u32 warp = ptx::warp_index();
        if (ptx::thread_index() == 0) {
            for (dg::u32 stage = 0; stage < stages; ++stage) {
                ptx::mbarrier_init(smem.full(stage), 1);   // the loader, and its bytes
                ptx::mbarrier_init(smem.empty(stage), 1);  // a commit
            }
            ptx::mbarrier_init(smem.done(), 1);
            ptx::fence_mbarrier_init();
        }
        if (warp == 5) ptx::tmem_allocate<1>(smem.address(), columns);
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        const dg::u32 tmem = ptx::ld_shared<dg::u32>(smem.address());
        if (warp == 4) {
            ptx::role("producer");
            if (ptx::elect_one()) load(p, smem);
        } else if (warp == 5) {
            ptx::role("mma");
            if (ptx::elect_one()) multiply(p, smem, tmem);
        } else {
            ptx::role("epilogue");
            store(p, smem, tmem);
        }
        ptx::sync_warp();
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        if (warp == 5) ptx::tmem_free<1>(tmem, columns);
    }
};
static_assert(dg::kernel<block_scaled>);

// [sorted]
/// The words of scales of 128 rows, for each 128 elements of K, in the order in which the copy reads them: 32 lines of 16
/// bytes, in which rows that are 32 apart are neighbours. Word kw of row r is words[r + kw * 128].
std::vector<dg::u32> sorted(const std::vector<dg::u32>& words) {
    std::vector<dg::u32> out(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::size_t row = i % 128;
        out[i - row + row % 32 * 4 + row / 32] = words[i];
    }
    return out;
}
// [sorted]

int main() {
    constexpr int m = block_scaled::m, n = block_scaled::n, k = 1024;
    dg::random_source random(dg::fresh_seed());
    const dg::quantisation mx{.tile = {1, 32}, .format = dg::scale_kind::ue8m0};  // one power of two for 32 elements
    const auto a = dg::quantised_operand<>::exact(random, m, k, mx),
               b = dg::quantised_operand<>::exact(random, n, k, mx);
    dg::matrix<float> d(m, n);

    backend::array<dg::e4m3> a_there(a.data), b_there(b.data);
    backend::array<dg::u32> sa(sorted(a.words)), sb(sorted(b.words));
    backend::array<float> d_there(d.size());
    backend::launch<block_scaled>(
        {a_there.data(), b_there.data(), sa.data(), sb.data(), k, a.data.pitch(), d_there.data()});
    d_there.read(d);

    std::printf("A (%d, %d) x B (%d, %d)^T with scales for 32 elements of K, on %s.\n", m, k, n, k,
                backend::name().c_str());
    backend::show_timeline();
    return backend::report(dg::reference::compare_exact(d.view(), dg::reference::gemm(a.view(), b.view())));
}
