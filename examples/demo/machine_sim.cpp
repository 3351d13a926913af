// SPDX-License-Identifier: MIT
// The demo on the simulator: a small product with ragged edges, and a picture of what the warps did.
#include <chrono>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/reference/argument.hpp>

#include "../../bench/memory.hpp"
#include "machine.hpp"
#include "page.hpp"
#include "timeline.hpp"

namespace dg = deepgemm;
namespace bench = deepgemm::bench;

namespace demo {

namespace {

/// A few of the shipped kernels: each takes the compiler seconds, and this shape needs no more.
using kernels = dg::shipped::weights_bf16<dg::shipped::medium(64), dg::shipped::medium(128),
                                          dg::shipped::medium(128, dg::shipped::pair_m)>;

template <class... K>
std::span<const dg::gemm_handle> handles(dg::shipped::kernels<K...>) {
    return dg::sim::kernel_list<K...>;
}

using clock = std::chrono::steady_clock;
double seconds_since(clock::time_point start) { return std::chrono::duration<double>(clock::now() - start).count(); }

/// The first `rows` rows and `k` columns of an operand.
dg::scaled_matrix corner(dg::scaled_matrix operand, dg::i64 rows, dg::i64 k) {
    operand.matrix.rows = rows;
    operand.matrix.columns = k;
    operand.scales.rows = dg::ceil_div(rows, dg::i64(operand.scales.tile.mn));
    operand.scales.columns = dg::ceil_div(k, dg::i64(operand.scales.tile.k));
    return operand;
}

/// What a launch takes on this host.
struct price {
    double seconds, trace_bytes;
};

/// Runs the planned kernel on a corner of the product, a cluster's tile and a few blocks of K, and extrapolates to all
/// multiplies.
price price_of(const dg::gemm_plan& plan, const dg::gemm_problem& problem, dg::sim::options options) {
    const auto& [m, n, k] = plan.work.shape;
    const dg::config& cfg = plan.ranked[0].kernel->info.cfg;
    const dg::i64 rows = dg::min(m, cfg.block.m * cfg.cluster.m), columns = dg::min(n, cfg.block.n * cfg.cluster.n);
    const dg::i64 depth = dg::min(k, 4 * cfg.block.k);
    dg::gemm_problem first{.a = corner(problem.a, rows, depth), .b = corner(problem.b, columns, depth), .d = problem.d};
    first.d.rows = rows;
    first.d.columns = columns;
    double seconds = 0;
    for (const bool warm : {false, true}) {  // the first launch pays for the machine's memory
        const auto start = clock::now();
        dg::or_throw(plan.ranked[0].kernel->launch(arguments_of(first), {.stream = &options}));
        if (warm) seconds = seconds_since(start);
    }
    const dg::sim::run_report& run = dg::sim::last_run();
    const double macs = double(plan.predicted().tiles) * cfg.block.m * cfg.block.n * dg::align_up(k, cfg.block.k);
    const double times = macs / double(run.statistics.macs);
    // Twice the spans: a vector that grows holds its elements twice for a while.
    return {seconds * times, 2.0 * double(run.trace.size() * sizeof(dg::sim::span)) * times};
}

}  // namespace

void check_memory(dg::problem_shape, double host_bytes) {
    bench::check_memory("this product", host_bytes, bench::free_host_bytes(), "on the host");
}

machine find_machine() {
    return {"on the simulator", dg::device_info::simulator(), handles(kernels{}), {250, 392, 1200}};
}

void run(const dg::gemm_plan& plan, const dg::quantised_operand<>& a, const dg::quantised_operand<>& b,
         dg::matrix<dg::bf16>& d) {
    dg::sim::options options;
    options.policy = dg::sim::policy::random;  // copies overtake each other, as they do on a GPU
    options.resident_clusters = 0;             // all CTAs at the same time
    options.trace = true;
    const dg::gemm_problem problem{.a = argument_of(a), .b = argument_of(b), .d = argument_of(d)};
    const price expected = price_of(plan, problem, options);
    page::fact("expected", page::text("about %s on the simulator, going by a corner of the product; Ctrl-C ends it",
                                      page::duration(expected.seconds).c_str()));
    std::fflush(stdout);
    bench::check_memory("the record of this launch", expected.trace_bytes, bench::free_host_bytes(), "on the host");
    const auto start = clock::now();
    dg::or_throw(plan.launch(problem, &options));
    const double seconds = seconds_since(start);

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
