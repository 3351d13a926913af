// SPDX-License-Identifier: MIT
// The named operations over an engine with fake kernels: what is launched with which arguments, what is not launched at all,
// and planning from several threads at once.
#include <doctest/doctest.h>

#include "fakes.hpp"

#include <atomic>
#include <deepgemm/host/exception.hpp>
#include <set>
#include <thread>
#include <vector>

namespace engine_tests {

using namespace deepgemm;
using fakes::last;

namespace {

constexpr config small{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
constexpr config square{.block = {128, 128, 128}, .stages = 5};
constexpr std::array kernels{fakes::kernel<small>(), fakes::kernel<square>(), fakes::kernel<square, dtype::f32>(),
                             fakes::kernel<square, dtype::f32, true>(),
                             fakes::kernel<square, dtype::bf16, false, fakes::per_block, head_splits{128, 64, 128}>()};

/// Launches counted while `body` runs.
template <class Body>
int launches(Body body) {
    const int before = last().launches;
    body();
    return last().launches - before;
}

}  // namespace

TEST_CASE("fp8_gemm_nt launches one kernel with the problem's arguments and the engine's knobs") {
    const engine engine(kernels, device_info::h200(), {.num_sms = 100, .dependent_launch = true});
    const gemm_problem p = fakes::problem(4096, 4096, 7168);
    int stream = 0;
    CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.stream = &stream})); }) == 1);
    CHECK(last().cfg == square);
    CHECK(last().arguments.a.data == p.a.matrix.data);
    CHECK(last().arguments.d.data == p.d.data);
    CHECK(last().arguments.c.data == nullptr);
    CHECK(last().arguments.shape.k == 7168);
    CHECK(last().options.stream == &stream);
    CHECK(last().options.num_sms == 100);
    CHECK(last().options.dependent_launch);
}

TEST_CASE("C is handed to the kernel, whether it is D or not") {
    const engine engine(kernels, device_info::h200());
    const gemm_problem p = fakes::problem(256, 512, 1024, dtype::f32);
    CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.c = p.d})); }) == 1);
    CHECK(last().arguments.c.data == p.d.data);
    input_matrix c = p.d;
    c.data = fakes::address(6ull << 40);
    c.row_stride = 1024;
    CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.c = c})); }) == 1);
    CHECK(last().arguments.c.data == c.data);
    CHECK(last().arguments.c.pitch == 1024);
}

TEST_CASE("a handle may carry the object it works on, as kernels made at run time do") {
    struct counter {
        int prepared = 0, launched = 0;
        gemm_handle handle() const {
            gemm_handle made = fakes::kernel<square>();
            made.prepare = {this, [](const void* self) {
                                const_cast<counter*>(static_cast<const counter*>(self))->prepared += 1;
                                return result<void>{};
                            }};
            made.launch = {this, [](const void* self, const dense_arguments& arguments, const launch_options&) {
                               const_cast<counter*>(static_cast<const counter*>(self))->launched += arguments.shape.m;
                               return result<void>{};
                           }};
            return made;
        }
    } one, two;
    const gemm_problem p = fakes::problem(4096, 4096, 7168);
    for (const counter* const each : {&one, &two, &one}) {
        const std::array list{each->handle()};
        const engine engine(list, device_info::h200());
        CHECK(engine.prepare());
        CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d));
    }
    CHECK(one.prepared == 2);
    CHECK(one.launched == 2 * 4096);
    CHECK(two.prepared == 1);
    CHECK(two.launched == 4096);
}

TEST_CASE("empty products") {
    const engine engine(kernels, device_info::h200());
    SUBCASE("empty M or N launches nothing and needs no kernel") {
        for (const auto& [m, n] : {std::pair{0, 512}, {512, 0}, {0, 0}}) {
            const gemm_problem p = fakes::problem(m, n, 1024);
            CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d)); }) == 0);
            const deepgemm::engine without({}, device_info::h200());
            CHECK(fp8_gemm_nt(without, p.a, p.b, p.d));
        }
    }
    SUBCASE("empty K is the kernel's business: D becomes zero or C") {
        const gemm_problem p = fakes::problem(100, 200, 0);
        CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d)); }) == 1);
        CHECK(last().arguments.shape.k == 0);
        gemm_problem q = fakes::problem(100, 200, 0, dtype::f32);
        q.a.matrix.data = q.b.matrix.data = nullptr;
        q.a.scales = q.b.scales = {};
        CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, q.a, q.b, q.d, {.c = q.d})); }) == 1);
    }
}

TEST_CASE("a broken problem launches nothing") {
    const engine engine(kernels, device_info::h200());
    gemm_problem p = fakes::problem(256, 512, 1024);
    p.b.matrix.row_stride = 1001;
    CHECK(launches([&] {
              const auto outcome = fp8_gemm_nt(engine, p.a, p.b, p.d);
              REQUIRE(!outcome);
              CHECK(outcome.failure().code == errc::bad_layout);
              CHECK_THROWS_AS(or_throw(fp8_gemm_nt(engine, p.a, p.b, p.d)), exception);
          }) == 0);
    p = fakes::problem(256, 512, 1024);
    CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.c = p.d}).failure().code == errc::no_kernel);
}

TEST_CASE("fp8_gemm_nt_skip_head_mid") {
    const engine engine(kernels, device_info::h200());
    gemm_problem p = fakes::problem(256, 512, 1024);
    p.d.columns = p.d.row_stride = 640;
    CHECK(launches([&] { CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {128, 64, 128})); }) == 1);
    int stream = 0;
    const gemm_options options{.stream = &stream, .ready = {.b = true}, .num_sms = 9, .dependent_launch = true};
    CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {128, 64, 128}, options));
    CHECK(last().options.stream == &stream);
    CHECK(last().options.num_sms == 9);
    CHECK(last().options.dependent_launch);
    CHECK(last().arguments.b.ready);
    CHECK(!last().arguments.a.ready);
    void* const alone = &stream;
    CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {128, 64, 128}, alone));
    CHECK(last().options.stream == &stream);
    CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {128, 64, 128}, {.c = p.d}).failure().message ==
          "C is given; head splits do not add to D");
    CHECK(launches([&] {
              CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {0, 0, 0}).failure().message ==
                    "head splits (0, 0, 0) leave nothing to write; left + right must be positive");
              CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {64, 64, 64}).failure().code ==
                    errc::shape_mismatch);
              p.d.columns = p.d.row_stride = 768;
              CHECK(fp8_gemm_nt_skip_head_mid(engine, p.a, p.b, p.d, {64, 64, 64}).failure().code == errc::no_kernel);
          }) == 0);
}

TEST_CASE("a call may have knobs of its own, and the next one has the engine's again") {
    const engine engine(kernels, device_info::h200(), {.num_sms = 100});
    const gemm_problem p = fakes::problem(4096, 4096, 7168);
    const auto launched = [&](const gemm_options& options) {
        CHECK(launches([&] { CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, options)); }) == 1);
        return last();
    };
    for (int round = 0; round < 2; ++round) {  // the second one finds what the first has left in the engine's memory
        CHECK(launched({}).cfg == square);
        CHECK(last().options.num_sms == 100);
        CHECK(!last().options.dependent_launch);
        CHECK(launched({.pin = small}).cfg == small);
        CHECK(launched({.pin = square}).cfg == square);
        CHECK(launched({.num_sms = 7}).options.num_sms == 7);
        CHECK(launched({.num_sms = 0}).options.num_sms == 0);
        CHECK(launched({.dependent_launch = true}).options.dependent_launch);
        CHECK(last().options.num_sms == 100);
    }
    CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.num_sms = 133}).failure().message ==
          "num_sms is 133; NVIDIA H200 takes 0 (all) to 132");
    CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.num_sms = -1}).failure().code == errc::bad_option);
    CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.pin = config{.stages = 4}}).failure().code == errc::no_kernel);
    CHECK(engine.plan(p, {.num_sms = 7})->num_sms == 7);
    CHECK(engine.plan(p, {.dependent_launch = true})->dependent_launch);
    CHECK(engine.supports(p, {.pin = small}));
    CHECK(!engine.supports(p, {.pin = config{.stages = 4}}));
    // Knobs that have a name tell the operation, too, and the calls stay clear.
    const call_knobs<ops::gemm> knobs{.num_sms = 9, .pin = small};
    CHECK(engine.plan(p, knobs)->num_sms == 9);
    CHECK(engine.supports<ops::gemm>(p, knobs));
    CHECK(engine.supports(p, knobs));
    CHECK(launches([&] { CHECK(engine.run(p, nullptr, knobs)); }) == 1);
    CHECK(last().cfg == small);
    CHECK(last().options.num_sms == 9);
    // One may also undo what the engine has.
    const deepgemm::engine dependent(kernels, device_info::h200(), {.dependent_launch = true}, {.pin = small});
    CHECK(fp8_gemm_nt(dependent, p.a, p.b, p.d, {.pin = square, .dependent_launch = false}));
    CHECK(last().cfg == square);
    CHECK(!last().options.dependent_launch);
}

TEST_CASE("the engine's memory tells calls apart whose multiprocessors make another kernel the best") {
    constexpr config pair{.block = {128, 128, 128}, .stages = 5, .cluster = {2, 1}};
    const std::array two{fakes::kernel<small>(), fakes::kernel<pair>()};
    const engine engine(two, device_info::h200());
    const gemm_problem p = fakes::problem(4096, 4096, 7168);
    for (int round = 0; round < 2; ++round) {
        CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d));
        CHECK(last().cfg == pair);
        CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d, {.num_sms = 1}));  // no room for a cluster
        CHECK(last().cfg == small);
    }
}

TEST_CASE("layers of one shape that differ in types, C or D are planned once each, however they alternate") {
    constexpr config half{.block = {128, 128, 64}, .stages = 5, .sm90 = {.promote = promotion::never}};
    constexpr std::array both{fakes::kernel<square>(), fakes::kernel<square, dtype::f32>(),
                              fakes::kernel<square, dtype::f32, true>(), fakes::half_kernel<half>()};
    const engine engine(both, device_info::h200());
    const gemm_problem p = fakes::problem(256, 512, 1024), q = fakes::problem(256, 512, 1024, dtype::f32),
                       x = fakes::half_problem(256, 512, 1024);
    input_matrix c = q.d;
    c.data = fakes::address(6ull << 40);
    for (int round = 0; round < 10; ++round) {
        CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d));
        CHECK(fp8_gemm_nt(engine, q.a, q.b, q.d));
        CHECK(fp8_gemm_nt(engine, q.a, q.b, q.d, {.c = c}));
        CHECK(fp8_gemm_nt(engine, q.a, q.b, q.d, {.c = q.d}));
        CHECK(bf16_gemm_nt(engine, x.a.matrix, x.b.matrix, x.d));
    }
    CHECK(engine.planned() == 5);
}

TEST_CASE("a hash tells all workloads apart that == tells apart") {
    const gemm_workload plain = fakes::work(256, 512, 1024);
    std::vector<gemm_workload> all(15, plain);
    all[1].shape.m = 257;
    all[2].shape.n = 513;
    all[3].shape.k = 1025;
    all[4].a.type = dtype::e5m2;
    all[5].a.scales = major::k;
    all[6].b.type = dtype::e5m2;
    all[7].b.format = scale_kind::ue8m0;
    all[8].b.tile.mn = 1;
    all[9].b.tile.k = 32;
    all[10].b.contiguous = major::mn;
    all[11].d = dtype::f32;
    all[12].accumulate = true;
    all[13].in_place = true;
    all[14].heads = {64, 64, 64};
    std::set<u64> hashes;
    for (const gemm_workload& work : all) hashes.insert(hash_of(work));
    CHECK(hashes.size() == all.size());
}

TEST_CASE("prepare makes every kernel ready") {
    const engine engine(kernels, device_info::h200());
    const int before = last().preparations;
    CHECK(engine.prepare());
    CHECK(last().preparations == before + int(kernels.size()));
}

TEST_CASE("an engine gives full plans") {
    const engine engine(kernels, device_info::h200());
    const auto made = engine.plan(fakes::problem(4096, 4096, 4096));
    REQUIRE(made);
    CHECK(made->ranked.size() == 2);
}

TEST_CASE("errors of a launch come back as they are") {
    gemm_handle broken = kernels[1];
    broken.launch = [](const dense_arguments&, const launch_options&) -> result<void> {
        return fail(errc::cuda_failure, "no luck");
    };
    const std::array list{broken};
    const engine engine(list, device_info::h200());
    const gemm_problem p = fakes::problem(256, 512, 1024);
    CHECK(fp8_gemm_nt(engine, p.a, p.b, p.d).failure().message == "no luck");
}

TEST_CASE("several threads plan and launch with one engine") {
    const engine engine(kernels, device_info::h200());
    std::atomic<int> wrong{0};
    const auto work = [&](int first) {
        for (int round = 0; round < 4; ++round) {
            for (int i = 0; i < 500; ++i) {
                // Many workloads share a slot of the engine's memory, so threads replace each other's entries.
                const gemm_problem p = fakes::problem(1 + (first + i * 37) % 5000, 512 + 8 * (i % 11), 1024);
                const auto outcome = fp8_gemm_nt(engine, p.a, p.b, p.d);
                const auto expected = choose(workload_of(p), engine.device(), engine.kernels());
                const bool right =
                    outcome && last().cfg == expected->kernel->info.cfg && last().arguments.shape.m == p.a.matrix.rows;
                if (!right) ++wrong;
            }
        }
    };
    std::thread other(work, 1), third(work, 2);
    work(3);
    other.join();
    third.join();
    CHECK(wrong == 0);
}

}  // namespace engine_tests
