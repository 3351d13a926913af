// SPDX-License-Identifier: MIT
// The named operation with all shipped kernels on the simulator: whatever the problem, a kernel is chosen, takes it and is right.
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops.hpp>

#include "launching.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// Products that were run. A sample of the kernels need not serve every kind.
int served = 0;

/// Runs a product through the named operation. Returns what went wrong, "" if nothing did.
std::string run(const engine& engine, product& p) {
    const gemm_problem problem = p.problem();
    const auto outcome = fp8_gemm_nt(engine, problem.a, problem.b, problem.d, {.c = problem.c});
    if (DEEPGEMM_TEST_SAMPLE > 1 && !outcome && outcome.failure().code == errc::no_kernel) return "";
    ++served;
    return outcome ? p.verdict() : outcome.failure().message;
}

}  // namespace

TEST_CASE("every kind of problem, with and without K, rows and columns") {
    served = 0;
    const engine engine(instances::dense(), device_info::simulator());
    for (const scale_kind format : {scale_kind::fp32, scale_kind::ue8m0}) {
        for (const int tile : {1, 128}) {
            for (const dtype d : {dtype::bf16, dtype::f32}) {
                for (const bool accumulate : {false, true}) {
                    gemm_info kind;
                    kind.traits.a = {dtype::e4m3, format, {1, 128}};
                    kind.traits.b = {dtype::e4m3, format, {tile, 128}};
                    kind.traits.d = d;
                    kind.traits.accumulate = accumulate;
                    for (const problem_shape shape : {problem_shape{40, 30, 0},
                                                      {1, 1, 0},
                                                      {1, 1, 1},
                                                      {1, 300, 700},
                                                      {200, 1, 130},
                                                      {0, 30, 40},
                                                      {30, 0, 40},
                                                      {0, 0, 0}}) {
                        for (const bool in_place : {false, true}) {
                            product p(kind, shape, 31, numbers::exact, {.c_is_d = in_place});
                            CHECK_MESSAGE(run(engine, p) == "", describe(kind, shape, 31));
                        }
                    }
                }
            }
        }
    }
    CHECK(served >= 256 / DEEPGEMM_TEST_SAMPLE);
}

TEST_CASE("random problems, each on the kernel that the planner of an H200 would choose") {
    served = 0;
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    random_source random(seed);
    device_info device = device_info::h200();
    device.sm_count = sim::options{}.num_sms;
    const engine engine(instances::dense(), device);
    for (int i = 0; i < 150; ++i) {
        const gemm_info kind = random_kind(random);
        const problem_shape shape{random_extent(random, 500), random_extent(random, 500), random_extent(random, 1500)};
        const numbers data = random.integer(0, 2) == 0 ? numbers::normal : numbers::exact;
        const u64 own_seed = random.bits();
        product p(kind, shape, own_seed, data, random_placement(random, kind));
        CHECK_MESSAGE(run(engine, p) == "", describe(kind, shape, own_seed));
    }
    CHECK(served >= 150 / DEEPGEMM_TEST_SAMPLE);
}
