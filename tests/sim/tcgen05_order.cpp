// SPDX-License-Identifier: MIT
// Which work of tensor memory a commit tracks, and which accumulators are independent of each other.
#include <cmath>

#include "tensor_run.hpp"

namespace tcgen05_order_tests {

using namespace deepgemm;

constexpr u32 m64_instruction = sm100::instruction<bf16, bf16>(64, 32);
constexpr u32 bar = 32 * 1024;

u64 operand(u32 address) { return sm100::make_descriptor(address, 0, 256, swizzle_mode::b32); }

/// D(64, 32) at `d` = A x B over K = 16; all elements of both are ones, so that D is 16.
void multiply(u32 smem, u32 d, bool accumulate = false) {
    ptx::tcgen05_mma<1, ptx::tcgen05_kind::f16>(d, operand(smem), operand(smem + 4096), m64_instruction, accumulate);
}

/// Shared memory full of ones, three barriers at `bar`, 64 columns: what each test starts from. Calls `body(smem, tmem)`.
template <class Body>
std::string with_tensor_memory(sim::policy policy, Body body) {
    sim::options options;
    options.policy = policy;
    return test::error_of(options, test::block(128), [&] {
        const u32 smem = ptx::dynamic_smem();
        for (u32 i = ptx::thread_index(); i < 8192 / 2; i += 128) {
            ptx::st_shared(smem + 2 * i, bf16::from_float(1.0f).bits);
        }
        ptx::fence_proxy_async();
        test::make_barriers(smem + bar, 2);
        if (ptx::warp_index() == 0) ptx::tmem_allocate<1>(smem + bar + 32, 64);
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        const u32 tmem = ptx::ld_shared<u32>(smem + bar + 32);
        body(smem, tmem);
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        if (ptx::warp_index() == 0) ptx::tmem_free<1>(tmem, 64);
    });
}

/// Loads the warp's lanes of 32 columns; the caller's value of column 0.
float first_column(u32 tmem) {
    u32 r[32];
    ptx::tcgen05_load(r, tmem + (ptx::warp_index() * 32 << 16));
    ptx::tcgen05_wait_load();
    return bit_cast<float>(r[0]);
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

const sim::policy policies[] = {sim::policy::lazy, sim::policy::random, sim::policy::eager};

TEST_CASE("a commit tracks the work of its own thread alone") {
    for (sim::policy policy : policies) {
        for (u32 committer : {0u, 64u}) {
            const std::string error = with_tensor_memory(policy, [=](u32 smem, u32 tmem) {
                if (ptx::thread_index() == 0) multiply(smem, tmem);
                ptx::tcgen05_fence_before();
                ptx::sync_cta();
                ptx::tcgen05_fence_after();
                if (ptx::thread_index() == committer) ptx::tcgen05_commit<1>(smem + bar);
                ptx::mbarrier_wait(smem + bar, 0, "product");
                ptx::tcgen05_fence_after();
                if (first_column(tmem) != 16 && ptx::lane_index() < 16) throw sim::error("wrong value");
            });
            CAPTURE(error);
            CHECK((committer == 0 ? error.empty() : contains(error, "no tcgen05.commit of the thread that issued it")));
        }
    }
}

TEST_CASE("a result whose commit nobody waits for is named under every policy") {
    for (sim::policy policy : policies) {
        const std::string error = with_tensor_memory(policy, [=](u32 smem, u32 tmem) {
            if (ptx::thread_index() == 0) multiply(smem, tmem);
            ptx::tcgen05_fence_before();
            ptx::sync_cta();
            ptx::tcgen05_fence_after();
            first_column(tmem);
        });
        CHECK_MESSAGE(contains(error, "the mbarrier of such a commit was not waited for"), error);
    }
}

TEST_CASE("accumulators of 64 rows at lanes 0 and 16 of the same columns are independent") {
    for (sim::policy policy : policies) {
        const std::string error = with_tensor_memory(policy, [=](u32 smem, u32 tmem) {
            if (ptx::thread_index() == 0) {
                multiply(smem, tmem);
                ptx::tcgen05_commit<1>(smem + bar);
                for (int i = 0; i < 3; ++i) multiply(smem, tmem | 16 << 16, i != 0);
                ptx::tcgen05_commit<1>(smem + bar + 8);
            }
            ptx::mbarrier_wait(smem + bar, 0, "first");
            ptx::tcgen05_fence_after();
            const bool upper = ptx::lane_index() >= 16;
            float value = first_column(tmem);
            if (!upper && value != 16) throw sim::error("the first accumulator is wrong");
            ptx::mbarrier_wait(smem + bar + 8, 0, "second");
            ptx::tcgen05_fence_after();
            value = first_column(tmem);
            if (value != (upper ? 48 : 16)) throw sim::error("an accumulator is wrong");
        });
        CHECK(error == "");
    }
}

TEST_CASE(
    "multiplies of one shape follow each other on one accumulator, those of another shape need a commit between") {
    constexpr u32 narrow = sm100::instruction<bf16, bf16>(64, 16);
    for (sim::policy policy : policies) {
        for (const bool waits : {false, true}) {
            const std::string error = with_tensor_memory(policy, [=](u32 smem, u32 tmem) {
                if (ptx::thread_index() == 0) {
                    multiply(smem, tmem);
                    multiply(smem, tmem, true);
                    if (waits) {
                        ptx::tcgen05_commit<1>(smem + bar + 8);
                        ptx::mbarrier_wait(smem + bar + 8, 0, "first two");
                        ptx::tcgen05_fence_after();
                    }
                    ptx::tcgen05_mma<1, ptx::tcgen05_kind::f16>(tmem, operand(smem), operand(smem + 4096), narrow,
                                                                true);
                    ptx::tcgen05_commit<1>(smem + bar);
                }
                ptx::mbarrier_wait(smem + bar, 0, "product");
                ptx::tcgen05_fence_after();
                const float value = first_column(tmem);
                if (ptx::lane_index() < 16 && value != 48) throw sim::error("wrong value");
            });
            CAPTURE(error);
            CHECK((waits ? error.empty() : contains(error, "different shapes or kinds do not follow each other")));
        }
    }
}

}  // namespace tcgen05_order_tests
