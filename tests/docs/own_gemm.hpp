// SPDX-License-Identifier: MIT
// Runs a GEMM whose parts are the reader's own, for the pages on concepts: arguments from matrices in host memory.
#pragma once

#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/reference/operand.hpp>
#include <deepgemm/sim/launch.hpp>

namespace deepgemm {

/// The arguments of kernel `K` for D = A x B.
template <class K, class D>
typename K::arguments own_arguments(const quantised_operand<>& a, const quantised_operand<>& b, matrix<D>& d) {
    typename K::arguments arguments;
    arguments.shape = {i32(a.data.rows()), i32(b.data.rows()), i32(a.data.columns())};
    arguments.a = {.data = a.data.data(), .pitch = a.data.pitch(), .scales = {a.words.data(), a.stride_mn, a.stride_k}};
    arguments.b = {.data = b.data.data(), .pitch = b.data.pitch(), .scales = {b.words.data(), b.stride_mn, b.stride_k}};
    arguments.d = {d.data(), d.pitch()};
    return arguments;
}

}  // namespace deepgemm
