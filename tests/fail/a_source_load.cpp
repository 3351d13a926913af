// SPDX-License-Identifier: MIT
// A source hands out what the multiply takes.
// expect: loads
#include <deepgemm/mma/sm90/a_sources.cuh>

using namespace deepgemm;

// [example]
/// A loop of the user's own over 64 rows at a time.
template <a_source Source>
struct row_loop {
    using fragment = typename Source::fragment;
};

struct zeros {
    using tile = operand_tile<bf16, 64, 64>;
    using element = bf16;
    using fragment = sm90::a_registers<4>;
    static constexpr bool holds_registers = true;
    DEEPGEMM_DEVICE static zeros at(u32, int) { return {}; }
#ifdef CORRECT
    DEEPGEMM_DEVICE fragment load(u32 /*offset*/, int /*row*/) const { return {}; }
#else
    DEEPGEMM_DEVICE fragment load(int /*step*/) const { return {}; }
#endif
};
using fragment = row_loop<zeros>::fragment;
// [example]
