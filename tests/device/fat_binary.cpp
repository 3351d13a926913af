// SPDX-License-Identifier: MIT
// A fat binary on a GPU: kernels that were compiled together, loaded as one file and taken from it by name, give the bits that
// each gives alone. The code of docs/how-to/ahead-of-time.md. No nvcc compiles this file.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_library.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/engine.hpp>

#include <fstream>

#include "../rtc/support.hpp"
#include "fat_binary.hpp"
#include "gemm_support.cuh"

namespace dg = deepgemm;
using namespace dg::gemm_tests;

namespace fat_binary_test {

using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using my_gemm = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, dg::config{.block = {128, 64, 128}}>;
using paired = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<float>,
                        dg::config{.block = {128, 64, 128}, .cluster = {2, 1}}>;
using narrow =
    dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
             dg::config{
                 .block = {64, 16, 64}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;

// [load]
/// Loads a fat binary, for all devices of the process.
cudaLibrary_t load(const char* file) {
    cudaLibrary_t library = nullptr;
    dg::or_throw(dg::cuda::check("cudaLibraryLoadFromFile",
                                 cudaLibraryLoadFromFile(&library, file, nullptr, nullptr, 0, nullptr, nullptr, 0)));
    return library;
}

/// Kernel `K` by its name in the library, which manifest.json tells as "entry".
template <class K>
dg::cuda::library_kernel<K> kernel_of(cudaLibrary_t library, const std::string& entry) {
    cudaKernel_t kernel = nullptr;
    dg::or_throw(dg::cuda::check("cudaLibraryGetKernel", cudaLibraryGetKernel(&kernel, library, entry.c_str())));
    return dg::cuda::library_kernel<K>(kernel);
}
// [load]

/// The kernels of the tests in one cubin, and its fat binary.
struct made {
    dg::rtc::binary cubin;
    std::string fat;
};
const made& kernels() {
    static const made all = [] {
        const dg::rtc::compiler compiler(dg::rtc::embedded_headers());
        auto cubin = dg::or_throw(compiler.get_together(dg::shipped::kernels<my_gemm, paired, narrow>{}));
        const dg::bench::cubin_for cubins[] = {{compiler.arch(), cubin.cubin}};
        return made{cubin, dg::bench::fat_binary(cubins)};
    }();
    return all;
}

/// The same as load(), from memory.
cudaLibrary_t load_bytes(const std::string& fat) {
    cudaLibrary_t library = nullptr;
    check(cudaLibraryLoadData(&library, fat.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
    return library;
}

/// Compares kernel `K` of the library with the one that an engine compiles alone.
template <class K>
void compare(dg::rtc::engine& engine, cudaLibrary_t library, const std::string& entry) {
    CAPTURE(entry);
    const auto kernel = kernel_of<K>(library, entry);
    const auto [m, n] = dg::test::cluster_tile(K::info);
    const dg::u64 seed = dg::fresh_seed();
    for (const dg::problem_shape shape : {dg::problem_shape{m + 70, n + 104, 1536}, dg::problem_shape{3, 2 * n, 304}})
        CHECK_MESSAGE(difference(dg::or_throw(engine.handle<K>()), kernel.handle(), shape, seed) == "",
                      dg::test::describe(K::info, shape, seed));
}

}  // namespace fat_binary_test

using namespace fat_binary_test;

TEST_CASE("fat binary: its kernels give the bits that each gives alone") {
    const cudaLibrary_t library = load_bytes(kernels().fat);
    dg::rtc::engine alone(dg::rtc::embedded_headers());
    compare<my_gemm>(alone, library, kernels().cubin.names.at(0));
    compare<paired>(alone, library, kernels().cubin.names.at(1));
    compare<narrow>(alone, library, kernels().cubin.names.at(2));
    check(cudaLibraryUnload(library));
}

TEST_CASE("fat binary: from a file, launched by type") {
    const dg::rtc::test::scratch folder;
    const std::string file = (folder.path() / "kernels.fatbin").string(), entry = kernels().cubin.names.at(0);
    std::ofstream(file, std::ios::binary) << kernels().fat;
    dg::test::gemm_sample p(my_gemm::info, {200, 192, 512}, 3, dg::test::numbers::exact);
    device_product on_device(p);
    const dg::gemm_problem problem = on_device.problem();
    const cudaStream_t stream = nullptr;
    // [use]
    const cudaLibrary_t library = load(file.c_str());
    const auto kernel = kernel_of<my_gemm>(library, entry);
    dg::or_throw(kernel.launch({dg::arguments_of(problem)}, {.stream = stream}));
    // [use]
    CHECK(on_device.verdict() == "");
    CHECK_THROWS_AS(kernel_of<my_gemm>(library, "another"), dg::exception);
    check(cudaLibraryUnload(library));
    CHECK_THROWS_AS(load((folder.path() / "none").c_str()), dg::exception);
}

TEST_CASE("fat binary: a kernel that is first launched under graph capture") {
    const cudaLibrary_t library = load_bytes(kernels().fat);
    const auto kernel = kernel_of<narrow>(library, kernels().cubin.names.at(2));
    dg::test::gemm_sample p(narrow::info, {130, 64, 256}, 4, dg::test::numbers::exact);
    device_product on_device(p);
    const dg::gemm_problem problem = on_device.problem();
    {
        const stream s;
        const captured graph(s, [&] {
            const auto launched = kernel.launch({dg::arguments_of(problem)}, {.stream = s.handle});
            CHECK_MESSAGE(launched, (launched ? "" : launched.failure().message));
        });
        graph.run(s);
        CHECK(on_device.verdict() == "");
    }
    check(cudaLibraryUnload(library));
}
