// SPDX-License-Identifier: MIT
// TMA loads of random boxes of random tensors: one to five dimensions, elements of 4 to 32 bits, packed and padded, every
// swizzle, boxes that hang over every edge. Shared memory is compared element by element, and byte by byte where nothing may
// be.
#include <algorithm>

#include "random_operands.hpp"

namespace tma_random_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr u32 most_bytes = 32 * 1024, bar_at = 60 * 1024;

struct box_load {
    tensor_map_request map{};
    u32 bits = 8;  ///< of an element in global memory
    i32 coord[5] = {};
    u32 target = 0;  ///< in shared memory
    std::vector<u8> memory{};

    u32 row_bytes() const { return map.padded ? map.box[0] : map.box[0] * bits / 8; }  ///< in shared memory
    u32 rows() const { return map.box[1] * map.box[2] * map.box[3] * map.box[4]; }
    u8* base() { return memory.data() + (128 - reinterpret_cast<std::uintptr_t>(memory.data()) % 128) % 128; }

    /// The code of the element at `at` in global memory; 0 outside.
    u32 element(const i64 (&at)[5]) {
        i64 byte = 0;
        for (u32 i = 0; i < 5; ++i) {
            if (at[i] < 0 || at[i] >= i64(map.extent[i])) return 0;
            if (i != 0 && i < map.rank) byte += at[i] * i64(map.stride_bytes[i - 1]);
        }
        u32 code = 0;
        for (u32 b = 0; b < bits; ++b) {
            const i64 bit = at[0] * bits + b;
            code |= u32(base()[byte + bit / 8] >> bit % 8 & 1) << b;
        }
        return code;
    }
};

box_load random_load(dice& random) {
    for (;;) {
        box_load x;
        tensor_map_request& map = x.map;
        map.type =
            random.of({dtype::e4m3, dtype::bf16, dtype::f32, dtype::e2m1x2, dtype::e2m1x2, dtype::e2m3, dtype::e3m2});
        map.padded =
            map.type == dtype::e2m3 || map.type == dtype::e3m2 || (map.type == dtype::e2m1x2 && random.one_in(2));
        x.bits = map.type == dtype::f32 ? 32 : map.type == dtype::bf16 ? 16 : map.type == dtype::e4m3 ? 8 : 4;
        if (map.type == dtype::e2m3 || map.type == dtype::e3m2) x.bits = 6;
        map.swizzle = random.of(
            {swizzle_mode::none, swizzle_mode::b32, swizzle_mode::b64, swizzle_mode::b128, swizzle_mode::b128_atom32});
        if (map.padded && swizzle_span_bytes(map.swizzle) != 128) map.swizzle = swizzle_mode::none;
        map.rank = 1 + random.below(5);
        const u32 span = swizzle_span_bytes(map.swizzle), unit = 128 / x.bits, align = map.padded ? 32 : 16;
        map.box[0] = map.padded                          ? 128
                     : map.swizzle != swizzle_mode::none ? span * 8 / x.bits
                                                         : unit * (1 + random.below(8));
        if (map.box[0] > 256) continue;
        map.extent[0] = map.padded ? 128 * (1 + random.below(3)) : 2 * (1 + random.below(map.box[0] + 20));
        const u32 step = map.padded ? 128 : unit;
        x.coord[0] = (i32(random.below(map.padded ? 5 : 12)) - 2) * i32(step);
        u64 bytes = (map.extent[0] * x.bits + 7) / 8;
        for (u32 i = 1; i < map.rank; ++i) {
            map.extent[i] = 1 + random.below(9);
            map.box[i] = 1 + random.below(i == 1 ? 40 : 3);
            x.coord[i] = i32(random.below(u32(map.extent[i]) + 6)) - 3;
            map.stride_bytes[i - 1] = align * (random.below(40));
            bytes += (map.extent[i] - 1) * map.stride_bytes[i - 1];
        }
        if (x.rows() * x.row_bytes() > most_bytes) continue;
        x.target = 128 * random.below((bar_at - most_bytes) / 128);
        x.memory.resize(bytes + 256);
        for (u8& byte : x.memory) byte = u8(random.bits());
        map.base = x.base();
        return x;
    }
}

/// The number of wrong elements and bytes.
u32 wrong_bytes(dice& random, box_load& x) {
    const tensor_map map = sim::encode_tensor_map(x.map);
    const u32 bytes = x.rows() * x.row_bytes(), counted = x.rows() * x.map.box[0] * x.bits / 8;
    std::vector<u8> found;
    std::vector<bool> written;
    sim::options options;
    options.policy = random.of({sim::policy::lazy, sim::policy::random, sim::policy::eager});
    sim::launch(options, block(32), [&] {
        const u32 smem = ptx::dynamic_smem();
        make_barriers(smem + bar_at);
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(smem + bar_at, counted);
            sim::tma_load(map, smem + x.target, smem + bar_at, x.coord, int(x.map.rank), 0);
        }
        ptx::mbarrier_wait(smem + bar_at, 0, "box");
        if (ptx::thread_index() != 0) return;
        const sim::cta_state& cta = *sim::me().cta;
        found.assign(cta.async, cta.async + bar_at);
        for (u32 i = 0; i < bar_at; ++i) written.push_back(sim::first_unwritten(cta, i, i + 1) != i);
    });
    std::vector<bool> has_data(bar_at);
    u32 bad = 0;
    for (u32 row = 0; row < x.rows(); ++row) {
        for (u32 e = 0; e < x.map.box[0]; ++e) {
            i64 at[5] = {x.coord[0] + i64(e)};
            for (u32 i = 1, rest = row; i < 5; rest /= x.map.box[i], ++i) at[i] = x.coord[i] + i64(rest % x.map.box[i]);
            // The chunk of 16 bytes, and the bit in it.
            const u32 per_chunk = x.map.padded ? 16 : 128 / x.bits;
            u32 chunk = smem_base + x.target + row * x.row_bytes() + e / per_chunk * 16;
            const u32 line = chunk / 128;
            switch (x.map.swizzle) {
                case swizzle_mode::b32: chunk ^= line % 2 * 16; break;
                case swizzle_mode::b64: chunk ^= line % 4 * 16; break;
                case swizzle_mode::b128: chunk ^= line % 8 * 16; break;
                case swizzle_mode::b128_atom32: chunk ^= line % 4 * 32; break;
                default: break;
            }
            chunk -= smem_base;
            u32 code = 0;
            for (u32 b = 0; b < x.bits; ++b) {
                const u32 bit = e % per_chunk * x.bits + b;
                code |= u32(found[chunk + bit / 8] >> bit % 8 & 1) << b;
                has_data[chunk + bit / 8] = true;
            }
            bad += code != x.element(at);
        }
    }
    u32 bytes_with_data = 0;
    for (u32 i = 0; i < bar_at; ++i) {
        bad += written[i] != has_data[i];
        bytes_with_data += has_data[i];
    }
    return bad + (bytes_with_data != counted) + (bytes < counted);
}

}  // namespace

TEST_CASE("TMA loads of random boxes") {
    dice random{std::mt19937_64(fresh_seed())};
    for (u32 i = 0; i < random_trials(150); ++i) {
        box_load x = random_load(random);
        CAPTURE(name_of(x.map.type));
        CAPTURE(x.map.padded);
        CAPTURE(int(x.map.swizzle));
        CAPTURE(x.map.rank);
        u32 bad = 0;
        const std::string error = error_of([&] { bad = wrong_bytes(random, x); });
        REQUIRE(error == "");
        REQUIRE(bad == 0);
    }
}

}  // namespace tma_random_tests
