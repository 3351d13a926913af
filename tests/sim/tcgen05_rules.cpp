// SPDX-License-Identifier: MIT
// What tcgen05.mma refuses: each rule of types, shapes, scales, descriptors and tensor memory broken once, beside a neighbour
// that holds it.
#include "mma_case.hpp"

namespace tcgen05_rules_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using sim::mma_kind;

/// The error that case `c` ends with after `change(form, operands)`.
template <class Change>
std::string error_with(mma_case c, Change change, sim::options options = {}) {
    mma_trial trial(c);
    const auto issue = [&](u32 smem, u32 tmem) {
        sim::tcgen05_form form = trial.form();
        sim::tcgen05_operands x = trial.operands(smem, tmem);
        change(form, x);
        sim::tcgen05_mma(form, x);
    };
    return error_of([&] {
        if (c.group == 2) {
            run_tensor<2>(trial.ctas(), issue, options);
        } else {
            run_tensor<1>(trial.ctas(), issue, options);
        }
    });
}
std::string error_with_bits(const mma_case& c, u32 flipped) {
    return error_with(c, [=](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.instruction ^= flipped; });
}
std::string error_with_shape(mma_case c, u32 m, u32 n) {
    return error_with(c, [=](sim::tcgen05_form&, sim::tcgen05_operands& x) {
        x.instruction = (x.instruction & ~(0x1fu << 24 | 0x3fu << 17)) | m / 16 << 24 | n / 8 << 17;
    });
}

mma_case f16_case(u32 m = 128, u32 n = 64, u32 group = 1) {
    mma_case c;
    c.m = m;
    c.n = n;
    c.group = group;
    return c;
}
mma_case f8_case(mma_kind kind = mma_kind::f8f6f4, u32 n = 64, u32 group = 1) {
    mma_case c;
    c.kind = kind;
    c.group = group;
    c.m = 128 * group;
    c.n = n;
    c.k = 32;
    c.a.type = c.b.type = type_e4m3;
    return c;
}
mma_case fp4_case(mma_kind kind, u32 block = 32, bool ue4m3 = false) {
    mma_case c = f8_case(kind);
    c.k = 64;
    c.a.type = c.b.type = type_packed_e2m1;
    c.block = block;
    c.ue4m3 = ue4m3;
    return c;
}

/// The message says `part`.
void check_names(const std::string& message, const char* part) {
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
}

TEST_CASE("bits of the instruction descriptor that must be zero") {
    for (const u32 bit : {0u, 1u, 3u, 6u, 23u, 29u, 30u, 31u}) {
        CAPTURE(bit);
        check_names(error_with_bits(f16_case(), 1u << bit), "must be zero for kind::f16");
        check_names(error_with_bits(f8_case(), 1u << bit), "must be zero for kind::f8f6f4");
    }
    check_names(error_with_bits(f16_case(), 1u << 6 | 1u << 3 | 3u << 30), "bits 3 to 3");
    check_names(error_with_bits(f16_case(), 1u << 2), "sparse");
    for (const u32 bit : {0u, 1u, 3u, 6u, 24u, 25u, 26u, 31u}) {
        CAPTURE(bit);
        check_names(error_with_bits(f8_case(mma_kind::mxf8f6f4), 1u << bit), "must be zero for kind::mxf8f6f4");
        check_names(error_with_bits(fp4_case(mma_kind::mxf4), 1u << bit),
                    bit == 31 ? "K = 96" : "must be zero for kind::mxf4");
    }
    mma_case ws = f16_case(64, 64);  // whose bits 30 and 31 are a shift
    ws.weight_stationary = true;
    CHECK(error_with_bits(ws, 3u << 30) == "");
}

TEST_CASE("element types that a kind does not have") {
    check_names(error_with_bits(f16_case(), 2u << 7), "element type 3 of A");
    check_names(error_with_bits(f16_case(), 3u << 10), "element type 2 of B");
    check_names(error_with_bits(f8_case(), 2u << 7), "element type 2 of A");
    check_names(error_with_bits(f8_case(), 6u << 10), "element type 6 of B");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4), 1u << 10), "element type 0 of B");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4), 1u << 12), "element type 5 of B");
    check_names(error_with_bits(f16_case(), 1u << 4), "D in FP16 needs A and B in FP16");
    check_names(error_with_bits(f8_case(), 3u << 4), "type 2 of D");
    mma_case tf32 = f16_case();
    tf32.kind = mma_kind::tf32;
    tf32.k = 8;
    tf32.a.type = tf32.b.type = type_tf32;
    CHECK(error_with_bits(tf32, 0) == "");
    check_names(error_with_bits(tf32, 1u << 4), "type 0 of D");
}

TEST_CASE("shapes") {
    for (const u32 n : {8u, 24u, 256u}) CHECK(error_with_shape(f16_case(), 128, n) == "");
    for (const u32 n : {0u, 264u}) check_names(error_with_shape(f16_case(), 128, n), "not a legal shape");
    for (const u32 m : {32u, 96u, 256u}) check_names(error_with_shape(f16_case(), m, 64), "not a legal shape");
    CHECK(error_with_shape(f16_case(256, 64, 2), 256, 48) == "");
    check_names(error_with_shape(f16_case(256, 64, 2), 256, 40), "not a legal shape for cta_group::2");
    check_names(error_with_shape(f16_case(256, 64, 2), 64, 64), "not a legal shape for cta_group::2");
    check_names(error_with_shape(f8_case(mma_kind::mxf8f6f4), 64, 64), "must be zero");
    check_names(error_with_shape(f8_case(mma_kind::mxf8f6f4), 256, 64), "not a legal shape");
    mma_case ws = f16_case(64, 64);
    ws.weight_stationary = true;
    CHECK(error_with_shape(ws, 128, 128) == "");
    check_names(error_with_shape(ws, 64, 96), "not a legal shape for cta_group::1, .ws");
    check_names(error_with_shape(ws, 256, 64), "not a legal shape");
    const auto make_ws = [](sim::tcgen05_form& form, sim::tcgen05_operands&) { form.weight_stationary = true; };
    check_names(error_with(f16_case(256, 64, 2), make_ws), ".ws needs cta_group::1");
    check_names(error_with(f8_case(mma_kind::mxf8f6f4), make_ws), ".ws needs cta_group::1 and a kind without scales");
}

TEST_CASE("an N-major B of 8-bit elements has N in steps of 16, for a pair of 32") {
    for (const u32 group : {1u, 2u}) {
        for (const u32 n : {16u, 24u, 32u, 48u, 64u}) {
            if (n % (8 * group) != 0) continue;
            mma_case c = f8_case(mma_kind::f8f6f4, 64, group);
            c.b.mn_major = true;
            const std::string message = error_with_shape(c, 128 * group, n);
            CAPTURE(n);
            if (n % (16 * group) == 0) {
                CHECK(message == "");
            } else {
                check_names(message, "with an N-major B of 8-bit elements");
            }
        }
    }
}

TEST_CASE("the CTA of even rank issues for its pair") {
    mma_trial trial(f16_case(256, 64, 2));
    const auto issue = [&](u32 smem, u32 tmem) { trial.issue(smem, tmem); };
    check_names(error_of([&] { run_tensor<2>(trial.ctas(), issue, {}, 0, 1); }), "cta_group::2 in CTA rank 1");
}

TEST_CASE("lanes in the addresses of D and A") {
    const auto at_lane = [](u32 lane) {
        return [=](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.d |= lane << 16; };
    };
    check_names(error_with(f16_case(), at_lane(32)), "it must be 0 for M = 128");
    check_names(error_with(f16_case(), at_lane(16)), "it must be 0 for M = 128");
    check_names(error_with(f16_case(64), at_lane(8)), "it must be 0 or 16 for M = 64");
    check_names(error_with(f16_case(64), at_lane(32)), "it must be 0 or 16 for M = 64");
    CHECK(error_with(f16_case(64), at_lane(16)) == "");
    mma_case from_memory = f16_case(64);
    from_memory.a_in_tensor_memory = true;
    check_names(error_with(from_memory, at_lane(16)), "differs from lane 16 of D");
    check_names(
        error_with(f8_case(mma_kind::mxf8f6f4), [](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.sb |= 32 << 16; }),
        "tcgen05.mma (scales): lane 32");
    CHECK(error_with(f8_case(mma_kind::mxf8f6f4),
                     [](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.sb |= 2u << 30; }) == "");
}

TEST_CASE("scales of tables 59 and 60") {
    const auto block = [](u32 elements) {
        return [=](sim::tcgen05_form& form, sim::tcgen05_operands&) { form.scale_block = elements; };
    };
    CHECK(error_with(f8_case(mma_kind::mxf8f6f4), block(32)) == "");
    check_names(error_with(f8_case(mma_kind::mxf8f6f4), block(16)), "no scales for blocks of 16");
    check_names(error_with_bits(f8_case(mma_kind::mxf8f6f4), 1u << 23), "kind::mxf8f6f4 needs UE8M0");
    CHECK(error_with(fp4_case(mma_kind::mxf4), block(32)) == "");
    check_names(error_with(fp4_case(mma_kind::mxf4), block(16)), "no scales for blocks of 16");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4), 1u << 23), "kind::mxf4 needs UE8M0");
    CHECK(error_with(fp4_case(mma_kind::mxf4nvf4), block(32)) == "");
    check_names(error_with(fp4_case(mma_kind::mxf4nvf4), block(0)), "must name .block16 or .block32");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4nvf4), 1u << 23), "UE4M3 scales need blocks of 16");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4), 1u << 4), "scale id 1");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4), 3u << 29), "scale id 3");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4nvf4, 16, true), 2u << 29), "scale id 2");
    check_names(error_with_bits(fp4_case(mma_kind::mxf4), 1u << 15), "K-major");
}

TEST_CASE("scales that are no scales") {
    mma_trial top_bit(fp4_case(mma_kind::mxf4nvf4, 16, true));
    for (u32 quarter = 0; quarter < 4; ++quarter)
        top_bit.ctas()[0].in(3 + 32 * quarter, mma_trial::sa_column) |= 0x8000;
    check_names(error_of([&] { top_bit.mismatches(); }), "of row 3 has its top bit set");
    mma_trial differs(f8_case(mma_kind::mxf8f6f4));
    differs.ctas()[0].in(64 + 7, mma_trial::sb_column + 1) ^= 1;
    check_names(error_of([&] { differs.mismatches(); }), "the scale of row 39 is not the same in all four quarters");
    mma_trial nan(f8_case(mma_kind::mxf8f6f4));
    for (u32 quarter = 0; quarter < 4; ++quarter) nan.ctas()[0].in(3 + 32 * quarter, mma_trial::sa_column) |= 0xff;
    run_tensor<1>(nan.ctas(), [&](u32 smem, u32 tmem) { nan.issue(smem, tmem); });
    for (u32 column = 0; column < 64; ++column) CHECK(std::isnan(bit_cast<float>(nan.ctas()[0].at(3, column))));
    CHECK(!std::isnan(bit_cast<float>(nan.ctas()[0].at(4, 0))));
}

TEST_CASE("what one instruction uses of tensor memory may not overlap") {
    const auto scales_at = [](u32 sa, u32 sb) {
        return [=](sim::tcgen05_form&, sim::tcgen05_operands& x) {
            x.sa += sa - mma_trial::sa_column;
            x.sb += sb - mma_trial::sb_column;
        };
    };
    const mma_case c = f8_case(mma_kind::mxf8f6f4);  // D has columns 0 to 63
    check_names(error_with(c, scales_at(32, 340)), "scales of A) in columns [32,36) of tensor memory overlap");
    check_names(error_with(c, scales_at(320, 63)), "scales of B) in columns [63,65) of tensor memory overlap");
    CHECK(error_with(c, scales_at(320, 320)) == "");  // both only read
    mma_case from_memory = f16_case();
    from_memory.a_in_tensor_memory = true;
    check_names(error_with(from_memory, [](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.a -= 240; }),
                "tcgen05.mma (A) in columns [60,68)");
    check_names(error_with(c, scales_at(510, 340)), "columns [510,514) of tensor memory are not allocated");
}

TEST_CASE("columns that were never written are not read") {
    const auto accumulate_at = [](u32 column) {
        return [=](sim::tcgen05_form&, sim::tcgen05_operands& x) {
            x.d += column;
            x.accumulate = true;
        };
    };
    CHECK(error_with(f16_case(), accumulate_at(0)) == "");
    check_names(error_with(f16_case(), accumulate_at(1)),
                "D, accumulated) reads columns [1,65) of tensor memory: column 64");
    check_names(error_with(f16_case(64),
                           [](sim::tcgen05_form&, sim::tcgen05_operands& x) {
                               x.d |= 16 << 16;
                               x.accumulate = true;
                           }),
                "column 0 was never written in lanes 16 to 31");
    const mma_case scaled = f8_case(mma_kind::mxf8f6f4);
    check_names(
        error_with(scaled, [](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.sa += 400 - mma_trial::sa_column; }),
        "scales of A) reads columns [400,401)");
    mma_case from_memory = f16_case();
    from_memory.a_in_tensor_memory = true;
    check_names(error_with(from_memory, [](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.a += 4; }),
                "tcgen05.mma (A) reads columns [304,312) of tensor memory: column 308");
    sim::options lenient;
    lenient.check_unwritten = false;
    CHECK(error_with(f16_case(), accumulate_at(1), lenient) == "");
}

TEST_CASE("rows of A beyond those with data are read as they lie there") {
    const mma_case c = f16_case();
    mma_trial trial(c);
    constexpr u32 end = 160 * 1024, row_bytes = 128;  // beyond which nothing was written
    trial.ctas()[0].shared.resize(end);
    const auto issue = [&](u32 smem, u32 tmem) {
        sim::tcgen05_operands x = trial.operands(smem, tmem);
        x.a = placed_operand(c.a, end - 32 * row_bytes).descriptor(smem);
        sim::tcgen05_mma(trial.form(), x);
    };
    sim::options options;
    const auto error = [&] { return error_of([&] { run_tensor<1>(trial.ctas(), issue, options); }); };
    check_names(error(), "was never written");
    options.rows_of_a = 32;
    CHECK(error() == "");
    options.rows_of_a = 40;
    check_names(error(), "was never written");
}

TEST_CASE("bytes of a chunk beside its elements are never read") {
    for (const mma_type& type : {type_e2m1, type_e2m3, type_e4m3}) {
        CAPTURE(type.name);
        mma_case c = f8_case(mma_kind::mxf8f6f4);
        c.a.type = c.b.type = type;
        mma_trial trial(c);
        const u32 used = 16 * type.bits / 8;
        const auto issue = [&](u32 smem, u32 tmem) {
            sim::cta_state& cta = *sim::me().cta;
            for (u32 i = 0; i < trial.ctas()[0].shared.size();
                 ++i) {  // unfenced and never written, as far as anybody knows
                if (i % 16 < (type.bits == 8 ? 15 : used)) continue;
                cta.generic[i] ^= 1;
                cta.written[i / 64] &= ~(u64(1) << i % 64);
            }
            trial.issue(smem, tmem);
        };
        const std::string error = error_of([&] { run_tensor<1>(trial.ctas(), issue); });
        if (type.bits == 8) {
            check_names(error, "byte 0x40f was written by the generic proxy and never fenced");
        } else {
            CHECK(error == "");
        }
    }
}

TEST_CASE("a copy of scales into columns of D is found by the multiply") {
    mma_case c = f8_case(mma_kind::mxf8f6f4);
    mma_trial trial(c);
    const auto issue = [&](u32 smem, u32 tmem) {
        sim::tcgen05_operands x = trial.operands(smem, tmem);
        ptx::tcgen05_copy_scales<1>(x.sa = tmem + 32, sm100::scale_descriptor(smem + 0x1000));
        ptx::tcgen05_copy_scales<1>(x.sb = tmem + 36, sm100::scale_descriptor(smem + 0x2000));
        sim::tcgen05_mma(trial.form(), x);
    };
    check_names(error_of([&] { run_tensor<1>(trial.ctas(), issue); }), "in columns [32,36) of tensor memory overlap");
}

TEST_CASE("orders that the tensor cores do not read") {
    mma_case c = f16_case();
    c.a.mn_major = true;
    c.a.swizzle = swizzle_mode::b128_atom32;
    check_names(error_with_bits(c, 0), "an MN-major operand of bf16 has no 128-byte swizzle with 32-byte atoms");
    mma_case tf32 = f16_case();
    tf32.kind = mma_kind::tf32;
    tf32.k = 8;
    tf32.a.type = tf32.b.type = type_tf32;
    tf32.b.mn_major = true;
    check_names(error_with_bits(tf32, 0), "an MN-major operand of tf32 needs the 128-byte swizzle with 32-byte atoms");
    for (const u64 mode : {3, 5, 7}) {
        check_names(
            error_with(f16_case(), [=](sim::tcgen05_form&,
                                       sim::tcgen05_operands& x) { x.b = (x.b & ~(u64(7) << 61)) | mode << 61; }),
            "is invalid");
    }
    const auto flip = [](u32 bit) {
        return [=](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.a ^= u64(1) << bit; };
    };
    for (const u32 bit : {46u, 47u, 48u}) check_names(error_with(f16_case(), flip(bit)), "must be 0b001");
    check_names(error_with(f16_case(), flip(49)), "base offset");
    for (const u32 bit : {14u, 15u, 30u, 31u, 52u, 60u}) check_names(error_with(f16_case(), flip(bit)), "must be zero");
}

TEST_CASE("A in tensor memory: N, order, copies") {
    mma_case c = f16_case(128, 64);
    c.a_in_tensor_memory = true;
    CHECK(error_with_shape(c, 128, 48) == "");
    check_names(error_with_shape(c, 128, 40), "it must be a multiple of 16 for M = 128 and cta_group::1");
    check_names(error_with_bits(c, 1u << 15), "A in tensor memory is K-major");
    mma_case pair = f16_case(128, 64, 2);
    pair.a_in_tensor_memory = true;
    check_names(error_with_shape(pair, 128, 48), "it must be a multiple of 32");
    mma_trial differs(pair);
    differs.ctas()[1].in(64 + 9, mma_trial::a_column + 2) ^= 1;
    check_names(error_of([&] { differs.mismatches(); }), "row 9 in tensor memory is not the same in lanes 9 and 73");
}

TEST_CASE("what kind::i8 is and is not") {
    mma_case c = f8_case(mma_kind::i8);
    const auto with = [&](u32 n, u32 bits, u32 group = 1) {
        c.group = group;
        c.m = 128 * group;
        return error_with(c, [=](sim::tcgen05_form&, sim::tcgen05_operands& x) {
            x.instruction = sm100::instruction<i8, u8, major::k, major::k, i32>(128 * group, n) ^ bits;
        });
    };
    for (const u32 n : {8u, 24u, 32u, 48u, 256u}) CHECK(with(n, 0) == "");
    CHECK(with(48, 1u << 3) == "");
    check_names(with(40, 0), "M = 128, N = 40 is not a legal shape");
    CHECK(with(96, 0, 2) == "");
    check_names(with(48, 0, 2), "N = 48 is not a legal shape for cta_group::2");
    check_names(with(32, 3u << 4), "type 1 of D");
    check_names(with(32, 1u << 13), "bits 13 to 14 of the instruction descriptor");
    check_names(with(32, 2u << 10), "element type 2 of B");
    check_names(error_with_bits(f8_case(), 1u << 3), "bits 3 to 3");
}

TEST_CASE("lanes of D are disabled for one CTA") {
    const auto disable = [](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.disabled_lanes = {1, 0, 0, 0}; };
    CHECK(error_with(f16_case(), disable) == "");
    check_names(error_with(f16_case(256, 64, 2), disable), "disabled lanes with cta_group::2");
}

TEST_CASE("scale-input-d is of two kinds and below 16") {
    const auto scaled = [](u32 exponent) {
        return [=](sim::tcgen05_form&, sim::tcgen05_operands& x) { x.scale_input_d = exponent; };
    };
    CHECK(error_with(f16_case(), scaled(15)) == "");
    check_names(error_with(f16_case(), scaled(16)), "scale-input-d 16");
    check_names(error_with(f8_case(), scaled(1)), "scale-input-d 1");
}

}  // namespace tcgen05_rules_tests
