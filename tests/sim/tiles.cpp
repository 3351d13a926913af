// SPDX-License-Identifier: MIT
// Tiles of 32, 64 and 128 bytes of K, contiguous along K or along M and N: as TMA leaves them, so the atom of sm90 reads them.
#include <doctest/doctest.h>

#include <deepgemm/mma/sm90/wgmma.cuh>

#include "support.hpp"

using namespace deepgemm;

namespace {

/// One product of (64, 2 K) by (N, 2 K), in two K blocks, of which both tiles are loaded at once.
template <class T, int N, int K, major MajorA, major MajorB>
struct two_blocks {
    using mma = sm90::wgmma<T, T, N, MajorA, MajorB, K>;
    using a_tile = operand_tile<T, 64, K, MajorA>;
    using b_tile = operand_tile<T, N, K, MajorB>;
    static constexpr u32 a_bytes = align_up(a_tile::bytes, 1024u), b_bytes = align_up(b_tile::bytes, 1024u);
    static constexpr u32 block_bytes = a_bytes + b_bytes, barrier = 2 * block_bytes;

    /// Element (row, k) of a matrix of `rows` rows in its order.
    static std::size_t index(major order, int rows, int row, int k) {
        return order == major::k ? std::size_t(row * 2 * K + k) : std::size_t(k * rows + row);
    }

    template <class Tile>
    static void load(const tensor_map& map, u32 to, int block) {
        constexpr int rows = Tile::rows / Tile::copies;
        for (int i = 0; i < Tile::copies; ++i) {
            const copy_place at = Tile::place(i * rows, block * K);
            ptx::tma_load<2>(map, to + u32(i * rows) * Tile::bytes_per_row, ptx::dynamic_smem() + barrier,
                             {at.inner, at.outer});
        }
    }

    /// Elements of D that are wrong.
    static int wrong() {
        std::vector<T> a(64 * 2 * K), b(N * 2 * K);
        for (std::size_t i = 0; i < a.size(); ++i) a[i] = T::from_float(float(int(i * 7 % 13) - 6));
        for (std::size_t i = 0; i < b.size(); ++i) b[i] = T::from_float(float(int(i * 5 % 11) - 5));
        const auto map = [](auto tile, const std::vector<T>& from) {
            using Tile = decltype(tile);
            const i64 pitch = Tile::contiguous == major::k ? 2 * K : Tile::rows;
            return sim::encode_tensor_map(Tile::map(from.data(), Tile::rows, 2 * K, pitch, Tile::rows));
        };
        const tensor_map a_map = map(a_tile{}, a), b_map = map(b_tile{}, b);
        std::vector<float> d(64 * N, -1e30f);
        sim::launch({}, test::block(128), [&] {
            const u32 smem = ptx::dynamic_smem(), bar = smem + barrier;
            if (ptx::thread_index() == 0) {
                ptx::mbarrier_init(bar, 1);
                ptx::fence_mbarrier_init();
                ptx::mbarrier_arrive_expect_tx(bar, 2 * (a_tile::bytes + b_tile::bytes));
                for (int block = 0; block < 2; ++block) {
                    load<a_tile>(a_map, smem + u32(block) * block_bytes, block);
                    load<b_tile>(b_map, smem + u32(block) * block_bytes + a_bytes, block);
                }
            }
            ptx::sync_cta();
            ptx::mbarrier_wait(bar, 0, "operands");
            typename mma::accumulator sum[2];
            for (u32 block = 0; block < 2; ++block) {
                const u64 rows = sm90::descriptor_of<a_tile>(smem),
                          columns = sm90::descriptor_of<b_tile>(smem + a_bytes);
                mma::multiply(sm90::advance(rows, block * block_bytes), sm90::advance(columns, block * block_bytes),
                              sum[block]);
                mma::wait(sum[block]);
            }
            for (int i = 0; i < mma::registers; ++i) {
                const int thread = int(ptx::thread_index());
                d[std::size_t(sm90::wgmma_rows::row(thread, i) * N + sm90::wgmma_rows::column(thread, i))] =
                    sum[0][i] + sum[1][i];
            }
        });
        int bad = 0;
        for (int m = 0; m < 64; ++m) {
            for (int n = 0; n < N; ++n) {
                float sum = 0;
                for (int k = 0; k < 2 * K; ++k) {
                    sum += float(a[index(MajorA, 64, m, k)]) * float(b[index(MajorB, N, n, k)]);
                }
                bad += d[std::size_t(m * N + n)] != sum;
            }
        }
        return bad;
    }
};

template <class T, int N, major MajorA = major::k, major MajorB = major::k>
void check_depths() {
    constexpr int k = 32 / sizeof(T);
    CHECK(two_blocks<T, N, k, MajorA, MajorB>::wrong() == 0);
    CHECK(two_blocks<T, N, 2 * k, MajorA, MajorB>::wrong() == 0);
    CHECK(two_blocks<T, N, 4 * k, MajorA, MajorB>::wrong() == 0);
}

}  // namespace

TEST_CASE("tiles along K are read at every K") {
    check_depths<e4m3, 64>();
    check_depths<bf16, 24>();
    check_depths<tf32, 128>();
}

TEST_CASE("tiles along M and N are read at every K") {
    check_depths<bf16, 128, major::mn, major::mn>();
    check_depths<bf16, 96, major::k, major::mn>();
    check_depths<f16, 64, major::mn, major::k>();
}
