// SPDX-License-Identifier: MIT
// A GEMM kernel whose extents are fixed to numbers known late: at run time, for a kernel that NVRTC compiles. The same kernel
// otherwise, bit for bit; its arguments and parameters are those of the kernel it was made from.
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

/// GEMM `K` for products of these extents only; 0 leaves one open.
template <class K, static_extents Extents>
using with_extents = typename detail::fixed_extents<K, Extents>::type;

}  // namespace deepgemm
