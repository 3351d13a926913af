// SPDX-License-Identifier: MIT
// The fragment map of docs/concepts/fragment_map.md.
#include <doctest/doctest.h>

#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/sim/launch.hpp>

#include <vector>

namespace own_fragment_tests {

namespace {

namespace dg = deepgemm;
using dg::u32;

// [map]
/// Two threads share a row: one holds its even columns, the other its odd ones.
struct even_and_odd {
    static constexpr int rows = 64, warp_rows = 16, columns_at_once = 1;
    DEEPGEMM_BOTH static constexpr int row(int thread, int /*i*/) { return thread / 2; }
    DEEPGEMM_BOTH static constexpr int column(int thread, int i) { return 2 * i + thread % 2; }
};
static_assert(dg::keeps_fragment_promises<even_and_odd, 8>());
// [map]

// [use]
/// Stores a fragment of `Columns` columns to rows of `Columns` floats, whoever holds what.
template <dg::fragment_map Map, int Columns>
DEEPGEMM_DEVICE void store_fragment(float* d, const float (&value)[dg::fragment_registers<Map>(Columns)]) {
    const auto place = dg::fragment_place<Map>::here();
    DEEPGEMM_UNROLL
    for (int i = 0; i < dg::fragment_registers<Map>(Columns); ++i) {
        dg::ptx::st_global(d + place.row_of(i) * Columns + place.column_of(i), value[i]);
    }
}
// [use]

/// Elements that are wrong after 128 threads have stored the numbers of their elements.
template <dg::fragment_map Map>
int wrong_elements() {
    constexpr int columns = 32;
    std::vector<float> d(Map::rows * columns, -1.0f);
    dg::sim::launch({}, {.threads = 128}, [&] {
        float value[dg::fragment_registers<Map>(columns)];
        const int thread = int(dg::ptx::thread_index());
        for (int i = 0; i < dg::fragment_registers<Map>(columns); ++i) {
            value[i] = float(Map::row(thread, i) * columns + Map::column(thread, i));
        }
        store_fragment<Map, columns>(d.data(), value);
    });
    int wrong = 0;
    for (int i = 0; i < Map::rows * columns; ++i) wrong += d[std::size_t(i)] != float(i);
    return wrong;
}

}  // namespace

TEST_CASE("fragments of every map, one's own too, are stored by one function") {
    CHECK(wrong_elements<even_and_odd>() == 0);
    CHECK(wrong_elements<dg::sm90::wgmma_rows>() == 0);
    CHECK(wrong_elements<dg::sm100::lane_rows>() == 0);
}

}  // namespace own_fragment_tests
