// SPDX-License-Identifier: MIT
// What a tcgen05.mma says: kind, form, and the 32-bit instruction descriptor, decoded and held to the tables of the PTX ISA
// (types, shapes, scales). What the hardware would not accept is an error with a name. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/small_types.cuh>
#include <deepgemm/sim/machine.hpp>
#include <deepgemm/sim/tensor_memory.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

enum class mma_kind : u8 { f16, f8f6f4, mxf8f6f4, tf32, mxf4, mxf4nvf4, i8 };

constexpr const char* name_of(mma_kind kind) {
    constexpr const char* names[] = {"f16", "f8f6f4", "mxf8f6f4", "tf32", "mxf4", "mxf4nvf4", "i8"};
    return names[u32(kind)];
}
/// Scales come from tensor memory.
constexpr bool is_scaled(mma_kind kind) {
    return kind == mma_kind::mxf8f6f4 || kind == mma_kind::mxf4 || kind == mma_kind::mxf4nvf4;
}
/// Operands are E2M1 alone, 32 elements to a chunk of 16 bytes.
constexpr bool is_packed_fp4(mma_kind kind) { return kind == mma_kind::mxf4 || kind == mma_kind::mxf4nvf4; }

/// What the instruction's name says.
struct tcgen05_form {
    u32 group;
    mma_kind kind;
    bool a_in_tensor_memory = false;
    bool weight_stationary = false;  ///< .ws
    u32 scale_block = 0;             ///< elements of K to a scale: .block16, .block32; 0: not named
};

/// Where the rows and columns of D lie in tensor memory: the letters of the PTX ISA. C (sparse operands) is not modelled.
enum class accumulator_layout : u8 { a, b, d, e, f, g };

/// A decoded instruction descriptor.
struct mma_instruction {
    mma_kind kind;
    u32 group, m, n;
    dtype a, b, d;
    bool a_mn_major, b_mn_major, negate;
    bool saturate;  ///< sums of integers
    bool a_in_tensor_memory;
    accumulator_layout layout;
    u32 block;         ///< elements of K to a scale
    bool ue4m3;        ///< scales, else UE8M0
    u32 sa_id, sb_id;  ///< the first byte of a word of scales

    u32 rows_per_cta() const { return m / group; }
    u32 columns_of_b_per_cta() const { return n / group; }
    u32 k() const { return is_packed_fp4(kind) ? 64 : kind == mma_kind::f16 ? 16 : kind == mma_kind::tf32 ? 8 : 32; }
    u32 scales() const { return k() / block; }  ///< of a row
    /// Columns of D in tensor memory.
    u32 columns() const {
        switch (layout) {
            case accumulator_layout::b:
            case accumulator_layout::e: return n / 2;
            case accumulator_layout::g: return n / 4;
            default: return n;
        }
    }
};

/// A place in tensor memory.
struct tensor_place {
    u32 lane, column;
};

/// Where element (row, column) of D of one CTA lies, from the D address on. `first_lane` is 0 or, in layout F, 16.
inline tensor_place accumulator_place(const mma_instruction& i, u32 row, u32 column, u32 first_lane = 0) {
    const u32 folded = i.columns(), part = column / folded;
    switch (i.layout) {
        case accumulator_layout::f: return {row / 16 * 32 + row % 16 + first_lane, column};
        case accumulator_layout::g: return {row + 32 * part, column % folded};
        default: return {row + 64 * part, column % folded};  // part is 0 in layouts A and D
    }
}

/// The lanes that hold D, and A where it is in tensor memory.
inline lane_groups lanes_of(const mma_instruction& i, u32 first_lane) {
    if (i.layout != accumulator_layout::f) return all_lanes;
    return first_lane == 0 ? 0x55 : 0xaa;
}

namespace detail {

/// Bits of the instruction descriptor.
struct instruction_bits {
    mma_kind kind;
    u32 bits;

    u32 field(u32 first, u32 width) const { return bits >> first & ((1u << width) - 1); }
    /// Bits `first` to `first + width - 1` must be zero.
    void zero(u32 first, u32 width) const {
        if (field(first, width) == 0) return;
        fail("tcgen05.mma: bits %u to %u of the instruction descriptor 0x%08x must be zero for kind::%s", first,
             first + width - 1, bits, name_of(kind));
    }
    /// The element type in the three bits from `first` on.
    dtype element(u32 first, const char* operand) const {
        const u32 code = field(first, 3);
        constexpr u32 none = ~0u;
        constexpr u32 f16[] = {u32(dtype::f16), u32(dtype::bf16), none, none, none, none, none, none};
        constexpr u32 tf32[] = {none, none, u32(dtype::tf32), none, none, none, none, none};
        constexpr u32 f8f6f4[] = {u32(dtype::e4m3), u32(dtype::e5m2),   none, u32(dtype::e2m3),
                                  u32(dtype::e3m2), u32(dtype::e2m1x2), none, none};
        constexpr u32 fp4[] = {none, u32(dtype::e2m1x2), none, none, none, none, none, none};
        constexpr u32 integers[] = {u32(dtype::u8), u32(dtype::i8), none, none, none, none, none, none};
        const u32 type = (kind == mma_kind::f16    ? f16
                          : kind == mma_kind::tf32 ? tf32
                          : kind == mma_kind::i8   ? integers
                          : is_packed_fp4(kind)    ? fp4
                                                   : f8f6f4)[code];
        if (type == none) {
            fail("tcgen05.mma: element type %u of %s in the instruction descriptor has no meaning for kind::%s", code,
                 operand, name_of(kind));
        }
        return dtype(type);
    }
};

/// The type of D of a kind without scales: bits 4-5.
inline dtype accumulator_type(const instruction_bits& x, dtype a, dtype b) {
    const u32 code = x.field(4, 2);
    if (x.kind == mma_kind::i8 && code == 2) return dtype::i32;
    if (x.kind != mma_kind::i8 && code == 1) return dtype::f32;
    if (code == 0 && x.kind == mma_kind::f16 && (a != dtype::f16 || b != dtype::f16)) {
        fail("tcgen05.mma: D in FP16 needs A and B in FP16, not %s and %s", deepgemm::name_of(a), deepgemm::name_of(b));
    }
    if (code != 0 || x.kind == mma_kind::tf32 || x.kind == mma_kind::i8) {
        fail("tcgen05.mma: type %u of D (bits 4-5 of the instruction descriptor) is not possible for kind::%s", code,
             name_of(x.kind));
    }
    return dtype::f16;
}

/// Type, place and number of scales: what tables 59 and 60 of the PTX ISA allow.
inline void decode_scales(const instruction_bits& x, u32 named_block, mma_instruction& i) {
    const bool ue8m0 = x.field(23, 1) != 0;
    i.ue4m3 = !ue8m0;
    i.sb_id = x.field(4, 2);
    i.sa_id = x.field(29, 2);
    i.block = named_block != 0 ? named_block : x.kind == mma_kind::mxf4nvf4 ? 0 : 32;
    const char* name = name_of(x.kind);
    if (i.block == 0) fail("tcgen05.mma: kind::mxf4nvf4 must name .block16 or .block32 (.scale_vec::4X or ::2X)");
    if (i.block != 32 && (i.block != 16 || x.kind != mma_kind::mxf4nvf4)) {
        fail("tcgen05.mma: kind::%s has no scales for blocks of %u elements of K", name, i.block);
    }
    if (!ue8m0 && x.kind != mma_kind::mxf4nvf4) {
        fail("tcgen05.mma: kind::%s needs UE8M0 scales (bit 23 of the instruction descriptor)", name);
    }
    if (!ue8m0 && i.block != 16) fail("tcgen05.mma: UE4M3 scales need blocks of 16 elements of K, not %u", i.block);
    if (!is_packed_fp4(x.kind)) return;
    for (const u32 id : {i.sa_id, i.sb_id}) {
        if (i.block == 16 ? id == 0 : id % 2 == 0) continue;
        fail("tcgen05.mma: scale id %u in the instruction descriptor; kind::%s with blocks of %u elements takes %s", id,
             name, i.block, i.block == 16 ? "0" : "0 or 2");
    }
}

/// M, N and the layout of D that they lead to.
inline void check_shape(const tcgen05_form& form, mma_instruction& i) {
    const bool scaled = is_scaled(form.kind);
    bool fits = i.n != 0 && i.n <= 256 && i.n % (8 * form.group) == 0;
    if (form.weight_stationary) {
        fits = (i.m == 32 || i.m == 64 || i.m == 128) && (i.n == 64 || i.n == 128 || i.n == 256);
        i.layout = i.m == 32 ? accumulator_layout::g : i.m == 64 ? accumulator_layout::e : accumulator_layout::d;
    } else if (form.group == 2) {
        fits = fits && (i.m == 128 || i.m == 256);
        i.layout = i.m == 256 ? accumulator_layout::a : accumulator_layout::b;
    } else {
        fits = fits && (i.m == 128 || (i.m == 64 && !scaled));
        i.layout = i.m == 128 ? accumulator_layout::d : accumulator_layout::f;
    }
    if (form.kind == mma_kind::i8) fits = fits && (i.n % (16 * form.group) == 0 || (form.group == 1 && i.n <= 32));
    if (!fits) {
        fail("tcgen05.mma: M = %u, N = %u is not a legal shape for cta_group::%u%s and kind::%s", i.m, i.n, form.group,
             form.weight_stationary ? ", .ws" : "", name_of(form.kind));
    }
    const bool bytes = form.kind == mma_kind::f8f6f4 || form.kind == mma_kind::mxf8f6f4 || form.kind == mma_kind::i8;
    if (bytes && i.b_mn_major && i.n % (16 * form.group) != 0) {
        fail("tcgen05.mma: N = %u with an N-major B of 8-bit elements; it must be a multiple of %u for cta_group::%u",
             i.n, 16 * form.group, form.group);
    }
    const u32 multiple = form.group == 2 ? 32 : i.m == 128 ? 16 : 8;
    if (form.a_in_tensor_memory && i.n % multiple != 0) {
        fail("tcgen05.mma: N = %u with A in tensor memory; it must be a multiple of %u for M = %u and cta_group::%u",
             i.n, multiple, i.m, form.group);
    }
}

inline mma_instruction decode_instruction(const tcgen05_form& form, u32 bits) {
    const instruction_bits x{form.kind, bits};
    const bool scaled = is_scaled(form.kind);
    if (form.weight_stationary && (form.group != 1 || scaled)) {
        fail("tcgen05.mma.ws needs cta_group::1 and a kind without scales, not cta_group::%u and kind::%s", form.group,
             name_of(form.kind));
    }
    mma_instruction i{};
    i.kind = form.kind;
    i.group = form.group;
    i.a_in_tensor_memory = form.a_in_tensor_memory;
    if (x.field(2, 1)) fail("tcgen05.mma: sparse operands are not modelled");
    x.zero(0, 2);
    if (form.kind == mma_kind::i8) {
        x.zero(13, 2);
    } else {
        x.zero(3, 1);
    }
    x.zero(6, 1);
    i.a = x.element(7, "A");
    i.b = x.element(10, "B");
    i.saturate = x.field(3, 1);
    i.negate = x.field(13, 1) != x.field(14, 1);
    i.a_mn_major = x.field(15, 1);
    i.b_mn_major = x.field(16, 1);
    i.n = x.field(17, 6) * 8;
    i.m = x.field(24, 5) * 16;
    if (scaled) {
        i.d = dtype::f32;
        decode_scales(x, form.scale_block, i);
        x.zero(24, 3);
        if (is_packed_fp4(form.kind) && x.field(31, 1)) {
            fail("tcgen05.mma: K = 96 (bit 31 of the instruction descriptor, sm_103a) is not modelled");
        }
        x.zero(31, 1);
    } else {
        i.block = i.k();
        i.d = accumulator_type(x, i.a, i.b);
        x.zero(23, 1);
        x.zero(29, 1);
        if (!form.weight_stationary) x.zero(30, 2);
    }
    if (is_packed_fp4(form.kind)) {
        if (i.a_mn_major || i.b_mn_major) fail("tcgen05.mma: operands of kind::%s are K-major", name_of(form.kind));
    }
    if (form.a_in_tensor_memory && i.a_mn_major) {
        fail("tcgen05.mma: A in tensor memory is K-major (bit 15 of the instruction descriptor is set)");
    }
    check_shape(form, i);
    return i;
}

}  // namespace detail
}  // namespace deepgemm::sim
