// SPDX-License-Identifier: MIT
// The kernels of one list of ops/gemm/shipped_sm100.cuh, DEEPGEMM_TEST_LIST, for tests/sm100/sass.py: the multiplies that their code
// must consist of, and requests for tiles, are named here, and CMake takes the lists from these lines. A sample has every
// DEEPGEMM_TEST_ONE_IN-th kernel, at least one; DEEPGEMM_TEST_FIRST chooses which.
// sass sm100_bf16_nt: UTCHMMA
// sass sm100_bf16_others: UTCHMMA
// sass sm100_f16: UTCHMMA
// sass sm100_weights: UTCQMMA
// sass sm100_tokens: UTCQMMA
// sass sm100_fp8_others: UTCQMMA
// sass sm100_rows: UTCQMMA
// sass sm100_heads: UTCQMMA
// sass sm100_fp8_fp4: UTCQMMA
// sass sm100_mxf4: UTCOMMA
// sass sm100_nvf4: UTCOMMA
// sass sm100_tf32: UTCHMMA
// sass sm100_bf16_parts: UTCHMMA
// sass sm100_fp8_parts: UTCQMMA
// sass sm100_claimed_bf16: UTCHMMA UGETNEXTWORKID
// sass sm100_claimed_fp8: UTCQMMA UGETNEXTWORKID
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>

#include <utility>

namespace sm100_shipped_tests {

/// Names a kernel, so that the compiler makes its code, if it is number First modulo OneIn.
template <class Kernel, int At, int First, int OneIn>
const void* entry_of() {
    if constexpr (At % OneIn == First % OneIn) {
        return reinterpret_cast<const void*>(&deepgemm::entry<Kernel>);
    } else {
        return nullptr;
    }
}
template <class... Kernels, std::size_t... At>
const void* const* entries(deepgemm::shipped::kernels<Kernels...>, std::index_sequence<At...>) {
    constexpr int count = sizeof...(Kernels), one_in = DEEPGEMM_TEST_ONE_IN < count ? DEEPGEMM_TEST_ONE_IN : count;
    static const void* const all[] = {entry_of<Kernels, int(At), DEEPGEMM_TEST_FIRST, one_in>()...};
    return all;
}
template <class... Kernels>
const void* const* entries(deepgemm::shipped::kernels<Kernels...> list) {
    return entries(list, std::index_sequence_for<Kernels...>{});
}

const void* const* compiled() { return entries(deepgemm::shipped::DEEPGEMM_TEST_LIST{}); }

}  // namespace sm100_shipped_tests
