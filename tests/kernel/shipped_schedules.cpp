// SPDX-License-Identifier: MIT
// Shipped kernels on machines that do things in other orders: at random, at once, several clusters at a time. Whatever the
// order results are the same bits, on any data.
#include <deepgemm/host/instances.hpp>

#include "launching.hpp"

namespace shipped_schedules_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// D's bytes, guards included, after a run on random data.
std::vector<u8> result_of(const gemm_handle& kernel, gemm_sample& p, const sim::options& machine, int num_sms = 0) {
    p.restore();
    const std::string wrong = run(kernel, p, machine, num_sms);
    CHECK_MESSAGE(wrong == "", to_source(kernel.info));
    return p.d().bytes();
}

}  // namespace

TEST_CASE("every kernel runs right at random") {
    u64 seed = fresh_seed();
    CAPTURE(seed);  // set DEEPGEMM_SEED to the first one to repeat a failure
    for (const gemm_handle& kernel : instances::dense()) {
        const auto [m, n] = cluster_tile(kernel.info);
        expect_exact(kernel, shape_for(kernel.info, m + 9, n + 17, 400), {}, random_machine(++seed));
        sim::options together = random_machine(++seed);
        together.resident_clusters = 0;
        expect_exact(kernel, shape_for(kernel.info, 3 * m - 7, 2 * n - 3, 260), {.c_is_d = true}, together);
    }
}

TEST_CASE("many random orders of a few kernels") {
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    const auto all = instances::dense();
    for (std::size_t i = 0; i < all.size(); i += 7) {
        const auto [m, n] = cluster_tile(all[i].info);
        for (u64 more = 0; more < 6; ++more) {
            sim::options machine = random_machine(seed + more);
            machine.max_delay = 16u << 2 * more;  // from nearly in order to nearly lazy
            expect_exact(all[i], shape_for(all[i].info, m + 1, n + 1, 1300), {}, machine);
        }
    }
}

TEST_CASE("an eager machine, and a lazy one that shuffles warps") {
    sim::options eager, shuffled;
    eager.policy = sim::policy::eager;
    shuffled.shuffle = true;
    for (const gemm_handle& kernel : instances::dense()) {
        const auto [m, n] = cluster_tile(kernel.info);
        const problem_shape shape = shape_for(kernel.info, m + 1, n + 1, 270);
        expect_exact(kernel, shape, {}, eager);
        expect_exact(kernel, shape, {}, shuffled);
    }
}

TEST_CASE("runs agree to the bit on any data, in any order, on any number of multiprocessors") {
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    for (const gemm_handle& kernel : instances::dense()) {
        const auto [m, n] = cluster_tile(kernel.info);
        gemm_sample p(kernel.info, shape_for(kernel.info, m + 5, n + 9, 700), seed, numbers::normal);
        const auto first = result_of(kernel, p, {});
        CHECK(result_of(kernel, p, {}) == first);
        CHECK(result_of(kernel, p, random_machine(seed)) == first);
        CHECK(result_of(kernel, p, random_machine(seed + 1), kernel.info.cfg.cluster_ctas()) == first);
    }
}

}  // namespace shipped_schedules_tests
