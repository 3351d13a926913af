// SPDX-License-Identifier: MIT
// Instructions of the simulated SM100 that work on tensor memory by themselves: tcgen05.mma and tcgen05.commit, for one CTA or
// a pair; tcgen05.cp is in tensor_copy.hpp. Work of one leader CTA runs in issue order. Host only; layouts follow the PTX ISA
// and have not met hardware yet.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/tcgen05_multiply.hpp>
#include <deepgemm/sim/tensor_access.hpp>
#include <deepgemm/sim/tensor_copy.hpp>
#include <deepgemm/sim/tma.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

/// Columns of tensor memory that one multiply reads or writes, with a name for messages.
struct tensor_use {
    tensor_range range;
    const char* what;
};

/// D first.
inline std::vector<tensor_use> uses_of(const tcgen05_multiply& x) {
    const mma_instruction& i = x.instruction;
    const u32 d = x.d & 0xffff, a = x.a_columns & 0xffff, sa = x.sa & 0xffff, sb = x.sb & 0xffff;
    const lane_groups lanes = lanes_of(i, x.d >> 16);
    const u32 shape = i.m << 16 | i.n << 4 | u32(i.kind);
    std::vector<tensor_use> uses{{{d, d + i.columns(), lanes, true, shape}, "tcgen05.mma (D)"}};
    if (i.a_in_tensor_memory) uses.push_back({{a, a + 8, lanes, false}, "tcgen05.mma (A)"});
    if (!is_scaled(i.kind)) return uses;
    uses.push_back({{sa, sa + scale_columns(i.rows_per_cta()), all_lanes, false}, "tcgen05.mma (scales of A)"});
    uses.push_back({{sb, sb + scale_columns(scale_rows_of_b(i)), all_lanes, false}, "tcgen05.mma (scales of B)"});
    return uses;
}

/// What a multiply reads may not be what it writes.
inline void check_disjoint(const std::vector<tensor_use>& uses) {
    const tensor_range& d = uses[0].range;
    for (std::size_t i = 1; i < uses.size(); ++i) {
        const tensor_range& x = uses[i].range;
        if (x.lo >= d.hi || d.lo >= x.hi || (x.lanes & d.lanes) == 0) continue;
        fail("%s in columns [%u,%u) of tensor memory overlap D of the same instruction in [%u,%u)", uses[i].what, x.lo,
             x.hi, d.lo, d.hi);
    }
}

/// The scales of `rows` rows must have been written. The last column may hold 16 rows or fewer, in half the lanes.
inline void check_scales_written(const tcgen05_state& state, u32 column, u32 rows, const char* what) {
    for (u32 row = 0; row < rows; row += 32) {
        check_columns_written(state, column + row / 32, column + row / 32 + 1, rows - row > 16 ? all_lanes : 0x55,
                              what);
    }
}

/// The lane fields of the addresses, which must be zero; D and A may begin at lane 16 where M is 64.
inline void check_lanes(const tcgen05_multiply& x) {
    const mma_instruction& i = x.instruction;
    const bool half = i.layout == accumulator_layout::f;
    const u32 lane = x.d >> 16;
    if (lane != 0 && !(half && lane == 16)) {
        fail("tcgen05.mma (D): lane %u in the address 0x%08x; it must be %s for M = %u", lane, x.d,
             half ? "0 or 16" : "0", i.m);
    }
    if (i.a_in_tensor_memory && x.a_columns >> 16 != lane) {
        fail("tcgen05.mma (A): lane %u in the address 0x%08x differs from lane %u of D", x.a_columns >> 16, x.a_columns,
             lane);
    }
    if (!is_scaled(i.kind)) return;
    for (const u32 address : {x.sa, x.sb}) {
        if (scale_lane(address) != 0) {
            fail("tcgen05.mma (scales): lane %u in the address 0x%08x; it must be 0", scale_lane(address), address);
        }
    }
}

/// Holds what a multiply uses of tensor memory against what is there, in one CTA.
inline void check_tensor_memory(const tcgen05_state& state, const tcgen05_multiply& x,
                                const std::vector<tensor_use>& uses) {
    const mma_instruction& i = x.instruction;
    for (const tensor_use& use : uses) check_allocated(state, use.range.lo, use.range.hi, use.what);
    if (x.accumulate) {
        const tensor_range& d = uses[0].range;
        check_columns_written(state, d.lo, d.hi, d.lanes, "tcgen05.mma (D, accumulated)");
    }
    if (i.a_in_tensor_memory) {
        const tensor_range& a = uses[1].range;
        check_columns_written(state, a.lo, a.hi, a.lanes, uses[1].what);
    }
    if (!is_scaled(i.kind)) return;
    check_scales_written(state, x.sa & 0xffff, rows_with_data(i.rows_per_cta()), "tcgen05.mma (scales of A)");
    check_scales_written(state, x.sb & 0xffff, scale_rows_of_b(i), "tcgen05.mma (scales of B)");
}

/// Descriptors that the tensor cores cannot read in this order.
inline void check_order(const matrix_descriptor& d, dtype type, const char* what) {
    const bool atoms = d.swizzle == swizzle_mode::b128_atom32;
    if (!d.mn_major || atoms == (type == dtype::tf32)) return;
    fail("%s: an MN-major operand of %s %s", what, deepgemm::name_of(type),
         atoms ? "has no 128-byte swizzle with 32-byte atoms" : "needs the 128-byte swizzle with 32-byte atoms");
}

/// A read of an operand. With `rows` fewer than those of the shape, the others are read as they are.
inline operand_read read_of(const matrix_descriptor& d, operand_shape shape, u32 rows, const char* what) {
    operand_read read{what, operand_ranges(d, shape, what), {}};
    if (rows < shape.rows) {
        shape.rows = align_up(rows, 16u);
        read.ranges = operand_ranges(d, shape, what);
    }
    read.within = bytes_within_chunks(d, shape);
    return read;
}

}  // namespace detail

/// The operands of a multiply: addresses, descriptors and what else the instruction takes.
struct tcgen05_operands {
    u32 d;
    u64 a;  ///< descriptor, or address if A is in tensor memory
    u64 b;
    u32 instruction;
    bool accumulate;
    u32 sa = 0, sb = 0;
    u32 scale_input_d = 0;                ///< D counts 2^-scale_input_d times: 0 to 15, kinds f16 and tf32
    std::array<u32, 4> disabled_lanes{};  ///< lanes of D that keep what they have, for cta_group::1
};

/// Issued by one thread; with group 2, for both CTAs of its pair.
inline void tcgen05_mma(const tcgen05_form& form, const tcgen05_operands& from) {
    const std::vector<cta_state*> ctas = detail::taking_part(form.group);
    if (me().cta != ctas[0]) {
        fail("tcgen05.mma with cta_group::2 in CTA rank %u; the CTA of even rank issues it for its pair",
             me().cta->rank);
    }
    tcgen05_multiply x{};
    const mma_instruction& i = x.instruction = detail::decode_instruction(form, from.instruction);
    if (form.a_in_tensor_memory) {
        x.a_columns = u32(from.a);
    } else {
        x.a = decode_tcgen05_descriptor(from.a, i.a_mn_major);
        detail::check_order(x.a, i.a, "tcgen05.mma (A)");
        x.a_read = detail::read_of(x.a, a_shape(i), detail::rows_with_data(i.rows_per_cta()), "tcgen05.mma (A)");
    }
    x.b = decode_tcgen05_descriptor(from.b, i.b_mn_major);
    detail::check_order(x.b, i.b, "tcgen05.mma (B)");
    x.b_read = detail::read_of(x.b, b_shape(i), i.columns_of_b_per_cta(), "tcgen05.mma (B)");
    x.d = from.d;
    x.sa = from.sa;
    x.sb = from.sb;
    x.accumulate = from.accumulate;
    x.scale_input_d = from.scale_input_d;
    x.disabled_lanes = from.disabled_lanes;
    if (x.scale_input_d > 15 || (x.scale_input_d != 0 && i.kind != mma_kind::f16 && i.kind != mma_kind::tf32)) {
        fail("tcgen05.mma: scale-input-d %u; it must be 0 to 15 for kinds f16 and tf32, and 0 for kind::%s",
             x.scale_input_d, name_of(i.kind));
    }
    if (form.group == 2 && x.disabled_lanes != std::array<u32, 4>{}) {
        fail("tcgen05.mma: disabled lanes with cta_group::2, which takes eight words of them, are not modelled");
    }
    detail::check_lanes(x);
    const std::vector<detail::tensor_use> uses = detail::uses_of(x);
    detail::check_disjoint(uses);
    for (cta_state* cta : ctas) detail::check_tensor_memory(detail::tcgen05_of(*cta), x, uses);
    std::vector<detail::tensor_range> ranges;
    for (const detail::tensor_use& use : uses) ranges.push_back(use.range);
    detail::order_committed(ctas, ranges, tensor_instruction::mma);
    detail::begin_use(ctas, {x.a_read, x.b_read}, x.d & 0xffff, i.columns(), lanes_of(i, x.d >> 16), "tcgen05.mma (D)");
    const std::size_t span = begin_span(activity::multiply, "tcgen05.mma");
    post(
        [x = std::move(x), ctas, span] {
            for (u32 r = 0; r < ctas.size(); ++r) detail::multiply_for(ctas, r, x);
            end_span(span);
            ++current().statistics.multiplies;
        },
        &detail::tcgen05_of(*ctas[0]).order);
}

/// The same with A and B in shared memory and scales of the kind's usual blocks.
inline void tcgen05_mma(u32 group, mma_kind kind, u32 d, u64 a_descriptor, u64 b_descriptor, u32 instruction,
                        bool accumulate, u32 sa = 0, u32 sb = 0) {
    tcgen05_mma({group, kind}, {d, a_descriptor, b_descriptor, instruction, accumulate, sa, sb});
}

/// Arrives on the barrier, or on that at its offset in every CTA of `mask`, when earlier work of the running thread is
/// complete.
inline void tcgen05_commit(u32 group, u32 barrier, u32 mask) {
    const std::vector<cta_state*> ctas = detail::taking_part(group);
    const u32 offset = off_of(barrier, 8, "tcgen05.commit", 8);
    cluster_state& cluster = *me().cta->cluster;
    if (mask == 0) mask = 1u << (barrier >> 24);
    if (mask >> cluster.ctas.size() != 0) fail("tcgen05.commit: CTA mask 0x%x exceeds the cluster", mask);
    for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
        if ((mask >> rank & 1) != 0 && cluster.ctas[rank]->alive == 0) {
            fail("tcgen05.commit: CTA mask 0x%x names CTA rank %u, which has exited", mask, rank);
        }
    }
    const vector_clock complete = detail::commit_tensor();
    const u64 id = ++current().ids;
    for (cta_state* cta : ctas) {
        for (pending_columns& p : detail::tcgen05_of(*cta).pending) {
            if (p.issuer == &me() && p.commit == 0) p.commit = id;
        }
    }
    post(
        [=, &cluster] {
            for (cta_state* cta : ctas) {
                std::erase_if(detail::tcgen05_of(*cta).pending, [=](const pending_columns& p) {
                    if (p.commit != id) return false;
                    end_read(*cta, p.id);
                    return true;
                });
            }
            for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
                if ((mask >> rank & 1) == 0) continue;
                cta_state& cta = *cluster.ctas[rank];
                if (cta.alive != 0)
                    find_mbarrier(cta, offset, "tcgen05.commit", true).arrivals.all.tensor.join(complete);
                arrive_on(cta, offset, 1, 0, "tcgen05.commit");
            }
        },
        &detail::tcgen05_of(*ctas[0]).order);
}

/// The multicast form, whose mask names a CTA at least.
inline void tcgen05_commit_multicast(u32 group, u32 barrier, u32 mask) {
    if (mask == 0) fail("tcgen05.commit: CTA mask 0x0 names no CTA");
    tcgen05_commit(group, barrier, mask);
}

}  // namespace deepgemm::sim
