// SPDX-License-Identifier: MIT
// Rung 1: a kernel of one warp asks TMA for a tile of a matrix, waits for it on an mbarrier and writes it out. New here: what a
// kernel is in this library, shared memory, a tensor map, a copy that one thread issues.
#include <deepgemm/kernel/kernel.cuh>
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

/// Copies the tile of 8 x 32 floats that starts at (row, column) of a matrix to `out`.
struct hello_tile {
    static constexpr int rows = 8, columns = 32;
    static constexpr dg::u32 tile_bytes = rows * columns * sizeof(float);

    // [host]
    // What a launcher reads: threads and shared memory of a block. The shared memory holds a tile and, behind it, a barrier of
    // eight bytes.
    static constexpr dg::launch_info launch{.arch = 90, .threads = 32, .smem_bytes = tile_bytes + 8};

    // `arguments` is what the host passes, `params` what reaches the device. A tensor map describes a matrix to the copy unit,
    // and the box of it that one copy moves. The driver, or the simulator, encodes it from a request.
    struct arguments {
        const float* matrix;
        dg::i64 matrix_rows, matrix_columns;
        dg::i32 row, column;
        float* out;
    };
    struct params {
        dg::tensor_map matrix;
        dg::i32 row, column;
        float* out;
    };
    static constexpr int map_count = 1;
    static void tensor_maps(const arguments& a, dg::tensor_map_request (&maps)[map_count]) {
        const dg::i64 pitch_bytes = a.matrix_columns * dg::i64(sizeof(float));
        maps[0] = dg::matrix_map(a.matrix, dg::dtype::f32, a.matrix_rows, a.matrix_columns, pitch_bytes, rows, columns,
                                 dg::swizzle_mode::none);
    }
    static params make_params(const arguments& a, const dg::tensor_map (&maps)[map_count]) {
        return {maps[0], a.row, a.column, a.out};
    }
    static int grid(const arguments&, int /*num_sms*/) { return 1; }
    // [host]

    // [body]
    // What every thread runs.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("warp");
        const dg::u32 tile = ptx::dynamic_smem(), landed = tile + tile_bytes, lane = ptx::lane_index();

        // One thread initialises the barrier for one arrival. The fence makes that visible to the copy unit, which does not
        // take part in the thread's memory order.
        if (lane == 0) {
            ptx::mbarrier_init(landed, 1);
            ptx::fence_mbarrier_init();
        }
        ptx::sync_warp();

        // One thread issues the copy for all. Its arrival announces how many bytes will land. The phase completes when the
        // arrival has been made and all bytes have landed. Coordinates name the contiguous dimension first.
        if (lane == 0) {
            ptx::mbarrier_arrive_expect_tx(landed, tile_bytes);
            ptx::tma_load<2>(p.matrix, tile, landed, {p.column, p.row});  // (rows, columns)
        }

        // All threads wait for the end of phase 0, and may then read what the copy wrote. The wait is an acquire, so readers
        // need no fence.
        ptx::mbarrier_wait(landed, 0, "tile");
        for (dg::u32 row = 0; row < rows; ++row) {
            const dg::u32 at = row * columns + lane;
            ptx::st_global(p.out + at, ptx::ld_shared<float>(tile + at * dg::u32(sizeof(float))));
        }
    }
    // [body]
};
static_assert(dg::kernel<hello_tile>);

int main() {
    constexpr int rows = 20, columns = 40, row = 15, column = 16;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<float> matrix(rows, columns), out(hello_tile::rows, hello_tile::columns);
    random.fill_normal(matrix.view());

    backend::array<float> matrix_there(matrix), out_there(out.size());
    backend::launch<hello_tile>({matrix_there.data(), rows, columns, row, column, out_there.data()});
    out_there.read(out);

    // The tile extends beyond the matrix on two sides. TMA fills in zeros there, and counts them as landed bytes.
    dg::comparison found;
    for (int i = 0; i < out.rows(); ++i) {
        for (int j = 0; j < out.columns(); ++j) {
            const bool inside = row + i < rows && column + j < columns;
            found.add(i, j, out(i, j), inside ? matrix(row + i, column + j) : 0.0f, 0.0);
        }
    }
    std::printf("A tile of 8 x 32 floats at (%d, %d) of a %d x %d matrix, brought by TMA on %s.\n", row, column, rows,
                columns, backend::name().c_str());
    return backend::report(found);
}
