// SPDX-License-Identifier: MIT
// What tests of the order of uses of tensor memory share: a multiply of ones, the set-up of a CTA for it, and the errors under
// every policy.
#pragma once

#include "tensor_run.hpp"

namespace deepgemm::test::edges {

inline constexpr u32 bar = 32 * 1024;
inline constexpr u32 instruction = sm100::instruction<bf16, bf16>(128, 32);

inline u64 operand_at(u32 address) { return sm100::make_descriptor(address, 0, 256, swizzle_mode::b32); }

/// D(128, 32) at column `d` = A x B over K = 16 of ones, so that D is 16.
inline void multiply(u32 smem, u32 d, bool accumulate = false) {
    ptx::tcgen05_mma<1, ptx::tcgen05_kind::f16>(d, operand_at(smem), operand_at(smem + 4096), instruction, accumulate);
}
inline void multiply_tensor_a(u32 smem, u32 d, u32 a) {
    ptx::tcgen05_mma_tensor_a<1, ptx::tcgen05_kind::f16>(d, a, operand_at(smem + 4096), instruction, false);
}
inline void wait_for(u32 barrier, u32 parity = 0) {
    ptx::mbarrier_wait(barrier, parity, "product");
    ptx::tcgen05_fence_after();
}

/// What `threads` threads of a CTA run: `body(smem, tmem)` with ones in shared memory, 64 columns of tensor memory, two
/// barriers of one arrival at `bar` and one of 128 behind them.
template <class Body>
auto with_columns(u32 threads, Body body) {
    return [threads, body] {
        const u32 smem = ptx::dynamic_smem();
        for (u32 i = ptx::thread_index(); i < 8192 / 2; i += threads)
            ptx::st_shared(smem + 2 * i, bf16::from_float(1.0f).bits);
        ptx::fence_proxy_async();
        test::make_barriers(smem + bar, 2);
        test::make_barriers(smem + bar + 16, 1, 128);
        if (ptx::warp_index() == 0) ptx::tmem_allocate<1>(smem + bar + 32, 64);
        ptx::sync_cta();
        const u32 tmem = ptx::ld_shared<u32>(smem + bar + 32);
        body(smem, tmem);
        ptx::sync_cta();
        if (ptx::warp_index() == 0) ptx::tmem_free<1>(tmem, 64);
    };
}

/// The errors of `body`, run by `threads` threads of each of `ctas` CTAs, under every policy; those without an error are "".
template <class Body>
std::vector<std::string> errors_of(u32 threads, u32 ctas, Body body, sim::options options = {}) {
    std::vector<std::string> all;
    for (const sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        options.policy = policy;
        all.push_back(test::error_of(options, test::block(threads, ctas), body));
    }
    return all;
}
/// The same of 128 threads that run `body(smem, tmem)` as with_columns() has it.
template <class Body>
std::vector<std::string> errors_with_columns(Body body, sim::options options = {}) {
    return errors_of(128, 1, with_columns(128, body), options);
}

inline void expect_clean(const std::vector<std::string>& errors) {
    for (const std::string& error : errors) CHECK(error == "");
}
inline void expect_named(const std::vector<std::string>& errors, const char* part) {
    for (const std::string& error : errors) CHECK_MESSAGE(error.find(part) != std::string::npos, error);
}

}  // namespace deepgemm::test::edges
