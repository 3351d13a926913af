// SPDX-License-Identifier: MIT
// A gate function takes both halves, and the place of their product in D.
// expect: gated: the function must have float operator()(float gate, float up, i32 m, i32 n) const
#include <deepgemm/epilogue/gated.cuh>

using namespace deepgemm;

struct product_of_both {
#ifdef CORRECT
    DEEPGEMM_DEVICE float operator()(float gate, float up, i32, i32) const { return gate * up; }
#else
    DEEPGEMM_DEVICE float operator()(float gate, float up) const { return gate * up; }
#endif
};
constexpr bool custom = gated<product_of_both>::custom;
