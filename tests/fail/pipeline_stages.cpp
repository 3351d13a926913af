// SPDX-License-Identifier: MIT
// With one stage loads and multiplies could not overlap.
// expect: a pipeline needs at least two stages
#include <deepgemm/pipeline/tma_pipeline.cuh>

#ifdef CORRECT
using pipeline = deepgemm::tma_pipeline<2, 8, deepgemm::cluster_shape{}>;
#else
using pipeline = deepgemm::tma_pipeline<1, 8, deepgemm::cluster_shape{}>;
#endif
constexpr auto size = pipeline::barrier_bytes;
