// SPDX-License-Identifier: MIT
// The MQA logits inside the C interface: 64 and 32 heads of depth 128, FP32 logits, full or compressed.
#pragma once

#include <deepgemm/ops/mqa_logits/shipped.cuh>

namespace c_interface {

namespace dg = deepgemm;

template <int Heads, dg::logits_form Form>
using mqa_of = dg::shipped::mqa_logits_kernel<dg::stored_mqa_traits{{Heads, 128}, dg::dtype::f32, Form}>;

using mqa_logits_kernels =
    dg::shipped::kernels<mqa_of<64, dg::logits_form::full>, mqa_of<64, dg::logits_form::compressed>,
                         mqa_of<32, dg::logits_form::full>, mqa_of<32, dg::logits_form::compressed>>;

}  // namespace c_interface
