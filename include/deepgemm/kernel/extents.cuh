// SPDX-License-Identifier: MIT
// A GEMM kernel with extents fixed late, at run time, for NVRTC to compile. Apart from that it is the same kernel, bit for bit,
// with the arguments and parameters of the kernel from which it was made.
#pragma once

#include <deepgemm/kernel/gemm.cuh>

namespace deepgemm {

namespace detail {

template <class K, static_extents Extents>
struct fixed_extents;

DEEPGEMM_BOTH constexpr config fix_extents(config base, static_extents extents) {
    base.extents = extents;
    return base;
}

template <class Arch, class A, class B, class Epilogue, config Config, class Tiles,
          template <int, int, cluster_shape, int> class Pipeline, static_extents Extents>
struct fixed_extents<gemm<Arch, A, B, Epilogue, Config, Tiles, Pipeline>, Extents> {
    using type = gemm<Arch, A, B, Epilogue, fix_extents(Config, Extents), Tiles, Pipeline>;
};

}  // namespace detail

/// GEMM `K` for products of these extents only. An extent of 0 stays open.
template <class K, static_extents Extents>
using with_extents = typename detail::fixed_extents<K, Extents>::type;

}  // namespace deepgemm
