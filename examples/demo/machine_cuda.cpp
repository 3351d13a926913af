// SPDX-License-Identifier: MIT
// The demo on the current CUDA device: a large product, timed against cuBLASLt in the same run with the benchmark's
// timer.
#include <algorithm>
#include <memory>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/reference/argument.hpp>

#include "../../bench/cublaslt.hpp"
#include "../../bench/memory.hpp"
#include "../../bench/statistics.hpp"
#include "../../bench/timer.hpp"
#include "../common/backend_cuda.hpp"
#include "machine.hpp"
#include "page.hpp"

namespace dg = deepgemm;
namespace bench = deepgemm::bench;

namespace demo {

namespace {

/// A few of the shipped kernels: each takes nvcc several seconds.
using kernels =
    dg::shipped::weights_bf16<dg::shipped::narrow(64, 64), dg::shipped::medium(128),
                              dg::shipped::medium(128, dg::shipped::pair_m),
                              dg::shipped::three(128, dg::shipped::pair_m), dg::shipped::wide(dg::shipped::pair_m)>;

template <class... K>
std::span<const dg::gemm_handle> handles(dg::shipped::kernels<K...>) {
    return dg::cuda::kernel_list<K...>;
}

constexpr int repetitions = 30;
/// Bytes that are written before each launch, so that it finds nothing in L2 that an earlier launch has left there.
constexpr std::size_t flush_bytes = std::size_t(512) << 20;

/// All that is timed: the launches, a remark on each for the table, and the peers' plans.
struct field {
    std::vector<bench::contender> who;
    std::vector<std::string> remarks;
    std::vector<std::unique_ptr<bench::cublaslt_gemm>> peers;
    std::vector<std::string> absent;  ///< peers that do not take part, and why

    void enter(const char* name, const char* remark, const dg::gemm_problem& problem, bench::peer_scaling scaling) {
        try {
            peers.push_back(bench::plan_cublaslt(problem, scaling, 1));
            who.push_back({name, [peer = peers.back().get()](cudaStream_t stream) { peer->launch(stream); }});
            remarks.push_back(remark);
        } catch (const std::exception& why) {
            absent.push_back(std::string(name) + ": " + why.what());
        }
    }
};

void show(const field& field, const std::vector<bench::flushed_times>& times, double flops) {
    double slowest = 0;
    std::vector<double> us;
    for (const bench::flushed_times& each : times) us.push_back(bench::median(each.us));
    for (const double each : us) slowest = std::max(slowest, each);
    for (std::size_t i = 0; i < us.size(); ++i) {
        const std::string row =
            page::text("%-22s %8.1f us %7.0f TFLOPS  ", field.who[i].name.c_str(), us[i], flops / us[i] * 1e-6);
        const std::string bar = page::bar(us[i] / slowest, 20);
        page::line(i == 0 ? page::bold(row) + page::good(bar)
                          : row + page::dim(bar) + "  " + page::dim(field.remarks[i]));
    }
    for (std::size_t i = 1; i < us.size(); ++i) {
        page::fact(i == 1 ? "ratio" : "",
                   page::text("%.2f = time of %s / time of deepgemm", us[i] / us[0], field.who[i].name.c_str()));
    }
    for (const std::string& why : field.absent) page::note("not compared: " + why);
}

}  // namespace

machine find_machine() {
    const dg::device_info device = backend::device();
    if (device.arch != 90) {
        throw std::runtime_error(
            page::text("the current device is %s, compute capability %d.%d; these kernels need 9.0, "
                       "a Hopper GPU. Build for the simulator with -DDEEPGEMM_CUDA=OFF.",
                       device.name, device.arch / 10, device.arch % 10));
    }
    return {std::string("on one ") + device.name, device, handles(kernels{}), {4096, 4096, 7168}};
}

void check_memory(dg::problem_shape shape, double host_bytes) {
    bench::check_memory("this product", host_bytes, bench::free_host_bytes(), "on the host");
    const double m = shape.m, n = shape.n, k = shape.k;
    std::size_t free = 0, total = 0;
    backend::check("cudaMemGetInfo", cudaMemGetInfo(&free, &total));
    // A, B and their scales; D of ours and of the peer.
    const double needed = (1 + 4.0 / 128) * (m + n) * k + 2 * 2 * m * n + double(flush_bytes);
    bench::check_memory("this product", needed, double(free), "on the GPU");
}

void run(const dg::gemm_plan& plan, const dg::quantised_operand<>& a, const dg::quantised_operand<>& b,
         dg::matrix<dg::bf16>& d) {
    const backend::array<dg::e4m3> a_data(a.data), b_data(b.data);
    const backend::array<dg::u32> a_scales(a.words), b_scales(b.words);
    backend::array<dg::bf16> ours(d.size()), theirs(d.size());
    const dg::gemm_problem problem{.a = argument_of(a, a_data.data(), a_scales.data()),
                                   .b = argument_of(b, b_data.data(), b_scales.data()),
                                   .d = argument_of(d, ours.data())};
    dg::or_throw(plan.prepare());
    dg::or_throw(plan.launch(problem));
    backend::synchronise();
    ours.read(d);

    const auto [m, n, k] = plan.work.shape;
    field field;
    field.who.push_back({"deepgemm", [&](cudaStream_t stream) { dg::or_throw(plan.launch(problem, stream)); }});
    field.remarks.push_back({});
    if (k % 16 == 0 && n % 8 == 0) {
        dg::gemm_problem same = problem;
        same.d = argument_of(d, theirs.data());
        field.enter("cuBLASLt tensor-wise", "one scale per matrix: less work", same, bench::peer_scaling::none);
    } else {
        field.absent.push_back("cuBLASLt needs K to be a multiple of 16 and N of 8");
    }
    bench::timer timer(nullptr, flush_bytes);
    const auto times = timer.flushed(field.who, 5, repetitions);
    show(field, times, 2.0 * m * n * k);
    page::note(
        page::text("Medians of %d launches each, in turns, with a cold L2; times are those between CUDA events. "
                   "./dg bench measures more exactly, and all shapes.",
                   repetitions));
}

}  // namespace demo
