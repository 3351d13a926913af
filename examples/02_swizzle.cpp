// SPDX-License-Identifier: MIT
// Rung 2: TMA permutes the 16-byte chunks of a tile, so that a column of chunks can be read without bank conflicts. New here:
// the swizzle, and smem_tile, which computes where an element of a permuted tile lies.
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/layout/smem_tile.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;

/// Loads 8 rows of 128 bytes and writes them out twice: as they lie in shared memory, and as they were in the matrix.
struct swizzled_tile {
    // [tile]
    using tile = dg::smem_tile<float, 8, 32>;  // rows of 128 bytes: the 128-byte swizzle
    using chunk = ptx::vec4<float>;            // what moves as a whole: 16 bytes
    static constexpr int chunks = tile::row_bytes / sizeof(chunk);
    // [tile]

    static constexpr dg::launch_info launch{.arch = 90, .threads = 32, .smem_bytes = tile::bytes + 8};
    struct arguments {
        const float* matrix;
        chunk *memory, *plain;
    };
    struct params {
        dg::tensor_map matrix;
        chunk *memory, *plain;
    };
    static constexpr int map_count = 1;
    static void tensor_maps(const arguments& a, dg::tensor_map_request (&maps)[map_count]) {
        maps[0] = dg::matrix_map(a.matrix, dg::dtype::f32, tile::rows, tile::columns, tile::row_bytes, tile::rows,
                                 tile::columns, tile::swizzle);
    }
    static params make_params(const arguments& a, const dg::tensor_map (&maps)[map_count]) {
        return {maps[0], a.memory, a.plain};
    }
    static int grid(const arguments&, int /*num_sms*/) { return 1; }

    DEEPGEMM_DEVICE static void run(const params& p) {
        const dg::u32 base = ptx::dynamic_smem(), landed = base + tile::bytes, lane = ptx::lane_index();
        if (lane == 0) {
            ptx::mbarrier_init(landed, 1);
            ptx::fence_mbarrier_init();
            ptx::mbarrier_arrive_expect_tx(landed, tile::bytes);
            ptx::tma_load<2>(p.matrix, base, landed, {0, 0});  // (8, 32 floats)
        }
        ptx::sync_warp();
        ptx::mbarrier_wait(landed, 0, "tile");

        for (dg::u32 i = lane; i < tile::bytes / sizeof(chunk); i += 32) {
            ptx::st_global(p.memory + i, ptx::ld_shared<chunk>(base + i * dg::u32(sizeof(chunk))));
        }
        // [read]
        // Eight lanes at a time read one column of chunks, as a tensor core does. Without the permutation all eight chunks
        // would lie in the same four banks of shared memory, and the reads would be serialised. With it each chunk has banks of
        // its own.
        for (int column = int(lane) / 8; column < chunks; column += 4) {
            const int row = int(lane) % 8;
            ptx::st_global(p.plain + row * chunks + column,
                           ptx::ld_shared<chunk>(base + tile::offset(row, 4 * column)));
        }
        // [read]
    }
};
static_assert(dg::kernel<swizzled_tile>);

/// The number of bank groups, of four banks each, that a column of eight chunks touches under a swizzle.
int bank_groups(dg::swizzle_mode mode, int column) {
    unsigned touched = 0;
    for (int row = 0; row < 8; ++row) touched |= 1u << dg::swizzled(dg::u32(row * 128 + column * 16), mode) % 128 / 16;
    return __builtin_popcount(touched);
}

int main() {
    dg::matrix<float> matrix(8, 32), memory(8, 32), plain(8, 32);
    for (int i = 0; i < 8 * 32; ++i) matrix(i / 32, i % 32) = float(i);
    backend::array<float> matrix_there(matrix), memory_there(memory), plain_there(plain);
    using chunk = swizzled_tile::chunk;
    backend::launch<swizzled_tile>({matrix_there.data(), reinterpret_cast<chunk*>(memory_there.data()),
                                    reinterpret_cast<chunk*>(plain_there.data())});
    memory_there.read(memory);
    plain_there.read(plain);

    std::printf("Which chunk of the row lies where in shared memory (%s):\n\n  bank group ", backend::name().c_str());
    for (int group = 0; group < 8; ++group) std::printf("%3d", group);
    for (int row = 0; row < 8; ++row) {
        std::printf("\n  row %d      ", row);
        for (int group = 0; group < 8; ++group) std::printf("%3d", int(memory(row, 4 * group)) % 32 / 4);
    }
    std::printf("\n\nA column of eight chunks touches %d of 8 bank groups without the swizzle, %d with it.\n",
                bank_groups(dg::swizzle_mode::none, 3), bank_groups(dg::swizzle_mode::b128, 3));

    // The hardware's permutation must equal the library's, and reading through smem_tile must undo it.
    dg::comparison found = dg::compare_bits(plain.view(), matrix.view());
    for (dg::u32 word = 0; word < 8 * 32; ++word) {
        const dg::u32 to = dg::swizzled(word * 4, dg::swizzle_mode::b128) / 4;
        found.add(word / 32, word % 32, memory(to / 32, to % 32), matrix(word / 32, word % 32), 0.0);
    }
    return backend::report(found);
}
