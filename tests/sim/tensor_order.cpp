// SPDX-License-Identifier: MIT
// The order of uses of tensor memory by several threads: fences before and after each kind of barrier, waits for loads and
// stores, commits; and allocation by a pair of CTAs. Each mistake stands beside the sound code from which one line is missing.
#include "tensor_edges.hpp"

namespace tensor_order_tests {

using namespace deepgemm;
using namespace deepgemm::test::edges;

namespace {

const sim::policy policies[] = {sim::policy::lazy, sim::policy::random, sim::policy::eager};

/// The error of `body(smem, tmem)`, which 256 threads run as with_columns() has it.
template <class Body>
std::string with_tensor_memory(sim::policy policy, Body body, sim::options options = {}) {
    options.policy = policy;
    return test::error_of(options, test::block(256), with_columns(256, body));
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

/// The steps of an accumulator that warps 0 to 3 read and thread 128 then overwrites. A test leaves one of them out; `release`
/// comes too early instead.
enum class step { none, wait_product, after_product, wait_load, before_release, release, after_release, wait_again };

/// How the readers hand the accumulator back.
enum class handing { mbarrier, cta, named, cluster };

template <step Without, handing By>
struct accumulator {
    static bool runs(step s) { return s != Without; }
    /// Whether readers find what they expect; without their waits they may come before the product has begun.
    static bool right(step s) { return s != step::wait_product && s != step::wait_again; }
    static void release(u32 smem) {
        if constexpr (By == handing::mbarrier) {
            ptx::mbarrier_arrive(smem + bar + 16);
        } else if constexpr (By == handing::named) {
            ptx::barrier_arrive(3, 160);
        } else if constexpr (By == handing::cluster) {
            ptx::cluster_arrive();
        }
    }
    static void wait_for_release(u32 smem) {
        if constexpr (By == handing::mbarrier) {
            ptx::mbarrier_wait(smem + bar + 16, 0, "released");
        } else if constexpr (By == handing::named) {
            ptx::barrier_sync(3, 160);
        } else if constexpr (By == handing::cluster) {
            ptx::cluster_arrive();
            ptx::cluster_wait();
        }
    }
    static void read(u32 smem, u32 tmem) {
        if (runs(step::wait_product)) ptx::mbarrier_wait(smem + bar, 0, "product");
        if (runs(step::after_product)) ptx::tcgen05_fence_after();
        u32 r[32];
        ptx::tcgen05_load(r, tmem);
        for (u32 value : r) {
            if (right(Without) && bit_cast<float>(value) != 16) throw sim::error("wrong value");
        }
        if (runs(step::wait_load)) ptx::tcgen05_wait_load();
        if (runs(step::before_release)) ptx::tcgen05_fence_before();
    }
    static void run(u32 smem, u32 tmem) {
        const u32 warp = ptx::warp_index();
        if (warp == 4 && ptx::lane_index() == 0) {
            multiply(smem, tmem);
            ptx::tcgen05_commit<1>(smem + bar);
        }
        if (warp < 4) {
            if (!runs(step::release)) release(smem);
            read(smem, tmem);
            if (runs(step::release)) release(smem);
        } else if (warp == 4) {
            wait_for_release(smem);
        }
        if (By == handing::cta) ptx::sync_cta();
        if (By == handing::cluster && (warp < 4 || warp > 4)) {
            if (warp > 4) ptx::cluster_arrive();
            ptx::cluster_wait();
        }
        if (warp == 4) {
            if (runs(step::after_release)) ptx::tcgen05_fence_after();
            if (ptx::lane_index() == 0) {
                multiply(smem, tmem, true);
                ptx::tcgen05_commit<1>(smem + bar + 8);
            }
        } else if (warp < 4) {
            if (runs(step::wait_again)) ptx::mbarrier_wait(smem + bar + 8, 0, "product");
            ptx::tcgen05_fence_after();
            u32 r[32];
            ptx::tcgen05_load(r, tmem);
            ptx::tcgen05_wait_load();
            if (right(Without) && bit_cast<float>(r[31]) != 32) throw sim::error("wrong value");
            ptx::tcgen05_fence_before();
        }
    }
    static std::string error(sim::policy policy, sim::options options = {}) {
        return with_tensor_memory(policy, &run, options);
    }
};

template <handing By>
void expect_order() {
    for (const sim::policy policy : policies) {
        CAPTURE(int(policy));
        CHECK(accumulator<step::none, By>::error(policy) == "");
        const std::string before = accumulator<step::before_release, By>::error(policy);
        CHECK_MESSAGE(contains(before, "tcgen05.mma of columns [0,32) follows tcgen05.ld by"), before);
        CHECK_MESSAGE(contains(before, "warp 4 lane 0"), before);
        CHECK_MESSAGE(contains(before, "without tcgen05.fence::before_thread_sync"), before);
        const std::string after = accumulator<step::after_release, By>::error(policy);
        CHECK_MESSAGE(contains(after, "without tcgen05.fence::after_thread_sync"), after);
        const std::string wait = accumulator<step::wait_load, By>::error(policy);
        CHECK_MESSAGE(contains(wait, "missing tcgen05.wait::ld before tcgen05.fence::before_thread_sync"), wait);

        sim::options lenient;
        lenient.check_tensor_fences = false;
        CHECK(accumulator<step::before_release, By>::error(policy, lenient) == "");
        CHECK(accumulator<step::after_release, By>::error(policy, lenient) == "");
        lenient = {};
        lenient.check_tensor_waits = false;
        CHECK(accumulator<step::wait_load, By>::error(policy, lenient) == "");
    }
}

}  // namespace

TEST_CASE("an accumulator that is read and overwritten: by an mbarrier") { expect_order<handing::mbarrier>(); }
TEST_CASE("an accumulator that is read and overwritten: by bar.sync of the CTA") { expect_order<handing::cta>(); }
TEST_CASE("an accumulator that is read and overwritten: by a named barrier") { expect_order<handing::named>(); }
TEST_CASE("an accumulator that is read and overwritten: by the cluster's barrier") { expect_order<handing::cluster>(); }

TEST_CASE("an accumulator that is overwritten or read without any barrier") {
    for (const sim::policy policy : policies) {
        const std::string overwritten = accumulator<step::release, handing::mbarrier>::error(policy);
        CHECK_MESSAGE((contains(overwritten, "no barrier between the two hands it on") ||
                       contains(overwritten, "was not waited for")),
                      overwritten);
        const std::string again = accumulator<step::wait_again, handing::mbarrier>::error(policy);
        CHECK_MESSAGE((contains(again, "no barrier between the two") ||
                       contains(again, "which is in flight: the mbarrier of its commit was not waited for")),
                      again);
        const std::string early = accumulator<step::wait_product, handing::mbarrier>::error(policy);
        CHECK_MESSAGE((contains(early, "no barrier between the two") ||
                       contains(early, "which is in flight: the mbarrier of its commit was not waited for")),
                      early);
    }
}

TEST_CASE("values of a load are there before the wait for it, by the registers alone") {
    for (const sim::policy policy : policies) {
        CHECK(with_tensor_memory(policy, [](u32 smem, u32 tmem) {
                  if (ptx::thread_index() == 0) {
                      multiply(smem, tmem);
                      ptx::tcgen05_commit<1>(smem + bar);
                  }
                  ptx::mbarrier_wait(smem + bar, 0, "product");
                  ptx::tcgen05_fence_after();
                  u32 r[32];
                  ptx::tcgen05_load(r, tmem);
                  if (bit_cast<float>(r[0]) != 16) throw sim::error("wrong value");
                  ptx::tcgen05_wait_load();
                  if (bit_cast<float>(r[0]) != 16) throw sim::error("changed value");
                  ptx::tcgen05_fence_before();
              }) == "");
    }
}

TEST_CASE("a thread does not end or arrive with a load that it has not waited for") {
    const auto load = [](auto then) {
        return with_tensor_memory(sim::policy::lazy, [then](u32 smem, u32 tmem) {
            u32 r[32];
            if (ptx::warp_index() == 1) ptx::tcgen05_load(r, tmem);
            then(smem);
        });
    };
    CHECK(contains(load([](u32) {}), "missing tcgen05.wait::ld before bar.sync"));
    const std::string arrival = load([](u32 smem) {
        if (ptx::warp_index() == 1) ptx::mbarrier_arrive(smem + bar);
    });
    CHECK_MESSAGE(contains(arrival, "missing tcgen05.wait::ld before mbarrier.arrive"), arrival);
    CHECK(contains(load([](u32) { ptx::cluster_arrive(); }), "missing tcgen05.wait::ld before barrier.cluster.arrive"));
    // Overwriting and freeing columns names the load, too.
    CHECK(contains(test::error_of({}, test::block(32),
                                  [] {
                                      ptx::tmem_allocate<1>(ptx::dynamic_smem(), 32);
                                      u32 r[32];
                                      ptx::tcgen05_load(r, 0);
                                      ptx::tmem_free<1>(0, 32);
                                  }),
                   "follows tcgen05.ld by CTA (0,0,0) rank 0 warp 0"));
}

TEST_CASE("columns are not overwritten with a load or store of them that was not waited for") {
    const auto error = [](bool stores, bool waits) {
        return with_tensor_memory(sim::policy::lazy, [=](u32 smem, u32 tmem) {
            if (ptx::warp_index() != 0) return;
            u32 r[32];
            std::fill_n(r, 32, 0u);
            if (stores) {
                ptx::tcgen05_store(tmem, r);
                if (waits) ptx::tcgen05_wait_store();
            } else {
                ptx::tcgen05_load(r, tmem);
                if (waits) ptx::tcgen05_wait_load();
            }
            if (ptx::lane_index() == 0) {
                multiply(smem, tmem);
                ptx::tcgen05_commit<1>(smem + bar);
            }
            ptx::sync_warp();
            ptx::mbarrier_wait(smem + bar, 0, "product");
        });
    };
    CHECK(error(false, true) == "");
    CHECK(error(true, true) == "");
    const std::string load = error(false, false), store = error(true, false);
    CHECK_MESSAGE((contains(load, "tcgen05.mma of columns [0,32) follows tcgen05.ld by") &&
                   contains(load, "which lacks its tcgen05.wait::ld")),
                  load);
    CHECK_MESSAGE((contains(store, "follows tcgen05.st by") && contains(store, "which lacks its tcgen05.wait::st")),
                  store);
}

TEST_CASE("a commit does not name a CTA that has exited") {
    const std::string error = test::error_of({}, test::block(32, 2), [] {
        const u32 smem = ptx::dynamic_smem();
        test::make_barriers(smem);
        ptx::tmem_allocate<1>(smem + 16, 32);
        ptx::cluster_sync();
        ptx::tmem_free<1>(0, 32);
        if (ptx::cluster_rank() == 1) return;
        ptx::mbarrier_wait(smem, 1, "passes at once");
        for (int i = 0; i < 100; ++i) sim::yield("test");
        if (ptx::thread_index() == 0) ptx::tcgen05_commit_multicast<1>(smem, 3);
    });
    CHECK_MESSAGE(contains(error, "tcgen05.commit: CTA mask 0x3 names CTA rank 1, which has exited"), error);
}

TEST_CASE("tensor memory is not freed while others use it") {
    const auto freed = [](bool met) {
        u32 loaded = 0;
        return test::error_of({}, test::block(64), [met, &loaded] {
            const u32 smem = ptx::dynamic_smem();
            if (ptx::warp_index() == 1) ptx::tmem_allocate<1>(smem, 32);
            ptx::sync_cta();
            u32 r[32];
            if (ptx::warp_index() == 0) {
                ptx::tcgen05_load(r, 0);
                ptx::tcgen05_wait_load();
                ++loaded;
            }
            while (loaded != 32) sim::yield("test");  // time passes; nothing is ordered
            if (met) ptx::sync_cta();
            if (ptx::warp_index() == 1) ptx::tmem_free<1>(0, 32);
        });
    };
    CHECK(freed(true) == "");
    const std::string early = freed(false);
    CHECK_MESSAGE(contains(early, "tcgen05.dealloc of columns [0,32) follows tcgen05.ld by CTA (0,0,0) rank 0 warp 0"),
                  early);
}

// ---- pairs of CTAs

template <class Body>
std::string in_pair(Body body) {
    return test::error_of({}, test::block(64, 2), body);
}

TEST_CASE("a pair of CTAs allocates and frees together") {
    CHECK(in_pair([] {
              const u32 smem = ptx::dynamic_smem();
              if (ptx::warp_index() == 1) {
                  ptx::tmem_allocate<2>(smem, 64);
                  ptx::tmem_relinquish<2>();
              }
              ptx::cluster_sync();
              if (ptx::warp_index() == 1) ptx::tmem_free<2>(ptx::ld_shared<u32>(smem), 64);
          }) == "");
    const std::string alone = in_pair([] {
        if (ptx::cluster_rank() == 0 && ptx::warp_index() == 0) ptx::tmem_allocate<2>(ptx::dynamic_smem(), 32);
    });
    CHECK_MESSAGE(contains(alone, "the CTA ends while CTA rank 0 waits in tcgen05.alloc of cta_group::2"), alone);
    const std::string deadlock = in_pair([] {
        if (ptx::cluster_rank() == 0 && ptx::warp_index() == 0) ptx::tmem_allocate<2>(ptx::dynamic_smem(), 32);
        ptx::cluster_sync();
    });
    CHECK_MESSAGE(contains(deadlock, "DEADLOCK"), deadlock);
    CHECK_MESSAGE(contains(deadlock, "tcgen05.alloc of cta_group::2: the other CTA of the pair has not called it"),
                  deadlock);
    const std::string sizes = in_pair([] {
        if (ptx::warp_index() == 0) ptx::tmem_allocate<2>(ptx::dynamic_smem(), ptx::cluster_rank() == 0 ? 32 : 64);
    });
    CHECK_MESSAGE(contains(sizes, "columns, 0x400; the other CTA of the pair calls it with "), sizes);
    const std::string places = in_pair([] {
        if (ptx::warp_index() == 0) ptx::tmem_allocate<2>(ptx::dynamic_smem() + 4 * ptx::cluster_rank(), 32);
    });
    CHECK_MESSAGE(contains(places, "the other CTA of the pair calls it with 32 columns, 0x40"), places);
    const std::string mixed = in_pair([] {
        if (ptx::warp_index() == 0 && ptx::cluster_rank() == 0) ptx::tmem_allocate<2>(ptx::dynamic_smem(), 32);
        if (ptx::warp_index() == 0 && ptx::cluster_rank() == 1) ptx::tmem_relinquish<2>();
    });
    CHECK_MESSAGE(contains(mixed, "of cta_group::2 meets tcgen05."), mixed);
}

TEST_CASE("a pair of CTAs frees nothing that the other one still reads") {
    const auto freed = [](bool synchronised) {
        return in_pair([=] {
            const u32 smem = ptx::dynamic_smem();
            if (ptx::warp_index() == 0) ptx::tmem_allocate<2>(smem, 32);
            ptx::cluster_sync();
            u32 r[32];
            if (ptx::warp_index() == 1) {
                ptx::tcgen05_load(r, 0);
                ptx::tcgen05_wait_load();
            }
            ptx::sync_cta();
            if (synchronised) ptx::cluster_sync();
            if (ptx::warp_index() == 0) ptx::tmem_free<2>(0, 32);
        });
    };
    CHECK(freed(true) == "");
    const std::string early = freed(false);
    CHECK_MESSAGE(
        contains(early, "tcgen05.dealloc (in the other CTA of the pair) of columns [0,32) follows tcgen05.ld"), early);
}

}  // namespace tensor_order_tests
