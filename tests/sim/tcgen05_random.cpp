// SPDX-License-Identifier: MIT
// tcgen05.mma on memory full of random words: any legal kind, type, shape, order, swizzle, place and stride, with NaN,
// infinity, subnormals and zeros among the elements and scales. The expected D is gathered from that memory by the tables of
// the PTX ISA, element by element in extended precision; all other words must stay as they were.
#include <algorithm>
#include <array>

#include "random_operands.hpp"

namespace tcgen05_random_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using ptx::tcgen05_kind;

namespace {

/// One multiply with everything that it depends on.
struct configuration {
    tcgen05_kind kind = tcgen05_kind::f16;
    u32 group = 1, m = 128, n = 64, k = 16, block = 0;
    bool tensor_a = false, weight_stationary = false, accumulate = false, d_f16 = false, ue4m3 = false;
    bool negate_a = false, negate_b = false, saturate = false;
    random_operand a{}, b{};
    u32 d_lane = 0, d_column = 0, a_column = 0, sa_column = 0, sb_column = 0, sa_id = 0, sb_id = 0;
    sim::policy policy = sim::policy::lazy;

    bool scaled() const { return block != 0; }
    bool packed() const { return kind == tcgen05_kind::mxf4 || kind == tcgen05_kind::mxf4nvf4; }
    bool integers() const { return kind == tcgen05_kind::i8; }
    u32 rows() const { return m / group; }
    char layout() const {
        if (weight_stationary) return m == 128 ? 'D' : m == 64 ? 'E' : 'G';
        if (group == 2) return m == 256 ? 'A' : 'B';
        return m == 128 ? 'D' : 'F';
    }
    u32 parts() const { return layout() == 'G' ? 4 : layout() == 'B' || layout() == 'E' ? 2 : 1; }
    u32 columns() const { return n / parts(); }
    u32 lane(u32 row, u32 part) const {
        if (layout() == 'F') return row / 16 * 32 + row % 16 + d_lane;
        return row + part * (layout() == 'G' ? 32 : 64);
    }
    u32 instruction() const {
        u32 bits =
            n / 8 << 17 | u32(negate_a) << 13 | u32(negate_b) << 14 | u32(a.mn_major) << 15 | u32(b.mn_major) << 16;
        bits |= (packed() ? 1u : a.type.code) << 7 | (packed() ? 1u : b.type.code) << 10;
        if (scaled()) return bits | m / 128 << 27 | u32(!ue4m3) << 23 | sb_id << 4 | sa_id << 29;
        if (integers()) return bits | m / 16 << 24 | 2u << 4 | u32(saturate) << 3;
        return bits | m / 16 << 24 | u32(!d_f16) << 4;
    }
};

// ---- issue by the wrappers

template <int Group, tcgen05_kind Kind, int Block>
void issue_as(const configuration& c, u32 smem, u32 tmem) {
    const u32 d = tmem + c.d_column + (c.d_lane << 16), a = tmem + c.a_column + (c.d_lane << 16), i = c.instruction();
    const u64 a_tile = c.a.descriptor(smem), b_tile = c.b.descriptor(smem);
    if constexpr (Block != 0) {
        const u32 sa = tmem + c.sa_column, sb = tmem + c.sb_column;
        if (c.tensor_a) {
            ptx::tcgen05_mma_scaled_tensor_a<Group, Kind, Block>(d, a, b_tile, i, sa, sb, c.accumulate);
        } else {
            ptx::tcgen05_mma_scaled<Group, Kind, Block>(d, a_tile, b_tile, i, sa, sb, c.accumulate);
        }
    } else if (c.weight_stationary && c.tensor_a) {
        ptx::tcgen05_mma_ws_tensor_a<Kind>(d, a, b_tile, i, c.accumulate);
    } else if (c.weight_stationary) {
        ptx::tcgen05_mma_ws<Kind>(d, a_tile, b_tile, i, c.accumulate);
    } else if (c.tensor_a) {
        ptx::tcgen05_mma_tensor_a<Group, Kind>(d, a, b_tile, i, c.accumulate);
    } else {
        ptx::tcgen05_mma<Group, Kind>(d, a_tile, b_tile, i, c.accumulate);
    }
}
template <int Group>
void issue(const configuration& c, u32 smem, u32 tmem) {
    switch (c.kind) {
        case tcgen05_kind::f16: return issue_as<Group, tcgen05_kind::f16, 0>(c, smem, tmem);
        case tcgen05_kind::tf32: return issue_as<Group, tcgen05_kind::tf32, 0>(c, smem, tmem);
        case tcgen05_kind::f8f6f4: return issue_as<Group, tcgen05_kind::f8f6f4, 0>(c, smem, tmem);
        case tcgen05_kind::mxf8f6f4: return issue_as<Group, tcgen05_kind::mxf8f6f4, 32>(c, smem, tmem);
        case tcgen05_kind::i8: return issue_as<Group, tcgen05_kind::i8, 0>(c, smem, tmem);
        case tcgen05_kind::mxf4: return issue_as<Group, tcgen05_kind::mxf4, 32>(c, smem, tmem);
        default: break;
    }
    if (c.block == 16) return issue_as<Group, tcgen05_kind::mxf4nvf4, 16>(c, smem, tmem);
    issue_as<Group, tcgen05_kind::mxf4nvf4, 32>(c, smem, tmem);
}

// ---- random configurations and memory

configuration random_configuration(dice& random) {
    configuration c;
    for (;;) {
        c = {};
        c.kind = random.of({tcgen05_kind::f16, tcgen05_kind::tf32, tcgen05_kind::f8f6f4, tcgen05_kind::f8f6f4,
                            tcgen05_kind::mxf8f6f4, tcgen05_kind::mxf8f6f4, tcgen05_kind::mxf4, tcgen05_kind::mxf4nvf4,
                            tcgen05_kind::i8});
        const bool bytes = c.kind == tcgen05_kind::f8f6f4 || c.integers() || c.kind == tcgen05_kind::mxf8f6f4;
        const auto any_type = [&] {
            if (c.kind == tcgen05_kind::f16) return random.of({f16_format, bf16_format});
            if (c.kind == tcgen05_kind::tf32) return tf32_format;
            if (c.packed()) return e2m1_format;
            if (c.integers()) return random.of({i8_format, u8_format});
            return random.of({e4m3_format, e5m2_format, e2m3_format, e3m2_format, e2m1_format});
        };
        c.a.type = any_type();
        c.b.type = any_type();
        c.k = c.kind == tcgen05_kind::f16 ? 16 : c.kind == tcgen05_kind::tf32 ? 8 : c.packed() ? 64 : 32;
        c.a.per_chunk = c.b.per_chunk = c.k / 2;
        if (c.packed() || c.kind == tcgen05_kind::mxf8f6f4) c.block = 32;
        if (c.kind == tcgen05_kind::mxf4nvf4 && random.one_in(2)) c.block = 16;
        c.ue4m3 = c.block == 16 && !random.one_in(3);
        if (c.kind == tcgen05_kind::mxf8f6f4) {
            c.sa_id = random.below(4);
            c.sb_id = random.below(4);
        } else if (c.block == 32) {
            c.sa_id = 2 * random.below(2);
            c.sb_id = 2 * random.below(2);
        }
        c.group = 1 + random.below(2);
        c.weight_stationary = !c.scaled() && c.group == 1 && random.one_in(3);
        c.tensor_a = random.one_in(3);
        c.m = c.group == 2 ? random.of({128u, 256u}) : c.scaled() ? 128 : random.of({64u, 128u});
        if (c.weight_stationary) c.m = random.of({32u, 64u, 128u});
        c.d_lane = c.layout() == 'F' ? 16 * random.below(2) : 0;
        c.accumulate = random.one_in(2);
        c.d_f16 = random.one_in(3) && (c.kind == tcgen05_kind::f8f6f4 ||
                                       (c.kind == tcgen05_kind::f16 && c.a.type.code == 0 && c.b.type.code == 0));
        c.negate_a = !c.integers() && random.one_in(4);
        c.negate_b = !c.integers() && random.one_in(4);
        c.saturate = c.integers() && random.one_in(2);
        c.policy = random.of({sim::policy::lazy, sim::policy::random, sim::policy::eager});
        u32 step = 8 * c.group;
        if (c.tensor_a) step = c.group == 2 ? 32 : c.m == 128 ? 16 : 8;
        c.n = step * (1 + random.below(random.one_in(2) ? 256 / step : std::max(1u, 64 / step)));
        if (c.weight_stationary) c.n = random.of({64u, 128u, 256u});
        if (c.integers() && (c.n > 32 || c.group == 2) && c.n % (16 * c.group) != 0) continue;
        if (!place_operand(random, c.b, c.n / c.group, c.k, !c.packed())) continue;
        if (bytes && c.b.mn_major && c.n % (16 * c.group) != 0) continue;
        if (!place_operand(random, c.a, c.rows(), c.k, !c.packed() && !c.tensor_a)) continue;
        // Columns in one row of the four things, in any order, with gaps.
        u32 at = random.below(40);
        std::array<std::pair<u32*, u32>, 4> things{{{&c.d_column, c.columns()},
                                                    {&c.a_column, c.tensor_a ? 8 : 0},
                                                    {&c.sa_column, c.scaled() ? 4 : 0},
                                                    {&c.sb_column, c.scaled() ? 8 : 0}}};
        std::shuffle(things.begin(), things.end(), random.bits);
        for (const auto& [column, width] : things) {
            *column = at;
            at += width + random.below(20);
        }
        return c;
    }
}

std::vector<tensor_cta> random_memory(dice& random, const configuration& c) {
    std::vector<tensor_cta> ctas(c.group);
    const bool tame = random.one_in(2);
    const u32 rare = random.of({20u, 400u, 1u << 20}), bits = std::max(8u, c.a.type.bits);
    const u32 low = tame ? 110 : 0, spread = tame ? 30 : 256;
    for (tensor_cta& cta : ctas) {
        cta.shared.resize(random_bytes);
        for (u32 i = 0; i < random_bytes; i += 4) {
            const u32 word = random_elements(random, bits, tame, rare);
            for (u32 byte = 0; byte < 4; ++byte) cta.shared[i + byte] = u8(word >> 8 * byte);
        }
        for (u32 lane = 0; lane < 128; ++lane) {
            for (u32 column = 0; column < tensor_columns; ++column) cta.in(lane, column) = u32(random.bits());
        }
        for (u32 lane = 0; lane < 128; ++lane) {
            for (u32 i = 0; i < c.columns(); ++i) {
                u32& word = cta.in(lane, c.d_column + i);
                word = random_elements(random, c.d_f16 ? 16 : 32, tame || c.scaled(), rare);
            }
            for (u32 i = 0; i < 8 && c.tensor_a; ++i) {
                const u32 first = c.layout() == 'G' ? lane % 32 : c.parts() == 2 ? lane % 64 : lane;
                u32& word = cta.in(lane, c.a_column + i);
                word = first == lane ? random_elements(random, bits, tame, rare) : cta.in(first, c.a_column + i);
            }
            for (u32 i = 0; i < 12 && c.scaled(); ++i) {
                const u32 column = i < 4 ? c.sa_column + i : c.sb_column + i - 4;
                const bool halves = c.layout() == 'B' && i >= 4;
                const u32 first = halves ? lane / 64 * 64 + lane % 32 : lane % 32;
                u32 word = 0;
                for (u32 byte = 0; byte < 4; ++byte) {
                    u32 scale = c.ue4m3 ? random.below(tame ? 0x7f : 0x80) : low + random.below(spread);
                    if (random.one_in(rare)) scale = c.ue4m3 ? 0x7f : 0xff;
                    word |= scale << 8 * byte;
                }
                cta.in(lane, column) = first == lane ? word : cta.in(first, column);
            }
        }
    }
    return ctas;
}

// ---- the expected D

exact element_of_a(const configuration& c, const tensor_cta& cta, u32 row, u32 k) {
    if (!c.tensor_a) return c.a.value(cta.shared, smem_base, row, k);
    const u32 per_word = c.packed() ? 8 : c.k / 8, width = 32 / per_word;
    const u32 word = cta.columns_in[c.lane(row, 0) * tensor_columns + c.a_column + k / per_word];
    if (c.a.type.bits == 32) return c.a.type.value(word >> 13);
    const u32 inside = word >> k % per_word * width, shift = !c.packed() && c.a.type.bits == 4 ? 2 : 0;
    return c.a.type.value(inside >> shift & ((1u << c.a.type.bits) - 1));
}

exact scale_of(const configuration& c, const tensor_cta& cta, u32 row, u32 k, bool of_b) {
    const bool halves = of_b && c.layout() == 'B', upper = halves && row >= c.n / 2;
    const u32 in_half = upper ? row - c.n / 2 : row;
    const u32 lane = in_half % 32 + (upper ? 64 : 0), column = (of_b ? c.sb_column : c.sa_column) + in_half / 32;
    const u32 byte = (of_b ? c.sb_id : c.sa_id) + k / c.block;
    const u32 code = cta.columns_in[lane * tensor_columns + column] >> 8 * byte & 255;
    if (c.ue4m3) return e4m3_format.value(code);
    return code == 255 ? exact_nan : std::ldexp(exact(1), int(code) - 127);
}

/// Whether `word` in tensor memory may be D(row, column) of CTA `rank`.
bool right(const configuration& c, const std::vector<tensor_cta>& ctas, u32 rank, u32 row, u32 column, u32 before,
           u32 word) {
    const u32 share = c.n / c.group;
    exact sum = 0, size = 0;
    bool positive = false, negative = false;
    const auto add = [&](exact x) {
        sum += x;
        if (std::isfinite(x)) size += std::fabs(x);
        positive |= x > 0;
        negative |= x < 0;
    };
    for (u32 k = 0; k < c.k; ++k) {
        exact product =
            element_of_a(c, ctas[rank], row, k) * c.b.value(ctas[column / share].shared, smem_base, column % share, k);
        if (c.scaled()) product *= scale_of(c, ctas[rank], row, k, false) * scale_of(c, ctas[rank], column, k, true);
        add(c.negate_a != c.negate_b ? -product : product);
    }
    if (c.integers()) {
        i64 total = i64(sum) + (c.accumulate ? i64(i32(before)) : 0);
        if (c.saturate) total = std::clamp(total, -(i64(1) << 31), (i64(1) << 31) - 1);
        return word == u32(total);
    }
    if (c.accumulate) add(c.d_f16 ? f16_format.value(before & 0xffff) : f32_format.value(before));
    const exact got = c.d_f16 ? f16_format.value(word & 0xffff) : f32_format.value(word);
    if (std::isnan(sum)) return std::isnan(got);
    if (std::isinf(sum)) return got == sum || size > exact(std::numeric_limits<float>::max());
    const exact largest = c.d_f16 ? 65504 : exact(std::numeric_limits<float>::max());
    const exact limit = size * exact(c.k + 4) * 0x1p-24L + exact(c.k + 2) * 0x1p-149L +
                        (c.d_f16 ? std::fabs(sum) * 0x1p-11L + 0x1p-25L : 0);
    if (size > exact(std::numeric_limits<float>::max()) || std::fabs(sum) + limit > largest) {
        // Partial sums may be too large, and which there are is not specified; with terms of one sign all of them lead to
        // infinity.
        if (std::fabs(sum) > 2 * largest && positive != negative) return got == std::copysign(exact_infinity, sum);
        return true;
    }
    return std::fabs(got - sum) <= limit;
}

std::string words_of(const configuration& c) {
    return sim::text(
        "kind %d group %u M %u N %u %s%s layout %c, A %s%s swizzle %d, B %s%s swizzle %d, block %u ids %u %u",
        int(c.kind), c.group, c.m, c.n, c.tensor_a ? "A in tensor memory " : "", c.weight_stationary ? ".ws" : "",
        c.layout(), c.a.type.name, c.a.mn_major ? " MN-major" : "", int(c.a.mode), c.b.type.name,
        c.b.mn_major ? " MN-major" : "", int(c.b.mode), c.block, c.sa_id, c.sb_id);
}

/// Runs one; the exact of wrong elements of D among `samples` of them and of words beside D that changed.
u32 wrong_words(dice& random, const configuration& c, u32 samples) {
    std::vector<tensor_cta> ctas = random_memory(random, c);
    sim::options options;
    options.policy = c.policy;
    options.seed = random.bits();
    if (c.group == 2) {
        run_tensor<2>(
            ctas, [&](u32 smem, u32 tmem) { issue<2>(c, smem, tmem); }, options);
    } else {
        run_tensor<1>(
            ctas, [&](u32 smem, u32 tmem) { issue<1>(c, smem, tmem); }, options);
    }
    u32 bad = 0;
    std::vector<bool> is_d(128 * tensor_columns);
    for (u32 row = 0; row < c.rows(); ++row) {
        for (u32 part = 0; part < c.parts(); ++part) {
            for (u32 i = 0; i < c.columns(); ++i) is_d[c.lane(row, part) * tensor_columns + c.d_column + i] = true;
        }
    }
    for (const tensor_cta& cta : ctas) {
        for (u32 i = 0; i < is_d.size(); ++i) bad += !is_d[i] && cta.out[i] != cta.columns_in[i];
    }
    for (u32 i = 0; i < samples; ++i) {
        const u32 rank = random.below(c.group), row = random.below(c.rows()), column = random.below(c.n);
        const u32 at = c.lane(row, column / c.columns()) * tensor_columns + c.d_column + column % c.columns();
        bad += !right(c, ctas, rank, row, column, ctas[rank].columns_in[at], ctas[rank].out[at]);
    }
    return bad;
}

}  // namespace

TEST_CASE("tcgen05.mma of random configurations on random memory") {
    const u32 count = random_trials(150);
    dice random{std::mt19937_64(fresh_seed())};
    for (u32 i = 0; i < count; ++i) {
        const configuration c = random_configuration(random);
        u32 bad = 0;
        const std::string error = error_of([&] { bad = wrong_words(random, c, 300); });
        CAPTURE(words_of(c));
        REQUIRE(error == "");
        REQUIRE(bad == 0);
    }
}

}  // namespace tcgen05_random_tests
