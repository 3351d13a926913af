// SPDX-License-Identifier: MIT
// Chains of stores, releases, fences and acquires that the memory model of PTX orders, so that every machine is clean and
// right; and some that look like them and are not ordered, so that the machine says so.
#include "seeded.hpp"

namespace word_chains_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr memory_scope gpu = memory_scope::gpu, far = memory_scope::sys;

/// Global memory of these programs.
struct memory {
    alignas(128) u32 x[128], f[32], g[32], h[32], result[32];
    alignas(128) float o[64];
};
memory all;
const sim::memory_region regions[] = {{"x", all.x, sizeof all.x},
                                      {"f", all.f, sizeof all.f},
                                      {"g", all.g, sizeof all.g},
                                      {"h", all.h, sizeof all.h},
                                      {"result", all.result, sizeof all.result},
                                      {"o", all.o, sizeof all.o}};

template <memory_scope Scope = gpu>
void acquire_from(u32* word, u32 value) {
    while (ptx::ld_acquire<Scope>(word) < value) {
    }
}
void poll(u32* word, u32 value) {
    while (ptx::ld_relaxed<gpu>(word) < value) {
    }
}

/// Runs `thread(cta)` as the first thread of each CTA, or `launches` if it is none, on all machines: the messages of those that
/// fail, and "wrong" for those after which result[0] is not 0.
template <class Run>
std::vector<std::string> messages(Run run) {
    std::vector<std::string> made;
    for (const sim::options& o : machines(regions)) {
        all = {};
        const std::string message = error_of([&] { run(o); });
        if (!message.empty()) made.push_back(message);
        if (message.empty() && all.result[0] != 0) made.push_back("wrong");
    }
    return made;
}
template <class Thread>
std::vector<std::string> in_ctas(u32 ctas, u32 cluster, Thread thread) {
    sim::geometry grid = grid_of(ctas, 32);
    grid.cluster.x = cluster;
    return messages([&](const sim::options& o) {
        sim::launch(o, grid, [&] {
            if (ptx::thread_index() == 0) thread(ptx::cta_index());
        });
    });
}
template <class Messages>
void expect_none(const Messages& made) {
    CHECK(made.size() == 0);
    if (!made.empty()) CHECK(made.front() == "");
}
template <class Messages>
void expect_some(const Messages& made, const char* words) {
    CHECK(made.size() != 0);
    for (const std::string& message : made) {
        CAPTURE(message);
        CHECK(says(message, words));
    }
}

}  // namespace

TEST_CASE("words: whoever is told of a load sees no older value") {
    expect_none(in_ctas(3, 1, [](u32 cta) {
        if (cta == 0) {
            ptx::st_relaxed<gpu>(all.f, 1);
        } else if (cta == 1) {
            poll(all.f, 1);
            ptx::st_release<gpu>(all.g, 1);
        } else {
            acquire_from(all.g, 1);
            if (ptx::ld_relaxed<gpu>(all.f) != 1) all.result[0] = 1;
        }
    }));
    const auto through_a_barrier = messages([](const sim::options& o) {
        sim::launch(o, grid_of(2, 64), [] {
            if (ptx::cta_index() == 0) {
                if (ptx::thread_index() == 0) ptx::st_relaxed<gpu>(all.f, 1);
                return;
            }
            if (ptx::thread_index() == 0) poll(all.f, 1);
            ptx::sync_cta();
            if (ptx::thread_index() == 32 && ptx::ld_relaxed<gpu>(all.f) != 1) all.result[0] = 1;
        });
    });
    expect_none(through_a_barrier);
}

TEST_CASE("words: a relaxed atomic of a thread that hands on nothing keeps what was released") {
    expect_none(in_ctas(2, 1, [](u32 cta) {
        if (cta == 0) {
            ptx::st_global(all.x, 1u);
            ptx::fence_acq_rel_gpu();
            ptx::atomic_add_relaxed<gpu>(all.f, 1);
        } else {
            while (ptx::atomic_add_relaxed<gpu>(all.f, 0) == 0) {
            }
            ptx::fence_acq_rel_gpu();
            ptx::ld_global(all.x);
        }
    }));
    expect_none(in_ctas(3, 1, [](u32 cta) {
        if (cta == 0) {
            ptx::st_global(all.x, 1u);
            ptx::add_release<gpu>(all.f, 1);
            ptx::st_relaxed<gpu>(all.g, 1);
        } else if (cta == 1) {
            poll(all.g, 1);
            ptx::atomic_add_relaxed<gpu>(all.f, 1);
            ptx::st_relaxed<gpu>(all.h, 1);
        } else {
            poll(all.h, 1);
            acquire_from(all.f, 2);
            ptx::ld_global(all.x);
        }
    }));
}

TEST_CASE("words: a fence of a narrow scope leaves an earlier wide one in force") {
    expect_none(in_ctas(2, 1, [](u32 cta) {
        if (cta == 0) {
            ptx::st_global(all.x, 1u);
            ptx::fence_acq_rel_gpu();
            ptx::fence_acq_rel_cluster();
            ptx::st_relaxed<gpu>(all.f, 1);
        } else {
            acquire_from(all.f, 1);
            ptx::ld_global(all.x);
        }
    }));
    expect_none(
        in_ctas(4, 2, [](u32 cta) {  // the fence takes what the near thread released, whatever else was observed
            if (cta == 1) {
                ptx::st_global(all.x, 1u);
                ptx::fence_acq_rel_cluster();
                ptx::st_relaxed<gpu>(all.f, 1);
            } else if (cta == 2) {
                ptx::st_global(all.x + 64, 1u);
                ptx::st_release<gpu>(all.g, 1);
            } else if (cta == 0) {
                poll(all.g, 1);
                poll(all.f, 1);
                ptx::fence_acq_rel_cluster();
                ptx::ld_global(all.x);
            }
        }));
}

TEST_CASE("words: a release reaches who sees a later store of the same word by the same thread") {
    expect_none(in_ctas(2, 1, [](u32 cta) {
        if (cta == 0) {
            ptx::st_global(all.x, 1u);
            ptx::st_release<gpu>(all.f, 1);
            ptx::st_relaxed<gpu>(all.f, 2);
        } else {
            acquire_from(all.f, 2);
            ptx::ld_global(all.x);
        }
    }));
}

TEST_CASE("words: a store after the release is not covered by it") {
    expect_some(in_ctas(2, 1,
                        [](u32 cta) {
                            if (cta == 0) {
                                ptx::st_release<gpu>(all.f, 1);
                                ptx::st_global(all.x, 1u);
                                ptx::st_relaxed<gpu>(all.f, 2);
                            } else {
                                acquire_from(all.f, 2);
                                ptx::ld_global(all.x);
                            }
                        }),
                "and has not released since");
}

TEST_CASE("an arrival at another CTA's mbarrier orders global memory with fences of the cluster only") {
    for (const bool fenced : {false, true}) {
        const auto made = messages([&](const sim::options& o) {
            sim::geometry grid = grid_of(2, 32);
            grid.cluster.x = 2;
            grid.smem_bytes = 64;
            sim::launch(o, grid, [&] {
                const u32 bar = ptx::dynamic_smem();
                if (ptx::thread_index() == 0) {
                    ptx::mbarrier_init(bar, 1);
                    ptx::fence_mbarrier_init();
                }
                ptx::cluster_sync();
                if (ptx::thread_index() == 0) {
                    if (ptx::cluster_rank() == 1) {
                        ptx::st_global(all.x, 1u);
                        if (fenced) ptx::fence_acq_rel_cluster();
                        ptx::mbarrier_arrive_remote(bar, 0);
                    } else {
                        ptx::mbarrier_wait(bar, 0);
                        if (fenced) ptx::fence_acq_rel_cluster();
                        ptx::ld_global(all.x);
                    }
                }
                ptx::sync_warp();
                ptx::cluster_sync();
            });
        });
        if (fenced) {
            expect_none(made);
        } else {
            expect_some(made, "ld.global reads x+0x0");
        }
    }
}

TEST_CASE("ld.global.nc: what another device stores meanwhile, in either order") {
    const auto on_two_devices = [](auto first, auto second) {
        return messages([&](const sim::options& o) {
            const auto by_one = [](auto body) {
                return [body] {
                    if (ptx::thread_index() == 0) body();
                };
            };
            const std::vector<sim::device_launch> launches{{0, grid_of(1, 32), by_one(first)},
                                                           {1, grid_of(1, 32), by_one(second)}};
            sim::launch_together(o, launches);
        });
    };
    const char* const old_bytes = "the read-only path may hold old bytes";
    expect_some(on_two_devices(
                    [] {
                        acquire_from<far>(all.f, 1);
                        ptx::ld_global_nc(all.x);
                    },
                    [] {
                        ptx::st_global(all.x, 1u);
                        ptx::st_release<far>(all.f, 1);
                    }),
                old_bytes);
    expect_some(on_two_devices(
                    [] {
                        ptx::ld_global_nc(all.x);
                        ptx::st_release<far>(all.f, 1);
                    },
                    [] {
                        acquire_from<far>(all.f, 1);
                        ptx::st_global(all.x, 1u);
                    }),
                old_bytes);
}

TEST_CASE("a TMA store ends with whole 16 bytes, also beyond its matrix") {
    const tensor_map map = sim::encode_tensor_map(matrix_map(all.o, dtype::f32, 2, 6, 32, 1, 8, swizzle_mode::none));
    sim::geometry grid = grid_of(2, 32);
    grid.smem_bytes = 1024;
    expect_some(messages([&](const sim::options& o) {
                    sim::launch(o, grid, [&] {
                        if (ptx::thread_index() != 0) return;
                        if (ptx::cta_index() == 1) return ptx::st_global(all.o + 7, 99.0f);
                        const u32 smem = ptx::dynamic_smem();
                        for (u32 i = 0; i < 8; ++i) ptx::st_shared(smem + 4 * i, float(i + 1));
                        ptx::fence_proxy_async();
                        ptx::tma_store<2>(map, smem, {0, 0});
                        ptx::bulk_commit();
                        ptx::bulk_wait<0>();
                    });
                }),
                "two stores of one element in a launch");
}

TEST_CASE("a wait that gives up after many tries is no deadlock if the machine is patient enough") {
    for (const bool patient : {false, true}) {
        sim::options o;
        o.regions = regions;
        if (patient) o.idle_rounds = 30000;
        all = {};
        const std::string message = error_of([&] {
            sim::launch(o, grid_of(1, 32), [] {
                if (ptx::thread_index() != 0) return;
                for (int i = 0; i < 20000 && ptx::ld_acquire<gpu>(all.f) == 0; ++i) {
                }
                all.result[0] = 1;
            });
        });
        CHECK((message == "") == patient);
        CHECK(all.result[0] == u32(patient));
    }
}

TEST_CASE("the report of a deadlock names who stored the word last") {
    expect_some(in_ctas(4, 1,
                        [](u32 cta) {
                            if (cta == 3) return acquire_from(all.f, 4);
                            acquire_from(all.g, cta);
                            ptx::add_release<gpu>(all.f, 1);
                            ptx::st_release<gpu>(all.g, cta + 1);
                        }),
                "f+0x0 holds 3, which CTA (2,0,0)");
    expect_some(in_ctas(40, 1,
                        [](u32 cta) {
                            ptx::atomic_add_acq_rel<gpu>(all.f, 1);
                            if (cta == 39) acquire_from(all.f, 41);
                        }),
                "many have stored it before");
}

}  // namespace word_chains_tests
