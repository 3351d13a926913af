// SPDX-License-Identifier: MIT
// Multiplies of the simulated SM100: tcgen05.mma (f16, f8f6f4, mxf8f6f4 with UE8M0 scales), tcgen05.cp of scales and
// tcgen05.commit, for one CTA or a pair. Work of one leader CTA runs in issue order. Host only; layouts follow the PTX
// ISA and have not met hardware yet.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/mma_kernel.hpp>
#include <deepgemm/sim/tensor_memory.hpp>
#include <deepgemm/sim/tma.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

enum class mma_kind : u8 { f16, f8f6f4, mxf8f6f4 };

/// A decoded instruction descriptor.
struct mma_instruction {
    mma_kind kind;
    u32 group, m, n;
    dtype a, b;
    bool a_mn_major, b_mn_major, negate;
    u32 sa_byte, sb_byte;  ///< which byte of a word of scales

    u32 rows_per_cta() const { return m / group; }
    u32 columns_of_b_per_cta() const { return n / group; }
    bool folded() const { return group == 2 && m == 128; }  ///< right half of D in the upper 64 lanes
    u32 columns() const { return folded() ? n / 2 : n; }
};

namespace detail {

inline mma_instruction decode_instruction(u32 group, mma_kind kind, u32 bits) {
    mma_instruction x{};
    x.kind = kind;
    x.group = group;
    auto field = [bits](u32 first, u32 width) { return bits >> first & ((1u << width) - 1); };
    auto element = [kind](u32 code) {
        if (code > 1) fail("tcgen05.mma: element type %u of the instruction descriptor is not modelled", code);
        if (kind == mma_kind::f16) return code != 0 ? dtype::bf16 : dtype::f16;
        return code != 0 ? dtype::e5m2 : dtype::e4m3;
    };
    if (field(2, 1)) fail("tcgen05.mma: sparse operands are not modelled");
    x.a = element(field(7, 3));
    x.b = element(field(10, 3));
    x.negate = field(13, 1) != field(14, 1);
    x.a_mn_major = field(15, 1);
    x.b_mn_major = field(16, 1);
    x.n = field(17, 6) * 8;
    x.m = field(24, 5) * 16;
    if (kind == mma_kind::mxf8f6f4) {
        if (!field(23, 1))
            fail("tcgen05.mma: kind::mxf8f6f4 needs UE8M0 scales (bit 23 of the instruction descriptor)");
        if (field(31, 1) || field(24, 3)) fail("tcgen05.mma: reserved bits of the instruction descriptor are set");
        x.sb_byte = field(4, 2);
        x.sa_byte = field(29, 2);
    } else {
        if (field(4, 2) != 1) fail("tcgen05.mma: only an FP32 accumulator is modelled (bits 4-5 of the instruction)");
        if (field(23, 1) || field(29, 1)) fail("tcgen05.mma: reserved bits of the instruction descriptor are set");
    }
    const bool m_fits = group == 2 ? x.m == 128 || x.m == 256 : x.m == 128 || (x.m == 64 && kind != mma_kind::mxf8f6f4);
    if (!m_fits || x.n == 0 || x.n > 256 || x.n % (8 * group) != 0) {
        fail("tcgen05.mma: M = %u, N = %u is not a legal shape for cta_group::%u", x.m, x.n, group);
    }
    return x;
}

/// The CTAs that take part, the leader first; both must be alive.
inline std::vector<cta_state*> taking_part(u32 group) {
    my_tcgen05(group);
    cta_state& own = *me().cta;
    if (group == 1) return {&own};
    auto& ctas = own.cluster->ctas;
    const u32 leader = own.rank & ~1u;
    if (ctas[leader]->alive == 0 || ctas[leader + 1]->alive == 0) {
        fail("tcgen05: cta_group::2 while the other CTA of the pair has exited");
    }
    return {ctas[leader].get(), ctas[leader + 1].get()};
}

/// What one instruction reads and writes in one CTA.
struct tcgen05_use {
    cta_state* cta;
    u64 id;
};

inline std::vector<tcgen05_use> begin_use(const std::vector<cta_state*>& ctas, const std::vector<operand_read>& reads,
                                          u32 column, u32 columns, const char* what) {
    std::vector<tcgen05_use> uses;
    for (cta_state* cta : ctas) {
        tcgen05_state& state = tcgen05_of(*cta);
        check_allocated(state, column, column + columns, what);
        u64 id = 0;
        for (const operand_read& read : reads) id = begin_operand_read(*cta, read, id);
        state.pending.push_back({column, column + columns, id});
        uses.push_back({cta, id});
    }
    return uses;
}
inline void end_use(const std::vector<tcgen05_use>& uses) {
    for (const tcgen05_use& use : uses) {
        end_read(*use.cta, use.id);
        std::erase_if(tcgen05_of(*use.cta).pending, [&use](const column_range& p) { return p.id == use.id; });
    }
}

/// The scales of `rows` rows: row m is in lane m%32 of column m/32, copied to all four quarters of the lanes.
inline void read_scales(tcgen05_state& state, u32 column, u32 rows, u32 byte, float* out, const char* what) {
    check_allocated(state, column, column + ceil_div(rows, 32u), what);
    for (u32 row = 0; row < rows; ++row) {
        auto code = [&](u32 quarter) { return state.at(row % 32 + 32 * quarter, column + row / 32) >> 8 * byte & 255; };
        for (u32 quarter = 1; quarter < 4; ++quarter) {
            if (code(quarter) != code(0)) {
                fail("%s: the scale of row %u is not the same in all four quarters of the lanes", what, row);
            }
        }
        out[row] = code(0) == 255 ? bit_cast<float>(tmem_poison) : deepgemm::detail::power_of_two(int(code(0)) - 127);
    }
}

/// Everything about a multiply that its execution needs.
struct tcgen05_multiply {
    mma_instruction instruction;
    matrix_descriptor a, b;
    operand_read a_read, b_read;
    u32 d, sa, sb;
    bool accumulate;
};

/// Copies D of one CTA between tensor memory and `c` (row pitch mma_pitch(n)).
inline void move_accumulator(tcgen05_state& state, const tcgen05_multiply& x, float* c, bool to_memory) {
    const mma_instruction& i = x.instruction;
    const u32 first = x.d & 0xffff, half = i.n / 2, pitch = mma_pitch(i.n);
    for (u32 m = 0; m < i.rows_per_cta(); ++m) {
        for (u32 n = 0; n < i.n; ++n) {
            const bool right = i.folded() && n >= half;
            const u32 lane = i.m == 64 ? m / 16 * 32 + m % 16 + (x.d >> 16) : m + (right ? 64 : 0);
            u32& word = state.at(lane, first + (right ? n - half : n));
            float& value = c[m * pitch + n];
            if (to_memory) {
                word = bit_cast<u32>(i.negate ? -value : value);
            } else {
                value = i.negate ? -bit_cast<float>(word) : bit_cast<float>(word);
            }
        }
    }
}

/// Carries out the multiply for CTA `r` of those taking part.
inline void multiply_for(const std::vector<tcgen05_use>& uses, u32 r, const tcgen05_multiply& x) {
    alignas(64) static thread_local float a[128 * 32], b[32 * 256], c[128 * 256];
    const mma_instruction& i = x.instruction;
    const u32 k = 32 / size_of(i.a), pitch = mma_pitch(i.n), rows = i.rows_per_cta(), half = i.columns_of_b_per_cta();
    tcgen05_state& state = tcgen05_of(*uses[r].cta);
    float sa[128], sb[256];
    const bool scaled = i.kind == mma_kind::mxf8f6f4;
    if (scaled) {
        read_scales(state, x.sa & 0xffff, rows, i.sa_byte, sa, "tcgen05.mma (scales of A)");
        read_scales(state, x.sb & 0xffff, i.n, i.sb_byte, sb, "tcgen05.mma (scales of B)");
    }
    check_operand_read(*uses[r].cta, x.a_read);
    load_operand(*uses[r].cta, x.a, {i.a, rows, 32}, a, {k, 1}, scaled ? sa : nullptr);
    for (u32 q = 0; q < uses.size(); ++q) {  // each CTA holds its share of B's rows
        check_operand_read(*uses[q].cta, x.b_read);
        load_operand(*uses[q].cta, x.b, {i.b, half, 32}, b + q * half, {1, pitch}, scaled ? sb + q * half : nullptr);
    }
    if (x.accumulate) {
        move_accumulator(state, x, c, false);
    } else {
        std::fill_n(c, rows * pitch, 0.0f);
    }
    multiply_accumulate({c, a, b, rows, i.n, k});
    move_accumulator(state, x, c, true);
    current().statistics.macs += u64(rows) * i.n * k;
}

}  // namespace detail

/// Issued by one thread; with group 2, for both CTAs of its pair.
inline void tcgen05_mma(u32 group, mma_kind kind, u32 d, u64 a_descriptor, u64 b_descriptor, u32 instruction,
                        bool accumulate, u32 sa = 0, u32 sb = 0) {
    const std::vector<cta_state*> ctas = detail::taking_part(group);
    detail::tcgen05_multiply x{};
    x.instruction = detail::decode_instruction(group, kind, instruction);
    x.a = decode_tcgen05_descriptor(a_descriptor, x.instruction.a_mn_major);
    x.b = decode_tcgen05_descriptor(b_descriptor, x.instruction.b_mn_major);
    x.a_read = {"tcgen05.mma (A)",
                operand_ranges(x.a, {x.instruction.a, x.instruction.rows_per_cta(), 32}, "tcgen05.mma (A)")};
    x.b_read = {"tcgen05.mma (B)",
                operand_ranges(x.b, {x.instruction.b, x.instruction.columns_of_b_per_cta(), 32}, "tcgen05.mma (B)")};
    x.d = d;
    x.sa = sa;
    x.sb = sb;
    x.accumulate = accumulate;
    auto uses = detail::begin_use(ctas, {x.a_read, x.b_read}, d & 0xffff, x.instruction.columns(), "tcgen05.mma (D)");
    const std::size_t span = begin_span(activity::multiply, "tcgen05.mma");
    post(
        [x = std::move(x), uses = std::move(uses), span] {
            for (u32 r = 0; r < uses.size(); ++r) detail::multiply_for(uses, r, x);
            detail::end_use(uses);
            end_span(span);
            ++current().statistics.multiplies;
        },
        &detail::tcgen05_of(*ctas[0]).order);
}

/// tcgen05.cp.32x128b.warpx4: 32 rows of 16 bytes to four columns of each quarter of the lanes.
inline void tcgen05_copy_scales(u32 group, u32 address, u64 descriptor) {
    const std::vector<cta_state*> ctas = detail::taking_part(group);
    const matrix_descriptor source = decode_tcgen05_descriptor(descriptor, false);
    const u32 column = address & 0xffff;
    operand_read read{"tcgen05.cp", operand_ranges(source, {dtype::e4m3, 32, 16}, "tcgen05.cp")};
    auto uses = detail::begin_use(ctas, {read}, column, 4, "tcgen05.cp");
    post(
        [=, read = std::move(read), uses = std::move(uses)] {
            for (const detail::tcgen05_use& use : uses) {
                check_operand_read(*use.cta, read);
                tcgen05_state& state = detail::tcgen05_of(*use.cta);
                for (u32 lane = 0; lane < tmem_lanes; ++lane) {
                    std::memcpy(&state.at(lane, column), use.cta->async + chunk_address(source, lane % 32, 0) - window,
                                16);
                }
            }
            detail::end_use(uses);
        },
        &detail::tcgen05_of(*ctas[0]).order);
}

/// Arrives on the barrier, or on that at its offset in every CTA of `mask`, when earlier work is complete.
inline void tcgen05_commit(u32 group, u32 barrier, u32 mask) {
    const std::vector<cta_state*> ctas = detail::taking_part(group);
    const u32 offset = off_of(barrier, 8, "tcgen05.commit", 8);
    cluster_state& cluster = *me().cta->cluster;
    if (mask == 0) mask = 1u << (barrier >> 24);
    if (mask >> cluster.ctas.size() != 0) fail("tcgen05.commit: CTA mask 0x%x exceeds the cluster", mask);
    post(
        [&cluster, offset, mask] {
            for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
                if (mask >> rank & 1) arrive_on(*cluster.ctas[rank], offset, 1, 0, "tcgen05.commit");
            }
        },
        &detail::tcgen05_of(*ctas[0]).order);
}

/// A two-dimensional TMA load; with group 2 the barrier is that of the pair's leader.
inline void tma_load_pair(u32 group, const tensor_map& map, u32 destination, u32 barrier, const i32 (&coord)[2]) {
    tma_load(map, destination, group == 2 ? barrier & 0xfeffffffu : barrier, coord, 2, 0, true);
}

}  // namespace deepgemm::sim
