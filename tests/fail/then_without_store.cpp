// SPDX-License-Identifier: MIT
// A chain of steps must end in a sink.
// expect: then: the last part must be a sink: store, accumulate or store_heads, say
// expect: writes
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

// [example]
struct twice {
    DEEPGEMM_DEVICE float operator()(float value, i32, i32) const { return 2 * value; }
};
#ifdef CORRECT
using chain = then<transform<twice>, store<bf16>>;
#else
using chain = then<transform<twice>, transform<twice>>;
#endif
chain::params params;
// [example]
