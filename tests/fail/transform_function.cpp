// SPDX-License-Identifier: MIT
// A function of transform takes the value and its place in D, even if it does not use the place.
// expect: transform: the function must have float operator()(float value, i32 m, i32 n) const
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

// [example]
struct relu {
#ifdef CORRECT
    DEEPGEMM_DEVICE float operator()(float value, i32, i32) const { return value < 0 ? 0 : value; }
#else
    DEEPGEMM_DEVICE float operator()(float value) const { return value < 0 ? 0 : value; }
#endif
};
constexpr bool custom = transform<relu>::custom;
// [example]
