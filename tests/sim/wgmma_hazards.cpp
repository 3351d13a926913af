// SPDX-License-Identifier: MIT
// What goes wrong around wgmma must be an error with a name: a small pipeline with one seeded bug at a time, and misuse
// of registers, fences, groups and descriptors.
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/wgmma.cuh>

#include "support.hpp"

namespace wgmma_hazards_tests {

namespace {

using namespace deepgemm;

template <class F>
std::string failure(F body, sim::policy policy = sim::policy::lazy, u64 seed = 1, u32 threads = 128) {
    sim::options options;
    options.policy = policy;
    options.seed = seed;
    return test::error_of(options, test::block(threads), body);
}

#define CHECK_CONTAINS(text, part) CHECK_MESSAGE((text).find(part) != std::string::npos, text)

// ---- a pipeline of two stages: one producer warp, one math warpgroup, 64 x 64 x 128 FP8 per stage

enum class bug { none, no_full_wait, early_release, no_wgmma_wait, no_wgmma_fence, wrong_parity, no_commit };

constexpr u32 stage_bytes = 2 * 64 * 128, stages = 2, bars = stages * stage_bytes;

void pipeline(const tensor_map& map, bug seeded, float* out) {
    const u32 smem = ptx::dynamic_smem(), full = smem + bars, empty = full + 8 * stages;
    constexpr u32 steps = 6;
    if (ptx::thread_index() == 0) {
        for (u32 s = 0; s < stages; ++s) {
            ptx::mbarrier_init(full + 8 * s, 1);
            ptx::mbarrier_init(empty + 8 * s, 128);
        }
        ptx::fence_mbarrier_init();
    }
    ptx::sync_cta();
    if (ptx::warp_index() == 4) {
        ptx::role("producer");
        if (ptx::lane_index() != 0) return;
        for (u32 k = 0; k < steps; ++k) {
            const u32 s = k % stages, phase = k / stages & 1;
            ptx::mbarrier_wait(empty + 8 * s, seeded == bug::wrong_parity ? phase : phase ^ 1, "empty");
            ptx::mbarrier_arrive_expect_tx(full + 8 * s, stage_bytes);
            ptx::tma_load<2>(map, smem + s * stage_bytes, full + 8 * s, {0, 0});
            ptx::tma_load<2>(map, smem + s * stage_bytes + stage_bytes / 2, full + 8 * s, {0, 0});
        }
        return;
    }
    ptx::role("math");
    float d[32];
    for (u32 k = 0; k < steps; ++k) {
        const u32 s = k % stages, phase = k / stages & 1;
        if (seeded != bug::no_full_wait) ptx::mbarrier_wait(full + 8 * s, phase, "full");
        const u64 a = sm90::k_major_descriptor(smem + s * stage_bytes, swizzle_mode::b128);
        const u64 b = sm90::k_major_descriptor(smem + s * stage_bytes + stage_bytes / 2, swizzle_mode::b128);
        if (seeded != bug::no_wgmma_fence) ptx::wgmma_fence();
        for (u32 i = 0; i < 4; ++i) ptx::wgmma<e4m3, e4m3, 64>(d, a + 2 * i, b + 2 * i, k + i != 0);
        if (seeded != bug::no_commit) ptx::wgmma_commit();
        if (seeded == bug::early_release) ptx::mbarrier_arrive(empty + 8 * s);
        if (seeded != bug::no_wgmma_wait) ptx::wgmma_wait<0>();
        if (seeded != bug::early_release) ptx::mbarrier_arrive(empty + 8 * s);
    }
    for (u32 i = 0; i < 32; ++i) out[ptx::thread_index() * 32 + i] = d[i];
}

std::string run_pipeline(bug seeded, sim::policy policy, u64 seed = 1) {
    static std::vector<u8> operand(64 * 128, e4m3::from_float(1.0f).bits);
    static std::vector<float> out(128 * 32);
    std::fill(out.begin(), out.end(), 0.0f);
    const tensor_map map =
        sim::encode_tensor_map(matrix_map(operand.data(), dtype::e4m3, 64, 128, 128, 64, 128, swizzle_mode::b128));
    const std::string text = failure([&] { pipeline(map, seeded, out.data()); }, policy, seed, 160);
    if (text.empty()) {
        for (float x : out) {
            if (x != 6 * 128.0f) return "wrong result";
        }
    }
    return text;
}

TEST_CASE("the pipeline without a bug is right") {
    CHECK(run_pipeline(bug::none, sim::policy::lazy) == "");
    CHECK(run_pipeline(bug::none, sim::policy::eager) == "");
    for (u64 seed = 1; seed <= 10; ++seed) CHECK(run_pipeline(bug::none, sim::policy::random, seed) == "");
}

/// The report of a producer that begins with the wrong parity: who waits for which barrier, and that nothing has come.
void check_wrong_parity(const std::string& report) {
    CHECK_CONTAINS(report, "DEADLOCK");
    CHECK_CONTAINS(report, "CYCLE: ");
    CHECK_CONTAINS(report, "waits for mbarrier 0x8410 empty, which CTA (0,0,0) rank 0 warp 0 role math would complete");
    CHECK_CONTAINS(
        report, "waits for mbarrier 0x8400 full, which CTA (0,0,0) rank 0 warp 4 role producer lane 0 would complete");
    CHECK_CONTAINS(report, "warp  4 producer    1 lanes: mbarrier 0x8410 empty parity 0");
    CHECK_CONTAINS(report, "(phase 0: pending 128 of 128 arrivals, tx-count 0)");
    CHECK_CONTAINS(report, "warp  0 math       32 lanes: mbarrier 0x8400 full parity 0");
    CHECK_CONTAINS(report, "(phase 0: pending 1 of 1 arrivals, tx-count 0)");
}

TEST_CASE("a seeded bug is an error with a name") {
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random}) {
        CAPTURE(int(policy));
        for (u64 seed = 1; seed <= 5; ++seed) {
            CHECK_CONTAINS(run_pipeline(bug::early_release, policy, seed), "the stage was released too early");
            CHECK_CONTAINS(run_pipeline(bug::no_wgmma_fence, policy, seed), "missing wgmma.fence");
            check_wrong_parity(run_pipeline(bug::wrong_parity, policy, seed));
            CHECK_CONTAINS(run_pipeline(bug::no_wgmma_wait, policy, seed), "released too early");
            CHECK_CONTAINS(run_pipeline(bug::no_commit, policy, seed), "released too early");
        }
    }
}

TEST_CASE("a consumer that does not wait for its stage") {
    CHECK_CONTAINS(run_pipeline(bug::no_full_wait, sim::policy::lazy), "was not waited for");
    // The order of threads decides what comes first: a multiply reads before its copy is issued, while it lands, or still
    // reads when the next copy comes.
    const char* const possible[] = {"was never written", "was not waited for", "released too early"};
    int seen[3] = {};
    for (u64 seed = 1; seed <= 20; ++seed) {
        const std::string text = run_pipeline(bug::no_full_wait, sim::policy::random, seed);
        int found = 0;
        for (int i = 0; i < 3; ++i) {
            const bool is = text.find(possible[i]) != std::string::npos;
            seen[i] += is;
            found += is;
        }
        CHECK_MESSAGE(found == 1, text);
    }
    CHECK(seen[1] > 0);
    CHECK(seen[2] > 0);
}

TEST_CASE("what is found when everything takes effect at once, and what is hidden") {
    const auto run = [](bug seeded) { return run_pipeline(seeded, sim::policy::eager); };
    CHECK_CONTAINS(run(bug::no_full_wait), "released too early");
    CHECK_CONTAINS(run(bug::no_wgmma_wait), "no wgmma.wait_group covers it");
    CHECK_CONTAINS(run(bug::no_commit), "or no commit_group precedes it");
    CHECK_CONTAINS(run(bug::no_wgmma_fence), "missing wgmma.fence");
    check_wrong_parity(run(bug::wrong_parity));
    CHECK(run(bug::early_release) == "");
}

// ---- misuse, one instruction at a time

constexpr u64 descriptor_of(u32 address) { return sm90::k_major_descriptor(address, swizzle_mode::b128); }

/// Runs `body(a, b)` with descriptors of two tiles of 64 x 128 bytes of zeros, under each policy.
template <class F>
void check_misuse(const char* part, F body,
                  std::initializer_list<sim::policy> policies = {sim::policy::lazy, sim::policy::random}) {
    for (sim::policy policy : policies) {
        const std::string text = failure(
            [&] {
                const u32 smem = ptx::dynamic_smem();
                for (u32 i = ptx::thread_index(); i < 4096; i += 128) ptx::st_shared<u32>(smem + 4 * i, 0);
                ptx::fence_proxy_async();
                ptx::sync_cta();
                body(descriptor_of(smem), descriptor_of(smem + 8192));
            },
            policy);
        CHECK_CONTAINS(text, part);
    }
}

/// The shortest correct use.
void multiply(float (&d)[32], u64 a, u64 b, bool scale_d = false) {
    ptx::wgmma_fence();
    ptx::wgmma<e4m3, e4m3, 64>(d, a, b, scale_d);
    ptx::wgmma_commit();
}

TEST_CASE("accumulators in flight belong to the instruction") {
    check_misuse("accumulator register 3 was written while a wgmma on it was in flight", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a, b);
        d[3] = 1;
        ptx::wgmma_wait<0>();
    });
    check_misuse("overlap", [](u64 a, u64 b) {
        float d[64];
        multiply(reinterpret_cast<float(&)[32]>(d[0]), a, b);
        multiply(reinterpret_cast<float(&)[32]>(d[16]), a, b);
    });
    check_misuse("with another N", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a, b);
        ptx::wgmma<e4m3, e4m3, 32>(reinterpret_cast<float(&)[16]>(d), a, b, true);
    });
    check_misuse("missing wgmma.fence", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a, b);
        ptx::wgmma_wait<0>();
        d[0] = 0;
        ptx::wgmma<e4m3, e4m3, 64>(d, a, b, true);
    });
}

TEST_CASE("results are NaN until the wait, and no fence is needed on an accumulator in flight") {
    std::vector<float> early(128), late(128);
    const std::string text = failure([&] {
        const u32 smem = ptx::dynamic_smem();
        for (u32 i = ptx::thread_index(); i < 4096; i += 128) ptx::st_shared<u32>(smem + 4 * i, 0);
        ptx::fence_proxy_async();
        ptx::sync_cta();
        float d[32], e[32];
        multiply(d, descriptor_of(smem), descriptor_of(smem + 8192));
        ptx::wgmma<e4m3, e4m3, 64>(d, descriptor_of(smem), descriptor_of(smem + 8192), true);
        ptx::wgmma_commit();
        multiply(e, descriptor_of(smem), descriptor_of(smem + 8192));
        ptx::wgmma_wait<1>();
        late[ptx::thread_index()] = d[5];
        early[ptx::thread_index()] = e[5];
        ptx::wgmma_wait<0>();
    });
    CHECK(text == "");
    for (u32 i = 0; i < 128; ++i) {
        CHECK(early[i] != early[i]);
        CHECK(late[i] == 0.0f);
    }
}

TEST_CASE("A registers in flight must keep their values") {
    check_misuse("A registers of a wgmma were overwritten", [](u64, u64 b) {
        float d[32];
        u32 a[4] = {1, 2, 3, 4};
        ptx::wgmma_fence();
        ptx::wgmma<e4m3, e4m3, 64>(d, a, b, false);
        ptx::wgmma_commit();
        a[2] = 7;
        ptx::wgmma_wait<0>();
    });
    check_misuse("A registers were loaded since the last wgmma.fence", [](u64, u64 b) {
        float d[32];
        u32 a[4];
        ptx::wgmma_fence();
        ptx::ldmatrix(a, ptx::dynamic_smem() + ptx::lane_index() * 16);
        ptx::wgmma<e4m3, e4m3, 64>(d, a, b, false);
    });
}

TEST_CASE("the threads of a warpgroup must agree") {
    check_misuse("disagree on types, shape, descriptors or scale-d", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a, b + (ptx::thread_index() == 77 ? 2 : 0));
        ptx::wgmma_wait<0>();
    });
    check_misuse("disagree on types, shape, descriptors or scale-d", [](u64 a, u64 b) {
        float d[32] = {};
        multiply(d, a, b, ptx::lane_index() == 0);
        ptx::wgmma_wait<0>();
    });
    check_misuse("disagree on the instructions before it", [](u64 a, u64 b) {
        float d[32];
        if (ptx::thread_index() == 99) ptx::wgmma_commit();
        multiply(d, a, b);
        ptx::wgmma_wait<0>();
    });
    check_misuse("wgmma.wait_group", [](u64 a, u64 b) {  // deadlock report
        float d[32];
        if (ptx::warp_index() != 2) multiply(d, a, b);
        ptx::wgmma_wait<0>();
    });
    CHECK_CONTAINS(failure([] { ptx::wgmma_fence(); }, sim::policy::lazy, 1, 96), "whole warpgroup");
}

TEST_CASE("operands must be written, fenced and inside shared memory") {
    CHECK_CONTAINS(failure([] {
                       float d[32];
                       const u64 a = descriptor_of(ptx::dynamic_smem());
                       multiply(d, a, a);
                       ptx::wgmma_wait<0>();
                   }),
                   "was never written");
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        CHECK_CONTAINS(failure(
                           [] {
                               const u32 smem = ptx::dynamic_smem();
                               for (u32 i = ptx::thread_index(); i < 4096; i += 128) {
                                   ptx::st_shared<u32>(smem + 4 * i, 0);
                               }
                               ptx::sync_cta();
                               float d[32];
                               multiply(d, descriptor_of(smem), descriptor_of(smem + 8192));
                               ptx::wgmma_wait<0>();
                           },
                           policy),
                       "missing fence.proxy.async");
    }
    check_misuse("while wgmma (B)", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a, b);
        ptx::st_shared<u32>(ptx::dynamic_smem() + 8192 + 4 * ptx::thread_index(), 1);
        ptx::wgmma_wait<0>();
    });
    check_misuse("lies outside", [](u64 a, u64) {
        float d[32];
        multiply(d, a, descriptor_of(ptx::dynamic_smem() + 65536 - 4096));
    });
}

TEST_CASE("descriptors are checked") {
    check_misuse("bits 46 to 48", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a | u64(1) << 46, b);
    });
    check_misuse("bits 52 to 61", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a, b | u64(1) << 52);
    });
    check_misuse("base offset", [](u64 a, u64 b) {
        float d[32];
        multiply(d, a | u64(1) << 49, b);
    });
}

}  // namespace

}  // namespace wgmma_hazards_tests
