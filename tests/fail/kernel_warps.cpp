// SPDX-License-Identifier: MIT
// A CTA is made of whole warps.
// expect: has_warps
#include <deepgemm/kernel/kernel.cuh>

using namespace deepgemm;

/// A part of the user's own that works with any kernel.
template <kernel K>
struct warps_of {
    static constexpr u32 value = K::launch.threads / 32;
};

struct fill {
#ifdef CORRECT
    static constexpr launch_info launch{.threads = 128};
#else
    static constexpr launch_info launch{.threads = 100};
#endif
    static constexpr int map_count = 0;
    struct arguments {};
    struct params {};
    DEEPGEMM_BOTH static constexpr params make_params(const arguments&) { return {}; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments&, int) { return 1; }
    DEEPGEMM_DEVICE static void run(const params&) {}
};
constexpr u32 warps = warps_of<fill>::value;
