// SPDX-License-Identifier: MIT
// The kernels of one list of ops/gemm/shipped_sm100.cuh, DEEPGEMM_TEST_LIST, for tests/sm100/sass.py: the multiplies that their code
// must consist of are named here.
// sass sm100_bf16_nt: UTCHMMA
// sass sm100_bf16_others: UTCHMMA
// sass sm100_f16: UTCHMMA
// sass sm100_weights: UTCQMMA
// sass sm100_tokens: UTCQMMA
// sass sm100_heads: UTCQMMA
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>

namespace sm100_shipped_tests {

/// Names every kernel of a list, so that the compiler makes its code.
template <class... Kernels>
const void* const* entries(deepgemm::shipped::kernels<Kernels...>) {
    static const void* const all[] = {reinterpret_cast<const void*>(&deepgemm::entry<Kernels>)...};
    return all;
}

const void* const* compiled() { return entries(deepgemm::shipped::DEEPGEMM_TEST_LIST{}); }

}  // namespace sm100_shipped_tests
