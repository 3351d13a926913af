// SPDX-License-Identifier: MIT
// Rung 15: a kernel compiled at run time, by NVRTC, from headers inside this program: plain C++, which no nvcc has seen. On a
// Hopper GPU it runs, with N and K of the product compiled in; elsewhere the program makes the cubin and says what it holds.
// New here: rtc::engine, a cache on disk, and extents that become part of the code.
#include <cstdio>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/parse.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/reference/argument.hpp>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/engine.hpp>

#include "common/backend_cuda.hpp"

namespace dg = deepgemm;

// [kernel]
// The host side of the kernel: its arguments and parameters. The device side is compiled from the same headers, later.
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using kernel = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, dg::config{.block = {128, 64, 128}}>;
// [kernel]

namespace {

/// Compiles the kernel, or finds it in the cache, and prints what the cubin holds.
void show(const dg::rtc::engine& engine, dg::static_extents extents) {
    const dg::rtc::image image = dg::or_throw(engine.cubins().get<kernel>(extents));
    const bool compiled = engine.cubins().counts().made != 0;
    std::printf(
        "%s by NVRTC %s for %s:\n  %s\n  %zu bytes of cubin, %u threads, %u bytes of shared memory, %u of parameters\n",
        compiled ? "Compiled" : "Found what was compiled", dg::rtc::nvrtc_version().c_str(),
        engine.cubins().arch().c_str(), image.entry(), image.cubin().size(), image.launch.threads,
        image.launch.smem_bytes, image.params_bytes);
}

/// D = A x B^T by the kernel on the current device; 0 if the result is right.
int run(dg::rtc::engine& engine, dg::static_extents extents) {
    const int m = 300, n = extents.n, k = extents.k;
    dg::random_source random(dg::fresh_seed());
    const auto a = dg::quantised_operand<>::exact(random, m, k, {.tile = {1, 128}});
    const auto b = dg::quantised_operand<>::exact(random, n, k, {.tile = {128, 128}});
    const backend::array<dg::e4m3> a_there(a.data), b_there(b.data);
    const backend::array<dg::u32> a_scales(a.words), b_scales(b.words);
    dg::matrix<dg::bf16> d(m, n);
    const backend::array<dg::bf16> d_there(d.size());

    // [run]
    // Compiled, or found, and loaded here; a launch does neither.
    const auto ready = dg::or_throw(engine.get<kernel>(extents));
    const dg::gemm_problem problem{.a = argument_of(a, a_there.data(), a_scales.data()),
                                   .b = argument_of(b, b_there.data(), b_scales.data()),
                                   .d = argument_of(d, d_there.data())};
    dg::or_throw(dg::validate(problem));
    dg::or_throw(ready.launch(nullptr, {dg::arguments_of(problem)}));
    // [run]
    backend::synchronise();
    d_there.read(d);

    const auto found = dg::reference::compare_exact(d.view(), dg::reference::gemm(a.view(), b.view()));
    std::printf("%s on %s: %s\n", found ? "PASS" : "FAIL", backend::name().c_str(), found.text().c_str());
    return found ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
    // The program learns N and K only when it runs. A kernel compiled for them computes with constants; its results are the
    // same, bit by bit.
    const auto n_read = dg::parse_extent("N", count > 1 ? values[1] : "576", 1);
    const auto k_read = dg::parse_extent("K", count > 2 ? values[2] : "1024", 1);
    if (!n_read || !k_read) {
        std::fprintf(stderr, "%s\n", (n_read ? k_read.failure() : n_read.failure()).message.c_str());
        return 2;
    }
    const int n = int(*n_read), k = int(*k_read);  // the largest extent fits

    // [engine]
    dg::rtc::engine engine(dg::rtc::embedded_headers(), {.cache = dg::rtc::cache_options::from_environment()});
    // [engine]
    show(engine, {0, n, k});
    const auto device = dg::cuda::describe_current_device();
    if (!device || device->arch != 90) {
        std::printf("No Hopper GPU here to run it: %s.\n", device ? device->name : device.failure().message.c_str());
        return 0;
    }
    return run(engine, {0, n, k});
}
