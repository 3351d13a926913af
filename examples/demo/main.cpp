// SPDX-License-Identifier: MIT
// The main job from end to end: BF16 matrices are quantised to FP8 with block scales, a kernel is planned, the product
// is computed on the machine at hand, checked against double precision, and shown.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>

#include <deepgemm/host/argument.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>

#include "machine.hpp"
#include "page.hpp"

namespace dg = deepgemm;

namespace {

/// Indices of at most `most` rows (or columns) out of `count`, evenly spread with both ends.
std::vector<dg::i64> sample(dg::i64 count, dg::i64 most) {
    std::vector<dg::i64> picked;
    const dg::i64 taken = std::min(count, most);
    for (dg::i64 i = 0; i < taken; ++i) picked.push_back(taken == 1 ? 0 : i * (count - 1) / (taken - 1));
    return picked;
}

struct operands {
    dg::matrix<dg::bf16> a, b;
    dg::quantised_operand<> a8, b8;
};

operands quantise(dg::problem_shape shape) {
    const auto [m, n, k] = shape;
    page::section("1  Quantise");
    dg::random_source random(dg::fresh_seed());
    operands made{dg::matrix<dg::bf16>(m, k), dg::matrix<dg::bf16>(n, k), {}, {}};
    random.fill_normal(made.a.view());
    random.fill_normal(made.b.view());
    made.a8 = dg::quantised_operand<>::of(made.a.view(), {.tile = {1, 128}});
    made.b8 = dg::quantised_operand<>::of(made.b.view(), {.tile = {128, 128}});
    const auto words = [](const auto& x) { return page::grouped(x.scales.size()); };
    page::fact("A", page::text("%d x %d activations: BF16 to E4M3, one FP32 scale for 1 x 128 elements (%s scales)", m,
                               k, words(made.a8).c_str()));
    page::fact("B", page::text("%d x %d weights: BF16 to E4M3, one FP32 scale for 128 x 128 elements (%s scales)", n, k,
                               words(made.b8).c_str()));
    page::fact("seed", std::to_string(random.seed()) + " (DEEPGEMM_SEED repeats it)");
    return made;
}

dg::gemm_plan make_plan(const demo::machine& machine, const operands& in, dg::matrix<dg::bf16>& d) {
    page::section("2  Plan");
    // The planner looks at shapes, types and strides only; where the memory lies does not matter to it.
    const dg::gemm_problem problem{.a = argument_of(in.a8), .b = argument_of(in.b8), .d = argument_of(d)};
    dg::gemm_plan plan = dg::or_throw(dg::plan(problem, machine.device, machine.kernels));
    double slowest = 0;
    for (const dg::candidate& each : plan.ranked) slowest = std::max(slowest, each.predicted.total_us);
    for (const dg::candidate& each : plan.ranked) {
        const dg::config& c = each.kernel->info.cfg;
        const bool chosen = &each == plan.ranked.data();
        const std::string row =
            page::text("%s %3d x %3d x %3d  cluster %d x %d  %2d stages  %5lld tiles  %3lld waves  %9.1f us  ",
                       chosen ? "►" : " ", c.block.m, c.block.n, c.block.k, c.cluster.m, c.cluster.n, c.stages,
                       each.predicted.tiles, each.predicted.waves, each.predicted.total_us);
        const std::string bar = page::bar(each.predicted.total_us / slowest, 16);
        page::line(chosen ? page::bold(row) + page::good(bar) : row + page::dim(bar));
    }
    std::printf("\n");
    std::istringstream reasons(explain(plan));
    for (std::string reason; std::getline(reasons, reason);) page::note(reason);
    return plan;
}

/// Compares D with double precision; true if every element that was looked at is within its bound.
bool check(dg::problem_shape shape, const operands& in, const dg::matrix<dg::bf16>& d) {
    page::section("4  Check");
    const auto rows = sample(shape.m, 256), columns = sample(shape.n, 512);
    const auto expected = dg::reference::gemm_at(in.a8.view(), in.b8.view(), rows, columns);
    const auto unquantised = dg::reference::gemm_at(dg::reference::plain(std::as_const(in.a).view()),
                                                    dg::reference::plain(std::as_const(in.b).view()), rows, columns);
    const auto found = dg::reference::compare(d.view(), expected, dg::tolerance::hopper_fp8);
    const double diff = dg::reference::diff(d.view(), expected);

    page::fact("elements", page::text("%s of %s, against a product in double precision",
                                      page::grouped(dg::u64(found.elements)).c_str(),
                                      page::grouped(dg::u64(shape.m) * dg::u64(shape.n)).c_str()));
    page::fact("calc_diff", page::text("%.1e against the same FP8 operands: the kernel's own error", diff));
    page::fact("", page::text("%.1e against the BF16 matrices: with the cost of quantising them",
                              dg::reference::diff(d.view(), unquantised)));
    page::fact("worst element",
               page::text("(%lld, %lld): got %.6g, expected %.6g, off by %.2g, allowed %.2g", found.row, found.column,
                          found.got, found.expected, std::fabs(found.got - found.expected), found.bound));
    const bool fine = found && diff < 1e-3;
    page::fact("verdict", fine ? page::good("PASS") : page::bad("FAIL: " + found.text()));
    return fine;
}

int demonstrate(int argc, char** argv) {
    const demo::machine machine = demo::find_machine();
    dg::problem_shape shape = machine.shape;
    if (argc == 4) shape = {std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3])};
    if ((argc != 1 && argc != 4) || shape.m < 1 || shape.n < 1 || shape.k < 1) {
        std::fprintf(stderr, "usage: %s [m n k], all positive\n", argv[0]);
        return 2;
    }
    page::title(page::text("deepgemm   D(%d, %d) = A(%d, %d) x B(%d, %d)^T in FP8, %s", shape.m, shape.n, shape.m,
                           shape.k, shape.n, shape.k, machine.title.c_str()));
    const operands in = quantise(shape);
    dg::matrix<dg::bf16> d(shape.m, shape.n, dg::align_up(shape.n, 8));  // TMA wants rows of whole 16 bytes
    const dg::gemm_plan plan = make_plan(machine, in, d);
    page::section("3  Run");
    demo::run(plan, in.a8, in.b8, d);
    return check(shape, in, d) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return demonstrate(argc, argv);
    } catch (const std::exception& why) {
        std::fflush(stdout);
        std::fprintf(stderr, "\ndemo: %s\n", why.what());
        return 1;
    }
}
