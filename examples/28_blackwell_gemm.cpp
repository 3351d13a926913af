// SPDX-License-Identifier: MIT
// Rung 28: GEMMs of Blackwell from parts, in every type that its tensor cores multiply: BF16, TF32, FP8, FP8 by FP4, and FP4 in
// both formats of scales. An engine takes the kernels, and the operations choose among them, as on Hopper. New here:
// arch::sm100, FP4 and its scales in memory, a block.k that is 128 bytes of any type.
#include <cstring>
#include <vector>

#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/gemm.hpp>

#include "common/operands.hpp"

namespace dg = deepgemm;

// clang-format off
// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>;  // FP8, a scale for 1 x 128 elements
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::ue8m0>>;  // FP8, for 128 x 128
using mx_fp4 = dg::operand<dg::e2m1, dg::scale::mx<dg::scale::ue8m0>>;           // FP4, for 1 x 32
using nv_fp4 = dg::operand<dg::e2m1, dg::scale::nv<dg::scale::ue4m3>>;           // FP4, for 1 x 16

using arch = dg::arch::sm100;
using d16 = dg::store<dg::bf16>;
using bf16_gemm = dg::gemm<arch, dg::operand<dg::bf16>, dg::operand<dg::bf16>, d16, dg::config{.block = {128, 64, 64}}>;
using tf32_gemm = dg::gemm<arch, dg::operand<dg::tf32>, dg::operand<dg::tf32>, dg::store<float>, dg::config{.block = {128, 64, 32}}>;
using fp8_gemm = dg::gemm<arch, by_token, by_block, d16, dg::config{.block = {128, 64, 128}}>;
using fp8_pair = dg::gemm<arch, by_token, by_block, d16, dg::config{.block = {128, 128, 128}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}>;
using fp8_few_rows = dg::gemm<arch, by_token, by_block, d16, dg::config{.block = {16, 128, 128}, .swap = true}>;
using fp8_fp4_gemm = dg::gemm<arch, by_token, mx_fp4, d16, dg::config{.block = {128, 64, 128}}>;
using mxf4_gemm = dg::gemm<arch, mx_fp4, mx_fp4, d16, dg::config{.block = {128, 64, 256}}>;
using nvf4_gemm = dg::gemm<arch, nv_fp4, nv_fp4, d16, dg::config{.block = {128, 64, 256}}>;
// [kernels]
// clang-format on

// [elements]
/// 128 bytes at a multiple of 128. That is more than any rule asks for: FP4 beside FP8 starts at 32, all else at 16.
struct alignas(128) line {
    dg::u8 bytes[128];
};

/// A number as what memory holds of an operand: an element, or of FP4 a byte with two, the first one in the low half.
template <class T>
T held(float x) {
    if constexpr (dg::same_as<T, dg::e2m1x2>) {
        return dg::pack_e2m1(x, x);
    } else {
        return T::from_float(x);
    }
}

/// An operand (rows, k) on the backend: all elements of row r are first + r % count. A row is a multiple of 128 bytes.
template <class T>
struct elements {
    int rows, k;
    backend::array<line> memory;

    elements(int of_rows, int of_k, int first, int count)
        : rows(of_rows), k(of_k), memory(filled(of_rows, of_k, first, count)) {}
    dg::input_matrix matrix() { return dg::row_major(reinterpret_cast<const T*>(memory.data()), rows, k); }

private:
    static std::vector<line> filled(int rows, int k, int first, int count) {
        const std::size_t in_row = std::size_t(dg::bytes_of(dg::dtype_of<T>, k)) / sizeof(line);
        std::vector<line> made(std::size_t(rows) * in_row);
        for (std::size_t i = 0; i < made.size(); ++i) {
            const T element = held<T>(float(first + int(i / in_row) % count));
            for (std::size_t j = 0; j < sizeof(line); j += sizeof(T))
                std::memcpy(made[i].bytes + j, &element, sizeof(T));
        }
        return made;
    }
};
// [elements]

constexpr int m = 200, n = 264, k = 512;
int failed = 0;

/// Multiplies, and checks D: element (i, j) is k * (i % 4) * (j % 3 - 1).
template <class D, class Multiply>
void check(const char* name, const Multiply& multiply) {
    dg::matrix<D> d(m, n), expected(m, n);
    backend::array<D> d_there(d.size());
    dg::or_throw(multiply(argument_of(d, d_there.data())));
    backend::synchronise();
    d_there.read(d);
    dg::i64 wrong = 0;
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) wrong += float(d(i, j)) != float(k * (i % 4) * (j % 3 - 1));
    }
    std::printf("%-12s %lld of %d elements are wrong\n", name, (long long)(wrong), m * n);
    failed |= wrong != 0;
}

int main() {
    // [engine]
    const dg::device_info device =
        backend::simulated ? dg::device_info::simulated_blackwell() : backend::device();  // four multiprocessors
    const auto& kernels =
        backend::kernels<bf16_gemm, tf32_gemm, fp8_gemm, fp8_pair, fp8_few_rows, fp8_fp4_gemm, mxf4_gemm, nvf4_gemm>();
    const dg::engine_of<dg::ops::gemm> engine(kernels, device);
    // [engine]
    std::printf("A (%d, %d) x B (%d, %d)^T on %s.\n", m, k, n, k, device.name);

    // clang-format off
    // [scales]
    // Words of four scales along K; those of single rows are contiguous along M or N. 2^-1 for A, 2^1 for B: as exponents (127 is
    // one), and as UE4M3, which has the bits of E4M3 without a sign.
    using words = std::vector<dg::u32>;
    backend::array<dg::u32> half(words(m * k / 64, 0x7e7e7e7eu)), two(words(n * k / 64, 0x80808080u)),
                            nv_half(words(m * k / 64, 0x30303030u)), nv_two(words(n * k / 64, 0x40404040u));
    const auto exponents = dg::scale_kind::ue8m0, small_floats = dg::scale_kind::ue4m3;
    const dg::scale_argument
        token = dg::per_token_scales(half.data(), exponents, m, k),  // (m, k / 128), so k / 512 words for each row
        block = dg::per_block_scales(two.data(), exponents, n, k),   // (n / 128, k / 128)
        mx_a = dg::mx_scales(half.data(), exponents, m, k),          // (m, k / 32), k / 128 words
        mx_b = dg::mx_scales(two.data(), exponents, n, k),
        nv_a = dg::mx_scales(nv_half.data(), small_floats, m, k),    // (m, k / 16), k / 64 words
        nv_b = dg::mx_scales(nv_two.data(), small_floats, n, k);
    // [scales]
    // clang-format on

    // [multiply]
    elements<dg::bf16> a16(m, k, 0, 4), b16(n, k, -1, 3);
    check<dg::bf16>("bf16", [&](auto d) { return dg::bf16_gemm_nt(engine, a16.matrix(), b16.matrix(), d); });
    elements<dg::tf32> a32(m, k, 0, 4), b32(n, k, -1, 3);
    check<float>("tf32", [&](auto d) { return dg::tf32_gemm_nt(engine, a32.matrix(), b32.matrix(), d); });
    elements<dg::e4m3> a8(m, k, 0, 4), b8(n, k, -1, 3);
    check<dg::bf16>("fp8", [&](auto d) {
        return dg::fp8_gemm_nt(engine, {a8.matrix(), token}, {b8.matrix(), block}, d);
    });
    elements<dg::e2m1x2> a4(m, k, 0, 4), b4(n, k, -1, 3);
    check<dg::bf16>("fp8 x fp4", [&](auto d) {
        return dg::fp8_gemm_nt(engine, {a8.matrix(), token}, {b4.matrix(), mx_b}, d);
    });
    check<dg::bf16>("mxf4", [&](auto d) {
        return dg::fp8_gemm_nt(engine, {a4.matrix(), mx_a}, {b4.matrix(), mx_b}, d);
    });
    check<dg::bf16>("nvf4", [&](auto d) {
        return dg::fp8_gemm_nt(engine, {a4.matrix(), nv_a}, {b4.matrix(), nv_b}, d);
    });
    // [multiply]
    return failed;
}
