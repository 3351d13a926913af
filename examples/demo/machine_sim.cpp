// SPDX-License-Identifier: MIT
// The demo on the simulator: a small product with ragged edges, and a picture of what the warps did.
#include <chrono>

#include <deepgemm/host/argument.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/shipped.cuh>

#include "machine.hpp"
#include "page.hpp"
#include "timeline.hpp"

namespace dg = deepgemm;

namespace demo {

namespace {

/// A few of the shipped kernels: each takes the compiler seconds, and this shape needs no more.
using kernels = dg::shipped::weights_bf16<dg::shipped::medium(64), dg::shipped::medium(128),
                                          dg::shipped::medium(128, dg::shipped::pair_m)>;

template <class... K>
std::span<const dg::kernel_handle> handles(dg::shipped::kernels<K...>) {
    return dg::sim::kernel_list<K...>;
}

}  // namespace

machine find_machine() {
    return {"on the simulator", dg::device_info::simulator(), handles(kernels{}), {250, 392, 1200}};
}

void run(const dg::gemm_plan& plan, const dg::quantised_operand<>& a, const dg::quantised_operand<>& b,
         dg::matrix<dg::bf16>& d) {
    dg::sim::options options;
    options.policy = dg::sim::policy::random;  // copies overtake each other, as they do on a GPU
    options.resident_clusters = 0;             // all CTAs at the same time
    options.trace = true;
    const auto start = std::chrono::steady_clock::now();
    dg::or_throw(plan.launch({.a = argument_of(a), .b = argument_of(b), .d = argument_of(d)}, &options));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

    const dg::sim::run_report& run = dg::sim::last_run();
    const dg::sim::statistics& count = run.statistics;
    page::fact("launched", page::text("%u CTAs of %u threads in %.2f s, with %s switches from thread to thread",
                                      run.geometry.grid.count(), run.geometry.threads, seconds,
                                      page::grouped(count.switches).c_str()));
    page::fact("tensor cores", page::text("%s wgmma instructions, %s multiply-adds",
                                          page::grouped(count.multiplies).c_str(), page::grouped(count.macs).c_str()));
    page::fact("TMA", page::text("%s loads (%.1f MB), %s stores (%.1f MB)", page::grouped(count.loads).c_str(),
                                 double(count.load_bytes) * 1e-6, page::grouped(count.stores).c_str(),
                                 double(count.store_bytes) * 1e-6));
    std::printf("\n");
    page::line(page::bold("What CTA 0 does while time goes from left to right: height is work in flight"));
    draw_timeline(run);
    std::printf("\n");
    draw_roles(run);
    page::note(
        "Time is the simulator's own: it shows the order of things and is no measure of speed. With nvcc and a Hopper "
        "GPU the same program measures TFLOPS.");
}

}  // namespace demo
