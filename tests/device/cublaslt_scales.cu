// SPDX-License-Identifier: MIT
// Products in FP8 by cuBLASLt on a GPU whose scales hold for all of K, against the reference: of rows and of whole operands, in
// D's types, added to C, summed by tensor cores alone or with promotion; and as a choice of an engine.
#include <doctest/doctest.h>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops.hpp>
#include <deepgemm/ops/gemm/cublaslt.hpp>
#include <deepgemm/reference/product.hpp>

#include <string>

#include "../kernel/operands.hpp"
#include "runtime.hpp"

using namespace deepgemm;
using namespace deepgemm::device_tests;

namespace cublaslt_scales_tests {

const cublaslt& library() {
    static const cublaslt* const made = new cublaslt(or_throw(cublaslt::create()));
    return *made;
}

constexpr scale_tile row{1, scale_tile::all}, whole{scale_tile::all, scale_tile::all};

/// An FP8 operand with scales, and a copy of it in device memory. Padding is NaN.
struct operand_on_device {
    operand_on_device(i64 mn, i64 k, scale_tile tile, test::numbers kind, random_source& random)
        : host(test::make_operand({dtype::e4m3, scale_kind::fp32, tile}, mn, k, 16, kind, random)),
          elements(i64(host.data_bytes())),
          words(host.words) {
        elements.write(host.view.data);
    }
    scaled_matrix argument() const { return host.argument(elements.get(), words.get()); }

    test::any_operand host;
    device_array<u8> elements;
    device_array<u32> words;
};

/// Runs a product D (m, n) with rows `padding` elements longer than needed; in place if it adds. "" or what is wrong.
template <class D>
std::string fault(i64 m, i64 n, i64 k, scale_tile tile, bool adds, bool fast, i64 padding, u64 seed) {
    random_source random(seed);
    const operand_on_device a(m, k, tile, test::numbers::normal, random), b(n, k, tile, test::numbers::normal, random);
    test::guarded_matrix d(dtype_of<D>, m, n, padding);
    reference::product expected = reference::gemm(a.host.view, b.host.view);
    if (adds) {
        random.fill_normal(d.template view<D>(), 32.0f);
        d.remember();
        reference::add(expected, d.template view<const D>());
    }
    const device_array<u8> memory(i64(d.bytes().size()));
    memory.write(d.bytes().data());
    const output_matrix to = d.argument(memory.get());
    cublaslt_options options{.fast_sums = fast};
    if (adds) options.c = to;
    if (auto ok = cublaslt_fp8_gemm_nt(library(), a.argument(), b.argument(), to, options); !ok)
        return ok.failure().message;
    check(cudaDeviceSynchronize());
    memory.read(d.bytes().data());
    if (const std::string wrong = d.trespass([](i64, i64) { return true; }); !wrong.empty()) return wrong;
    const double accumulation = tolerance::hopper_fp8 + (adds ? rounding_error(dtype_of<D>) : 0);
    const comparison found = reference::compare(d.template view<const D>(), expected, accumulation);
    return found ? "" : found.text();
}

template <class D>
void check_products() {
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    for (const auto& [m, n, k] :
         {std::tuple<i64, i64, i64>{128, 256, 192}, {77, 48, 144}, {1, 96, 512}, {300, 16, 16}}) {
        for (const scale_tile tile : {row, whole}) {
            for (int way = 0; way < 4; ++way) {
                const bool adds = way % 2 != 0, fast = way / 2 != 0;
                CAPTURE(m);
                CAPTURE(tile.mn);
                CAPTURE(adds);
                CAPTURE(fast);
                CHECK(fault<D>(m, n, k, tile, adds, fast, way == 0 ? 16 : 0, seed) == "");
            }
        }
    }
}

}  // namespace cublaslt_scales_tests

using namespace cublaslt_scales_tests;

TEST_CASE("cublaslt scales: a scale a row, or one an operand, D in BF16") { check_products<bf16>(); }
TEST_CASE("cublaslt scales: a scale a row, or one an operand, D in FP32") { check_products<float>(); }

TEST_CASE("cublaslt scales: what it does not scale is an error in words, and nothing is written") {
    random_source random(fresh_seed());
    const operand_on_device a(64, 128, row, test::numbers::exact, random),
        b(64, 128, row, test::numbers::exact, random), one(64, 128, whole, test::numbers::exact, random);
    const device_array<float> d(64 * 64);
    d.fill_bytes(0xff);
    const output_matrix to = row_major(d.get(), 64, 64);
    const auto refused = [&](const scaled_matrix& x, const scaled_matrix& y) {
        const auto done = cublaslt_fp8_gemm_nt(library(), x, y, to);
        return done ? std::string() : done.failure().message;
    };
    CHECK(refused(a.argument(), one.argument()).starts_with("A has a scale for each row and B one for all of them"));
    scaled_matrix blocks = a.argument(), apart = b.argument();
    blocks.scales = per_token_scales(a.words.get(), scale_kind::fp32, 64, 128);
    CHECK(refused(blocks, b.argument()).starts_with("a scale of A covers 128 elements of K"));
    apart.scales.row_stride = 2;
    CHECK(refused(a.argument(), apart).starts_with("the scales of B have row stride 2"));
    CHECK(refused(unscaled(row_major(reinterpret_cast<const bf16*>(a.elements.get()), 64, 64)), b.argument()) ==
          "A is bf16; an FP8 GEMM takes e4m3 or e5m2");
    check(cudaDeviceSynchronize());
    std::vector<u32> words(64 * 64);
    d.read(words.data());
    for (const u32 word : words) REQUIRE(word == 0xffffffffu);
}

TEST_CASE("cublaslt scales: as a choice it takes what was measured, and leaves the rest to our kernel") {
    random_source random(fresh_seed());
    const other_library<ops::gemm> choice = cublaslt_choice(library());
    const operand_on_device a(300, 512, row, test::numbers::exact, random),
        b(200, 512, row, test::numbers::exact, random);
    test::guarded_matrix d(dtype::bf16, 300, 200, 8);
    const device_array<u8> memory(i64(d.bytes().size()));
    memory.write(d.bytes().data());
    gemm_problem problem{.a = a.argument(), .b = b.argument(), .d = d.argument(memory.get())};
    CHECK(choice.computes(problem));
    or_throw(choice.launch(problem, {}));
    check(cudaDeviceSynchronize());
    memory.read(d.bytes().data());
    CHECK(d.trespass([](i64, i64) { return true; }) == "");
    CHECK(reference::compare_exact(d.view<const bf16>(), reference::gemm(a.host.view, b.host.view)));
    problem.b.scales.row_stride = 2;  // the next two are for our kernels
    CHECK(!choice.computes(problem));
    problem.b.scales = per_row_scales(b.words.get() + 1, 200);
    CHECK(!choice.computes(problem));
}
