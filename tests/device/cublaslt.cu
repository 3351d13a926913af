// SPDX-License-Identifier: MIT
// Products by cuBLASLt on a GPU against the reference: operands in either order, ragged shapes, padded rows, addresses that TMA
// would refuse, C apart from D, C that is D, and no C. D is compared element by element, its padding bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops.hpp>
#include <deepgemm/ops/gemm/cublaslt.hpp>
#include <deepgemm/reference/product.hpp>
#include <deepgemm/reference/random.hpp>

#include <string>

#include "runtime.hpp"

using namespace deepgemm;
using namespace deepgemm::device_tests;

namespace cublaslt_test {

const cublaslt& library() {
    static const cublaslt* const made = new cublaslt(or_throw(cublaslt::create()));
    return *made;
}

/// A matrix of the host and its copy in device memory, `shift` elements past the start of an allocation.
template <class T>
class mirrored {
public:
    mirrored(i64 rows, i64 columns, i64 pitch, i64 shift = 0) : host(rows, columns, pitch), shift_(shift) {
        check(cudaMalloc(&memory_, host.bytes() + std::size_t(shift) * sizeof(T) + 16));
    }
    ~mirrored() { cudaFree(memory_); }
    mirrored(const mirrored&) = delete;
    mirrored& operator=(const mirrored&) = delete;

    T* data() const { return static_cast<T*>(memory_) + shift_; }
    void upload() const { check(cudaMemcpy(data(), host.data(), host.bytes(), cudaMemcpyHostToDevice)); }
    void download() { check(cudaMemcpy(host.data(), data(), host.bytes(), cudaMemcpyDeviceToHost)); }
    output_matrix output() const { return row_major(data(), host.rows(), host.columns(), host.pitch()); }
    input_matrix input() const { return output(); }

    matrix<T> host;

private:
    void* memory_ = nullptr;
    i64 shift_;
};

namespace dg = deepgemm;

// [choice]
/// An engine that calls cuBLASLt where it was measured to be faster than our kernel. `choice` is cublaslt_choice() of a handle;
/// both must outlive the engine.
dg::engine engine_beside(const dg::other_library<dg::ops::gemm>& choice, std::span<const dg::gemm_handle> kernels,
                         const dg::device_info& device) {
    return dg::engine(kernels, device, {}, {.library = &choice});
}
// [choice]

/// What a product adds to.
enum class addend { none, apart, same };

using named = result<void> (*)(const cublaslt&, const input_matrix&, const input_matrix&, const output_matrix&,
                               const cublaslt_options&);

/// A named operation and how it takes its operands.
struct form {
    const char* name;
    named run;
    bool a_turned, b_turned;  ///< A is (k,m); B is (k,n)
};
constexpr form forms[] = {{"nt", cublaslt_gemm_nt, false, false},
                          {"nn", cublaslt_gemm_nn, false, true},
                          {"tn", cublaslt_gemm_tn, true, true},
                          {"tt", cublaslt_gemm_tt, true, false}};

/// Sizes, and elements that rows are longer than needed and that memory is shifted by.
struct sizes {
    i64 m, n, k, padding, shift;
};

/// The number of padding elements of D that are not all ones any more.
template <class D>
int touched_padding(const matrix<D>& d) {
    int touched = 0;
    for (i64 row = 0; row < d.rows(); ++row) {
        for (i64 i = d.columns(); i < d.pitch(); ++i) {
            const auto* const bytes = reinterpret_cast<const u8*>(d.data() + row * d.pitch() + i);
            for (std::size_t byte = 0; byte < sizeof(D); ++byte) touched += bytes[byte] != 0xff;
        }
    }
    return touched;
}

/// Runs a product; returns what is wrong with it, "" if nothing is.
template <class T, class D>
std::string fault(const form& how, const sizes& s, addend what, u64 seed) {
    random_source random(seed);
    const auto stored = [&](i64 rows, i64 columns, bool turned) {
        return turned ? mirrored<T>(columns, rows, rows + s.padding, s.shift)
                      : mirrored<T>(rows, columns, columns + s.padding, s.shift);
    };
    mirrored<T> a = stored(s.m, s.k, how.a_turned), b = stored(s.n, s.k, how.b_turned);
    mirrored<D> c(s.m, s.n, s.n + 2 * s.padding), d(s.m, s.n, s.n + s.padding, s.shift);
    random.fill_normal(a.host.view());
    random.fill_normal(b.host.view());
    random.fill_normal(c.host.view(), 32.0f);
    if (what == addend::same) random.fill_normal(d.host.view(), 32.0f);

    const auto view = [](const mirrored<T>& x, bool turned) {
        const matrix_view<const T> held = x.host.view();
        return turned ? held.transposed() : held;
    };
    reference::product expected =
        reference::gemm(reference::plain(view(a, how.a_turned)), reference::plain(view(b, how.b_turned)));
    if (what == addend::apart) reference::add<const D>(expected, c.host.view());
    if (what == addend::same) reference::add<const D>(expected, d.host.view());

    a.upload();
    b.upload();
    c.upload();
    d.upload();
    cublaslt_options options;
    if (what == addend::apart) options.c = c.input();
    if (what == addend::same) options.c = d.input();
    if (auto ok = how.run(library(), a.input(), b.input(), d.output(), options); !ok) return ok.failure().message;
    check(cudaDeviceSynchronize());
    d.download();
    if (touched_padding(d.host) != 0) return "padding of D was written";
    // FP8 sums keep fewer bits even without fast accumulation.
    double accumulation = sizeof(T) == 1 ? tolerance::hopper_fp8 : tolerance::half;
    // Seen on an H100: some of its kernels round the product to D's type before they add C.
    if (what != addend::none) accumulation += rounding_error(dtype_of<D>);
    const comparison found = reference::compare(d.host.view(), expected, accumulation);
    return found ? "" : found.text();
}

template <class T, class D>
void check_forms(std::initializer_list<form> chosen, std::initializer_list<sizes> shapes) {
    const u64 seed = fresh_seed();
    CAPTURE(seed);
    for (const form& how : chosen) {
        for (const sizes& s : shapes) {
            for (const addend what : {addend::none, addend::apart, addend::same}) {
                CAPTURE(how.name);
                CAPTURE(s.m);
                CAPTURE(s.n);
                CAPTURE(s.k);
                CAPTURE(s.padding);
                CAPTURE(s.shift);
                CAPTURE(int(what));
                CHECK(fault<T, D>(how, s, what, seed) == "");
            }
        }
    }
}

}  // namespace cublaslt_test

using namespace cublaslt_test;

TEST_CASE("cublaslt: BF16 and FP16 in every order") {
    const auto all = {forms[0], forms[1], forms[2], forms[3]};
    const auto shapes = {sizes{128, 256, 192, 0, 0}, sizes{77, 40, 136, 8, 8}, sizes{33, 17, 65, 0, 0},
                         sizes{129, 67, 35, 3, 1},   sizes{1, 96, 512, 0, 0},  sizes{64, 1, 64, 4, 0},
                         sizes{16, 24, 1, 0, 0}};
    check_forms<bf16, bf16>(all, shapes);
    check_forms<bf16, float>(all, shapes);
    check_forms<f16, f16>(all, shapes);
    check_forms<f16, float>(all, shapes);
}

TEST_CASE("cublaslt: TF32 in every order") {
    const auto all = {forms[0], forms[1], forms[2], forms[3]};
    check_forms<tf32, float>(
        all, {{128, 256, 192, 0, 0}, {77, 40, 136, 4, 4}, {33, 17, 65, 0, 0}, {1, 96, 512, 0, 0}, {64, 1, 64, 4, 0}});
    mirrored<tf32> a(32, 32, 32), b(32, 32, 32);
    mirrored<bf16> d(32, 32, 32);
    const auto narrow = cublaslt_gemm_nt(library(), a.input(), b.input(), d.output());
    REQUIRE(!narrow);
    CHECK(narrow.failure().message == "D is bf16 and A is tf32; cuBLASLt is asked for f32");
}

TEST_CASE("cublaslt: FP8 without scales") {
    check_forms<e4m3, bf16>({forms[0]}, {{128, 256, 192, 0, 0}, {77, 48, 144, 16, 16}, {1, 96, 512, 0, 0}});
    check_forms<e4m3, float>({forms[0]}, {{128, 256, 192, 0, 0}, {77, 48, 144, 16, 16}, {1, 96, 512, 0, 0}});
}

TEST_CASE("cublaslt: what it does not multiply is an error in words") {
    mirrored<e4m3> a(64, 32, 32), b(64, 32, 32);
    mirrored<float> d(32, 32, 32);
    const auto turned = cublaslt_gemm_tt(library(), a.input(), transposed(b.input()), d.output());
    REQUIRE(!turned);
    CHECK(turned.failure().message == "A has row stride 1 and column stride 32; it must be contiguous along K");
    const mirrored<e4m3> odd(32, 33, 33);
    const auto ragged = cublaslt_gemm_nt(library(), odd.input(), odd.input(), d.output());
    REQUIRE(!ragged);
    CHECK(ragged.failure().code == errc::no_kernel);
    CHECK(ragged.failure().message.starts_with(
        "cuBLASLt has no algorithm on the current device for m = 32, n = 32, k = 33"));
    CHECK(cublaslt::create({.num_sms = -1}).failure().code == errc::bad_option);
    CHECK(cublaslt::create({.workspace = a.data() + 1}).failure().code == errc::misaligned);
}

TEST_CASE("cublaslt: empty products") {
    mirrored<float> c(5, 7, 8), d(5, 7, 9);
    random_source random(fresh_seed());
    random.fill_normal(c.host.view());
    c.upload();
    d.upload();
    const input_matrix a{nullptr, dtype::bf16, 5, 0, 8, 1}, b{nullptr, dtype::bf16, 7, 0, 8, 1};
    const input_matrix no_rows{nullptr, dtype::bf16, 0, 16, 16, 1}, some{nullptr, dtype::bf16, 7, 16, 16, 1};
    or_throw(cublaslt_gemm_nt(library(), no_rows, some, {nullptr, dtype::f32, 0, 7, 7, 1}));

    or_throw(cublaslt_gemm_nt(library(), a, b, d.output(), {.c = c.input()}));
    check(cudaDeviceSynchronize());
    d.download();
    CHECK(compare_bits(d.host.view(), c.host.view()));
    or_throw(cublaslt_gemm_nt(library(), a, b, d.output(), {.c = d.input()}));
    check(cudaDeviceSynchronize());
    d.download();
    CHECK(compare_bits(d.host.view(), c.host.view()));
    or_throw(cublaslt_gemm_nt(library(), a, b, d.output()));
    check(cudaDeviceSynchronize());
    d.download();
    matrix<float> zeros(5, 7);
    zeros.fill_bytes(0);
    CHECK(compare_bits(d.host.view(), zeros.view()));
    CHECK(touched_padding(d.host) == 0);
}

TEST_CASE("cublaslt: as a choice it computes what an operation asks") {
    mirrored<bf16> a(300, 512, 520), b(200, 512, 512);
    mirrored<float> c(300, 200, 208), d(300, 200, 216);
    random_source random(fresh_seed());
    random.fill_integers(a.host.view(), -3, 3);
    random.fill_integers(b.host.view(), -3, 3);
    random.fill_integers(c.host.view(), -3, 3);
    a.upload();
    b.upload();
    c.upload();
    d.upload();
    auto expected = reference::gemm(reference::plain<bf16>(a.host.view()), reference::plain<bf16>(b.host.view()));
    reference::add<const float>(expected, c.host.view());
    const other_library<ops::gemm> choice = cublaslt_choice(library());
    const gemm_problem problem{.a = unscaled(a.input()), .b = unscaled(b.input()), .d = d.output(), .c = c.input()};
    CHECK(engine_beside(choice, {}, device_info::h200()).own().library == &choice);
    or_throw(choice.launch(problem, {}));
    check(cudaDeviceSynchronize());
    d.download();
    CHECK(reference::compare_exact(d.host.view(), expected));
    CHECK(touched_padding(d.host) == 0);
}

TEST_CASE("cublaslt: few multiprocessors, a workspace of the caller's, a graph") {
    mirrored<bf16> a(300, 512, 512), b(200, 512, 512);
    mirrored<float> d(300, 200, 200);
    random_source random(fresh_seed());
    random.fill_integers(a.host.view(), -3, 3);
    random.fill_integers(b.host.view(), -3, 3);
    a.upload();
    b.upload();
    const auto expected = reference::gemm(reference::plain<bf16>(a.host.view()), reference::plain<bf16>(b.host.view()));
    const mirrored<u32> space(1, 1 << 20, 1 << 20);
    const cublaslt few =
        or_throw(cublaslt::create({.num_sms = 20, .workspace = space.data(), .workspace_bytes = 4 << 20}));
    CHECK(few.knobs().workspace == space.data());

    const stream s;
    const auto multiply = [&] {
        or_throw(cublaslt_gemm_nt(few, a.input(), b.input(), d.output(), {.stream = s.handle}));
    };
    multiply();  // loads kernels
    const captured graph(s, multiply);
    check(cudaStreamSynchronize(s.handle));
    d.upload();
    graph.run(s);
    d.download();
    CHECK(reference::compare_exact(d.host.view(), expected));
}
