// SPDX-License-Identifier: MIT
// The source of A of docs/concepts/a_source.md.
#include <doctest/doctest.h>

#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/sim/launch.hpp>

#include <algorithm>
#include <vector>

namespace own_a_source_tests {

namespace {

namespace dg = deepgemm;
using dg::u32;

// [source]
/// Multiplies max(A, 0): the activation of the layer before, on the way to the tensor cores. For tiles of BF16.
template <class Tile>
struct rectified : dg::sm90::in_registers<Tile> {
    using base = dg::sm90::in_registers<Tile>;

    DEEPGEMM_DEVICE static rectified at(u32 address, int first_row) { return {base::at(address, first_row)}; }
    DEEPGEMM_DEVICE typename base::fragment load(u32 offset, int row) const {
        typename base::fragment a = base::load(offset, row);
        DEEPGEMM_UNROLL
        for (auto& step : a.word) {
            DEEPGEMM_UNROLL
            for (u32& pair : step) pair &= ~((pair >> 15 & 0x00010001u) * 0xffffu);  // what is negative becomes 0
        }
        return a;
    }
};
static_assert(dg::a_source<rectified<dg::operand_tile<dg::bf16, 64, 64>>>);
// [source]

constexpr float a_at(int row, int k) { return float((row * 3 + k * 5) % 17 - 8); }
constexpr float b_at(int column, int k) { return float((column * 7 + k) % 5 - 2); }

}  // namespace

TEST_CASE("a source of one's own turns A into something else on the way") {
    constexpr int n = 16, k = 64;
    using a_tile = dg::operand_tile<dg::bf16, 64, k>;
    using b_tile = dg::operand_tile<dg::bf16, n, k>;
    using mma = dg::sm90::wgmma<dg::bf16, dg::bf16, n>;
    using map = mma::fragment;
    std::vector<float> d(64 * n);
    dg::sim::launch({}, {.threads = 128, .smem_bytes = a_tile::bytes + b_tile::bytes}, [&] {
        const u32 a = dg::ptx::dynamic_smem(), b = a + a_tile::bytes;
        const int thread = int(dg::ptx::thread_index());
        for (int i = thread; i < 64 * k; i += 128) {
            dg::ptx::st_shared(a + a_tile::offset(i / k, i % k), dg::bf16::from_float(a_at(i / k, i % k)).bits);
        }
        for (int i = thread; i < n * k; i += 128) {
            dg::ptx::st_shared(b + b_tile::offset(i / k, i % k), dg::bf16::from_float(b_at(i / k, i % k)).bits);
        }
        dg::ptx::fence_proxy_async();
        dg::ptx::sync_cta();
        mma::accumulator sum;
        auto rows = rectified<a_tile>::at(a, 0).load(0, 0);
        mma::multiply(rows, dg::sm90::descriptor_of<b_tile>(b), sum);
        mma::wait(sum);
        for (int i = 0; i < mma::registers; ++i) {
            d[std::size_t(map::row(thread, i) * n + map::column(thread, i))] = sum[i];
        }
    });
    int wrong = 0;
    for (int row = 0; row < 64; ++row) {
        for (int column = 0; column < n; ++column) {
            float sum = 0;
            for (int i = 0; i < k; ++i) sum += std::max(a_at(row, i), 0.0f) * b_at(column, i);
            wrong += d[std::size_t(row * n + column)] != sum;
        }
    }
    CHECK(wrong == 0);
}

}  // namespace own_a_source_tests
