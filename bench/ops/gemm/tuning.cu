// SPDX-License-Identifier: MIT
// The race among our own kernels: for each case every instantiated kernel that accepts it, and the planner's choice
// among them. The winners become rows for ops/gemm/tuned.hpp, or for a table of the user's own.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string_view>

#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/text.hpp>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "ours.cuh"
#include "progress.hpp"
#include "reference.cuh"
#include "run.hpp"
#include "statistics.hpp"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

constexpr double near_best = 1.03;
constexpr std::size_t shown = 5;

/// A kernel in the race, by its place in the planner's ranking.
struct runner {
    std::size_t planned;
    double us;
    double joules = not_measured;  ///< of a product, back to back
};

class tuning_run {
public:
    tuning_run(const options& o, const machine& board, timer& clock) : o_(o), board_(board), clock_(clock) {}

    /// Races all kernels on one case, prints the ranking and keeps it as a row of the result file.
    void race(const gemm_case& problem, u64 seed, progress& bar) {
        data_.generate(problem, seed);
        truth_.compute(data_, true);
        const our_kernels kernels = kernels_for(data_, o_.objective);
        refusals_.clear();
        const std::vector<runner> ranking = timed(kernels);
        bar.clear();
        std::printf("%s: %zu kernels%s%s\n%s", problem.name().c_str(), kernels.ranked.size(),
                    kernels.empty() ? ": " : "", kernels.why_not.c_str(), refusals_.c_str());
        if (ranking.empty()) return;

        const double best = ranking[0].us;
        double pick = not_measured;
        json places = json::array();
        for (std::size_t place = 0; place < ranking.size(); ++place) {
            const std::size_t planned = ranking[place].planned;
            const double us = ranking[place].us;
            const our_kernel& kernel = kernels.ranked[planned];
            if (planned == 0) pick = us;
            places.push_back(json::object({{"config", kernel.who.name},
                                           {"epilogue", kernel.epilogue},
                                           {"us", us},
                                           {"predicted_us", kernel.predicted_us}}));
            if (o_.objective == objective_kind::sustained) places.back()["joules"] = ranking[place].joules;
            if (place >= shown && planned != 0) continue;
            std::printf("  %c%3zu. %9.2f us, predicted %9.2f  %6.0f TFLOPS  x%.3f  %s, %s\n", planned == 0 ? '*' : ' ',
                        place + 1, us, kernel.predicted_us, problem.flops() / us * 1e-6, us / best,
                        kernel.epilogue.c_str(), kernel.who.name.c_str());
        }
        if (std::isfinite(pick)) losses_.push_back(pick / best);
        winners_.push_back(winner(problem, kernels, ranking));
        rows_.push_back(json::object({{"op", problem.op()},
                                      {"m", problem.m},
                                      {"n", problem.n},
                                      {"k", problem.k},
                                      {"layout", problem.layout()},
                                      {"recipe", problem.recipe()},
                                      {"d_type", problem.d_type()},
                                      {"accumulate", problem.accumulate},
                                      {"objective", name_of(o_.objective)},
                                      {"best_us", best},
                                      {"pick_us", pick},
                                      {"pick", kernels.pick().name},
                                      {"chosen_by", kernels.chosen_by},
                                      {"tuned_row", to_source(winners_.back())},
                                      {"ranking", places}}));
    }

    const json& rows() const { return rows_; }
    const std::vector<gemm_tuned_row>& winners() const { return winners_; }
    int refused() const { return refused_; }

    void print_summary() const {
        const auto near = std::count_if(losses_.begin(), losses_.end(), [](double x) { return x <= near_best; });
        std::printf("\nWinners, as rows for ops/gemm/tuned.hpp:\n");
        for (const gemm_tuned_row& row : winners_) std::printf("%s,\n", to_source(row).c_str());
        std::printf("\n* the planner's choice: within %.0f %% of the best kernel in %d of %zu cases; ",
                    (near_best - 1) * 100, int(near), losses_.size());
        std::printf("geometric mean %.3f times the best\n", geometric_mean(losses_));
        if (refused_) std::printf("%d kernels were wrong or could not launch\n", refused_);
    }

private:
    /// The row of the fastest kernel, with its time, and with the model's choice where another one was measured.
    gemm_tuned_row winner(const gemm_case& problem, const our_kernels& kernels,
                          const std::vector<runner>& ranking) const {
        const gemm_info& fastest = kernels.ranked[ranking[0].planned].info;
        gemm_tuned_row made = row_of(problem, fastest.cfg, fastest.traits.in_place);
        made.us = float(ranking[0].us);
        made.objective = o_.objective;
        if (kernels.chosen_by != std::string_view(name_of(choice::model))) return made;
        for (const runner& each : ranking) {
            const gemm_info& info = kernels.ranked[each.planned].info;
            if (each.planned == 0 && each.us > ranking[0].us)
                made.model = {info.cfg, info.traits.in_place, float(each.us)};
        }
        return made;
    }

    /// Times the kernels that are right, fastest first; for `sustained` those that are near the fastest one's single launch.
    std::vector<runner> timed(const our_kernels& kernels) {
        std::vector<contender> racing;
        std::vector<runner> ranking;
        for (std::size_t i = 0; i < kernels.ranked.size(); ++i) {
            const contender& who = kernels.ranked[i].who;
            const std::string why = fault(who);
            if (why.empty()) {
                racing.push_back(who);
                ranking.push_back({i, 0});
            } else {
                ++refused_;
                refusals_ += "    refused: " + who.name + ": " + why + "\n";
            }
        }
        if (racing.empty()) return {};
        const auto times = clock_.flushed(racing, std::min(o_.warmups, 2), std::min(o_.reps, 9));
        for (std::size_t i = 0; i < times.size(); ++i) ranking[i].us = median(times[i].us);
        if (o_.objective == objective_kind::sustained) time_back_to_back(kernels, racing, ranking);
        std::sort(ranking.begin(), ranking.end(), [](const runner& x, const runner& y) { return x.us < y.us; });
        return ranking;
    }

    /// Puts times of launches back to back in the place of those of single launches, and drops kernels that have none.
    void time_back_to_back(const our_kernels& kernels, const std::vector<contender>& racing,
                           std::vector<runner>& ranking) {
        std::vector<double> single;
        for (const runner& each : ranking) single.push_back(each.us);
        // The model's choice is timed in any case, since a row tells how it compares.
        const auto by_prediction = [&](const runner& x, const runner& y) {
            return kernels.ranked[x.planned].predicted_us < kernels.ranked[y.planned].predicted_us;
        };
        const auto modelled = std::min_element(ranking.begin(), ranking.end(), by_prediction) - ranking.begin();
        single[modelled] = std::min(single[modelled], smallest(single) * timer::worth_a_run);
        const auto times = clock_.sustained(racing, o_.sustained_seconds, single, timer::worth_a_run, board_);
        for (std::size_t i = 0; i < times.size(); ++i) {
            ranking[i].us = times[i].us;
            ranking[i].joules = times[i].joules;
        }
        std::erase_if(ranking, [](const runner& each) { return !std::isfinite(each.us); });
    }

    /// Launches a kernel on a fresh D; says what is wrong with the result, or nothing.
    std::string fault(const contender& who) {
        data_.reset_d();
        try {
            who.launch(clock_.stream());
        } catch (const std::exception& e) {
            return e.what();
        }
        // A fault on the device destroys the context, so this throws and ends the race.
        check(cudaStreamSynchronize(clock_.stream()), who.name.c_str());
        return fault_of(truth_.compare(data_), data_.problem().tolerance());
    }

    const options& o_;
    const machine& board_;
    timer& clock_;
    problem_data data_;
    reference truth_;
    json rows_ = json::array();
    std::vector<double> losses_;  ///< time of the planner's choice over the best
    std::vector<gemm_tuned_row> winners_;
    std::string refusals_;
    int refused_ = 0;
};

}  // namespace

int run_tuning(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock,
               std::vector<gemm_tuned_row>& winners) {
    if (cases[0].is_fp4())
        throw std::runtime_error("rows of tuned tables do not tell FP4 operands apart; tune other products");
    const bool named_by_suite = cases[0].is_sustained() || o.objective == objective_kind::latency;
    const std::string name = concat("tune_", cases[0].family(), named_by_suite ? "" : "_sustained", ".json");
    const std::string path = o.out.empty() ? o.results + "/" + board.folder() + "/" + name : o.out;
    tuning_run run(o, board, clock);
    progress bar(int(cases.size()));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        bar.show(int(i), cases[i].name());
        run.race(cases[i], 1000 + i, bar);
        const json file = json::object({{"machine", board.describe(o.command, clock.method())}, {"rows", run.rows()}});
        write_file(path, text_of(file, 4) + "\n");
    }
    run.print_summary();
    winners.insert(winners.end(), run.winners().begin(), run.winners().end());
    std::printf("written to %s\n", path.c_str());
    return run.refused();
}

}  // namespace deepgemm::bench
