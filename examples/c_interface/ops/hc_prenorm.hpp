// SPDX-License-Identifier: MIT
// The HyperConnection prenorms inside the C interface: tiles of 32 columns for many rows, for few, and for parts of K.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace c_interface {

namespace dg = deepgemm;

using prenorm_many = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 32, 64}}>;
using prenorm_few = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 32, 64}, .split_k = 4}>;
using prenorm_apart =
    dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 32, 64}}, dg::partial_sums::apart>;

using hc_prenorm_kernels = dg::shipped::kernels<prenorm_many, prenorm_few, prenorm_apart>;

}  // namespace c_interface
