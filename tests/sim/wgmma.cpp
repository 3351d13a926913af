// SPDX-License-Identifier: MIT
// wgmma on the simulator against a plain triple loop: every type, N, major, swizzle, A in shared memory or registers.
// The same probes run on a GPU in tests/device.
#include <doctest/doctest.h>

#include "../device/simulate.hpp"
#include "../device/wgmma_probes.cuh"

namespace {

using namespace deepgemm;
using namespace deepgemm::probes;

/// Elements of the output that differ from the definition of the product.
template <class P>
int mismatches(const bytes& output) {
    constexpr u32 k_count = P::operand_a::k, n = P::output_bytes / 256;
    int bad = 0;
    for (u32 t = 0; t < 128; ++t) {
        for (u32 i = 0; i < n / 2; ++i) {
            const u32 row = 16 * (t / 32) + t % 32 / 4 + 8 * (i / 2 % 2), column = 8 * (i / 4) + 2 * (t % 4) + i % 2;
            float expected = 0;
            for (u32 k = 0; k < k_count; ++k) {
                expected +=
                    small_integer(0, P::operand_a::index(row, k)) * small_integer(1, P::operand_b::index(column, k));
            }
            expected = 2 * expected + P::between(t, i);
            float value;
            std::memcpy(&value, output.data() + (t * (n / 2) + i) * 4, 4);
            bad += value != expected;
        }
    }
    return bad;
}

template <class... P>
void check_list(probe_list<P...>) {
    auto check = [&]<class Q>(Q) {
        CAPTURE(name_of(Q::a_type));
        CAPTURE(name_of(Q::b_type));
        CAPTURE(Q::output_bytes / 256);
        CHECK(mismatches<Q>(simulate<Q>()) == 0);
    };
    (check(P{}), ...);
}

TEST_CASE("wgmma multiplies every pair of types") { check_list(wgmma_types{}); }
TEST_CASE("wgmma takes A from registers") { check_list(wgmma_registers{}); }
TEST_CASE("wgmma multiplies at every legal N") { check_list(wgmma_widths{}); }
TEST_CASE("wgmma reads K-major operands of every swizzle") {
    check_list(k_major_probes<swizzle_mode::none>{});
    check_list(k_major_probes<swizzle_mode::b32>{});
    check_list(k_major_probes<swizzle_mode::b64>{});
    check_list(k_major_probes<swizzle_mode::b128>{});
}
TEST_CASE("wgmma reads MN-major operands of every swizzle") {
    check_list(mn_major_probes<swizzle_mode::none>{});
    check_list(mn_major_probes<swizzle_mode::b32>{});
    check_list(mn_major_probes<swizzle_mode::b64>{});
    check_list(mn_major_probes<swizzle_mode::b128>{});
}
TEST_CASE("wgmma gives the same under every policy") {
    using probe = wgmma_probe<e4m3, e4m3, 64>;
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (u64 seed = 1; seed <= 5; ++seed) {
            sim::options options;
            options.policy = policy;
            options.seed = seed;
            CHECK(mismatches<probe>(simulate<probe>(options)) == 0);
        }
    }
}

}  // namespace
