// SPDX-License-Identifier: MIT
// Redraws the order of tiles in docs/architecture.md from the rasterisation that kernels use.
#include <doctest/doctest.h>
#include <deepgemm/schedule/rasterize.cuh>

#include "page.hpp"

namespace architecture_drawings_tests {

using namespace deepgemm;

TEST_CASE("the order of tiles is drawn right") {
    constexpr banded_raster raster = banded_raster::of(5, 6, 2);
    int order[raster.m][raster.n];
    for (i32 index = 0; index < raster.count(); ++index) order[raster.at(index).m][raster.at(index).n] = index;

    std::string text = "          n: 0   1   2   3   4   5\n";
    for (i32 m = 0; m < raster.m; ++m) {
        text += format("m %d       ", m);
        for (i32 n = 0; n < raster.n; ++n) text += format("%4d", order[m][n]);
        text += '\n';
    }
    CHECK(drawing("docs/architecture.md", "raster") == text);
}

}  // namespace architecture_drawings_tests
