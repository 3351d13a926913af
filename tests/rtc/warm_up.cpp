// SPDX-License-Identifier: MIT
// Warm-up on several threads, its progress, and kernels that are replaced once a background thread has made them ready. Kernels
// are fakes of tests/host, but for a list of two that is compiled.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/rtc/background.hpp>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/warm_up.hpp>

#include <set>

#include "../host/fakes.hpp"
#include "support.hpp"

namespace warm_up_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

TEST_CASE("a warm-up runs every task, reports each end in order, and returns the first failure") {
    std::atomic<int> run{0};
    std::vector<warm_up_task> tasks;
    for (int i = 0; i < 20; ++i) {
        tasks.push_back({"task " + std::to_string(i), [&run, i]() -> result<void> {
                             ++run;
                             if (i % 7 == 3) return fail(errc::compile_failure, "task ", i, " failed");
                             return {};
                         }});
    }
    for (const unsigned threads : {0u, 1u, 4u, 100u}) {
        CAPTURE(threads);
        run = 0;
        std::vector<std::size_t> done;
        std::set<std::string> names;
        const auto outcome = warm_up(tasks, {.threads = threads, .report = [&](const warm_up_progress& progress) {
                                                 CHECK(progress.total == 20);
                                                 done.push_back(progress.done);
                                                 names.insert(progress.name);
                                             }});
        CHECK(run == 20);
        CHECK(names.size() == 20);
        CHECK(std::is_sorted(done.begin(), done.end()));
        CHECK(done.back() == 20);
        REQUIRE(!outcome);
        CHECK(outcome.failure().message == "task 3 failed");
    }
    CHECK(warm_up({}));
}

TEST_CASE("a warm-up uses as many threads as it is allowed") {
    // Each of four tasks waits until all four run.
    std::atomic<int> inside{0};
    std::vector<warm_up_task> tasks(4, {"meet", [&]() -> result<void> {
                                            ++inside;
                                            const auto until =
                                                std::chrono::steady_clock::now() + std::chrono::seconds(20);
                                            while (inside < 4) {
                                                if (std::chrono::steady_clock::now() > until)
                                                    return fail(errc::bad_option, "alone");
                                                std::this_thread::yield();
                                            }
                                            return {};
                                        }});
    CHECK(warm_up(tasks, {.threads = 4}));
}

TEST_CASE("the progress bar") {
    CHECK(progress_bar({0, 4, "first"}, 40) == "[........................] 0/4 first    ");
    CHECK(progress_bar({3, 4, "gemm<arch::sm90>"}, 40) == "[##################......] 3/4 gemm<arch");
    CHECK(progress_bar({4, 4, ""}, 32) == "[########################] 4/4  ");
    CHECK(progress_bar({0, 0, ""}, 31).starts_with("[########################] 0/0"));
}

TEST_CASE("a list of kernels fills a cache without a GPU") {
    const test::scratch root;
    using list = shipped::kernels<
        gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>,
             config{.block = {64, 16, 64}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>,
        gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>,
             config{.block = {64, 32, 64}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>>;
    for (const u64 made : {2, 0}) {
        const compiler all(test::headers(), {.cache = {.roots = {root.path()}}});
        std::set<std::string> names;
        CHECK(warm_up(all.tasks(list{}), {.threads = 2, .report = [&](const warm_up_progress& progress) {
                                              names.insert(progress.name);
                                          }}));
        CHECK(all.counts().made == made);
        CHECK(all.counts().disk_hits == 2 - made);
        CHECK(names.size() == 2);
        CHECK(names.begin()->starts_with("gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>, config{"));
    }
}

TEST_CASE("a kernel serves until another is ready") {
    constexpr config small{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
    constexpr config square{.block = {128, 128, 128}, .stages = 5};
    constexpr gemm_handle serving = fakes::kernel<small>(), wanted = fakes::kernel<square>();
    std::atomic<bool> may_end{false};
    background threads;
    const auto both = threads.replace(serving, wanted, [&]() -> result<void> {
        while (!may_end) std::this_thread::yield();
        return {};
    });
    REQUIRE(both);
    CHECK(both->info.cfg == square);
    const int prepared = fakes::last().preparations;
    CHECK(both->prepare());
    CHECK(fakes::last().preparations == prepared + 1);
    CHECK(both->launch({}, {}));
    CHECK(fakes::last().cfg == small);
    may_end = true;
    threads.wait();
    CHECK(both->launch({}, {}));
    CHECK(fakes::last().cfg == square);
    CHECK(threads.failures().empty());
}

TEST_CASE("a kernel that cannot be made leaves the other in service; one that computes something else is refused") {
    constexpr config small{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
    constexpr config square{.block = {128, 128, 128}, .stages = 5};
    constexpr gemm_handle serving = fakes::kernel<small>(), wanted = fakes::kernel<square>();
    background threads(2);
    const auto both = threads.replace(serving, wanted, [] { return result<void>(fail(errc::compile_failure, "no")); });
    REQUIRE(both);
    threads.wait();
    CHECK(both->launch({}, {}));
    CHECK(fakes::last().cfg == small);
    REQUIRE(threads.failures().size() == 1);
    CHECK(threads.failures()[0].message == "no");
    const auto other = threads.replace(serving, fakes::kernel<square, dtype::f32>(), [] { return result<void>(); });
    REQUIRE(!other);
    CHECK(other.failure().code == errc::shape_mismatch);
    for (const grouping groups : {grouping::masked, grouping::custom}) {
        gemm_handle grouped = fakes::kernel<square>();
        grouped.info.traits.groups = groups;
        CHECK(!threads.replace(serving, grouped, [] { return result<void>(); }));
    }
}

TEST_CASE("a background that ends early waits for the kernel it is at, and drops the rest") {
    constexpr config small{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
    constexpr gemm_handle kernel = fakes::kernel<small>();
    constexpr int all = 200;  // ten seconds, in which this thread gets to the end of `threads` on a busy machine, too
    std::atomic<int> started{0}, ended{0};
    {
        background threads;
        for (int i = 0; i < all; ++i) {
            CHECK(threads.replace(kernel, kernel, [&]() -> result<void> {
                ++started;
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
                ++ended;
                return {};
            }));
        }
        while (started == 0) std::this_thread::yield();
    }
    CHECK(started == ended);
    CHECK(started < all);
}

}  // namespace warm_up_tests
