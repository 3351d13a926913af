// SPDX-License-Identifier: MIT
// Who does what in a CTA: a table of roles, which take its warps in order, and a table of the hardware barriers at which they
// meet. Both tables compute their own sums and check themselves, so no kernel names a warp, a register count or a barrier by
// number.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// A role of `Warps` warps. `Name` is a type whose `text` the simulator shows. `Registers` is what each of its threads has once
/// the roles have parted; 0 keeps the number of the launch.
template <class Name, int Warps, int Registers = 0>
struct role {
    using name = Name;
    static constexpr int warps = Warps, places = Warps, registers = Registers;
};

/// `Count` hardware barriers, at each of which `Warps` warps meet.
template <class Name, int Warps, int Count = 1>
struct named_barrier {
    using name = Name;
    static constexpr int warps = Warps, places = Count;
};

namespace detail {

// Rows of the tables. NVRTC wants every function annotated, so these use no lambdas.

/// How many of `Items` are named `Name`.
template <class Name, class... Items>
inline constexpr int times_named = (0 + ... + (same_as<Name, typename Items::name> ? 1 : 0));

/// Warps of the item named `Name`.
template <class Name, class... Items>
inline constexpr int warps_named = (0 + ... + (same_as<Name, typename Items::name> ? Items::warps : 0));

/// Places of the table (warps, or barrier numbers) before the item named `Name`.
template <class Name, class... Items>
DEEPGEMM_BOTH constexpr int places_before() {
    int sum = 0;
    bool found = false;
    ((found = found || same_as<Name, typename Items::name>, sum += found ? 0 : Items::places), ...);
    return sum;
}

}  // namespace detail

/// 32-bit registers of a multiprocessor, all of which one CTA may have.
inline constexpr int cta_registers = 65536;

/// Registers that each thread has at the launch of a CTA of `threads` threads: an even share, rounded down to a multiple of 8.
DEEPGEMM_BOTH constexpr int launch_registers(int threads) { return cta_registers / threads / 8 * 8; }

namespace detail {

/// Registers that each thread of warp `warp` has in its role.
template <class... Roles>
DEEPGEMM_BOTH constexpr int registers_of_warp(int warp) {
    int first = 0, registers = 0;
    ((registers = warp >= first && warp < first + Roles::warps ? Roles::registers : registers, first += Roles::warps),
     ...);
    return registers == 0 ? launch_registers(32 * first) : registers;
}

/// True if all warps of each warpgroup have the same number, since registers move by warpgroups.
template <class... Roles>
DEEPGEMM_BOTH constexpr bool shares_are_even() {
    constexpr int warps = (0 + ... + Roles::warps);
    for (int i = 0; i < warps; ++i) {
        if (registers_of_warp<Roles...>(i) != registers_of_warp<Roles...>(i / 4 * 4)) return false;
    }
    return true;
}

/// Registers that all roles of a CTA have together.
template <class... Roles>
DEEPGEMM_BOTH constexpr int registers_taken() {
    constexpr int warps = (0 + ... + Roles::warps);
    int sum = 0;
    for (int i = 0; i < warps; ++i) sum += 32 * registers_of_warp<Roles...>(i);
    return sum;
}

}  // namespace detail

/// The roles of a CTA. The first role takes the first warps, the next role the warps after those. A `Name` is passed as a
/// value: `table::warps_of(roles::math{})`.
template <class... Roles>
struct role_table {
    static constexpr int warps = (0 + ... + Roles::warps), threads = 32 * warps;
    static_assert(warps <= 32, "role_table: a CTA has at most 32 warps");
    static_assert(((Roles::registers == 0 || ptx::register_count<Roles::registers>)&&...),
                  "role_table: a role has a multiple of 8 registers, from 24 to 256, or 0 for those of the launch");
    static_assert(detail::shares_are_even<Roles...>(),
                  "role_table: registers move by warpgroups, so roles in one warpgroup have the same share");
    static_assert(detail::registers_taken<Roles...>() <= launch_registers(threads) * threads,
                  "role_table: the roles have more registers than the launch gives to the CTA");

    /// The number of warps of a role, its first warp, and its number of threads.
    template <class Name>
    DEEPGEMM_BOTH static constexpr int warps_of(Name) {
        static_assert(detail::times_named<Name, Roles...> == 1, "role_table: each role stands in the table once");
        return detail::warps_named<Name, Roles...>;
    }
    template <class Name>
    DEEPGEMM_BOTH static constexpr int first_warp_of(Name) {
        static_assert(detail::times_named<Name, Roles...> == 1, "role_table: each role stands in the table once");
        return detail::places_before<Name, Roles...>();
    }
    template <class Name>
    DEEPGEMM_BOTH static constexpr u32 threads_of(Name name) {
        return 32 * u32(warps_of(name));
    }
    /// Registers of each thread of a role. At the launch all threads have launch_registers(threads).
    template <class Name>
    DEEPGEMM_BOTH static constexpr int registers_of(Name name) {
        return detail::registers_of_warp<Roles...>(first_warp_of(name));
    }
    /// True if warp `warp` of the CTA has this role.
    template <class Name>
    DEEPGEMM_BOTH static constexpr bool plays(Name name, u32 warp) {
        const u32 first = u32(first_warp_of(name)), end = first + u32(warps_of(name));
        return (first == 0 || warp >= first) && (end == u32(warps) || warp < end);
    }
    /// The name of the role of warp `warp`.
    DEEPGEMM_BOTH static constexpr const char* text_of(u32 warp) {
        const char* text = "";
        ((text = plays(typename Roles::name{}, warp) ? Roles::name::text : text), ...);
        return text;
    }

    /// Whole warps: true if the calling warp has this role. The role must consist of whole warpgroups.
    template <class Name>
    DEEPGEMM_DEVICE static bool is(Name name) {
        static_assert(in_warpgroups<Name>());
        return plays(name, 4 * ptx::warpgroup_index());
    }
    /// Index of the calling warp, warpgroup or thread among those of its role, which must be the named one.
    template <class Name>
    DEEPGEMM_DEVICE static u32 warp(Name name) {
        return ptx::warp_index() - u32(first_warp_of(name));
    }
    template <class Name>
    DEEPGEMM_DEVICE static u32 warpgroup(Name name) {
        static_assert(in_warpgroups<Name>());
        return ptx::warpgroup_index() - u32(first_warp_of(name) / 4);
    }
    template <class Name>
    DEEPGEMM_DEVICE static u32 thread(Name name) {
        return ptx::thread_index() - 32 * u32(first_warp_of(name));
    }
    /// The same, read when it is called: for loops that have no register to keep it in.
    template <class Name>
    DEEPGEMM_DEVICE static u32 thread_now(Name name) {
        return ptx::thread_index_now() - 32 * u32(first_warp_of(name));
    }
    /// All warps of a warpgroup: changes its registers from the number of the launch to that of a role. A warpgroup that gets
    /// more waits until others have given theirs back.
    template <class Name>
    DEEPGEMM_DEVICE static void share_registers(Name) {
        constexpr int mine = registers_of(Name{}), before = launch_registers(threads);
        if constexpr (mine < before) {
            ptx::decrease_registers<mine>();
        } else if constexpr (mine > before) {
            ptx::increase_registers<mine>();
        }
    }

private:
    template <class Name>
    DEEPGEMM_BOTH static constexpr bool in_warpgroups() {
        return first_warp_of(Name{}) % 4 == 0 && warps_of(Name{}) % 4 == 0;
    }
};

/// The hardware barriers of a CTA with the roles of `Table`, numbered in this order from 1 on. Number 0 belongs to sync_cta().
template <class Table, class... Barriers>
struct barrier_table {
    static_assert((0 + ... + Barriers::places) <= 15,
                  "barrier_table: a CTA has 16 hardware barriers, of which sync_cta() uses one");
    static_assert(((Barriers::places == 0 || Barriers::warps <= Table::warps) && ...),
                  "barrier_table: more warps meet at a barrier than the CTA has");

    /// The number of barrier `i` with a name, and how many threads meet there.
    template <class Name>
    DEEPGEMM_BOTH static constexpr u32 number_of(Name, u32 i = 0) {
        static_assert(detail::times_named<Name, Barriers...> == 1, "barrier_table: each name stands in the table once");
        return 1 + u32(detail::places_before<Name, Barriers...>()) + i;
    }
    template <class Name>
    DEEPGEMM_BOTH static constexpr u32 threads_of(Name) {
        static_assert(detail::times_named<Name, Barriers...> == 1, "barrier_table: each name stands in the table once");
        return 32 * u32(detail::warps_named<Name, Barriers...>);
    }

    /// Whole warps: sync() arrives and waits for all others; arrive() arrives and goes on.
    template <class Name>
    DEEPGEMM_DEVICE static void sync(Name name, u32 i = 0) {
        ptx::barrier_sync(number_of(name, i), threads_of(name));
    }
    template <class Name>
    DEEPGEMM_DEVICE static void arrive(Name name, u32 i = 0) {
        ptx::barrier_arrive(number_of(name, i), threads_of(name));
    }
};

}  // namespace deepgemm
