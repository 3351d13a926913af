// SPDX-License-Identifier: MIT
// tcgen05.ld and tcgen05.st on the simulated machine: a warp moves its 32 lanes of tensor memory, or 16 of them, to registers
// and back. A load's values are in the registers at once, because a use of a register waits for it; what follows in other ways
// than by its registers needs tcgen05.wait. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/layout/tensor_memory.cuh>
#include <deepgemm/sim/tensor_allocation.hpp>
#include <deepgemm/sim/tensor_order.hpp>

#include <algorithm>
#include <string>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// What one load or store moves.
struct tensor_move {
    tmem_shape shape = tmem_shape::s32x32b;
    u32 repeat = 1;
    u32 split = 0;        ///< columns between the two parts of 16x32bx2
    bool halves = false;  ///< pack::16b or unpack::16b: a register is the low halves of two columns

    u32 registers() const { return u32(tmem_registers(shape, int(repeat))); }
    /// Parts of adjacent columns, two for 16x32bx2; columns of each, and those from the address to part `i`.
    u32 parts() const { return shape == tmem_shape::s16x32bx2 ? 2 : 1; }
    u32 columns() const { return u32(tmem_columns_of(shape, int(repeat))) * (halves ? 2 : 1); }
    u32 part(u32 i) const { return i * split; }
    /// Column of register `r` of a thread, from that of the address.
    u32 column(u32 thread, u32 r) const {
        const u32 at = u32(tmem_column(shape, int(thread), int(r))) * (halves ? 2 : 1);
        return shape == tmem_shape::s16x32bx2 ? at + thread / 16 * split : at;
    }
};

namespace detail {

/// What a lane brings to a load or store.
struct tensor_lane {
    u32* registers;
    u32 address;
};

/// The first lane of tensor memory that a warp moves. The hardware ignores the bits of the address that stand for the warp's
/// quarter.
inline u32 first_lane_of(u32 address, const tensor_move& move, const char* what) {
    const u32 warp = me().warp->index, own = warp % 4 * 32, lane = address >> 16;
    const u32 quarter = lane & ~31u, half = lane & 31;
    const bool named = quarter == own || (quarter == 0 && !current().options.check_tensor_quarter);
    if (!named || !(half == 0 || (half == 16 && move.shape != tmem_shape::s32x32b))) {
        fail("%s: lane %u in the address 0x%08x; warp %u reaches lanes %u to %u, and the lane must be %s%u%s", what,
             lane, address, warp, own, own + 31, current().options.check_tensor_quarter || own == 0 ? "" : "0 or ", own,
             move.shape != tmem_shape::s32x32b ? ", or 16 more" : "");
    }
    return own + half;
}

/// Meets the warp, finds the place and calls f(state, lanes, first lane, first column, lane groups) once.
template <class F>
void move_tensor(const char* what, u32* registers, u32 address, const tensor_move& move, F f) {
    check_fenced_after(what);
    tensor_lane mine{registers, address};
    collective(what, reinterpret_cast<u64>(&mine), [&](const u64* arguments, u64*) {
        const tensor_lane* lanes[32];
        for (u32 lane = 0; lane < 32; ++lane) {
            lanes[lane] = reinterpret_cast<const tensor_lane*>(arguments[lane]);
            if (lanes[lane]->address != address) {
                fail("%s: the lanes of the warp disagree on the address: 0x%08x and 0x%08x", what, address,
                     lanes[lane]->address);
            }
        }
        tcgen05_state& state = tcgen05_of(*me().cta);
        const u32 first = first_lane_of(address, move, what), column = address & 0xffff;
        for (u32 i = 0; i < move.parts(); ++i) {
            check_allocated(state, column + move.part(i), column + move.part(i) + move.columns(), what);
        }
        const u32 groups = move.shape == tmem_shape::s32x32b ? 3u : 1u;
        f(state, lanes, first, column, lane_groups(groups << first / 16));
    });
}

/// Calls f(thread, register, lane, column) for every register of a load or store.
template <class F>
void for_each_register(const tensor_move& move, u32 first, u32 column, F f) {
    for (u32 t = 0; t < 32; ++t) {
        for (u32 r = 0; r < move.registers(); ++r) {
            f(t, r, first + u32(tmem_lane(move.shape, int(t), int(r))), column + move.column(t, r));
        }
    }
}

/// Notes a load or store of the running warp in `lanes`.
inline void note_move(tcgen05_state& state, u32 column, lane_groups lanes, const tensor_move& move,
                      tensor_instruction by) {
    warp_state& warp = *me().warp;
    tcgen05_warp& w = state.warps[warp.index];
    (by == tensor_instruction::ld ? w.loads : w.stores) = true;
    note_unwaited(warp, w);
    const u32 number = number_use(true);
    for (u32 i = 0; i < move.parts(); ++i) {
        const u32 lo = column + move.part(i), hi = lo + move.columns();
        note_access(state, {lo, hi, lanes, by, by == tensor_instruction::st, &me(), number});
    }
}

/// Lane groups of columns [lo, hi) whose values a load of the running warp may have. Those beside a finished accumulator of 64
/// rows, in which another one is in flight, come along with a load of 32 lanes and have no use; anything else in flight is an
/// error.
inline lane_groups landed_groups(const tcgen05_state& state, u32 lo, u32 hi, lane_groups lanes, const char* what) {
    const tensor_conflict c = find_conflict(state, lo, hi, lanes, false, tensor_instruction::ld, what);
    const auto rest = lane_groups(lanes & ~c.lanes);
    if (c.lanes != 0 && (c.stops || rest == 0 || (state.written[lo] & rest) == 0)) fail(c.message);
    return rest;
}

}  // namespace detail

/// tcgen05.ld to `registers` of the running thread.
inline void tcgen05_load(u32* registers, u32 address, const tensor_move& move) {
    constexpr const char* what = "tcgen05.ld";
    auto load = [&](tcgen05_state& state, const detail::tensor_lane* const* lanes, u32 first, u32 column,
                    lane_groups groups) {
        for (u32 i = 0; i < move.parts(); ++i) {
            const u32 lo = column + move.part(i), hi = lo + move.columns();
            groups = lane_groups(groups & detail::landed_groups(state, lo, hi, groups, what));
        }
        auto word = [&](u32 lane, u32 at) { return (groups >> lane / 16 & 1) != 0 ? state.at(lane, at) : tmem_poison; };
        detail::for_each_register(move, first, column, [&](u32 thread, u32 r, u32 lane, u32 at) {
            lanes[thread]->registers[r] =
                move.halves ? (word(lane, at) & 0xffff) | word(lane, at + 1) << 16 : word(lane, at);
        });
        detail::note_move(state, column, groups, move, tensor_instruction::ld);
    };
    detail::move_tensor(what, registers, address, move, load);
}

/// tcgen05.st of `registers` of the running thread. With unpack::16b the high halves of columns become zeros.
inline void tcgen05_store(u32 address, const u32* registers, const tensor_move& move) {
    constexpr const char* what = "tcgen05.st";
    auto store = [&](tcgen05_state& state, const detail::tensor_lane* const* lanes, u32 first, u32 column,
                     lane_groups groups) {
        for (u32 i = 0; i < move.parts(); ++i) {
            const u32 lo = column + move.part(i), hi = lo + move.columns();
            const detail::tensor_conflict c =
                detail::find_conflict(state, lo, hi, groups, true, tensor_instruction::st, what);
            if (c.lanes != 0) fail(c.message);
            detail::note_written(state, lo, hi, groups);
        }
        detail::for_each_register(move, first, column, [&](u32 thread, u32 r, u32 lane, u32 at) {
            const u32 value = lanes[thread]->registers[r];
            state.at(lane, at) = move.halves ? value & 0xffff : value;
            if (move.halves) state.at(lane, at + 1) = value >> 16;
        });
        detail::note_move(state, column, groups, move, tensor_instruction::st);
    };
    detail::move_tensor(what, const_cast<u32*>(registers), address, move, store);
}

/// The same of 32x32b: `count` columns of the 32 lanes, one lane per thread.
inline void tcgen05_load(u32* registers, u32 count, u32 address) {
    tcgen05_load(registers, address, {.repeat = count});
}

namespace detail {

/// All loads of the warp are complete, or with `stores` all stores.
inline void wait_for_moves(const char* what, bool stores) {
    uniform_collective(what, 0, [stores] {
        warp_state& warp = *me().warp;
        tcgen05_warp& w = tcgen05_of(*warp.cta).warps[warp.index];
        (stores ? w.stores_waited : w.loads_waited) = w.issued;
        (stores ? w.stores : w.loads) = false;
        note_unwaited(warp, w);
    });
}

}  // namespace detail

inline void tcgen05_wait_load() { detail::wait_for_moves("tcgen05.wait::ld", false); }
inline void tcgen05_wait_store() { detail::wait_for_moves("tcgen05.wait::st", true); }

}  // namespace deepgemm::sim
