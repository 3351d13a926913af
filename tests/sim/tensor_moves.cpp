// SPDX-License-Identifier: MIT
// tcgen05.ld, st and cp in all their shapes: which register, lane and column each word comes from and goes to. The formulas
// here are the inverse of those in layout/tensor_memory.cuh: they say who holds a lane and column.
#include <algorithm>
#include <iterator>

#include "tensor_run.hpp"

namespace tensor_moves_tests {

using namespace deepgemm;

namespace {

constexpr u32 columns = 512, unset = 0x7fc5a5a5;
using ptx::tmem_packing;

u32 value_of(u32 lane, u32 column) { return lane << 20 | column << 4 | 0x80000005u | lane % 7 << 12; }

struct holder {
    u32 thread, reg;
};

/// Who holds lane `lane` of a shape's lanes, column `column` of its columns (a pair of columns, if they are packed).
holder holder_of(tmem_shape shape, u32 lane, u32 column, u32 repeat) {
    switch (shape) {
        case tmem_shape::s32x32b: return {lane, column};
        case tmem_shape::s16x64b: return {lane % 8 * 4 + column % 2 * 2 + lane / 8, column / 2};
        case tmem_shape::s16x128b: return {lane % 8 * 4 + column % 4, column / 4 * 2 + lane / 8};
        case tmem_shape::s16x256b: return {lane % 8 * 4 + column % 8 / 2, column / 8 * 4 + lane / 8 * 2 + column % 2};
        default: return {lane + column / repeat * 16, column % repeat};
    }
}
u32 width_of(tmem_shape shape) {
    return shape == tmem_shape::s32x32b ? 1 : shape == tmem_shape::s16x128b ? 4 : shape == tmem_shape::s16x256b ? 8 : 2;
}

/// Tensor memory as it is before, and as it is after one warp of each quarter has loaded and stored.
struct image {
    std::vector<u32> before = std::vector<u32>(128 * columns), after;
    u32 registers[128][128] = {};
    image() {
        for (u32 lane = 0; lane < 128; ++lane) {
            for (u32 column = 0; column < columns; ++column) before[lane * columns + column] = value_of(lane, column);
        }
    }
};

/// Runs f(registers, thread's index) by 128 threads with all of tensor memory, which holds value_of() everywhere.
template <class F>
void with_image(image& all, F f) {
    sim::launch({}, test::block(128), [&] {
        const u32 smem = ptx::dynamic_smem();
        if (ptx::warp_index() == 0) ptx::tmem_allocate<1>(smem, columns);
        ptx::sync_cta();
        sim::tcgen05_state& state = sim::detail::tcgen05_of(*sim::me().cta);
        if (ptx::thread_index() == 0) state.memory = all.before;
        ptx::sync_cta();
        f(all.registers[ptx::thread_index()]);
        ptx::tcgen05_wait_load();
        ptx::tcgen05_wait_store();
        ptx::sync_cta();
        if (ptx::thread_index() == 0) all.after = state.memory;
        if (ptx::warp_index() == 0) ptx::tmem_free<1>(0, columns);
    });
}

/// Compares all registers of a load, and all of tensor memory after a store of what one load of another place had.
template <tmem_shape Shape, int Repeat, tmem_packing Packing, int Split>
void expect_moves(u32 first_column, u32 half) {
    constexpr bool halves = Packing == tmem_packing::halves, two = Shape == tmem_shape::s16x32bx2;
    constexpr u32 count = u32(tmem_registers(Shape, Repeat)), lanes = Shape == tmem_shape::s32x32b ? 32 : 16;
    const u32 width = width_of(Shape) * Repeat;  // columns, or pairs of them
    auto column_at = [&](u32 c) {
        const u32 inside = two ? c % Repeat : c;
        return first_column + inside * (halves ? 2 : 1) + (two ? c / Repeat * Split : 0);
    };
    if (column_at(width - 1) + (halves ? 1 : 0) >= columns) return;
    image loaded;
    with_image(loaded, [&](u32* out) {
        u32 r[count];
        ptx::tcgen05_load<Shape, Repeat, Packing, Split>(r, half << 16 | first_column);
        std::copy_n(r, count, out);
    });
    image stored;
    with_image(stored, [&](u32*) {
        u32 r[count];
        for (u32 i = 0; i < count; ++i) r[i] = ptx::thread_index() << 16 | i | 0x40008000u;
        ptx::tcgen05_store<Shape, Repeat, Packing, Split>(half << 16 | first_column, r);
    });
    std::vector<u32> expected = stored.before;
    u32 bad = 0, met = 0;
    for (u32 lane = 0; lane < 128; ++lane) {
        if (lane % 32 / lanes * lanes != half) continue;
        for (u32 c = 0; c < width; ++c) {
            const holder h = holder_of(Shape, lane % lanes, c, Repeat);
            const u32 thread = lane / 32 * 32 + h.thread, at = column_at(c), word = thread << 16 | h.reg | 0x40008000u;
            const u32 value =
                halves ? (value_of(lane, at) & 0xffff) | value_of(lane, at + 1) << 16 : value_of(lane, at);
            bad += loaded.registers[thread][h.reg] != value;
            expected[lane * columns + at] = halves ? word & 0xffff : word;
            if (halves) expected[lane * columns + at + 1] = word >> 16;
            ++met;
        }
    }
    CHECK(bad == 0);
    CHECK(met == 128 * count);
    CHECK(stored.after == expected);
    CHECK(loaded.after == loaded.before);
}

template <tmem_shape Shape, int Repeat = 1>
void expect_shape() {
    constexpr bool two = Shape == tmem_shape::s16x32bx2;
    for (u32 half : {0u, 16u}) {
        if (half != 0 && Shape == tmem_shape::s32x32b) continue;
        for (u32 column : {0u, 36u}) {
            expect_moves<Shape, Repeat, tmem_packing::columns, two ? Repeat : 0>(column, half);
            expect_moves<Shape, Repeat, tmem_packing::halves, two ? 2 * Repeat : 0>(column, half);
            if constexpr (two) expect_moves<Shape, Repeat, tmem_packing::columns, Repeat + 3>(column, half);
        }
    }
    if constexpr (tmem_repeats(Shape, 2 * Repeat)) expect_shape<Shape, 2 * Repeat>();
}

}  // namespace

TEST_CASE("tcgen05.ld and st: 32x32b") { expect_shape<tmem_shape::s32x32b>(); }
TEST_CASE("tcgen05.ld and st: 16x64b") { expect_shape<tmem_shape::s16x64b>(); }
TEST_CASE("tcgen05.ld and st: 16x128b") { expect_shape<tmem_shape::s16x128b>(); }
TEST_CASE("tcgen05.ld and st: 16x256b") { expect_shape<tmem_shape::s16x256b>(); }
TEST_CASE("tcgen05.ld and st: 16x32bx2") { expect_shape<tmem_shape::s16x32bx2>(); }

TEST_CASE("misuse of tcgen05.ld is named") {
    const auto error = [](auto load) {
        return test::error_of({}, test::block(128), [=] {
            if (ptx::warp_index() == 0) ptx::tmem_allocate<1>(ptx::dynamic_smem(), 64);
            ptx::sync_cta();
            u32 r[32];
            load(r);
        });
    };
    const auto contains = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    CHECK(contains(error([](u32(&r)[32]) { ptx::tcgen05_load(r, 33); }),
                   "columns [33,65) of tensor memory are not allocated"));
    CHECK(contains(error([](u32(&r)[32]) { ptx::tcgen05_load(r, 16 << 16); }), "lane 16 in the address 0x00100000"));
    CHECK(contains(error([](u32(&r)[32]) { ptx::tcgen05_load<tmem_shape::s16x64b, 32>(r, 24 << 16); }), "or 16 more"));
    CHECK(contains(error([](u32(&r)[32]) { ptx::tcgen05_load(r, ptx::lane_index() / 31); }),
                   "the lanes of the warp disagree on the address"));
    CHECK(contains(error([](u32(&r)[32]) {
                       if (ptx::lane_index() != 3) ptx::tcgen05_load(r, 0);
                       if (ptx::lane_index() == 3) ptx::sync_warp();
                   }),
                   "divergent warp"));
}

// ---- tcgen05.cp

/// Byte `i` of row `row`, column group `chunk` of what is copied.
u8 byte_of(u32 row, u32 chunk, u32 i) { return u8(row * 37 + chunk * 101 + i * 11 + 3); }

/// Runs a copy of a matrix of `rows` x `chunks` chunks and compares all of tensor memory. `lanes_of(row)` lists the lanes of a
/// row; `byte(row, chunk, i)` is what lands in byte i.
template <int Group, tmem_copy_shape Shape, tmem_unpacking Unpacking, class Lanes, class Byte>
void expect_copy(u32 rows, u32 chunks, u32 lane, Lanes lanes_of, Byte byte, u32 data = 16) {
    constexpr u32 column = 20, pitch = 2048;
    std::vector<test::tensor_cta> ctas(Group);
    for (test::tensor_cta& cta : ctas) {
        // No swizzle: groups of eight rows 128 bytes after each other, columns of chunks `pitch` bytes.
        cta.shared.assign(chunks * pitch, 0xee);
        for (u32 row = 0; row < rows; ++row) {
            for (u32 chunk = 0; chunk < chunks; ++chunk) {
                for (u32 i = 0; i < data; ++i) {
                    cta.shared[chunk * pitch + row * 16 + i] = u8(byte_of(row, chunk, i) + (&cta - ctas.data()));
                }
            }
        }
    }
    test::run_tensor<Group>(ctas, [=](u32 smem, u32 tmem) {
        ptx::tcgen05_copy<Group, Shape, Unpacking>(tmem + (lane << 16) + column,
                                                   sm100::make_descriptor(smem, pitch, 128, swizzle_mode::none));
    });
    for (u32 rank = 0; rank < Group; ++rank) {
        std::vector<u32> expected(128 * columns, unset);
        for (u32 row = 0; row < rows; ++row) {
            for (const u32 to : lanes_of(row)) {
                for (u32 chunk = 0; chunk < chunks; ++chunk) {
                    for (u32 word = 0; word < 4; ++word) {
                        u32 value = 0;
                        for (u32 i = 0; i < 4; ++i) value |= u32(byte(row, chunk, 4 * word + i, rank)) << 8 * i;
                        expected[to * columns + column + 4 * chunk + word] = value;
                    }
                }
            }
        }
        CHECK(ctas[rank].out == expected);
    }
}

template <int Group, tmem_copy_shape Shape, class Lanes>
void expect_copies(u32 rows, u32 chunks, u32 lane, Lanes lanes_of) {
    const auto raw = [](u32 row, u32 chunk, u32 i, u32 rank) { return u8(byte_of(row, chunk, i) + rank); };
    expect_copy<Group, Shape, tmem_unpacking::none>(rows, chunks, lane, lanes_of, raw);
    expect_copy<Group, Shape, tmem_unpacking::b4x16_p64>(
        rows, chunks, lane, lanes_of,
        [&](u32 row, u32 chunk, u32 i, u32 rank) {
            const u8 pair = raw(row, chunk, i / 2, rank);
            return u8((i % 2 == 0 ? pair & 15 : pair >> 4) << 2);
        },
        8);
    expect_copy<Group, Shape, tmem_unpacking::b6x16_p32>(
        rows, chunks, lane, lanes_of,
        [&](u32 row, u32 chunk, u32 i, u32 rank) {
            u32 three = 0;  // four codes are three bytes
            for (u32 b = 0; b < 3; ++b) three |= u32(raw(row, chunk, i / 4 * 3 + b, rank)) << 8 * b;
            return u8(three >> 6 * (i % 4) & 63);
        },
        12);
}

TEST_CASE("tcgen05.cp brings each row to its lanes, as it is and unpacked") {
    using lanes = std::vector<u32>;
    expect_copies<1, tmem_copy_shape::s128x256b>(128, 2, 0, [](u32 row) { return lanes{row}; });
    expect_copies<1, tmem_copy_shape::s128x128b>(128, 1, 0, [](u32 row) { return lanes{row}; });
    expect_copies<1, tmem_copy_shape::s64x128b_02_13>(64, 1, 0, [](u32 row) { return lanes{row, row + 64}; });
    expect_copies<1, tmem_copy_shape::s64x128b_01_23>(64, 1, 0, [](u32 row) {
        return row < 32 ? lanes{row, row + 32} : lanes{row + 32, row + 64};
    });
    expect_copies<1, tmem_copy_shape::s32x128b_warpx4>(32, 1, 0, [](u32 row) {
        return lanes{row, row + 32, row + 64, row + 96};
    });
    expect_copies<1, tmem_copy_shape::s4x256b>(4, 2, 0, [](u32 row) { return lanes{32 * row}; });
    expect_copies<1, tmem_copy_shape::s4x256b>(4, 2, 21, [](u32 row) { return lanes{32 * row + 21}; });
    expect_copies<2, tmem_copy_shape::s128x256b>(128, 2, 0, [](u32 row) { return lanes{row}; });
    expect_copies<2, tmem_copy_shape::s32x128b_warpx4>(32, 1, 0, [](u32 row) {
        return lanes{row, row + 32, row + 64, row + 96};
    });
}

TEST_CASE("a copy to a lane that its shape has not is an error") {
    const std::string error = test::tensor_error<1>(std::vector<test::tensor_cta>(1), [](u32 smem, u32 tmem) {
        ptx::tcgen05_copy<1, tmem_copy_shape::s128x128b>(tmem | 32 << 16,
                                                         sm100::make_descriptor(smem, 0, 128, swizzle_mode::none));
    });
    CHECK_MESSAGE(error.find("tcgen05.cp: lane 32 in the address 0x00200000; it must be 0") != std::string::npos,
                  error);
}

}  // namespace tensor_moves_tests
