// SPDX-License-Identifier: MIT
// TMA of elements of 4 and 6 bits: packed in shared memory, or with gaps that nobody may read; what barriers count; the rules
// of their tensor maps.
#include "tensor_run.hpp"

namespace tma_small_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr i64 rows = 20, columns = 384;
constexpr int box_rows = 8;

/// A matrix of random bytes, rows `pitch` bytes apart, behind a whole multiple of 128 bytes.
struct packed_matrix {
    explicit packed_matrix(u32 bits) : bits(bits), pitch(i64(columns) * bits / 8 + 32), storage(rows * pitch + 128) {
        data = storage.data() + (128 - reinterpret_cast<std::uintptr_t>(storage.data()) % 128) % 128;
        u32 state = 77;
        for (u8& x : storage) x = u8((state = state * 1664525u + 1013904223u) >> 24);
    }
    /// The code of an element, 0 outside; elements lie one after another, the first in the lowest bits.
    u32 at(i64 row, i64 column) const {
        if (row < 0 || row >= rows || column < 0 || column >= columns) return 0;
        u32 code = 0;
        for (u32 b = 0; b < bits; ++b) {
            const u64 bit = u64(column) * bits + b;
            code |= u32(data[row * pitch + i64(bit / 8)] >> bit % 8 & 1) << b;
        }
        return code;
    }
    tensor_map_request map(dtype type, int box_columns, swizzle_mode swizzle) const {
        return matrix_map(data, type, rows, columns, pitch, box_rows, box_columns, swizzle);
    }
    u32 bits;
    i64 pitch;
    std::vector<u8> storage;
    u8* data;
};

/// Loads the box at (column, row), for which the barrier expects `counted` bytes; the shared memory behind it, as the async
/// proxy sees it, and whether each byte was ever written.
struct loaded {
    std::vector<u8> bytes;
    std::vector<bool> written;
};
loaded load(const tensor_map& map, i32 column, i32 row, u32 counted, sim::policy policy) {
    loaded out;
    sim::options options;
    options.policy = policy;
    sim::launch(options, block(32), [&] {
        const u32 tile = ptx::dynamic_smem(), bar = tile + 49152;
        make_barriers(bar);
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(bar, counted);
            ptx::tma_load(map, tile, bar, {column, row});
        }
        ptx::mbarrier_wait(bar, 0, "full");
        const sim::cta_state& cta = *sim::me().cta;
        if (ptx::thread_index() != 0) return;
        out.bytes.assign(cta.async, cta.async + 2048);
        for (u32 i = 0; i < 2048; ++i) out.written.push_back(sim::first_unwritten(cta, i, i + 1) != i);
    });
    return out;
}

const sim::policy policies[] = {sim::policy::lazy, sim::policy::random, sim::policy::eager};

/// Element (row, 2 i) is the low nibble of byte i % 8 of chunk i / 8, and so on for elements of 6 bits.
void expect_padded(dtype type, u32 bits, swizzle_mode swizzle) {
    const packed_matrix matrix(bits);
    const tensor_map map = sim::encode_tensor_map(padded_map(matrix.map(type, 128, swizzle)));
    const u32 data = 2 * bits;
    for (const sim::policy policy : policies) {
        for (const auto& [column, row] : {std::pair<i32, i32>{0, 0}, {128, 5}, {256, 16}, {384, 0}, {-128, 3}}) {
            const loaded out = load(map, column, row, box_rows * 128 * bits / 8, policy);
            u32 bad = 0;
            for (u32 r = 0; r < box_rows; ++r) {
                for (u32 c = 0; c < 128; ++c) {
                    const u32 chunk = swizzled(r * 128 + c / 16 * 16, swizzle);
                    u32 code = 0;
                    for (u32 b = 0; b < bits; ++b) {
                        const u32 bit = c % 16 * bits + b;
                        code |= u32(out.bytes[chunk + bit / 8] >> bit % 8 & 1) << b;
                    }
                    bad += code != matrix.at(row + i64(r), column + i64(c));
                }
                for (u32 i = 0; i < 128; ++i) {
                    const bool gap = i % 16 >= data;
                    bad += out.written[r * 128 + i] == gap || (gap && out.bytes[r * 128 + i] != 0xff);
                }
            }
            CHECK(bad == 0);
        }
    }
}

}  // namespace

TEST_CASE("padded elements come to the begins of chunks, and barriers count packed bytes") {
    for (const swizzle_mode swizzle : {swizzle_mode::none, swizzle_mode::b128, swizzle_mode::b128_atom32}) {
        expect_padded(dtype::e2m1x2, 4, swizzle);
        expect_padded(dtype::e2m3, 6, swizzle);
    }
    expect_padded(dtype::e3m2, 6, swizzle_mode::none);
}

TEST_CASE("FP4 that stays packed lies in shared memory as in global memory") {
    const packed_matrix matrix(4);
    for (const sim::policy policy : policies) {
        for (const auto& [box, swizzle] : {std::pair<u32, swizzle_mode>{256, swizzle_mode::b128},
                                           {128, swizzle_mode::b64},
                                           {64, swizzle_mode::b32},
                                           {96, swizzle_mode::none}}) {
            const tensor_map map = sim::encode_tensor_map(matrix.map(dtype::e2m1x2, int(box), swizzle));
            for (const auto& [column, row] : {std::pair<i32, i32>{0, 0}, {32, 13}, {352, -3}, {-64, 1}}) {
                const u32 row_bytes = box / 2;
                const loaded out = load(map, column, row, box_rows * row_bytes, policy);
                u32 bad = 0;
                for (u32 r = 0; r < box_rows; ++r) {
                    for (u32 c = 0; c < box; ++c) {
                        const u8 pair = out.bytes[swizzled(r * row_bytes + c / 2, swizzle)];
                        bad += (c % 2 == 0 ? pair & 15u : pair >> 4u) != matrix.at(row + i64(r), column + i64(c));
                    }
                }
                CHECK(bad == 0);
            }
        }
    }
}

TEST_CASE("misuse of maps of small elements is named") {
    const packed_matrix matrix(4);
    const auto error = [&](auto change) {
        tensor_map_request request = padded_map(matrix.map(dtype::e2m1x2, 128, swizzle_mode::b128));
        change(request);
        return error_of([&] { sim::encode_tensor_map(request); });
    };
    using request = tensor_map_request;
    const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
    CHECK(error([](request&) {}) == "");
    CHECK(has(error([](request& r) { r.base = static_cast<const u8*>(r.base) + 16; }), "is not 32-byte aligned"));
    CHECK(has(error([](request& r) { r.stride_bytes[0] += 16; }), "is not a multiple of 32 bytes"));
    CHECK(has(error([](request& r) { r.extent[0] = 320; }), "extent 320 of dimension 0 is not a multiple of 128"));
    CHECK(has(error([](request& r) { r.box[0] = 64; }), "box extent 64 of dimension 0 is not 128"));
    CHECK(
        has(error([](request& r) { r.swizzle = swizzle_mode::b64; }), "the swizzle spans neither 128 bytes nor none"));
    CHECK(has(error([](request& r) { r.type = dtype::e4m3; }), "type e4m3 is not e2m1x2, e2m3 or e3m2"));
    CHECK(has(error([](request& r) {
                  r.padded = false;
                  r.extent[0] = 383;
              }),
              "extent 383 of dimension 0 is not a multiple of 2"));

    const tensor_map map = sim::encode_tensor_map(padded_map(matrix.map(dtype::e2m1x2, 128, swizzle_mode::none)));
    expect_error(block(32), {"contiguous coordinate 64 of padded elements is not a multiple of 128"}, [&] {
        make_barriers(ptx::dynamic_smem() + 4096);
        if (ptx::thread_index() == 0) ptx::tma_load(map, ptx::dynamic_smem(), ptx::dynamic_smem() + 4096, {64, 0});
    });
    expect_error(block(32), {"TMA store: a tensor map of padded elements is for loads only"}, [&] {
        if (ptx::thread_index() == 0) ptx::tma_store(map, ptx::dynamic_smem(), {0, 0});
    });
    // The whole tile is expected, of which half is copied.
    expect_error(block(32), {"expect_tx announced more bytes than arrived"}, [&] {
        const u32 bar = ptx::dynamic_smem() + 4096;
        make_barriers(bar);
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(bar, 1024);
            ptx::tma_load(map, ptx::dynamic_smem(), bar, {0, 0});
        }
        ptx::mbarrier_wait(bar, 0, "full");
    });
    expect_error(block(32), {"byte 0x8 was never written"}, [&] {
        const u32 bar = ptx::dynamic_smem() + 4096;
        make_barriers(bar);
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(bar, 512);
            ptx::tma_load(map, ptx::dynamic_smem(), bar, {0, 0});
        }
        ptx::mbarrier_wait(bar, 0, "full");
        ptx::ld_shared<ptx::vec4<u32>>(ptx::dynamic_smem());
    });
}

}  // namespace tma_small_tests
