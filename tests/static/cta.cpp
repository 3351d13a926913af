// SPDX-License-Identifier: MIT
// Tables of roles and of barriers: who has which warps, registers and barriers. What they refuse is in tests/fail/cta_*.cpp.
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/pipeline/turns.cuh>

using namespace deepgemm;

namespace {

struct reads {
    static constexpr const char* text = "reader";
};
struct writes {
    static constexpr const char* text = "writer";
};
struct counts {
    static constexpr const char* text = "counter";
};

// The first role takes the first warps, the next one those that follow.
using table = role_table<role<reads, 1>, role<writes, 3>, role<counts, 8>>;
static_assert(table::warps == 12 && table::threads == 384);
static_assert(table::first_warp_of(reads{}) == 0 && table::warps_of(reads{}) == 1);
static_assert(table::first_warp_of(writes{}) == 1 && table::warps_of(writes{}) == 3);
static_assert(table::first_warp_of(counts{}) == 4 && table::threads_of(counts{}) == 256);

/// Each warp of a table plays one role of three, the one that it is called by.
template <class Table, class A, class B, class C>
constexpr bool plays_one() {
    for (u32 warp = 0; warp < u32(Table::warps); ++warp) {
        const bool a = Table::plays(A{}, warp), b = Table::plays(B{}, warp), c = Table::plays(C{}, warp);
        if (a + b + c != 1) return false;
        if (Table::text_of(warp) != (a ? A::text : b ? B::text : C::text)) return false;
    }
    return true;
}
static_assert(plays_one<table, reads, writes, counts>());
static_assert(plays_one<role_table<role<counts, 2>, role<reads, 5>, role<writes, 1>>, reads, writes, counts>());

// Registers: at the launch all have the same, in steps of 8, and a role without a share keeps them.
static_assert(launch_registers(384) == 168 && launch_registers(512) == 128 && launch_registers(640) == 96);
static_assert(table::registers_of(reads{}) == 168 && table::registers_of(counts{}) == 168);
using moving = role_table<role<reads, 1, 40>, role<writes, 3, 40>, role<counts, 8, 232>>;
static_assert(moving::registers_of(writes{}) == 40 && moving::registers_of(counts{}) == 232);

// The shares of a GEMM: what the launch gives, to the last register, where any move.
template <int MathWarpgroups>
constexpr int shared_out() {
    constexpr register_shares shares = register_shares::of(MathWarpgroups);
    return 128 * (shares.producer + MathWarpgroups * shares.math);
}
static_assert(register_shares::of(1).producer == 0 && register_shares::of(1).math == 0);
static_assert(register_shares::of(2).producer == 40 && register_shares::of(2).math == 232);
static_assert(register_shares::of(3).producer == 32 && register_shares::of(3).math == 160);
static_assert(register_shares::of(4).producer == 32 && register_shares::of(4).math == 112);
static_assert(shared_out<2>() == 384 * launch_registers(384) && shared_out<3>() == 512 * launch_registers(512) &&
              shared_out<4>() == 640 * launch_registers(640));

// The roles of a GEMM: producers in one warpgroup, then the warpgroups that multiply.
static_assert(gemm_roles<1>::threads == 256 && gemm_roles<4>::threads == 640);
static_assert(gemm_roles<3>::plays(roles::load_a{}, 0) && gemm_roles<3>::plays(roles::load_b{}, 1));
static_assert(gemm_roles<3>::first_warp_of(roles::math{}) == 4 && gemm_roles<3>::threads_of(roles::math{}) == 384);
static_assert(gemm_roles<1>::registers_of(roles::math{}) == 256 && gemm_roles<2>::registers_of(roles::copy{}) == 40);

/// Barriers have numbers from 1 on, none twice.
template <class Barriers, int Takers, int Owners>
constexpr bool numbers_once() {
    u32 used = 1;  // number 0
    const auto take = [&used](u32 number) {
        const bool fresh = number < 16 && (used >> number & 1) == 0;
        used |= 1u << number;
        return fresh;
    };
    bool all =
        take(Barriers::number_of(meetings::start_of_loads{})) && take(Barriers::number_of(meetings::start_of_math{}));
    for (u32 i = 0; i < u32(Takers > 1 ? Takers : 0); ++i) all = all && take(Barriers::number_of(meetings::turn{}, i));
    for (u32 i = 0; i < u32(Owners); ++i) all = all && take(Barriers::number_of(meetings::staging{}, i));
    return all;
}
using plain = gemm_barriers<gemm_roles<2>, 1, 0, false>;
using copying = gemm_barriers<gemm_roles<2>, 1, 0, true>;
using taking_turns = gemm_barriers<gemm_roles<3>, 3, 3, false>;
static_assert(numbers_once<plain, 1, 0>() && numbers_once<taking_turns, 3, 3>() &&
              numbers_once<gemm_barriers<gemm_roles<4>, 1, 4, true>, 1, 4>());

// As many threads meet as the roles have that meet there.
static_assert(plain::threads_of(meetings::start_of_loads{}) == 64);
static_assert(copying::threads_of(meetings::start_of_loads{}) == 128);
static_assert(plain::threads_of(meetings::start_of_math{}) == 32 + 256);
static_assert(taking_turns::threads_of(meetings::start_of_math{}) == 32 + 384);
static_assert(taking_turns::threads_of(meetings::turn{}) == 256);  // a warpgroup and the next one
static_assert(taking_turns::threads_of(meetings::staging{}) == 128);

}  // namespace
