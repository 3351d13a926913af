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
    arguments.a = a.data.data();
    arguments.a_pitch = a.data.pitch();
    arguments.sa = a.words.data();
    arguments.sa_stride_k = a.stride_k;
    arguments.b = b.data.data();
    arguments.b_pitch = b.data.pitch();
    arguments.sb = b.words.data();
    arguments.sb_stride_n = b.stride_mn;
    arguments.sb_stride_k = b.stride_k;
    arguments.d = d.data();
    arguments.d_pitch = d.pitch();
    return arguments;
}

}  // namespace deepgemm
