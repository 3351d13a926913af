// SPDX-License-Identifier: MIT
// One tcgen05.mma for tests: random operands of any type in any place, written where the PTX ISA says (formulas of its own, no
// layouts of the library), and what D must be, in double, element by element.
#pragma once

#include "tensor_run.hpp"

#include <cmath>
#include <random>

namespace deepgemm::test {

/// What the tests call element types: by their width in a chunk of 16 bytes, and by their exponent and mantissa bits.
struct mma_type {
    const char* name;
    u32 per_chunk, bits;  ///< elements of a chunk; of each element
    int exponent, mantissa;
    u32 code;             ///< in the instruction descriptor
    u32 per_word, shift;  ///< in a word of tensor memory, and where in its part
};
inline constexpr mma_type type_f16{"f16", 8, 16, 5, 10, 0, 2, 0}, type_bf16{"bf16", 8, 16, 8, 7, 1, 2, 0},
    type_tf32{"tf32", 4, 32, 8, 23, 2, 1, 0}, type_e4m3{"e4m3", 16, 8, 4, 3, 0, 4, 0},
    type_e5m2{"e5m2", 16, 8, 5, 2, 1, 4, 0}, type_e2m3{"e2m3", 16, 6, 2, 3, 3, 4, 0},
    type_e3m2{"e3m2", 16, 6, 3, 2, 4, 4, 0}, type_e2m1{"e2m1", 16, 4, 2, 1, 5, 4, 2},
    type_packed_e2m1{"e2m1, packed", 32, 4, 2, 1, 1, 8, 0};

/// The value of a code, by the definition of the format. The tensor cores drop 13 bits of TF32.
inline double value_of_code(const mma_type& t, u32 code) {
    const int bias = (1 << (t.exponent - 1)) - 1;
    if (t.bits == 32) code &= ~0x1fffu;
    const int exponent = int(code >> t.mantissa) & ((1 << t.exponent) - 1),
              mantissa = int(code & ((1u << t.mantissa) - 1));
    const double fraction = std::ldexp(double(mantissa), -t.mantissa),
                 magnitude = exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
    return code >> (t.exponent + t.mantissa) & 1 ? -magnitude : magnitude;
}

/// How an operand lies in shared memory.
struct mma_operand {
    mma_type type = type_bf16;
    bool mn_major = false;
    swizzle_mode swizzle = swizzle_mode::b128;
    u32 step = 0;  ///< 32-byte steps of K that a K-major operand starts inside its row
};

struct mma_case {
    sim::mma_kind kind = sim::mma_kind::f16;
    u32 group = 1, m = 128, n = 64, k = 16;
    mma_operand a{}, b{};
    bool d_f16 = false, accumulate = false, negate_a = false, negate_b = false;
    bool a_in_tensor_memory = false, weight_stationary = false;
    u32 d_lane = 0;
    u32 block = 32, sa_id = 0, sb_id = 0;  ///< of scaled kinds
    bool ue4m3 = false;
    u32 scale_input_d = 0;
    std::array<u32, 4> disabled_lanes{};
    sim::policy policy = sim::policy::lazy;

    bool scaled() const { return u32(kind) >= u32(sim::mma_kind::mxf4) || kind == sim::mma_kind::mxf8f6f4; }
    bool fp4() const { return u32(kind) >= u32(sim::mma_kind::mxf4); }
    u32 rows() const { return m / group; }

    /// Lane and column of D(row, column) in the CTA, by the letters of the PTX ISA.
    sim::tensor_place place(u32 row, u32 column) const {
        if (weight_stationary && m == 32) return {row + 32 * (column / (n / 4)), column % (n / 4)};     // G
        if (weight_stationary && m == 64) return {row + (column >= n / 2 ? 64 : 0), column % (n / 2)};  // E
        if (group == 2 && m == 128) return {row + (column >= n / 2 ? 64 : 0), column % (n / 2)};        // B
        if (m == 64) return {32 * (row / 16) + row % 16 + d_lane, column};                              // F
        return {row, column};                                                                           // A, D
    }
    u32 d_columns() const { return n / (weight_stationary && m == 32 ? 4 : place(0, n - 1).column + 1 == n ? 1 : 2); }

    u32 instruction() const {
        u32 bits = a.type.code << 7 | b.type.code << 10 | u32(negate_a) << 13 | u32(negate_b) << 14 |
                   u32(a.mn_major) << 15 | u32(b.mn_major) << 16 | n / 8 << 17 | m / 16 << 24;
        if (!scaled()) return bits | (d_f16 ? 0u : 1u << 4);
        return bits | sb_id << 4 | u32(!ue4m3) << 23 | sa_id << 29;
    }
};

/// Where the operand's elements lie: the strides of a descriptor at `start`, with room between groups that nobody reads.
struct placed_operand {
    mma_operand of;
    u32 start, leading, stride;

    placed_operand(const mma_operand& of, u32 start) : of(of), start(start) {
        const u32 span = swizzle_span_bytes(of.swizzle);
        if (of.swizzle == swizzle_mode::none) {
            leading = of.mn_major ? 17 * 1024 : 8192 + 16;  // between 8 elements of K; or between chunks of K
            stride = of.mn_major ? 1040 : 128 + 32;         // between chunks of M or N; or between 8 rows
        } else if (of.mn_major) {
            leading = 5 * 1024;  // between spans
            stride = of.swizzle == swizzle_mode::b128_atom32 ? 1536 : 8 * span;
        } else {
            leading = 16;
            stride = 8 * span + (of.swizzle == swizzle_mode::b64 ? 512 : 0);
            this->start += 32 * of.step;
        }
    }
    u64 descriptor(u32 smem) const {
        constexpr u64 codes[] = {0, 6, 4, 2, 1};
        return u64((smem + start) >> 4) | u64(leading >> 4) << 16 | u64(stride >> 4) << 32 | u64(1) << 46 |
               codes[u32(of.swizzle)] << 61;
    }
    /// Address of the chunk of element (mn, k), from the window's base `smem`, relative to it.
    u32 chunk(u32 smem, u32 mn, u32 k) const {
        const u32 t = of.type.per_chunk, w = swizzle_span_bytes(of.swizzle);
        u32 at = smem + start;
        if (!of.mn_major) {
            at += of.swizzle == swizzle_mode::none ? mn / 8 * stride + mn % 8 * 16 + k / t * leading
                                                   : mn / 8 * stride + mn % 8 * w + k / t * 16;
        } else if (of.swizzle == swizzle_mode::none) {
            at += mn / t * stride + k % 8 * 16 + k / 8 * leading;
        } else if (of.swizzle == swizzle_mode::b128_atom32) {
            at += mn / t * 16 / 128 * leading + mn / t * 16 % 128 + k % 4 * 128 + k / 4 * stride;
        } else {
            at += mn / t * 16 / w * leading + mn / t * 16 % w + k % 8 * w + k / 8 * stride;
        }
        switch (of.swizzle) {
            case swizzle_mode::b32: at ^= (at >> 7 & 1) << 4; break;
            case swizzle_mode::b64: at ^= (at >> 7 & 3) << 4; break;
            case swizzle_mode::b128: at ^= (at >> 7 & 7) << 4; break;
            case swizzle_mode::b128_atom32: at ^= (at >> 7 & 3) << 5; break;
            default: break;
        }
        return at - smem;
    }
};

/// Overwrites `bits` bits from bit `at` on.
inline void put_bits(std::vector<u8>& bytes, u32 byte, u32 at, u32 bits, u32 code) {
    for (u32 i = 0; i < bits; ++i) {
        u8& target = bytes[byte + (at + i) / 8];
        const u32 bit = (at + i) % 8;
        target = u8((target & ~(1u << bit)) | (code >> i & 1) << bit);
    }
}

/// Makes random operands for `c`, runs it, and counts the elements of D that are wrong. Lanes and columns beside D must keep
/// what they held.
class mma_trial {
public:
    explicit mma_trial(const mma_case& c, u64 seed = 1) : c_(c), random_(seed) {
        ctas_.resize(c.group);
        for (tensor_cta& cta : ctas_) {
            cta.shared.resize(192 * 1024);
            for (u8& byte : cta.shared) byte = u8(0xf0 | random_());  // NaN in most types
        }
        make_operand(a_, c.m, c.a, a_at, c.rows(), !c.a_in_tensor_memory);
        make_operand(b_, c.n, c.b, b_at, c.n / c.group, true);
        if (c.a_in_tensor_memory) place_a();
        if (c.scaled()) {
            make_scales(sa_, c.m);
            make_scales(sb_, c.n);
            place_scales();
        }
        make_d();
    }

    /// Runs it; the number of wrong elements and of words beside D that changed.
    u32 mismatches() {
        sim::options options;
        options.policy = c_.policy;
        const auto issue = [this](u32 smem, u32 tmem) { this->issue(smem, tmem); };
        if (c_.group == 2) {
            run_tensor<2>(ctas_, issue, options);
        } else {
            run_tensor<1>(ctas_, issue, options);
        }
        return wrong();
    }
    sim::tcgen05_form form() const {
        return {c_.group, c_.kind, c_.a_in_tensor_memory, c_.weight_stationary,
                c_.kind == sim::mma_kind::mxf4nvf4 ? c_.block : 0};
    }
    sim::tcgen05_operands operands(u32 smem, u32 tmem) const {
        sim::tcgen05_operands x{};
        x.d = tmem | c_.d_lane << 16;
        x.a = c_.a_in_tensor_memory ? (tmem + a_column) | c_.d_lane << 16 : placed_operand(c_.a, a_at).descriptor(smem);
        x.b = placed_operand(c_.b, b_at).descriptor(smem);
        x.instruction = c_.instruction();
        x.accumulate = c_.accumulate;
        x.sa = tmem + sa_column;
        x.sb = tmem + sb_column;
        x.scale_input_d = c_.scale_input_d;
        x.disabled_lanes = c_.disabled_lanes;
        return x;
    }
    void issue(u32 smem, u32 tmem) const { sim::tcgen05_mma(form(), operands(smem, tmem)); }

    static constexpr u32 a_at = 1024, b_at = 96 * 1024, a_column = 300, sa_column = 320, sb_column = 340;
    std::vector<tensor_cta>& ctas() { return ctas_; }

private:
    u32 random_code(const mma_type& t) {
        if (t.bits == 32)
            return bit_cast<u32>(std::ldexp(float(int(random_() % 4096) - 2048), int(random_() % 8) - 8)) |
                   (random_() & 0x1fff);
        if (t.bits == 16) {
            const float value = std::ldexp(float(int(random_() % 512) - 256), int(random_() % 5) - 7);
            return t.exponent == 8 ? bf16::from_float(value).bits : f16::from_float(value).bits;
        }
        for (;;) {
            const u32 code = u32(random_()) & ((1u << t.bits) - 1);
            const u32 magnitude = code & ((1u << (t.bits - 1)) - 1);
            if (t.bits < 8 || magnitude < (t.exponent == 5 ? 0x7cu : 0x7fu)) return code;
        }
    }
    /// Codes of (rows, k) and, if `shared`, their place in each CTA's shared memory.
    void make_operand(std::vector<u32>& codes, u32 rows, const mma_operand& of, u32 at, u32 share, bool shared) {
        codes.resize(rows * c_.k);
        const placed_operand place(of, at);
        for (u32 row = 0; row < rows; ++row) {
            for (u32 k = 0; k < c_.k; ++k) {
                const u32 code = codes[row * c_.k + k] = random_code(of.type);
                if (!shared) continue;
                const u32 in_chunk = (of.mn_major ? row % share : k) % of.type.per_chunk;
                put_bits(ctas_[row / share].shared, place.chunk(smem_base, row % share, k), in_chunk * of.type.bits,
                         of.type.bits, code);
            }
        }
    }
    void place_a() {
        const u32 copies = c_.n / c_.d_columns();
        for (u32 row = 0; row < c_.m; ++row) {
            for (u32 k = 0; k < c_.k; ++k) {
                const u32 per = c_.a.type.per_word, width = 32 / per;
                for (u32 copy = 0; copy < copies; ++copy) {
                    const u32 lane = c_.place(row % c_.rows(), copy * c_.d_columns()).lane;
                    ctas_[row / c_.rows()].in(lane, a_column + k / per) |= a_[row * c_.k + k]
                                                                           << (k % per * width + c_.a.type.shift);
                }
            }
        }
    }
    void make_scales(std::vector<u8>& scales, u32 rows) {
        scales.resize(rows * (c_.k / c_.block));
        for (u8& scale : scales) scale = u8(c_.ue4m3 ? random_() % 0x7f : 100 + random_() % 50);
    }
    void place_scales() {
        const u32 blocks = c_.k / c_.block;
        for (u32 cta = 0; cta < c_.group; ++cta) {
            for (u32 quarter = 0; quarter < 4; ++quarter) {
                for (u32 lane = 0; lane < 32; ++lane) {  // bytes that nobody reads differ between the quarters
                    for (u32 column = 0; column < 8; ++column) {
                        for (const u32 base : {sa_column, sb_column}) {
                            ctas_[cta].in(lane + 32 * quarter, base + column) = u32(random_()) | 0x80808080;
                        }
                    }
                }
            }
            auto put = [&](u32 lane, u32 column, u32 byte, u8 scale) {
                u32& word = ctas_[cta].in(lane, column);
                word = (word & ~(255u << 8 * byte)) | u32(scale) << 8 * byte;
            };
            const bool halves = c_.group == 2 && c_.m == 128;
            for (u32 block = 0; block < blocks; ++block) {
                for (u32 quarter = 0; quarter < 4; ++quarter) {
                    for (u32 r = 0; r < c_.rows(); ++r) {
                        put(r % 32 + 32 * quarter, sa_column + r / 32, c_.sa_id + block,
                            sa_[(cta * c_.rows() + r) * blocks + block]);
                    }
                    for (u32 r = 0; r < c_.n; ++r) {
                        const u32 in_half = r % (c_.n / 2);
                        if (!halves)
                            put(r % 32 + 32 * quarter, sb_column + r / 32, c_.sb_id + block, sb_[r * blocks + block]);
                        if (halves && quarter / 2 == r / (c_.n / 2))
                            put(in_half % 32 + 32 * quarter, sb_column + in_half / 32, c_.sb_id + block,
                                sb_[r * blocks + block]);
                    }
                }
            }
        }
    }
    void make_d() {
        d_.resize(c_.m * c_.n);
        for (u32 row = 0; row < c_.m; ++row) {
            for (u32 column = 0; column < c_.n; ++column) {
                const float value = float(int(random_() % 2048) - 1024);
                d_[row * c_.n + column] = value;
                const sim::tensor_place at = c_.place(row % c_.rows(), column);
                ctas_[row / c_.rows()].in(at.lane, at.column) =
                    c_.d_f16 ? f16::from_float(value).bits : bit_cast<u32>(value);
            }
        }
    }
    double scale(const std::vector<u8>& scales, u32 row, u32 k) const {
        const u8 code = scales[row * (c_.k / c_.block) + k / c_.block];
        return c_.ue4m3 ? value_of_code(type_e4m3, code) : std::ldexp(1.0, code - 127);
    }
    u32 wrong() {
        std::vector<u8> is_d(c_.group * 128 * tensor_columns);
        u32 bad = 0;
        for (u32 row = 0; row < c_.m; ++row) {
            for (u32 column = 0; column < c_.n; ++column) {
                double sum = 0, size = 0;
                for (u32 k = 0; k < c_.k; ++k) {
                    double product =
                        value_of_code(c_.a.type, a_[row * c_.k + k]) * value_of_code(c_.b.type, b_[column * c_.k + k]);
                    if (c_.scaled()) product *= scale(sa_, row, k) * scale(sb_, column, k);
                    sum += product;
                    size += std::fabs(product);
                }
                if (c_.negate_a != c_.negate_b) sum = -sum;
                const double before = std::ldexp(d_[row * c_.n + column], -int(c_.scale_input_d));
                if (c_.accumulate) sum += before;
                size += std::fabs(before);
                const sim::tensor_place at = c_.place(row % c_.rows(), column);
                const tensor_cta& cta = ctas_[row / c_.rows()];
                is_d[(row / c_.rows() * 128 + at.lane) * tensor_columns + at.column] = 1;
                const u32 word = cta.at(at.lane, at.column);
                if (c_.disabled_lanes[at.lane / 32] >> at.lane % 32 & 1) {
                    bad += word != cta.columns_in[at.lane * tensor_columns + at.column];
                    continue;
                }
                const double got = c_.d_f16 ? value_of_code(type_f16, word & 0xffff) : double(bit_cast<float>(word));
                const double limit = size * (c_.k + 2) * 0x1p-24 + (c_.d_f16 ? std::fabs(sum) * 0x1p-11 + 0x1p-25 : 0);
                bad += !(std::fabs(got - sum) <= limit);
            }
        }
        for (u32 cta = 0; cta < c_.group; ++cta) {
            for (u32 i = 0; i < 128 * tensor_columns; ++i) {
                const bool given = ctas_[cta].given[i / 64] >> i % 64 & 1;
                bad += !is_d[cta * 128 * tensor_columns + i] && given && ctas_[cta].out[i] != ctas_[cta].columns_in[i];
            }
        }
        return bad;
    }

    static constexpr u32 smem_base = 1024;  ///< where dynamic shared memory lies in the window
    mma_case c_;
    std::mt19937_64 random_;
    std::vector<tensor_cta> ctas_;
    std::vector<u32> a_, b_;
    std::vector<u8> sa_, sb_;
    std::vector<float> d_;
};

inline u32 mma_mismatches(const mma_case& c, u64 seed = 1) { return mma_trial(c, seed).mismatches(); }

}  // namespace deepgemm::test
