// SPDX-License-Identifier: MIT
// Rung 3: one multiply on the tensor cores, 64 x 32 elements of D from 128 elements of K, operands in shared memory.
// New here: descriptors, the asynchronous wgmma, and the fragment: which thread holds which element of the result.
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/wgmma.cuh>

#include "common/one_tile.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
namespace sm90 = deepgemm::sm90;

/// An output for the threads: thread and register of every element of D, as thread << 8 | register.
struct map_of_owners {
    dg::i32* owner = nullptr;
};

constexpr int width = 32;  // N: any multiple of 8 up to 256
constexpr dg::u32 smem_bytes = (64 + width) * 128 + 8;

/// D = A (64, 128) x B (32, 128)^T on one warpgroup: 128 threads that multiply together.
struct one_multiply : backend::one_tile<width, 128, smem_bytes, map_of_owners> {
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("math");
        const dg::u32 a = ptx::dynamic_smem(), b = a + a_tile::bytes, landed = b + b_tile::bytes;
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_init(landed, 1);
            ptx::fence_mbarrier_init();
            ptx::mbarrier_arrive_expect_tx(landed, a_tile::bytes + b_tile::bytes);
            ptx::tma_load<2>(p.a, a, landed, {0, 0});  // (64, 128)
            ptx::tma_load<2>(p.b, b, landed, {0, 0});  // (32, 128)
        }
        ptx::sync_cta();  // no thread may wait on a barrier before it is initialised
        ptx::mbarrier_wait(landed, 0, "operands");

        // [multiply]
        // A descriptor tells the tensor core where a tile lies and how it is swizzled. One instruction reads 32 bytes of K from
        // each row. So a tile of 128-byte rows takes four instructions, each 32 bytes further along the row.
        const dg::u64 a_rows = sm90::k_major_descriptor(a, a_tile::swizzle);
        const dg::u64 b_rows = sm90::k_major_descriptor(b, b_tile::swizzle);
        float d[n / 2];
        ptx::fence_operand(d);
        ptx::wgmma_fence();  // from here on, the registers of d belong to the tensor core
        DEEPGEMM_UNROLL
        for (int step = 0; step < 4; ++step) {
            const bool add = step != 0;  // the first one overwrites d, which therefore needs no zeros
            ptx::wgmma<dg::e4m3, dg::e4m3, n>(d, sm90::advance(a_rows, 32 * step), sm90::advance(b_rows, 32 * step),
                                              add);
        }
        ptx::wgmma_commit();
        ptx::wgmma_wait<0>();  // the registers belong to the threads again
        ptx::fence_operand(d);
        // [multiply]

        // [fragment]
        write(p.d, d);
        const int thread = int(ptx::thread_index());
        for (int i = 0; i < n / 2; ++i) {
            const int row = sm90::wgmma_rows::row(thread, i), column = sm90::wgmma_rows::column(thread, i);
            ptx::st_global(p.more.owner + row * n + column, thread << 8 | i);
        }
        // [fragment]
    }
};
static_assert(dg::kernel<one_multiply>);

int main() {
    constexpr int m = one_multiply::m, n = one_multiply::n, k = one_multiply::block_k;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::e4m3> a(m, k), b(n, k);
    dg::matrix<float> d(m, n);
    dg::matrix<dg::i32> owner(m, n);
    random.fill_integers(a.view(), -3, 3);  // sums of few small integers are exact, on any tensor core
    random.fill_integers(b.view(), -3, 3);

    backend::array<dg::e4m3> a_there(a), b_there(b);
    backend::array<float> d_there(d.size());
    backend::array<dg::i32> owner_there(owner.size());
    backend::launch<one_multiply>({a_there.data(), b_there.data(), k, k, d_there.data(), {owner_there.data()}});
    d_there.read(d);
    owner_there.read(owner);

    std::printf("thread:register of the first elements of D (%s):\n\n", backend::name().c_str());
    for (const int row : {0, 1, 2, 7, 8, 9, 15, 16}) {
        std::printf("  row %2d ", row);
        for (int column = 0; column < 10; ++column)
            std::printf(" %3d:%d", owner(row, column) >> 8, owner(row, column) & 255);
        std::printf("\n");
    }
    std::printf("\n");
    const auto expected = dg::reference::gemm(dg::reference::plain(std::as_const(a).view()),
                                              dg::reference::plain(std::as_const(b).view()));
    return backend::report(dg::reference::compare_exact(d.view(), expected));
}
