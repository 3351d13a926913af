// SPDX-License-Identifier: MIT
// Rung 4: a product of any length of K. One warp loads and four multiply, at the same time, through a ring of stages. New here:
// roles, and the two barriers of a stage. pipeline/tma_pipeline.cuh is the library's form of this ring.
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/ptx/wgmma.cuh>

#include "common/one_tile.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
namespace sm90 = deepgemm::sm90;

constexpr int width = 64, stages = 3;
constexpr dg::u32 smem_bytes = stages * ((64 + width) * 128 + 16);

/// D = A (64, k) x B (64, k)^T: warps 0 to 3 multiply, warp 4 loads.
struct ring_of_stages : backend::one_tile<width, 160, smem_bytes> {
    using cursor = dg::ring<stages>;  // a stage and a parity; each role keeps its own and advances it once per K block

    /// Where things lie in shared memory: tiles first, since swizzled tiles start at multiples of 1024 bytes.
    struct storage {
        dg::u32 base;
        DEEPGEMM_DEVICE dg::u32 a(dg::u32 stage) const { return base + stage * a_tile::bytes; }
        DEEPGEMM_DEVICE dg::u32 b(dg::u32 stage) const { return a(stages) + stage * b_tile::bytes; }
        DEEPGEMM_DEVICE dg::u32 full(dg::u32 stage) const { return b(stages) + stage * 8; }
        DEEPGEMM_DEVICE dg::u32 empty(dg::u32 stage) const { return full(stages) + stage * 8; }
    };

    // [load]
    DEEPGEMM_DEVICE static void load(const params& p, storage smem) {
        cursor at;
        for (int block = 0; block < p.k_blocks; ++block) {
            // In the first round no stage has been emptied yet. A fresh barrier answers true to this parity, so these waits end
            // at once.
            ptx::mbarrier_wait(smem.empty(at.stage), at.parity ^ 1, "empty stage");
            const dg::u32 full = smem.full(at.stage);
            ptx::mbarrier_arrive_expect_tx(full, a_tile::bytes + b_tile::bytes);
            ptx::tma_load<2>(p.a, smem.a(at.stage), full,
                             {block * block_k, 0});  // (64, 128); zeros beyond the end of K
            ptx::tma_load<2>(p.b, smem.b(at.stage), full, {block * block_k, 0});  // (64, 128)
            at.advance();
        }
    }
    // [load]

    // [multiply]
    DEEPGEMM_DEVICE static void multiply(const params& p, storage smem) {
        cursor at;
        float d[n / 2];
        for (int block = 0; block < p.k_blocks; ++block) {
            ptx::mbarrier_wait(smem.full(at.stage), at.parity, "full stage");
            const dg::u64 a_rows = sm90::k_major_descriptor(smem.a(at.stage), a_tile::swizzle);
            const dg::u64 b_rows = sm90::k_major_descriptor(smem.b(at.stage), b_tile::swizzle);
            ptx::fence_operand(d);
            ptx::wgmma_fence();
            DEEPGEMM_UNROLL
            for (int step = 0; step < 4; ++step) {
                ptx::wgmma<dg::e4m3, dg::e4m3, n>(d, sm90::advance(a_rows, 32 * step), sm90::advance(b_rows, 32 * step),
                                                  block != 0 || step != 0);
            }
            ptx::wgmma_commit();
            ptx::wgmma_wait<0>();
            ptx::fence_operand(d);
            // The multiply has read its operands. One lane of each warp arrives, so that the loader may fill the stage again.
            if (ptx::lane_index() == 0) ptx::mbarrier_arrive(smem.empty(at.stage));
            at.advance();
        }
        write(p.d, d);
    }
    // [multiply]

    DEEPGEMM_DEVICE static void run(const params& p) {
        const storage smem{ptx::dynamic_smem()};
        if (ptx::thread_index() == 0) {
            for (dg::u32 stage = 0; stage < stages; ++stage) {
                ptx::mbarrier_init(smem.full(stage), 1);   // the loader, and its bytes
                ptx::mbarrier_init(smem.empty(stage), 4);  // four warps
            }
            ptx::fence_mbarrier_init();
        }
        ptx::sync_cta();
        // [roles]
        if (ptx::warp_index() == 4) {
            ptx::role("producer");
            if (ptx::elect_one()) load(p, smem);
        } else {
            ptx::role("math");
            multiply(p, smem);
        }
        // [roles]
    }
};
static_assert(dg::kernel<ring_of_stages>);

int main() {
    constexpr int m = ring_of_stages::m, n = ring_of_stages::n, k = 1000;  // seven blocks of 128, and 104 more
    constexpr int pitch = dg::align_up(k, 16);                             // TMA: rows start at multiples of 16 bytes
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::e4m3> a(m, k, pitch), b(n, k, pitch);  // the padding is NaN and must not be read
    dg::matrix<float> d(m, n);
    random.fill_integers(a.view(), -3, 3);
    random.fill_integers(b.view(), -3, 3);
    backend::array<dg::e4m3> a_there(a), b_there(b);
    backend::array<float> d_there(d.size());
    backend::launch<ring_of_stages>({a_there.data(), b_there.data(), k, pitch, d_there.data()});
    d_there.read(d);

    std::printf("A (%d, %d) x B (%d, %d)^T through %d stages on %s.\n", m, k, n, k, stages, backend::name().c_str());
    backend::show_timeline();
    const auto expected = dg::reference::gemm(dg::reference::plain(std::as_const(a).view()),
                                              dg::reference::plain(std::as_const(b).view()));
    return backend::report(dg::reference::compare_exact(d.view(), expected));
}
