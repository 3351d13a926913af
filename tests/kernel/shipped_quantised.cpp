// SPDX-License-Identifier: MIT
// Every shipped kernel on quantised normal numbers, new ones in each run: close to the product before quantisation as a whole,
// and each element within the tensor core's error of the product after it.
#include <deepgemm/host/instances.hpp>

#include "launching.hpp"

namespace shipped_quantised_tests {

using namespace deepgemm;
using namespace deepgemm::test;

TEST_CASE("quantised products") {
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    for (const gemm_handle& kernel : instances::dense()) {
        const auto [m, n] = cluster_tile(kernel.info);
        for (const problem_shape shape :
             {shape_for(kernel.info, m + 70, n + 100, 520), shape_for(kernel.info, 99, 160, 1536)}) {
            gemm_sample p(kernel.info, shape, seed, numbers::normal);
            const std::string wrong = run(kernel, p);
            CHECK_MESSAGE(wrong == "", describe(kernel.info, shape, seed));
            if (!kernel.info.traits.epilogue.any())
                CHECK_MESSAGE(p.diff_to_unquantised() < quantisation_diff(kernel.info),
                              describe(kernel.info, shape, seed));
        }
    }
}

TEST_CASE("random shapes on random kernels") {
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    random_source random(seed);
    const auto all = instances::dense();
    constexpr int count = DEEPGEMM_TEST_SAMPLE == 1 ? 150 : 40;  // a sample of the kernels takes fewer
    for (int i = 0; i < count; ++i) {
        const gemm_handle& kernel = all[std::size_t(random.integer(0, i64(all.size()) - 1))];
        const problem_shape shape = shape_for(kernel.info, i32(random.integer(1, 400)), i32(random.integer(1, 400)),
                                              i32(random.integer(1, 700)));
        const placement how = random_placement(random, kernel.info);
        gemm_sample p(kernel.info, shape, random.bits(), random.integer(0, 1) == 1 ? numbers::normal : numbers::exact,
                      how);
        const sim::options machine = random.integer(0, 1) == 1 ? random_machine(random.bits()) : sim::options{};
        const std::string wrong = run(kernel, p, machine);
        CHECK_MESSAGE(wrong == "", describe(kernel.info, shape, seed));
    }
}

}  // namespace shipped_quantised_tests
