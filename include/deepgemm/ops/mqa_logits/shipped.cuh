// SPDX-License-Identifier: MIT
// The kernels of mqa_logits that the library ships. Others, for other heads say, are made at run time or by their user.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/epilogue/store_logits.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/mqa_logits.cuh>

namespace deepgemm::shipped {

/// A kernel of the operation, which describes itself.
template <stored_mqa_traits Traits, mqa_logits_config Config = mqa_logits_config{}>
struct mqa_logits_kernel
    : mqa_logits<arch::sm90, Traits.scores, store_logits<mqa_element<Traits.logits>, Traits.form>, Config> {
    using base = mqa_logits<arch::sm90, Traits.scores, store_logits<mqa_element<Traits.logits>, Traits.form>, Config>;
    using operation = ops::mqa_logits;
    static constexpr kernel_info<stored_mqa_traits, mqa_logits_config> info{base::launch, Traits, base::config};
};

/// All forms of FP32 logits for a number of heads and a depth.
template <int Heads, int Depth>
using mqa_f32 = kernels<mqa_logits_kernel<stored_mqa_traits{{Heads, Depth}, dtype::f32, logits_form::full}>,
                        mqa_logits_kernel<stored_mqa_traits{{Heads, Depth}, dtype::f32, logits_form::unclean}>,
                        mqa_logits_kernel<stored_mqa_traits{{Heads, Depth}, dtype::f32, logits_form::compressed}>>;
/// The same of BF16 logits, but for unclean ones.
template <int Heads, int Depth>
using mqa_bf16 = kernels<mqa_logits_kernel<stored_mqa_traits{{Heads, Depth}, dtype::bf16, logits_form::full}>,
                         mqa_logits_kernel<stored_mqa_traits{{Heads, Depth}, dtype::bf16, logits_form::compressed}>>;

template <class O>
    requires(same_as<O, ops::mqa_logits>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return sum_of(mqa_f32<64, 128>{}, mqa_f32<64, 64>{}, mqa_f32<64, 32>{}, mqa_f32<32, 128>{}, mqa_f32<32, 64>{},
                  mqa_f32<32, 32>{}, mqa_f32<16, 128>{}, mqa_bf16<64, 128>{}, mqa_bf16<64, 32>{}, mqa_bf16<32, 128>{});
}

}  // namespace deepgemm::shipped
