// SPDX-License-Identifier: MIT
// The race among our own kernels: for each case every instantiated kernel that accepts it, and the planner's pick.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "ours.cuh"
#include "reference.cuh"
#include "result.hpp"
#include "run.hpp"

namespace deepgemm::bench {

namespace {

constexpr double tolerance = 1e-3;
constexpr double near_best = 1.03;
constexpr int shown = 5;

}  // namespace

int run_tuning(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock) {
    const std::string path = o.out.empty() ? o.results + "/" + board.folder() + "/tune_fp8_dense.json" : o.out;
    problem_data data;
    reference truth;
    progress bar(int(cases.size()));
    json rows = json::array();
    std::vector<double> losses;  // pick over best
    int done = 0, wrong = 0;
    for (const gemm_case& problem : cases) {
        bar.show(done++, problem.name());
        data.generate(problem, u64(1000 + done));
        truth.compute(data, true);
        const our_kernels kernels = kernels_for(data);

        // A kernel that cannot launch or is wrong does not race.
        std::vector<contender> racing;
        std::vector<int> index;
        std::string refused;
        for (std::size_t i = 0; i < kernels.able.size(); ++i) {
            std::string why;
            try {
                data.reset_d();
                kernels.able[i].launch(clock.stream());
                check(cudaStreamSynchronize(clock.stream()), kernels.able[i].name.c_str());
                const comparison c = truth.compare(data);
                if (!(c.diff < tolerance))
                    why = "wrong result: " + std::to_string(c.diff) + ", " + std::to_string(c.bad) + " not finite";
            } catch (const std::exception& e) {
                cudaGetLastError();
                why = e.what();
            }
            if (why.empty()) {
                racing.push_back(kernels.able[i]);
                index.push_back(int(i));
            } else {
                ++wrong;
                refused += "    refused: " + kernels.able[i].name + ": " + why + "\n";
            }
        }
        bar.clear();
        std::printf("%s: %zu kernels\n%s", problem.name().c_str(), kernels.able.size(), refused.c_str());
        if (racing.empty()) continue;

        const std::vector<flushed_times> times = clock.flushed(racing, std::min(o.warmups, 2), std::min(o.reps, 9));
        std::vector<double> us;
        for (const flushed_times& t : times) us.push_back(median(t.us));
        std::vector<std::size_t> order(us.size());
        std::iota(order.begin(), order.end(), std::size_t(0));
        std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return us[x] < us[y]; });
        const double best = us[order[0]];
        json ranking = json::array();
        double pick_us = not_measured;
        for (std::size_t place = 0; place < order.size(); ++place) {
            const std::size_t i = order[place];
            const bool picked = index[i] == kernels.pick;
            if (picked) pick_us = us[i];
            ranking.push(json::object().add("config", racing[i].name).add("us", us[i]));
            if (place < shown || picked) {
                std::printf("  %c%3zu. %9.2f us %6.0f TFLOPS  x%.3f  %s\n", picked ? '*' : ' ', place + 1, us[i],
                            problem.flops() / us[i] * 1e-6, us[i] / best, racing[i].name.c_str());
            }
        }
        if (std::isfinite(pick_us)) losses.push_back(pick_us / best);
        json row = json::object();
        row.add("op", "fp8_gemm")
            .add("m", problem.m)
            .add("n", problem.n)
            .add("k", problem.k)
            .add("recipe", problem.recipe());
        row.add("d_type", problem.d_type())
            .add("accumulate", problem.accumulate)
            .add("best_us", best)
            .add("pick_us", pick_us);
        row.add("pick", kernels.pick >= 0 ? json(kernels.able[std::size_t(kernels.pick)].name) : json())
            .add("ranking", ranking);
        rows.push(row);
        json file = json::object();
        write_file(path,
                   file.add("machine", board.describe(o.command, clock.method())).add("rows", rows).dump(4) + "\n");
    }
    const auto near = std::count_if(losses.begin(), losses.end(), [](double x) { return x <= near_best; });
    std::printf(
        "\n* the planner's pick: within %.0f %% of the best kernel in %d of %zu cases; geometric mean %.3f times the "
        "best\n",
        (near_best - 1) * 100, int(near), losses.size(), geometric_mean(losses));
    if (wrong) std::printf("%d kernels were wrong or could not launch\n", wrong);
    std::printf("written to %s\n", path.c_str());
    return wrong;
}

}  // namespace deepgemm::bench
