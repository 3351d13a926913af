// SPDX-License-Identifier: MIT
// Staging of results whose elements are owned as wgmma leaves them or as a load of tensor memory does: both reach D through the
// same stage, ragged edges and an added C included.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/stage.cuh>
#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/sim/launch.hpp>

#include <vector>

namespace fragments_tests {

using namespace deepgemm;

namespace {

/// What the product has at (m, n), and what C has there: small integers, which every type holds.
constexpr float value_at(int m, int n) { return float((m * 3 + n * 7) % 31 - 15); }
constexpr float c_at(int m, int n) { return float((m * 5 + n) % 9); }

/// Stores one tile of Map::rows x 64 columns of a product of `rows` x `columns` by four warps; elements of D, or of the margin
/// behind it, that are wrong. Rows of D are 72 elements long.
template <fragment_map Map, class T, int Rows, bool Accumulate>
int wrong_elements(int rows, int columns) {
    constexpr int tile_columns = 64, columns_at_once = 32;  // of a buffer
    using stage = store_stage<T, tile_columns, Rows, columns_at_once, tile_columns / columns_at_once, Accumulate, false,
                              head_splits{}, false, Map>;
    constexpr int pitch = 72, owners = Map::rows / Rows;
    const float poison = 99;
    std::vector<T> d(std::size_t(Map::rows * pitch)), c(d.size());
    const auto as_t = [](float x) {
        if constexpr (half_element<T>) {
            return T::from_float(x);
        } else {
            return x;
        }
    };
    for (int i = 0; i < int(d.size()); ++i) {
        d[std::size_t(i)] = as_t(poison);
        c[std::size_t(i)] = as_t(c_at(i / pitch, i % pitch));
    }
    const tensor_map d_map = sim::encode_tensor_map(stage::map(d.data(), rows, columns, pitch));
    const tensor_map c_map = sim::encode_tensor_map(stage::map(c.data(), rows, columns, pitch));
    constexpr u32 barriers = owners * stage::bytes;
    sim::launch({}, {.threads = 256, .smem_bytes = barriers + 8 * owners + 1024}, [&] {
        const u32 smem = ptx::dynamic_smem();
        if (ptx::thread_index() == 0) {
            for (u32 i = 0; i < u32(owners); ++i) ptx::mbarrier_init(smem + barriers + 8 * i, 1);
            ptx::fence_mbarrier_init();
        }
        ptx::sync_cta();
        using cta = gemm_roles<1>;
        if (!cta::is(roles::math{})) return;
        const u32 owner = owners == 1 ? 0 : cta::warp(roles::math{});
        stage out{smem + owner * stage::bytes, smem + barriers + 8 * owner, 1};
        const auto place = fragment_place<Map>::here();
        const i32 row = place.row / Rows * Rows;
        const result_end end{rows, columns};
        const ragged_edge<T> edge{d.data(), {pitch}, end};
        for (int batch = 0; batch < tile_columns / stage::batch_columns; ++batch) {
            const i32 column = batch * stage::batch_columns;
            if constexpr (Accumulate) out.fetch(c_map, row, column, 0);
            float value[stage::batch][stage::buffer::registers];
            for (int i = 0; i < stage::registers; ++i) {
                value[i / stage::buffer::registers][i % stage::buffer::registers] =
                    value_at(place.row_of(i), column + place.column_of(i));
            }
            if (stage::cuts(end, Map::rows, tile_columns)) {
                out.template put<true>(d_map, edge, value, row, column, 0);
            } else {
                out.template put<false>(d_map, edge, value, row, column, 0);
            }
        }
        stage::finish();
    });
    int bad = 0;
    for (int m = 0; m < Map::rows; ++m) {
        for (int n = 0; n < pitch; ++n) {
            const bool inside = m < rows && n < columns;
            const float expected = inside ? value_at(m, n) + (Accumulate ? c_at(m, n) : 0) : poison;
            bad += float(d[std::size_t(m * pitch + n)]) != expected;
        }
    }
    return bad;
}

template <fragment_map Map, class T>
void check_stages() {
    for (const int rows : {Map::rows, Map::rows - 11}) {
        for (const int columns : {64, 56, 37}) {
            CAPTURE(rows);
            CAPTURE(columns);
            CHECK(wrong_elements<Map, T, Map::warp_rows, false>(rows, columns) == 0);
            CHECK(wrong_elements<Map, T, Map::rows, false>(rows, columns) == 0);
            CHECK(wrong_elements<Map, T, Map::warp_rows, true>(rows, columns) == 0);
            CHECK(wrong_elements<Map, T, Map::rows, true>(rows, columns) == 0);
        }
    }
}

}  // namespace

TEST_CASE("what wgmma leaves is stored") {
    check_stages<sm90::wgmma_rows, bf16>();
    check_stages<sm90::wgmma_rows, f16>();
    check_stages<sm90::wgmma_rows, float>();
}

TEST_CASE("what a load of tensor memory leaves is stored") {
    check_stages<sm100::lane_rows, bf16>();
    check_stages<sm100::lane_rows, f16>();
    check_stages<sm100::lane_rows, float>();
}

}  // namespace fragments_tests
