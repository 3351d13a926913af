// SPDX-License-Identifier: MIT
// A kernel needs a body, called run.
// expect: launch: the type must model kernel; the notes name what it lacks
// expect: runs
#if defined(__CUDACC__)
#include <deepgemm/host/cuda_launch.hpp>
#else
#include <deepgemm/host/sim_launch.hpp>
#endif

using namespace deepgemm;

// [example]
struct fill {
    static constexpr launch_info launch{.threads = 128};
    static constexpr int map_count = 0;
    struct arguments {
        float* out;
    };
    using params = arguments;
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return args; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments&, int) { return 1; }
#ifdef CORRECT
    DEEPGEMM_DEVICE static void run(const params& p) { p.out[0] = 1; }
#else
    DEEPGEMM_DEVICE static void body(const params& p) { p.out[0] = 1; }
#endif
};
// [example]

void launch_it(float* out) {
#if defined(__CUDACC__)
    static_cast<void>(cuda::launch<fill>({out}));
#else
    sim::launch<fill>({out});
#endif
}
