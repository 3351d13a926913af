// SPDX-License-Identifier: MIT
// Names of regions must differ, since a kernel asks for a region by its name.
// expect: smem_regions: each name stands in the list once
#include <deepgemm/pipeline/storage.cuh>

using namespace deepgemm;

struct tiles {};
struct words {};
#ifdef CORRECT
using memory = smem_regions<region<tiles, 1024, 2>, region<words, 4>>;
#else
using memory = smem_regions<region<tiles, 1024, 2>, region<tiles, 4>>;
#endif
constexpr auto first = memory::offset_of(tiles{}, 2);
