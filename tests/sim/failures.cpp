// SPDX-License-Identifier: MIT
// Launches of the host side that end on the simulated machine with a fault: the fault's sentence comes back as an error, and
// nothing of it stays behind.
#include <doctest/doctest.h>

#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/sim/launch.hpp>

#include <string_view>

using namespace deepgemm;

namespace {

/// Writes 32 words of shared memory and reads `shape.m` of them back.
struct reads_back {
    static constexpr launch_info launch{.threads = 32, .smem_bytes = 256};
    static constexpr gemm_info info{.launch = launch};
    using operation = ops::gemm;
    static constexpr int map_count = 0;
    struct arguments : dense_arguments {};
    using params = problem_shape;

    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return args.shape; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments&, int) { return 1; }
    DEEPGEMM_DEVICE static void run(const params& shape) {
        ptx::role("reader");
        ptx::st_shared(ptx::dynamic_smem() + 4 * ptx::lane_index(), 1u);
        ptx::sync_warp();
        if (ptx::lane_index() != 0) return;
        for (int i = 0; i < shape.m; ++i) ptx::ld_shared<u32>(ptx::dynamic_smem() + 4 * u32(i));
    }
};

reads_back::arguments reading(int words) {
    reads_back::arguments arguments;
    arguments.shape.m = words;
    return arguments;
}

constexpr std::string_view fault =
    "CTA (0,0,0) rank 0 warp 0 role reader lane 0: ld.shared reads shared memory [0x80,0x84): byte 0x80 was never "
    "written";

}  // namespace

TEST_CASE("a fault of the simulated machine is an error of the launch") {
    const auto failed = sim::try_launch<reads_back>(reading(33));
    REQUIRE(!failed);
    CHECK(failed.failure().code == errc::simulator_failure);
    CHECK(failed.failure().message == fault);
    CHECK(sim::try_launch<reads_back>(reading(32)));
}

TEST_CASE("a planner's handle gives the same error, from the machine it is given") {
    constexpr gemm_handle handle = sim::handle_of<reads_back>();
    const auto failed = handle.launch(reading(33), {});
    REQUIRE(!failed);
    CHECK(failed.failure().code == errc::simulator_failure);
    CHECK(failed.failure().message == fault);
    sim::options lenient;
    lenient.check_unwritten = false;
    CHECK(handle.launch(reading(33), {.stream = &lenient}));
    CHECK(handle.launch(reading(32), {}));
}

TEST_CASE("a launch that asks for multiprocessors the machine has not is refused before it runs") {
    const auto refused = sim::try_launch<reads_back>(reading(33), {.num_sms = 5});
    REQUIRE(!refused);
    CHECK(refused.failure().code == errc::bad_option);
}
