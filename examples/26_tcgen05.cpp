// SPDX-License-Identifier: MIT
// Rung 26: one multiply on Blackwell's tensor cores, 128 x 64 elements of D from 128 elements of K. One thread starts it, and
// the result stays in tensor memory until warps load it. New here: tensor memory, tcgen05, a commit, and fences between them.
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tcgen05.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
namespace sm100 = deepgemm::sm100;

/// D = A (128, 128) x B (64, 128)^T on four warps, one of whose threads multiplies.
struct one_multiply {
    static constexpr int m = 128, n = 64, k = 128;
    using a_tile = dg::operand_tile<dg::e4m3, m, k>;
    using b_tile = dg::operand_tile<dg::e4m3, n, k>;
    static constexpr dg::u32 smem_bytes = a_tile::bytes + b_tile::bytes + 8 + 8 + 4;

    static constexpr dg::launch_info launch{.arch = 100, .threads = 128, .smem_bytes = smem_bytes};
    struct arguments {
        const dg::e4m3 *a, *b;
        float* d;
    };
    struct params {
        dg::tensor_map a, b;
        float* d;
    };
    static constexpr int map_count = 2;
    static void tensor_maps(const arguments& args, dg::tensor_map_request (&maps)[map_count]) {
        maps[0] = a_tile::map(args.a, m, k, k, m);
        maps[1] = b_tile::map(args.b, n, k, k, n);
    }
    static params make_params(const arguments& args, const dg::tensor_map (&maps)[map_count]) {
        return {maps[0], maps[1], args.d};
    }
    static int grid(const arguments&, int /*num_sms*/) { return 1; }

    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("all");
        const dg::u32 a = ptx::dynamic_smem(), b = a + a_tile::bytes, landed = b + b_tile::bytes, done = landed + 8;
        const dg::u32 warp = ptx::warp_index(), address = done + 8;

        // [allocate]
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_init(landed, 1);
            ptx::mbarrier_init(done, 1);
            ptx::fence_mbarrier_init();
        }
        // Tensor memory belongs to the block that asks for it: 128 lanes, each with a power of two of 32-bit columns. One warp
        // asks, and finds in shared memory where they begin.
        if (warp == 0) ptx::tmem_allocate<1>(address, n);
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        const dg::u32 d = ptx::ld_shared<dg::u32>(address);
        // [allocate]

        // [multiply]
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(landed, a_tile::bytes + b_tile::bytes);
            ptx::tma_load<2>(p.a, a, landed, {0, 0});  // (128, 128)
            ptx::tma_load<2>(p.b, b, landed, {0, 0});  // (64, 128)
            ptx::mbarrier_wait(landed, 0, "operands");
            ptx::tcgen05_fence_after();

            // The operands are described as for wgmma. Types, orders and shape, which wgmma has in its name, are the bits of a
            // word. One thread is enough: the multiply runs beside the threads, and its sums lie in none of their registers.
            constexpr dg::u32 instruction = sm100::instruction<dg::e4m3, dg::e4m3>(m, n);
            const dg::u64 a_rows = sm100::descriptor_of<a_tile>(a), b_rows = sm100::descriptor_of<b_tile>(b);
            for (dg::u32 step = 0; step < 4; ++step) {
                const bool add = step != 0;  // the first one overwrites what the columns hold
                ptx::tcgen05_mma<1, ptx::tcgen05_kind::f8f6f4>(d, sm100::advance(a_rows, 32 * step),
                                                               sm100::advance(b_rows, 32 * step), instruction, add);
            }
            ptx::tcgen05_commit<1>(done);  // arrives when all multiplies of this thread have ended
        }
        // [multiply]

        // [load]
        ptx::mbarrier_wait(done, 0, "product");
        ptx::tcgen05_fence_after();
        // A lane is a row of D, and a warp reaches a quarter of the lanes. So each thread gets a row, 32 columns at a time.
        const int row = int(ptx::thread_index());
        for (int column = 0; column < n; column += 32) {
            dg::u32 words[32];
            ptx::tcgen05_load(words, d + (warp * 32 << 16) + dg::u32(column));
            ptx::tcgen05_wait_load();
            DEEPGEMM_UNROLL
            for (int i = 0; i < 32; ++i) ptx::st_global(p.d + row * n + column + i, dg::bit_cast<float>(words[i]));
        }
        // [load]

        // [free]
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        if (warp == 0) ptx::tmem_free<1>(d, n);
        // [free]
    }
};
static_assert(dg::kernel<one_multiply>);

int main() {
    constexpr int m = one_multiply::m, n = one_multiply::n, k = one_multiply::k;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::e4m3> a(m, k), b(n, k);
    dg::matrix<float> d(m, n);
    random.fill_integers(a.view(), -3, 3);
    random.fill_integers(b.view(), -3, 3);

    backend::array<dg::e4m3> a_there(a), b_there(b);
    backend::array<float> d_there(d.size());
    backend::launch<one_multiply>({a_there.data(), b_there.data(), d_there.data()});
    d_there.read(d);

    std::printf("A (%d, %d) x B (%d, %d)^T in tensor memory, on %s.\n", m, k, n, k, backend::name().c_str());
    const auto expected = dg::reference::gemm(dg::reference::plain(std::as_const(a).view()),
                                              dg::reference::plain(std::as_const(b).view()));
    return backend::report(dg::reference::compare_exact(d.view(), expected));
}
