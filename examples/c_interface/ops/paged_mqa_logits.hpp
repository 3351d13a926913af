// SPDX-License-Identifier: MIT
// The logits of paged keys inside the C interface: 64 and 32 heads of depth 128, pages of 64, FP32 logits in both forms, for
// one query of a request and for two.
#pragma once

#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>

namespace c_interface {

namespace dg = deepgemm;

template <int Heads, int NextN, dg::logits_form Form>
using paged_mqa_of =
    dg::shipped::paged_mqa_logits_kernel<dg::paged_mqa_traits{{{Heads, 128}, dg::dtype::f32, Form}, 64},
                                         dg::paged_mqa_config::of(Heads, NextN)>;

using paged_mqa_logits_kernels =
    dg::shipped::kernels<paged_mqa_of<64, 1, dg::logits_form::full>, paged_mqa_of<64, 1, dg::logits_form::unclean>,
                         paged_mqa_of<64, 2, dg::logits_form::full>, paged_mqa_of<64, 2, dg::logits_form::unclean>,
                         paged_mqa_of<32, 1, dg::logits_form::full>, paged_mqa_of<32, 1, dg::logits_form::unclean>,
                         paged_mqa_of<32, 2, dg::logits_form::full>, paged_mqa_of<32, 2, dg::logits_form::unclean>>;

}  // namespace c_interface
