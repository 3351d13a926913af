// SPDX-License-Identifier: MIT
// Shared memory starts at a multiple of 1024, so no region can be aligned to more.
// expect: region: an alignment is a power of two up to 1024
#include <deepgemm/pipeline/storage.cuh>

using namespace deepgemm;

struct tiles {};
struct words {};
#ifdef CORRECT
using memory = smem_regions<region<tiles, 1024, 2, 1024>, region<words, 4>>;
#else
using memory = smem_regions<region<tiles, 1024, 2, 2048>, region<words, 4>>;
#endif
constexpr auto first = memory::offset_of(tiles{}, 2);
