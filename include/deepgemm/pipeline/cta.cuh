// SPDX-License-Identifier: MIT
// Who does what in a CTA: a table of roles, which take its warps in turn, and a table of the hardware barriers at which they
// meet. Both add themselves up and check themselves: no kernel names a warp, a register share or a barrier by number.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// A role of `Warps` warps. `Name` is a type with `text`, which the simulator shows. Once the roles have parted, a thread has
/// `Registers` registers; 0: as many as at the launch.
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

// Rows of the tables. NVRTC wants all functions annotated, so there is no lambda in them.

/// How many of `Items` are named `Name`.
template <class Name, class... Items>
inline constexpr int times_named = (0 + ... + (same_as<Name, typename Items::name> ? 1 : 0));

/// Warps of the item named `Name`.
template <class Name, class... Items>
inline constexpr int warps_named = (0 + ... + (same_as<Name, typename Items::name> ? Items::warps : 0));

/// Places in the table, warps or numbers, that are taken before the item named `Name`.
template <class Name, class... Items>
DEEPGEMM_BOTH constexpr int places_before() {
    int sum = 0;
    bool found = false;
    ((found = found || same_as<Name, typename Items::name>, sum += found ? 0 : Items::places), ...);
    return sum;
}

}  // namespace detail

/// 32-bit registers of a multiprocessor, and so of a CTA that has it for itself.
inline constexpr int cta_registers = 65536;

/// Registers of each thread at the launch of a CTA of `threads` threads: even shares in steps of 8.
DEEPGEMM_BOTH constexpr int launch_registers(int threads) { return cta_registers / threads / 8 * 8; }

namespace detail {

/// Registers of each thread of warp `warp` in its role.
template <class... Roles>
DEEPGEMM_BOTH constexpr int registers_of_warp(int warp) {
    int first = 0, registers = 0;
    ((registers = warp >= first && warp < first + Roles::warps ? Roles::registers : registers, first += Roles::warps),
     ...);
    return registers == 0 ? launch_registers(32 * first) : registers;
}

/// True if the warps of each warpgroup have equal shares: registers move by warpgroups.
template <class... Roles>
DEEPGEMM_BOTH constexpr bool shares_are_even() {
    constexpr int warps = (0 + ... + Roles::warps);
    for (int i = 0; i < warps; ++i) {
        if (registers_of_warp<Roles...>(i) != registers_of_warp<Roles...>(i / 4 * 4)) return false;
    }
    return true;
}

/// Registers that the roles of a CTA have in all.
template <class... Roles>
DEEPGEMM_BOTH constexpr int registers_taken() {
    constexpr int warps = (0 + ... + Roles::warps);
    int sum = 0;
    for (int i = 0; i < warps; ++i) sum += 32 * registers_of_warp<Roles...>(i);
    return sum;
}

}  // namespace detail

/// The roles of a CTA: the first takes the first warps, the next one those that follow. `Name`s are passed as values:
/// `table::warps_of(roles::math{})`.
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

    /// Warps of a role, the first of them, and its threads.
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
    /// Registers of each thread of a role; at the launch all have launch_registers(threads).
    template <class Name>
    DEEPGEMM_BOTH static constexpr int registers_of(Name name) {
        return detail::registers_of_warp<Roles...>(first_warp_of(name));
    }
    /// True if warp `warp` of the CTA plays a role.
    template <class Name>
    DEEPGEMM_BOTH static constexpr bool plays(Name name, u32 warp) {
        const u32 first = u32(first_warp_of(name)), end = first + u32(warps_of(name));
        return (first == 0 || warp >= first) && (end == u32(warps) || warp < end);
    }
    /// What the role of warp `warp` is called.
    DEEPGEMM_BOTH static constexpr const char* text_of(u32 warp) {
        const char* text = "";
        ((text = plays(typename Roles::name{}, warp) ? Roles::name::text : text), ...);
        return text;
    }

    /// Whole warps: true if they play a role, which is one of whole warpgroups.
    template <class Name>
    DEEPGEMM_DEVICE static bool is(Name name) {
        static_assert(in_warpgroups<Name>());
        return plays(name, 4 * ptx::warpgroup_index());
    }
    /// Index of the calling warp, warpgroup or thread among those of a role, which it plays.
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
    /// All warps of a warpgroup: changes its registers from those of the launch to those of a role. One that gets more waits
    /// until others have given theirs.
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

/// The hardware barriers of a CTA with the roles of `Table`, numbered as they stand here, from 1 on: number 0 is sync_cta()'s.
template <class Table, class... Barriers>
struct barrier_table {
    static_assert((0 + ... + Barriers::places) <= 15,
                  "barrier_table: a CTA has 16 hardware barriers, of which sync_cta() uses one");
    static_assert(((Barriers::places == 0 || Barriers::warps <= Table::warps) && ...),
                  "barrier_table: more warps meet at a barrier than the CTA has");

    /// Number of barrier `i` of those with a name, and the threads that meet there.
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

    /// Whole warps: arrive at a barrier and wait for all others, or arrive and go on.
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
