// SPDX-License-Identifier: MIT
// Instructions on a Hopper GPU against the simulator, bit for bit on small integers: wgmma in every type, major and
// swizzle, TMA and bulk copies, multicast, reductions, matrix moves, words. Every N of wgmma is in instructions_widths.cu.
#include "probe_gpu.cuh"

using namespace deepgemm;
using namespace deepgemm::probes;

TEST_CASE("wgmma of every pair of types agrees") { compare(probe_group::types, wgmma_types{}); }
TEST_CASE("wgmma with A in registers agrees") { compare(probe_group::registers, wgmma_registers{}); }
TEST_CASE("K-major operands of every swizzle agree") { compare(probe_group::k_major, all_k_major_probes{}); }
TEST_CASE("MN-major operands of every swizzle agree") { compare(probe_group::mn_major, all_mn_major_probes{}); }
TEST_CASE("tensor copies agree") { compare(probe_group::tensor_copies, all_tensor_copy_probes{}); }
TEST_CASE("bulk copies and multicast agree") { compare(probe_group::other_copies, other_copy_probes{}); }
TEST_CASE("matrix moves agree") { compare(probe_group::matrices, matrix_probes{}); }
TEST_CASE("single words agree") { compare(probe_group::words, word_probes{}); }
