// SPDX-License-Identifier: MIT
// A region has some items, or one for each stage.
// expect: region: a count is a number of items, or each_stage
#include <deepgemm/pipeline/storage.cuh>

using namespace deepgemm;

struct tiles {};
struct words {};
#ifdef CORRECT
using memory = smem_regions<region<tiles, 1024, each_stage>, region<words, 4>>;
#else
using memory = smem_regions<region<tiles, 1024, -2>, region<words, 4>>;
#endif
constexpr auto first = memory::offset_of(tiles{}, 2);
