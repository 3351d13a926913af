// SPDX-License-Identifier: MIT
// A function object becomes a kernel parameter, which is copied to the device as bytes.
// expect: transform: the function travels as a kernel parameter and must be trivially copyable
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

struct add_bias {
    const float* bias = nullptr;
#ifndef CORRECT
    ~add_bias() { delete[] bias; }
#endif
    DEEPGEMM_DEVICE float operator()(float value, i32, i32 n) const { return value + bias[n]; }
};
constexpr bool custom = transform<add_bias>::custom;
