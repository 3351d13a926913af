// SPDX-License-Identifier: MIT
// What one thread issues on tensor memory and a commit of it completes: what all such instructions have in common, and
// tcgen05.cp, which copies rows of shared memory to lanes, of one CTA or of both of a pair. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/layout/tensor_memory.cuh>
#include <deepgemm/sim/descriptor.hpp>
#include <deepgemm/sim/tensor_order.hpp>

#include <cstring>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

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

/// Registers that an instruction of the running thread reads `reads` and writes columns [column, column + columns) of `lanes`,
/// in each CTA. Both last until a commit of that thread has arrived.
inline void begin_use(const std::vector<cta_state*>& ctas, const std::vector<operand_read>& reads, u32 column,
                      u32 columns, lane_groups lanes, const char* what) {
    for (cta_state* cta : ctas) {
        tcgen05_state& state = tcgen05_of(*cta);
        check_allocated(state, column, column + columns, what);
        const u64 id = ++current().ids;
        for (const operand_read& read : reads) begin_operand_read(*cta, read, id);
        state.pending.push_back({column, column + columns, lanes, id, &me()});
        note_written(state, column, column + columns, lanes);
    }
}

/// Unpacks a chunk of 16 bytes in place of `chunk`: each element gets a byte.
inline void unpack_chunk(tmem_unpacking unpacking, u8* chunk) {
    if (unpacking == tmem_unpacking::none) return;
    const u32 bits = unpacking == tmem_unpacking::b4x16_p64 ? 4 : 6;
    u8 packed[16];
    std::memcpy(packed, chunk, 16);
    for (u32 i = 0; i < 16; ++i) {
        const u32 first = i * bits, pair = packed[first / 8] | u32(packed[first / 8 + 1]) << 8;
        const u32 code = pair >> first % 8 & ((1u << bits) - 1);
        chunk[i] = u8(bits == 4 ? code << 2 : code);
    }
}

/// Bytes of each chunk that such a copy reads, if not all of them.
inline std::vector<byte_range> packed_bytes(const matrix_descriptor& d, u32 rows, u32 chunks,
                                            tmem_unpacking unpacking) {
    std::vector<byte_range> ranges;
    if (unpacking == tmem_unpacking::none) return ranges;
    for (u32 row = 0; row < rows; ++row) {
        for (u32 chunk = 0; chunk < chunks; ++chunk) {
            const u32 lo = chunk_address(d, row, chunk) - window;
            ranges.push_back({lo, lo + (unpacking == tmem_unpacking::b4x16_p64 ? 8u : 12u)});
        }
    }
    return ranges;
}

}  // namespace detail

/// tcgen05.cp from the shared memory that `descriptor` describes, of each CTA that takes part, to its columns at `address`.
inline void tcgen05_copy(u32 group, tmem_copy_shape shape, tmem_unpacking unpacking, u32 address, u64 descriptor) {
    constexpr const char* what = "tcgen05.cp";
    const std::vector<cta_state*> ctas = detail::taking_part(group);
    const matrix_descriptor source = decode_tcgen05_descriptor(descriptor, false);
    const u32 column = address & 0xffff, lane = address >> 16, columns = u32(tmem_copy_columns(shape));
    const u32 rows = u32(tmem_copy_rows(shape)), chunks = columns / 4;
    const bool one_lane = shape == tmem_copy_shape::s4x256b;
    if (lane != 0 && !(one_lane && lane < 32)) {
        fail("%s: lane %u in the address 0x%08x; it must be 0%s", what, lane, address,
             one_lane ? " to 31, of each quarter of the lanes" : "");
    }
    operand_read read{what, operand_ranges(source, {dtype::e4m3, rows, 16 * chunks}, what),
                      detail::packed_bytes(source, rows, chunks, unpacking)};
    const lane_groups lanes = one_lane ? lane_groups(0x55 << lane / 16) : all_lanes;
    detail::begin_use(ctas, {read}, column, columns, lanes, what);
    detail::order_committed(ctas, {{column, column + columns, lanes, true}}, tensor_instruction::cp);
    post(
        [=, read = std::move(read)] {
            for (cta_state* cta : ctas) {
                check_operand_read(*cta, read);
                tcgen05_state& state = detail::tcgen05_of(*cta);
                for (u32 to = lane; to < tmem_lanes; to += one_lane ? 32 : 1) {
                    const u32 row = u32(tmem_copy_row(shape, int(to)));
                    for (u32 chunk = 0; chunk < chunks; ++chunk) {
                        u8 bytes[16];
                        std::memcpy(bytes, cta->async + chunk_address(source, row, chunk) - window, 16);
                        detail::unpack_chunk(unpacking, bytes);
                        std::memcpy(&state.at(to, column + 4 * chunk), bytes, 16);
                    }
                }
            }
        },
        &detail::tcgen05_of(*ctas[0]).order);
}

/// tcgen05.cp.32x128b.warpx4: 32 rows of 16 bytes to four columns of each quarter of the lanes.
inline void tcgen05_copy_scales(u32 group, u32 address, u64 descriptor) {
    tcgen05_copy(group, tmem_copy_shape::s32x128b_warpx4, tmem_unpacking::none, address, descriptor);
}

}  // namespace deepgemm::sim
