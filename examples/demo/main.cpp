// SPDX-License-Identifier: MIT
// The main job from end to end: BF16 matrices are quantised to FP8 with block scales, a kernel is planned, the product
// is computed on the machine at hand, checked against double precision, and shown.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/parse.hpp>
#include <deepgemm/reference/argument.hpp>

#include "machine.hpp"
#include "page.hpp"

namespace dg = deepgemm;

namespace {

/// The most rows and columns of D that are compared with the reference.
constexpr int checked_rows = 256, checked_columns = 512;

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

/// Random matrices of this shape, and what they are in FP8.
operands made_of(dg::problem_shape shape, dg::random_source& random) {
    operands made{dg::matrix<dg::bf16>(shape.m, shape.k), dg::matrix<dg::bf16>(shape.n, shape.k), {}, {}};
    random.fill_normal(made.a.view());
    random.fill_normal(made.b.view());
    made.a8 = dg::quantised_operand<>::of(made.a.view(), {.tile = {1, 128}});
    made.b8 = dg::quantised_operand<>::of(made.b.view(), {.tile = {128, 128}});
    return made;
}

/// What D is compared with, at some of its elements: the product of the FP8 operands, and that of the BF16 matrices.
struct references {
    dg::reference::product quantised, unquantised;
};

references references_of(const operands& in, dg::problem_shape shape) {
    const auto rows = sample(shape.m, checked_rows), columns = sample(shape.n, checked_columns);
    const auto plain = [](const dg::matrix<dg::bf16>& x) { return dg::reference::plain(x.view()); };
    return {dg::reference::gemm_at(in.a8.view(), in.b8.view(), rows, columns),
            dg::reference::gemm_at(plain(in.a), plain(in.b), rows, columns)};
}

/// Prints how long the host will take to make the operands and the references, estimated from a corner of the product.
/// demo::run() prints the time of the launch.
void announce(dg::problem_shape shape) {
    using clock = std::chrono::steady_clock;
    const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
    const dg::problem_shape corner{dg::min(shape.m, checked_rows), dg::min(shape.n, checked_columns),
                                   dg::min(shape.k, 512)};
    dg::random_source random(1);
    const auto start = clock::now();
    const operands in = made_of(corner, random);
    const auto made = clock::now();
    references_of(in, corner);
    const auto compared = clock::now();
    const double depth = double(shape.k) / corner.k, rows = (double(shape.m) + shape.n) / (corner.m + corner.n);
    page::fact("expected", page::text("about %s to make and quantise A and B and %s to check D, beside the launch; "
                                      "Ctrl-C ends it",
                                      page::duration(seconds(made - start) * rows * depth).c_str(),
                                      page::duration(seconds(compared - made) * depth).c_str()));
    std::fflush(stdout);
}

operands quantise(dg::problem_shape shape) {
    const auto [m, n, k] = shape;
    page::section("1  Quantise");
    announce(shape);
    dg::random_source random(dg::fresh_seed());
    operands made = made_of(shape, random);
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
    for (const auto& each : plan.ranked) slowest = std::max(slowest, each.predicted.total_us);
    for (const auto& each : plan.ranked) {
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
    std::fflush(stdout);
    const auto [expected, unquantised] = references_of(in, shape);
    const auto found = dg::reference::compare(d.view(), expected, dg::tolerance::hopper_fp8);
    const double diff = dg::reference::diff(d.view(), expected);

    page::fact("elements", page::text("%s of %s, against a product in double precision",
                                      page::grouped(dg::u64(found.elements)).c_str(),
                                      page::grouped(dg::u64(shape.m) * dg::u64(shape.n)).c_str()));
    page::fact("calc_diff", page::text("%.1e against the same FP8 operands: the kernel's own error", diff));
    page::fact("", page::text("%.1e against the BF16 matrices: with the cost of quantising them",
                              dg::reference::diff(d.view(), unquantised)));
    page::fact(
        "",
        "(calc_diff is 1 - 2 sum(D R) / sum(D^2 + R^2), R being the reference: 0 where they are equal, about half the "
        "squared relative error where they are close; below 1e-3 against the same operands passes)");
    page::fact("worst element",
               page::text("(%lld, %lld): got %.6g, expected %.6g, off by %.2g, allowed %.2g", found.row, found.column,
                          found.got, found.expected, std::fabs(found.got - found.expected), found.bound));
    const bool fine = found && diff < 1e-3;
    page::fact("verdict", fine ? page::good("PASS") : page::bad("FAIL: " + found.text()));
    return fine;
}

constexpr const char* usage =
    "usage: demo [M N K]\n\n"
    "Quantises two matrices to FP8, multiplies them, D(M,N) = A(M,K) x B(N,K)^T, and checks the result. Without\n"
    "sizes, those that suit the machine: a Hopper GPU, or the simulator, which takes a second for every 10^9\n"
    "multiply-adds or so. Says before each long part how long it will take.\n";

/// The sizes that were typed, if any were. Throws std::invalid_argument for what is no size.
std::optional<dg::problem_shape> shape_of(std::span<char*> typed) {
    if (typed.empty()) return {};
    if (typed.size() != 3) {
        throw std::invalid_argument(
            page::text("%zu arguments; there must be three, M, N and K, or none", typed.size()));
    }
    const auto size = [&](const char* name, std::size_t at) {
        const auto read = dg::parse_extent(name, typed[at], 1);
        if (!read) throw std::invalid_argument(read.failure().message);
        return dg::i32(*read);  // max_extent fits
    };
    return dg::problem_shape{size("M", 0), size("N", 1), size("K", 2)};
}

/// Bytes of the matrices below, on the host: A and B in BF16 and FP8 with scales, D, and the rows that check() decodes.
double host_bytes(dg::problem_shape shape) {
    const double m = shape.m, n = shape.n, k = shape.k;
    return (2 + 1 + 8.0 / 128) * (m + n) * k + 2 * m * (n + 8) + 8 * (checked_rows + checked_columns) * k;
}

int demonstrate(std::span<char*> typed) {
    const auto asked = shape_of(typed);  // reports a wrong call before it looks for a machine
    const demo::machine machine = demo::find_machine();
    const dg::problem_shape shape = asked.value_or(machine.shape);
    demo::check_memory(shape, host_bytes(shape));
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
    const std::span<char*> typed(argv + 1, argv + argc);
    if (typed.size() == 1 && std::string_view(typed[0]) == "--help") {
        std::fputs(usage, stdout);
        return 0;
    }
    try {
        return demonstrate(typed);
    } catch (const std::invalid_argument& why) {
        std::fprintf(stderr, "demo: %s\n%s", why.what(), usage);
        return 2;
    } catch (const std::exception& why) {
        std::fflush(stdout);
        std::fprintf(stderr, "\ndemo: %s\n", why.what());
        return 1;
    }
}
