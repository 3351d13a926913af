// SPDX-License-Identifier: MIT
// Every multiply of ptx/tcgen05_mma.cuh, in one kernel for each kind and cta_group. tests/sm100/sass.py looks for the
// instructions that the comments name.
#include <deepgemm/ptx/tcgen05.cuh>

namespace sm100_multiplies_tests {

using namespace deepgemm;
using ptx::tcgen05_collector;
using ptx::tcgen05_kind;

struct given {
    u64 a, b;
    u32 d, a_columns, instruction, sa, sb;
    bool accumulate;
};

/// Four multiplies from shared memory and one from tensor memory.
template <int Group, tcgen05_kind Kind>
DEEPGEMM_DEVICE void plain(const given& x) {
    ptx::tcgen05_mma<Group, Kind>(x.d, x.a, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma<Group, Kind, tcgen05_collector::fill>(x.d, x.a, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma<Group, Kind, tcgen05_collector::use>(x.d, x.a, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma<Group, Kind, tcgen05_collector::last_use>(x.d, x.a, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma_tensor_a<Group, Kind>(x.d, x.a_columns, x.b, x.instruction, x.accumulate);
}
/// Two of each .ws form.
template <tcgen05_kind Kind>
DEEPGEMM_DEVICE void weight_stationary(const given& x) {
    ptx::tcgen05_mma_ws<Kind>(x.d, x.a, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma_ws<Kind, tcgen05_collector::use, 3>(x.d, x.a, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma_ws_tensor_a<Kind>(x.d, x.a_columns, x.b, x.instruction, x.accumulate);
    ptx::tcgen05_mma_ws_tensor_a<Kind, tcgen05_collector::fill, 1>(x.d, x.a_columns, x.b, x.instruction, x.accumulate);
}
/// One multiply from shared memory and one from tensor memory.
template <int Group, tcgen05_kind Kind, int Block>
DEEPGEMM_DEVICE void scaled(const given& x) {
    ptx::tcgen05_mma_scaled<Group, Kind, Block>(x.d, x.a, x.b, x.instruction, x.sa, x.sb, x.accumulate);
    ptx::tcgen05_mma_scaled_tensor_a<Group, Kind, Block>(x.d, x.a_columns, x.b, x.instruction, x.sa, x.sb,
                                                         x.accumulate);
}

}  // namespace sm100_multiplies_tests

#define DEEPGEMM_TEST_KERNEL(name, body)                                     \
    extern "C" __global__ void name(const sm100_multiplies_tests::given x) { \
        using namespace sm100_multiplies_tests;                              \
        body;                                                                \
    }

// sass f16_1: 5 UTCHMMA
// sass f16_2: 5 UTCHMMA.2CTA
// sass f16_ws: 4 UTCHMMA.WS
DEEPGEMM_TEST_KERNEL(f16_1, (plain<1, tcgen05_kind::f16>(x)))
DEEPGEMM_TEST_KERNEL(f16_2, (plain<2, tcgen05_kind::f16>(x)))
DEEPGEMM_TEST_KERNEL(f16_ws, (weight_stationary<tcgen05_kind::f16>(x)))
// sass tf32_1: 5 UTCHMMA
// sass tf32_2: 5 UTCHMMA.2CTA
// sass tf32_ws: 4 UTCHMMA.WS
DEEPGEMM_TEST_KERNEL(tf32_1, (plain<1, tcgen05_kind::tf32>(x)))
DEEPGEMM_TEST_KERNEL(tf32_2, (plain<2, tcgen05_kind::tf32>(x)))
DEEPGEMM_TEST_KERNEL(tf32_ws, (weight_stationary<tcgen05_kind::tf32>(x)))
// sass f8f6f4_1: 5 UTCQMMA
// sass f8f6f4_2: 5 UTCQMMA.2CTA
// sass f8f6f4_ws: 4 UTCQMMA.WS
DEEPGEMM_TEST_KERNEL(f8f6f4_1, (plain<1, tcgen05_kind::f8f6f4>(x)))
DEEPGEMM_TEST_KERNEL(f8f6f4_2, (plain<2, tcgen05_kind::f8f6f4>(x)))
DEEPGEMM_TEST_KERNEL(f8f6f4_ws, (weight_stationary<tcgen05_kind::f8f6f4>(x)))
// sass mxf8f6f4_1: 2 UTCQMMA
// sass mxf8f6f4_2: 2 UTCQMMA.2CTA
DEEPGEMM_TEST_KERNEL(mxf8f6f4_1, (scaled<1, tcgen05_kind::mxf8f6f4, 32>(x)))
DEEPGEMM_TEST_KERNEL(mxf8f6f4_2, (scaled<2, tcgen05_kind::mxf8f6f4, 32>(x)))
// sass mxf4_1: 2 UTCOMMA
// sass mxf4_2: 2 UTCOMMA.2CTA
DEEPGEMM_TEST_KERNEL(mxf4_1, (scaled<1, tcgen05_kind::mxf4, 32>(x)))
DEEPGEMM_TEST_KERNEL(mxf4_2, (scaled<2, tcgen05_kind::mxf4, 32>(x)))
// sass nvf4_32_1: 2 UTCOMMA
// sass nvf4_16_1: 2 UTCOMMA.4X
// sass nvf4_16_2: 2 UTCOMMA.2CTA.4X
DEEPGEMM_TEST_KERNEL(nvf4_32_1, (scaled<1, tcgen05_kind::mxf4nvf4, 32>(x)))
DEEPGEMM_TEST_KERNEL(nvf4_16_1, (scaled<1, tcgen05_kind::mxf4nvf4, 16>(x)))
DEEPGEMM_TEST_KERNEL(nvf4_16_2, (scaled<2, tcgen05_kind::mxf4nvf4, 16>(x)))
