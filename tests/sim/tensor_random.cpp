// SPDX-License-Identifier: MIT
// tcgen05.cp, ld and st of random shapes, places, swizzles and strides on memory full of random words: all of tensor memory and
// all registers, against the tables of the PTX ISA.
#include <algorithm>

#include "random_operands.hpp"

namespace tensor_random_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

// ---- tcgen05.cp

struct copy {
    tmem_copy_shape shape = tmem_copy_shape::s128x256b;
    tmem_unpacking unpacking = tmem_unpacking::none;
    u32 group = 1, lane = 0, column = 0, rows = 128, columns = 8;
    random_operand from{};

    /// The row that comes to a lane, or -1.
    int row(u32 to) const {
        switch (shape) {
            case tmem_copy_shape::s64x128b_02_13: return int(to < 64 ? to : to - 64);
            case tmem_copy_shape::s64x128b_01_23: return int(to < 32 ? to : to < 96 ? to - 32 : to - 64);
            case tmem_copy_shape::s32x128b_warpx4: return int(to % 32);
            case tmem_copy_shape::s4x256b: return to % 32 == lane ? int(to / 32) : -1;
            default: return int(to);
        }
    }
    /// Byte `i` of the columns that a row comes to.
    u32 byte(const std::vector<u8>& shared, u32 at_row, u32 i) const {
        const u32 chunk = from.chunk(smem_base, at_row, i);
        if (unpacking == tmem_unpacking::none) return shared[chunk + i % 16];
        const u32 bits = unpacking == tmem_unpacking::b4x16_p64 ? 4 : 6;
        u32 code = 0;
        for (u32 b = 0; b < bits; ++b) {
            const u32 at = i % 16 * bits + b;
            code |= u32(shared[chunk + at / 8] >> at % 8 & 1) << b;
        }
        return bits == 4 ? code << 2 : code;
    }
};

copy random_copy(dice& random) {
    for (;;) {
        copy c;
        c.shape = tmem_copy_shape(random.below(6));
        c.unpacking = tmem_unpacking(random.below(3));
        c.group = 1 + random.below(2);
        constexpr u32 rows[] = {128, 128, 64, 64, 32, 4}, columns[] = {8, 4, 4, 4, 4, 8};
        c.rows = rows[u32(c.shape)];
        c.columns = columns[u32(c.shape)];
        c.column = random.below(tensor_columns - c.columns + 1);
        c.lane = c.shape == tmem_copy_shape::s4x256b ? random.below(32) : 0;
        c.from.type = e4m3_format;
        c.from.per_chunk = 16;
        if (place_operand(random, c.from, c.rows, 4 * c.columns, false)) return c;
    }
}

u32 wrong_words(dice& random, const copy& c) {
    std::vector<tensor_cta> ctas(c.group);
    for (tensor_cta& cta : ctas) {
        cta.shared.resize(random_bytes);
        for (u8& byte : cta.shared) byte = u8(random.bits());
        for (u32 lane = 0; lane < 128; ++lane) {
            for (u32 column = 0; column < tensor_columns; ++column) cta.in(lane, column) = u32(random.bits());
        }
    }
    const auto issue = [&](u32 smem, u32 tmem) {
        sim::tcgen05_copy(c.group, c.shape, c.unpacking, tmem + (c.lane << 16) + c.column, c.from.descriptor(smem));
    };
    sim::options options;
    options.policy = random.of({sim::policy::lazy, sim::policy::random, sim::policy::eager});
    c.group == 2 ? run_tensor<2>(ctas, issue, options) : run_tensor<1>(ctas, issue, options);
    u32 bad = 0;
    for (const tensor_cta& cta : ctas) {
        for (u32 lane = 0; lane < 128; ++lane) {
            for (u32 column = 0; column < tensor_columns; ++column) {
                u32 word = cta.columns_in[lane * tensor_columns + column];
                const int row = c.row(lane);
                if (row >= 0 && column >= c.column && column < c.column + c.columns) {
                    word = 0;
                    for (u32 i = 0; i < 4; ++i)
                        word |= c.byte(cta.shared, u32(row), 4 * (column - c.column) + i) << 8 * i;
                }
                bad += cta.at(lane, column) != word;
            }
        }
    }
    return bad;
}

// ---- tcgen05.ld and st

struct place {
    u32 lane, column;
};
/// Where register `r` of thread `t` lies, from the first lane and column on; of 16x32bx2, in its part.
place register_place(tmem_shape shape, u32 t, u32 r) {
    switch (shape) {
        case tmem_shape::s16x64b: return {t / 4 + t % 2 * 8, t / 2 % 2 + 2 * r};
        case tmem_shape::s16x128b: return {t / 4 + r % 2 * 8, t % 4 + r / 2 * 4};
        case tmem_shape::s16x256b: return {t / 4 + r / 2 % 2 * 8, r % 2 + t % 4 * 2 + r / 4 * 8};
        case tmem_shape::s16x32bx2: return {t % 16, r};
        default: return {t, r};
    }
}

/// Four warps load or store one random shape at their quarters; the number of wrong registers and words.
u32 wrong_moves(dice& random) {
    sim::tensor_move move;
    move.shape = tmem_shape(random.below(5));
    const u32 registers_of_one[] = {1, 1, 2, 4, 1}, columns_of_one[] = {1, 2, 4, 8, 1};
    const u32 one = registers_of_one[u32(move.shape)];
    u32 most = 0;
    while (one << (most + 1) <= 128) ++most;
    move.repeat = 1u << random.below(most + 1);
    move.halves = random.one_in(3);
    const u32 width = columns_of_one[u32(move.shape)] * move.repeat * (move.halves ? 2 : 1);
    const bool two = move.shape == tmem_shape::s16x32bx2, store = random.one_in(2);
    move.split = two ? width + random.below(tensor_columns - 2 * width + 1) : 0;
    const u32 last = two ? move.split + width : width, column = random.below(tensor_columns - last + 1);
    const u32 half = move.shape == tmem_shape::s32x32b ? 0 : 16 * random.below(2), count = one * move.repeat;
    const bool named = random.one_in(2);  // the warp's quarter, in the address

    std::vector<tensor_cta> ctas(1);
    for (u32 lane = 0; lane < 128; ++lane) {
        for (u32 i = 0; i < tensor_columns; ++i) ctas[0].in(lane, i) = u32(random.bits());
    }
    std::vector<u32> registers(128 * 128), after;
    for (u32& r : registers) r = u32(random.bits());
    const std::vector<u32> given = registers;
    sim::launch({}, block(128), [&] {
        const u32 smem = ptx::dynamic_smem(), warp = ptx::warp_index(), t = ptx::thread_index();
        if (warp == 0) ptx::tmem_allocate<1>(smem, tensor_columns);
        ptx::sync_cta();
        if (t == 0) poke_tensor_memory(ctas[0]);
        ptx::sync_cta();
        const u32 address = (half + (named ? 32 * warp : 0)) << 16 | column;
        if (store) {
            sim::tcgen05_store(address, registers.data() + 128 * t, move);
            ptx::tcgen05_wait_store();
        } else {
            sim::tcgen05_load(registers.data() + 128 * t, address, move);
            ptx::tcgen05_wait_load();
        }
        ptx::sync_cta();
        if (t == 0) after = sim::detail::tcgen05_of(*sim::me().cta).memory;
        if (warp == 0) ptx::tmem_free<1>(0, tensor_columns);
    });

    std::vector<u32> memory = ctas[0].columns_in, loaded = given;
    for (u32 t = 0; t < 128; ++t) {
        for (u32 r = 0; r < count; ++r) {
            const u32 pair = move.halves ? 2 : 1;
            const place at = register_place(move.shape, t % 32, r);
            const u32 lane = t / 32 * 32 + half + at.lane;
            const u32 i = column + at.column * pair + (two && t % 32 >= 16 ? move.split : 0);
            u32* const words = &memory[lane * tensor_columns + i];
            const u32 value = given[128 * t + r];
            if (store) {
                words[0] = move.halves ? value & 0xffff : value;
                if (move.halves) words[1] = value >> 16;
            } else {
                loaded[128 * t + r] = move.halves ? (words[0] & 0xffff) | words[1] << 16 : words[0];
            }
        }
    }
    u32 bad = 0;
    for (u32 i = 0; i < memory.size(); ++i) bad += memory[i] != after[i];
    for (u32 i = 0; i < loaded.size(); ++i) bad += loaded[i] != registers[i];
    return bad;
}

}  // namespace

TEST_CASE("tcgen05.cp of random shapes from random operands") {
    dice random{std::mt19937_64(fresh_seed())};
    for (u32 i = 0; i < random_trials(100); ++i) {
        const copy c = random_copy(random);
        CAPTURE(int(c.shape));
        CAPTURE(int(c.unpacking));
        CAPTURE(int(c.from.mode));
        u32 bad = 0;
        const std::string error = error_of([&] { bad = wrong_words(random, c); });
        REQUIRE(error == "");
        REQUIRE(bad == 0);
    }
}

TEST_CASE("tcgen05.ld and st of random shapes at random places") {
    dice random{std::mt19937_64(fresh_seed() + 1)};
    for (u32 i = 0; i < random_trials(100); ++i) {
        u32 bad = 0;
        const std::string error = error_of([&] { bad = wrong_moves(random); });
        REQUIRE(error == "");
        REQUIRE(bad == 0);
    }
}

}  // namespace tensor_random_tests
