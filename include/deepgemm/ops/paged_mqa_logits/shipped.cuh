// SPDX-License-Identifier: MIT
// The kernels of paged_mqa_logits that the library ships. Others, for other heads say, are made at run time or by their user.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/epilogue/store_logits.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/paged_mqa_logits.cuh>

namespace deepgemm {

namespace ops {
struct paged_mqa_logits;
}  // namespace ops

namespace shipped {

/// The kernel of the operation by its traits and configuration.
template <paged_mqa_traits Traits, paged_mqa_config Config>
using paged_mqa_base =
    paged_mqa_logits<arch::sm90, Traits.stored.scores, Traits.block,
                     store_logits<mqa_element<Traits.stored.logits>, Traits.stored.form, ptx::cache_hint::evict_last>,
                     Config>;

/// A kernel of the operation, which describes itself.
template <paged_mqa_traits Traits, paged_mqa_config Config = paged_mqa_config{}>
struct paged_mqa_logits_kernel : paged_mqa_base<Traits, Config> {
    using base = paged_mqa_base<Traits, Config>;
    using operation = ops::paged_mqa_logits;
    static constexpr kernel_info<paged_mqa_traits, paged_mqa_config> info{base::launch, Traits, base::config};
};

/// FP32 logits of `Heads` heads of depth 128, both forms, for requests of `NextN` queries.
template <int Heads, int NextN, int Block = 64>
using paged_mqa_f32 =
    kernels<paged_mqa_logits_kernel<paged_mqa_traits{{{Heads}, dtype::f32, logits_form::full}, Block},
                                    paged_mqa_config::of(Heads, NextN)>,
            paged_mqa_logits_kernel<paged_mqa_traits{{{Heads}, dtype::f32, logits_form::unclean}, Block},
                                    paged_mqa_config::of(Heads, NextN)>>;
/// The same of BF16 logits.
template <int Heads, int NextN, int Block = 64>
using paged_mqa_bf16 =
    kernels<paged_mqa_logits_kernel<paged_mqa_traits{{{Heads}, dtype::bf16, logits_form::full}, Block},
                                    paged_mqa_config::of(Heads, NextN)>,
            paged_mqa_logits_kernel<paged_mqa_traits{{{Heads}, dtype::bf16, logits_form::unclean}, Block},
                                    paged_mqa_config::of(Heads, NextN)>>;

template <class O>
    requires(same_as<O, ops::paged_mqa_logits>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return sum_of(paged_mqa_f32<64, 1>{}, paged_mqa_f32<64, 2>{}, paged_mqa_f32<64, 4>{}, paged_mqa_f32<32, 1>{},
                  paged_mqa_f32<32, 2>{}, paged_mqa_f32<32, 4>{}, paged_mqa_bf16<64, 1>{}, paged_mqa_bf16<64, 2>{},
                  paged_mqa_bf16<32, 1>{}, paged_mqa_bf16<32, 2>{}, paged_mqa_f32<64, 1, 32>{},
                  paged_mqa_f32<32, 1, 32>{});
}

}  // namespace shipped

}  // namespace deepgemm
