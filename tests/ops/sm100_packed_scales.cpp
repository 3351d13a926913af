// SPDX-License-Identifier: MIT
// FP32 scales that are powers of two on a simulated Blackwell: packed first, then applied by the tensor cores. What is wrong is
// told before anything is launched, and a scale that is no power of two is named.
#include <doctest/doctest.h>

#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/packed_scales.hpp>
#include <deepgemm/sim/launch.hpp>

#include <vector>

#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_packed_scales_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using by_token = operand<e4m3, scale::per_token<scale::ue8m0>>;
using fine = operand<e4m3, scale::mx<scale::ue8m0>>;
using kernels_here = shipped::kernels<
    gemm<arch::sm100, by_token, by_token, store<bf16>, config{.block = {128, 64, 128}, .stages = 3}>,
    gemm<arch::sm100, by_token, by_token, accumulate<float>, config{.block = {128, 64, 128}, .stages = 3}>,
    gemm<arch::sm100, by_token, fine, store<bf16>, config{.block = {128, 64, 128}, .stages = 3}>,
    gemm<arch::sm100, by_token, by_token, store<bf16>, config{.block = {16, 128, 128}, .stages = 3, .swap = true}>>;

engine_of<ops::gemm> blackwell() { return {handles(kernels_here{}), device_info::simulated_blackwell()}; }

using packing = scale::to_mn_major<scale::ue8m0>;
/// Launches a transform on the simulator, and counts.
struct launcher {
    int& launches;
    result<void> operator()(const scale::to_mn_major_arguments& arguments) const {
        ++launches;
        sim::launch<packing>(arguments);
        return {};
    }
};

gemm_info kind_of(scale_tile a, scale_tile b, dtype d = dtype::bf16, bool accumulate = false) {
    gemm_info made;
    made.traits.a = {dtype::e4m3, scale_kind::fp32, a};
    made.traits.b = {dtype::e4m3, scale_kind::fp32, b};
    made.traits.d = d;
    made.traits.accumulate = accumulate;
    return made;
}

/// A workspace that shows where it was written.
struct workspace {
    std::vector<u32> words;
    explicit workspace(u64 bytes) : words(std::size_t(bytes / 4 + 8), 0xdeadbeefu) {}
    workspace_memory memory(u64 bytes) {
        const auto past = reinterpret_cast<std::uintptr_t>(words.data()) % 16 / 4;
        return {words.data() + (past == 0 ? 0 : 4 - past), bytes};
    }
};

}  // namespace

TEST_CASE("sm100: floats that are powers of two are packed, repeated for the rows of blocks, and multiplied") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto engine = blackwell();
    const gemm_info kinds[] = {kind_of({1, 128}, {128, 128}), kind_of({1, 128}, {1, 128}),
                               kind_of({1, 128}, {128, 128}, dtype::f32, true)};
    for (const gemm_info& kind : kinds) {
        for (const i32 m : {1, 30, 200}) {
            const problem_shape shape{m, i32(8 * random.integer(1, 20)), i32(16 * random.integer(1, 60))};
            CAPTURE(describe(kind, shape, random.seed()));
            gemm_sample sample(kind, shape, random.bits(), numbers::exact, {.c_is_d = true});
            const gemm_problem problem = sample.problem();
            const u64 bytes = packed_scales_bytes(problem);
            CHECK(bytes == u64(4 * ceil_div(shape.k, 512) * (align_up(m, 4) + align_up(shape.n, 4))));
            workspace room(bytes);
            u32 invalid = 0;
            int launches = 0;
            const auto outcome =
                run_packed(engine, launcher{launches}, problem, room.memory(bytes), nullptr, {&invalid});
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            CHECK(launches == 2);
            CHECK(invalid == 0);
            CHECK(sample.verdict() == "");
        }
    }
}

namespace {

int packings = 0;  // launches of packer()
/// A packer for the simulator. A stream is the machine there.
packer_by_launch packer(const packing_report& report = {}) {
    return packer_by_launch(
        [](const scale::to_mn_major_arguments& arguments, const launch_options& options) {
            ++packings;
            return sim::try_launch<packing>(arguments, options, sim::machine_of(options));
        },
        report);
}

}  // namespace

TEST_CASE("sm100: named operations pack by themselves with a packer, and leave packed scales and Hopper alone") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto engine = blackwell();
    u32 invalid = 0;
    const packer_by_launch packs = packer({&invalid});
    for (const bool floats : {true, false}) {
        gemm_info kind = kind_of({1, 128}, {1, 128});
        if (!floats) kind.traits.a.format = kind.traits.b.format = scale_kind::ue8m0;
        gemm_sample sample(kind, {70, 72, 656}, random.bits());
        const gemm_problem problem = sample.problem();
        const u64 bytes = packed_scales_bytes(problem);
        CHECK((bytes != 0) == floats);
        workspace room(bytes);
        sim::options machine;
        packings = 0;
        const gemm_options options{.stream = &machine, .workspace = room.memory(bytes), .packer = &packs};
        const auto done = fp8_gemm_nt(engine, problem.a, problem.b, problem.d, options);
        REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(packings == (floats ? 2 : 0));
        CHECK(invalid == 0);
        CHECK(sample.verdict() == "");
    }
    // Nothing to multiply, and nothing that could be: no packing.
    packings = 0;
    gemm_sample empty(kind_of({1, 128}, {1, 128}), {70, 72, 0}, 2);
    const gemm_problem zero = empty.problem();
    CHECK(fp8_gemm_nt(engine, zero.a, zero.b, zero.d, {.packer = &packs}));
    CHECK(empty.verdict() == "");
    gemm_sample sample(kind_of({1, 128}, {1, 128}), {20, 24, 256}, 3);
    const gemm_problem problem = sample.problem();
    const auto refused = [&](const gemm_options& options) {
        const auto done = fp8_gemm_nt(engine, problem.a, problem.b, problem.d, options);
        return done ? std::string("fine") : done.failure().message;
    };
    workspace room(1000);
    CHECK(refused({.packer = &packs}) == "the workspace has 0 bytes; it must have at least 176 for packed scales");
    CHECK(refused({.workspace = room.memory(1000), .packer = &packs, .pin = config{.block = {128, 32, 128}}})
              .starts_with("none of 4 kernels runs"));
    CHECK(refused({.workspace = room.memory(1000)}).find("gemm_options::packer") != std::string::npos);
    CHECK(packings == 0);
    CHECK(sample.d().trespass([](i64, i64) { return false; }) == "");
}

TEST_CASE("sm100: one operand's scales are packed already") {
    const auto engine = blackwell();
    gemm_info kind = kind_of({1, 128}, {1, 32});
    kind.traits.b.format = scale_kind::ue8m0;
    gemm_sample sample(kind, {70, 72, 656}, 11);
    const gemm_problem problem = sample.problem();
    const u64 bytes = packed_scales_bytes(problem);
    CHECK(bytes == 4 * 2 * 72);
    workspace room(bytes);
    int launches = 0;
    const auto outcome = run_packed(engine, launcher{launches}, problem, room.memory(bytes));
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    CHECK(launches == 1);
    CHECK(sample.verdict() == "");
}

TEST_CASE("sm100: a scale that is no power of two is counted, named and poisons its row") {
    const auto engine = blackwell();
    gemm_sample sample(kind_of({1, 128}, {1, 128}), {20, 24, 256}, 3);
    gemm_problem problem = sample.problem();
    auto* const scales = static_cast<float*>(const_cast<void*>(problem.a.scales.data));
    scales[7 * problem.a.scales.row_stride + problem.a.scales.column_stride] = 0.75f;
    const u64 bytes = packed_scales_bytes(problem);
    workspace room(bytes);
    u32 invalid = 0;
    alignas(16) scale::unpackable found;
    int launches = 0;
    REQUIRE(run_packed(engine, launcher{launches}, problem, room.memory(bytes), nullptr, {&invalid, &found}));
    const auto told = check_packed("A", invalid, found);
    REQUIRE(!told);
    CHECK(told.failure().message ==
          "a scale of A is 0.75, in row 7 and block 1 of K of matrix 0; packed scales must be powers of two from "
          "2^-127 to "
          "2^127, or 0 for 2^-127 (1 are not)");
    const auto d = sample.d().view<const bf16>();
    for (i64 m = 0; m < 20; ++m) CHECK(std::isnan(float(d(m, 3))) == (m == 7));
}

TEST_CASE("sm100: nothing is launched if something is wrong") {
    const auto engine = blackwell();
    gemm_sample sample(kind_of({1, 128}, {128, 128}), {20, 24, 256}, 3);
    const gemm_problem good = sample.problem();
    const u64 bytes = packed_scales_bytes(good);
    workspace room(bytes);
    int launches = 0;
    const auto refused = [&](const gemm_problem& problem, const workspace_memory& memory, const device_info& device) {
        const engine_of<ops::gemm> here(handles(kernels_here{}), device);
        const auto outcome = run_packed(here, launcher{launches}, problem, memory);
        return outcome ? std::string("fine") : outcome.failure().message;
    };
    const device_info machine = device_info::simulated_blackwell();
    CHECK(refused(good, {room.memory(bytes).data, bytes - 1}, machine) ==
          concat("the workspace has ", bytes - 1, " bytes; it must have at least ", bytes, " for packed scales"));
    CHECK(refused(good, {static_cast<char*>(room.memory(bytes).data) + 4, bytes}, machine) ==
          "the output starts 4 bytes past a multiple of 16; TMA, which will read it, needs 16-byte alignment");
    CHECK(refused(good, {nullptr, bytes}, machine) == "the output has no data: its pointer is null");
    CHECK(refused(good, {good.d.data, bytes}, machine).find("overlap") != std::string::npos);
    CHECK(refused(good, room.memory(bytes), device_info::simulator()) ==
          "simulated Hopper takes scales in FP32 as they are; only Blackwell needs them packed");
    gemm_problem bad = good;
    bad.b.scales.rows = 3;
    CHECK(refused(bad, room.memory(bytes), machine)
              .starts_with("the scales of B: scales are 3 x 2; an operand of 24 x 256"));
    bad = good;
    std::vector<float> wide(20 * 24);  // D of floats, which needs more memory than the one of the sample has
    bad.d = row_major(wide.data(), 20, 24);
    CHECK(refused(bad, room.memory(bytes), machine).starts_with("none of 4 kernels runs"));
    CHECK(launches == 0);
    CHECK(sample.d().trespass([](i64, i64) { return false; }) == "");
}

}  // namespace sm100_packed_scales_tests
