// SPDX-License-Identifier: MIT
// The sources of A on sm90. `from_smem` gives wgmma a descriptor of the tile. `in_registers` loads elements into the registers
// from which wgmma can take A, too; on the way it can widen them, or read a memory order that wgmma cannot. `transposed_fp8`
// does the latter fast.
#pragma once

#include <deepgemm/mma/a_source.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/mma/sm90/uniform_descriptor.cuh>
#include <deepgemm/ptx/bytes.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm::sm90 {

/// A in shared memory: the tensor cores read the stage.
template <class Tile>
struct from_smem {
    using tile = Tile;
    using element = typename Tile::element;
    using fragment = u64;  ///< the descriptor
    static constexpr bool holds_registers = false;

    u64 descriptor;  ///< of the warpgroup's rows in stage 0

    /// Converged warps: starts at row `first_row` of the tile at shared address `address`.
    DEEPGEMM_DEVICE static from_smem at(u32 address, int first_row) {
        return {uniform_descriptor_of<Tile>(address + u32(first_row) * Tile::bytes_per_row)};
    }
    /// Any thread: the 64 rows from `row` on, a multiple of 64, of the tile `offset` bytes after the one in stage 0.
    DEEPGEMM_DEVICE fragment load(u32 offset, int row) const {
        return advance(descriptor, offset + u32(row) * Tile::bytes_per_row);
    }
};

/// One thread's share of 64 rows of A and one K block of `Steps` multiplies. Word w of a step holds four bytes of row 16 (t /
/// 32) + t % 32 / 4 + 8 (w % 2), from byte 4 (t % 4) + 16 (w / 2) of the step's 32 bytes of K on, where t is the thread of the
/// warpgroup.
template <int Steps>
struct a_registers {
    u32 word[Steps][4];
};

/// A through registers: elements of the tile as they are, or widened to `Element`. Since each thread loads its own elements,
/// the tile may be contiguous along K or along M, whatever its element type.
template <class Tile, class Element = typename Tile::element>
struct in_registers {
    using tile = Tile;
    using element = Element;
    static constexpr int steps = Tile::k * int(sizeof(Element)) / 32;  ///< multiplies, of 32 bytes of K each
    using fragment = a_registers<steps>;
    static constexpr bool holds_registers = true;

    u32 address;  ///< of the tile of stage 0
    int mine;     ///< first row of the calling thread in the tile

    /// All threads of the warpgroup: starts at row `first_row` of the tile at shared address `address`.
    DEEPGEMM_DEVICE static in_registers at(u32 address, int first_row) {
        return {address, first_row + fragment_place<wgmma_rows>::here().row};
    }

    /// All threads of the warpgroup: loads each thread's share of the 64 rows from `row` on, of the tile `offset` bytes after
    /// the one in stage 0. That tile must have landed.
    DEEPGEMM_DEVICE fragment load(u32 offset, int row) const {
        const int k = int(ptx::thread_index() % 4) * per_word;
        fragment a;
        DEEPGEMM_UNROLL
        for (int step = 0; step < steps; ++step) {
            DEEPGEMM_UNROLL
            for (int w = 0; w < 4; ++w) {
                a.word[step][w] = word(address + offset, mine + row + wgmma_rows::thread_row(w % 2),
                                       k + (2 * step + w / 2) * 4 * per_word);
            }
        }
        return a;
    }

private:
    using stored = typename Tile::element;
    static_assert(same_as<stored, Element> || (half_element<stored> && same_as<Element, tf32>),
                  "in_registers: elements are multiplied as they are, or bf16 and f16 as tf32");
    static constexpr int per_word = int(4 / sizeof(Element));  ///< elements of a register

    /// The elements of row `row`, from `k` on, that fill one register.
    DEEPGEMM_DEVICE static u32 word(u32 tile, int row, int k) {
        if constexpr (same_as<stored, Element> && Tile::contiguous == major::k) {
            return ptx::ld_shared<u32>(tile + Tile::offset(row, k));
        } else {
            u32 bits = 0;
            DEEPGEMM_UNROLL
            for (int i = 0; i < per_word; ++i) bits |= bits_of(tile + Tile::offset(row, k + i)) << (32 / per_word * i);
            return bits;
        }
    }
    /// The bits of the element at shared address `place`, in the format that is multiplied.
    DEEPGEMM_DEVICE static u32 bits_of(u32 place) {
        if constexpr (!same_as<stored, Element>) {
            return bit_cast<u32>(ptx::unpack<stored>(ptx::ld_shared<u16>(place)).x);
        } else if constexpr (sizeof(stored) == 1) {
            return ptx::ld_shared<u8>(place);
        } else if constexpr (sizeof(stored) == 2) {
            return ptx::ld_shared<u16>(place);
        } else {
            return ptx::ld_shared<u32>(place);
        }
    }
};

/// FP8 that is contiguous along M, transposed on its way to registers: ldmatrix transposes pairs of bytes, which are
/// neighbouring rows, and a permutation parts them. So the rows of a fragment are in the order of wgmma_row_pairs, which the
/// sums have, too.
template <class Tile>
struct transposed_fp8 {
    using tile = Tile;
    using element = typename Tile::element;
    static_assert(Tile::contiguous == major::mn && fp8_element<element>,
                  "transposed_fp8: the tile must be of FP8, contiguous along M");
    static constexpr int steps = Tile::k / 32;  ///< multiplies, of 32 bytes of K each
    using fragment = a_registers<steps>;
    using rows = wgmma_row_pairs;
    static constexpr bool holds_registers = true;

    u32 address;  ///< of the line that the calling lane names in stage 0, for the warpgroup's first 64 rows and step 0
    u32 even, odd;  ///< which bytes of two words are those of the first of two rows, and of the second

    /// All threads of the warpgroup: starts at row `first_row`, a multiple of the warpgroup's rows, of the tile at shared
    /// address `address`.
    DEEPGEMM_DEVICE static transposed_fp8 at(u32 address, int first_row) {
        // Of each 16 of K, lanes 0 to 7 name those of one matrix, lanes 8 to 15 those of another: pairs 0, 2, 5, 7 and 1, 3, 4,
        // 6, so that eight lines lie in different banks. Each thread gets pairs 2 t and 2 t + 1, the second two in the other
        // order.
        const int lane = int(ptx::lane_index()), slot = lane % 8 / 2, other = lane / 8 % 2;
        const int pair = 2 * slot + (slot < 2 ? other : 1 - other), k = lane / 16 * 16 + 2 * pair + lane % 2;
        const int row = first_row + int(ptx::thread_index() % 128) / 32 * wgmma_rows::warp_rows;
        const u32 even = lane % 4 < 2 ? 0x6420u : 0x2064u;
        return {address + Tile::offset(row, k), even, even + 0x1111u};
    }

    /// All threads of the warpgroup: loads each thread's share of the 64 rows from `row` on, of the tile `offset` bytes after
    /// the one in stage 0. That tile must have landed.
    DEEPGEMM_DEVICE fragment load(u32 offset, int row) const {
        // Rows of a slab of 128 that are 64 apart differ in one bit of the address, which no swizzle moves.
        const u32 from = (address ^ u32(row % Tile::slab)) + u32(row / Tile::slab) * Tile::slab_bytes + offset;
        fragment a;
        DEEPGEMM_UNROLL
        for (int step = 0; step < steps; ++step) {
            u32 pairs[4];
            ptx::ldmatrix_trans<4>(pairs, from + u32(step) * 32 * Tile::bytes_per_k);
            a.word[step][0] = ptx::permute_bytes(pairs[0], pairs[1], even);
            a.word[step][1] = ptx::permute_bytes(pairs[0], pairs[1], odd);
            a.word[step][2] = ptx::permute_bytes(pairs[2], pairs[3], even);
            a.word[step][3] = ptx::permute_bytes(pairs[2], pairs[3], odd);
        }
        return a;
    }
};

namespace detail {
template <class Tile>
struct source_of_tile {
    using type = from_smem<Tile>;
};
template <class Tile>
    requires(Tile::contiguous == major::mn && fp8_element<typename Tile::element>)
struct source_of_tile<Tile> {
    using type = transposed_fp8<Tile>;
};

template <class Source>
struct rows_of_source {
    using type = wgmma_rows;
};
template <class Source>
    requires requires { typename Source::rows; }
struct rows_of_source<Source> {
    using type = typename Source::rows;
};
}  // namespace detail

/// How A gets from a tile to a multiply where nothing else is asked for: the tensor cores read it, unless it is FP8 contiguous
/// along M, which they do not.
template <class Tile>
using source_of = typename detail::source_of_tile<Tile>::type;

/// The order in which a source brings rows, and a multiply leaves them: that which the source names, else wgmma_rows.
template <class Source>
using rows_of = typename detail::rows_of_source<Source>::type;

static_assert(a_source<from_smem<operand_tile<e4m3, 64, 128>>> &&
              a_source<in_registers<operand_tile<bf16, 64, 32>, tf32>> &&
              a_source<transposed_fp8<operand_tile<e4m3, 128, 128, major::mn>>>);

}  // namespace deepgemm::sm90
