// SPDX-License-Identifier: MIT
// How cases of an operation are timed: our picks or, with --tune, all kernels against one another. Every result is checked. An
// operation adds its cases and their data; the dense GEMM, which has peers beside it, is timed by ops/gemm.
#pragma once

#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>

#include <nlohmann/json.hpp>

#include "cublaslt.hpp"
#include "files.hpp"
#include "memory.hpp"
#include "ops/contest.hpp"
#include "ops/words.hpp"
#include "peer_library.hpp"
#include "progress.hpp"
#include "reference.cuh"
#include "result.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

/// A kernel that can run a case, with what the planner predicts and what was measured.
template <class O>
struct case_contender {
    contender who;
    double predicted_us = 0;
    typename O::config cfg{};
    measurement figures{};
    measurement k_major{};  ///< our pick with K-major scales of A, if it was measured
    measurement traffic{};  ///< a kernel that only moves what the case must move, if it was measured
};

/// Measures cases of operation `O`. `Data` is the device memory of one case at a time:
///     generate(case, seed)     makes new operands
///     reset_d()                makes every element of the results NaN
///     product()                the problem as users of deepgemm describe it
///     judge(reference, wrong)  the largest errors in D; sets `wrong` to a sentence if it wrote where it must not
///     whole()                  if it is there: all that the named operation launches, where that is more than a kernel
///                              for product(), or nothing; timed in place of our pick, not with --tune
///     traffic()                if it is there: a contender that moves what the case must move and computes nothing
///     k_major_product()        if it is there: the same problem with K-major scales of A, or nothing
///     before(stream), after(stream)   if they are there: what the product's time includes beside its kernel
///     peer(options)            if it is there: a peer's contender for the same case, with no launch if there is none;
///                              beside it a library of the user's may have one (peer.hpp)
template <class O, class Data>
class case_run {
public:
    using product = typename words<O>::product;

    case_run(const options& o, const machine& board, timer& clock)
        : o_(o), board_(board), clock_(clock), device_(or_throw(cuda::describe_current_device())) {
        if (!o.peer_library.empty()) library_ = &open_peer(o.peer_library);
    }

    /// All kernels with --tune, else the planner's choice, which is the first in any case.
    std::vector<case_contender<O>> measure(const product& problem, u64 seed) {
        data_.generate(problem, seed);
        const auto given = data_.product();
        std::vector<case_contender<O>> all = contenders(given, o_.tune);
        if constexpr (requires { data_.whole(); }) {
            if (const auto launch = data_.whole(); launch && !o_.tune) all.front().who.launch = launch;
        }
        if constexpr (requires { data_.k_major_product(); }) {
            if (const auto turned = data_.k_major_product(); turned && !o_.tune)
                all.push_back(contenders(*turned, false).front());
        }
        std::vector<contender> who;
        for (case_contender<O>& each : all) {
            who.push_back(each.who);
            const comparison c = judge(each, each.figures.failure);
            if (each.figures.failure.empty()) each.figures.failure = fault_of(c, problem.tolerance());
        }
        enter_peers(who, given, problem.tolerance());
        const std::size_t ours_and_peers = who.size();
        if constexpr (requires { data_.traffic(); }) {
            if (!o_.tune) who.push_back(data_.traffic());  // last, since it overwrites D
        }
        const auto times = clock_.flushed(who, o_.warmups, o_.reps);
        for (std::size_t i = 0; i < all.size(); ++i) all[i].figures.us = times[i].us;
        for (std::size_t i = 0; i < peers_.size(); ++i) peers_[i].figures.us = times[all.size() + i].us;
        if (who.size() > ours_and_peers) all[0].traffic.us = times.back().us;
        if (!o_.tune && all.size() == 2) {
            all[0].k_major = std::move(all[1].figures);
            if (all[0].figures.failure.empty() && !all[0].k_major.failure.empty())
                all[0].figures.failure = "with K-major scales: " + all[0].k_major.failure;
            all.pop_back();
        }
        measurement& ours = all[0].figures;
        if (!o_.tune && o_.sustained_seconds > 0 && ours.median_us() > o_.sustained_above_us) {
            ours.keep(clock_.sustained(who[0], o_.sustained_seconds, ours.median_us(), board_));
        }
        if (o_.tune && o_.objective == objective_kind::sustained) {
            std::vector<double> single;
            for (const case_contender<O>& each : all) single.push_back(each.figures.median_us());
            const auto back_to_back = clock_.sustained(who, o_.sustained_seconds, single, timer::worth_a_run, board_);
            for (std::size_t i = 0; i < all.size(); ++i) all[i].figures.keep(back_to_back[i]);
        }
        return all;
    }
    /// The peers on the last case: those that can run it and were right.
    const std::vector<case_contender<O>>& peers() const { return peers_; }
    /// The version of the user's own peer; empty if there is none.
    std::string library_version() const { return library_ == nullptr ? "" : library_->version(); }
    std::string library_name() const { return library_ == nullptr ? "" : library_->name(); }

private:
    /// The kernels for a problem, by rank, or the first one alone.
    template <class Problem>
    std::vector<case_contender<O>> contenders(const Problem& given, bool all_of_them) {
        const plan_of<O> made = or_throw(plan(given, device_, instances::of<O>(), {.objective = o_.objective}));
        const auto arguments = O::arguments_of(given);
        std::vector<case_contender<O>> all;
        for (const auto& candidate : made.ranked) {
            const kernel_handle<O>* const kernel = candidate.kernel;
            const auto launch = surrounded(
                [kernel, arguments](cudaStream_t stream) { or_throw(kernel->launch(arguments, {.stream = stream})); });
            all.push_back({{to_source(kernel->info.cfg), launch}, candidate.predicted.total_us, kernel->info.cfg});
            if (!all_of_them) break;
        }
        return all;
    }
    /// A launch with what the product's time includes before and behind it.
    std::function<void(cudaStream_t)> surrounded(std::function<void(cudaStream_t)> product) {
        return [this, product](cudaStream_t stream) {
            if constexpr (requires { data_.before(stream); }) data_.before(stream);
            product(stream);
            if constexpr (requires { data_.after(stream); }) data_.after(stream);
        };
    }
    /// Adds the peers to those who are timed: what the operation compares with, and the user's own.
    template <class Problem>
    void enter_peers(std::vector<contender>& who, const Problem& given, double tolerance) {
        peers_.clear();
        if (!o_.peers || o_.tune) return;
        if constexpr (requires { data_.peer(o_); }) enter_peer(who, tolerance, [&] { return data_.peer(o_); });
        if constexpr (requires(peer & own) { own.prepare(given); }) {
            if (library_ != nullptr)
                enter_peer(who, tolerance, [&] {
                    contender theirs{library_->name(), library_->prepare(given)};
                    if (theirs.launch) theirs.launch = surrounded(theirs.launch);
                    return theirs;
                });
        }
    }
    /// Adds the peer that `make` gives, unless it cannot run the case or is wrong.
    template <class Make>
    void enter_peer(std::vector<contender>& who, double tolerance, const Make& make) {
        case_contender<O> one;
        try {
            one.who = make();
            if (!one.who.launch) return;
            std::string elsewhere;  // which rows that are of no product a peer writes is its own affair
            one.figures.failure = fault_of(judge(one, elsewhere), tolerance);
        } catch (const std::exception& e) {
            static_cast<void>(cudaGetLastError());
            one.figures.failure = e.what();
        }
        if (one.figures.failure.empty()) {
            who.push_back(one.who);
            peers_.push_back(std::move(one));
        } else {
            std::printf("%s: %s\n", one.who.name.c_str(), one.figures.failure.c_str());
        }
    }

    /// Launches a contender once. The largest errors in D; `elsewhere` becomes a sentence if it wrote where it must not.
    comparison judge(case_contender<O>& each, std::string& elsewhere) {
        data_.reset_d();
        each.who.launch(clock_.stream());
        check(cudaStreamSynchronize(clock_.stream()), each.who.name.c_str());
        const comparison c = data_.judge(reference_, elsewhere);
        each.figures.diff = c.diff;
        each.figures.max_error = c.max_error;
        return c;
    }

    const options& o_;
    const machine& board_;
    timer& clock_;
    device_info device_;
    Data data_;
    reference reference_;
    peer* library_ = nullptr;  ///< of the user's own
    std::vector<case_contender<O>> peers_;
};

/// The row of a result file for our pick. members_of(case) gives what tells the case from others.
template <class O>
json row_of(const typename words<O>::product& problem, const case_contender<O>& ours) {
    const measurement& m = ours.figures;
    json row = members_of(problem);
    row["config"] = ours.who.name;
    row["chosen_by"] = "model";
    add_figures(row, m, problem.flops(), problem.bytes());
    if (!ours.traffic.us.empty()) row["us_traffic"] = ours.traffic.median_us();
    if (!ours.k_major.us.empty()) row["us_k_major_scales"] = ours.k_major.median_us();
    if (!m.failure.empty()) row["failure"] = m.failure;
    row["peers"] = json::object();
    row["peers_sustained"] = json::object();
    return row;
}

/// Times our picks and writes a result file for each family of cases; with --tune all kernels. DeepGEMM's times are kept beside
/// the results, in deepgemm-*.json; report.py and check.py compare.
template <class O, class Data>
class case_contest final : public contest {
public:
    using product = typename words<O>::product;

    /// `suite` are the cases of the suite that the options name.
    case_contest(const options& o, const std::vector<product>& suite) : o_(o) {
        if (o.once || o.nvrtc)
            throw std::invalid_argument(concat("products of ", O::name, " take no --once and no --nvrtc"));
        for (const std::string& shape : o.shapes) cases_.push_back(words<O>::parse(shape));
        if (o.shapes.empty()) cases_ = suite;
        std::erase_if(cases_, [&](const product& c) { return c.name().find(o.filter) == std::string::npos; });
        if (cases_.empty()) throw std::invalid_argument("no case contains '" + o.filter + "'");
        families_ = families_of(o, cases_);
    }

    std::size_t cases() const override { return cases_.size(); }
    void check_outputs() const override { o_.out.empty() ? check_folder(o_.results) : check_output(o_.out); }
    void check_memory(double free) const override {
        for (const product& c : cases_) {
            const double checking = c.checking_memory() + o_.flush_bytes;
            bench::check_memory("the case " + c.name(), c.memory() + checking, free, "on the GPU");
        }
    }
    int run_once() override { return 0; }  // refused above
    int run(const machine& board, timer& clock) override {
        case_run<O, Data> run(o_, board, clock);
        tuned_table winners{board.gpu()};
        int wrong = 0;
        for (const auto& family : families_) wrong += run_family(family, run, board, clock, winners);
        return wrong;
    }

private:
    int run_family(const std::vector<product>& cases, case_run<O, Data>& run, const machine& board, timer& clock,
                   tuned_table& winners) {
        const std::string own = o_.results + "/" + board.folder() + "/" + cases.front().family() + ".json",
                          path = o_.out.empty() ? own : o_.out;
        std::printf("%-22s %7s | %9s %6s %5s | %9s %9s %8s | %s\n", words<O>::heading, "rows", "us", "TFLOPS", "GB/s",
                    "sustained", "predicted", "error", "configuration");
        progress bar(int(cases.size()));
        int wrong = 0;
        json rows = json::array();
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const product& problem = cases[i];
            bar.show(int(i), problem.name());
            const auto all = run.measure(problem, 1000 * (i + 1));
            bar.clear();
            for (const case_contender<O>& each : all) {
                print(problem, each);
                wrong += !each.figures.failure.empty();
            }
            for (const case_contender<O>& peer : run.peers()) print(problem, peer);
            std::fflush(stdout);
            if (o_.tune) {
                add_winner(winners.rows<O>(), problem, all, o_.objective);
                if (!o_.table.empty()) write_table(o_.table, winners);
                continue;
            }
            rows.push_back(row_of<O>(problem, all[0]));
            for (const case_contender<O>& peer : run.peers()) {
                rows.back()["peers"][peer.who.name] = peer.figures.median_us();
                versions_[peer.who.name] =
                    peer.who.name == run.library_name() ? run.library_version() : cublaslt_version();
            }
            // Written after every case: an interrupted run leaves what it measured.
            json about = board.describe(o_.command, clock.method());
            about["reps"] = o_.reps;
            about["flush_bytes"] = double(o_.flush_bytes);
            for (const auto& [name, version] : versions_) about[name] = version;
            write_file(path, text_of(json::object({{"machine", about}, {"rows", rows}})) + "\n");
        }
        if (wrong) std::printf("%d results are wrong\n", wrong);
        if (!o_.tune) std::printf("written to %s\n", path.c_str());
        return wrong;
    }

    static void print(const product& problem, const case_contender<O>& each) {
        const double us = each.figures.median_us();
        std::printf("%-22s %7d | %9.2f %6.0f %5.0f | %9.2f %9.2f %8.1e | %s %s\n", problem.name().c_str(), problem.rows,
                    us, problem.flops() / us * 1e-6, problem.bytes() / us * 1e-3, each.figures.sustained_us,
                    each.predicted_us, each.figures.diff, each.who.name.c_str(), each.figures.failure.c_str());
    }
    /// Adds the fastest kernel of those that are right and were timed for the objective.
    static void add_winner(std::vector<tuned_row<O>>& to, const product& problem,
                           const std::vector<case_contender<O>>& all, objective_kind objective) {
        const auto time_of = [&](const case_contender<O>& each) {
            return objective == objective_kind::latency ? each.figures.median_us() : each.figures.sustained_us;
        };
        const case_contender<O>* best = nullptr;
        for (const case_contender<O>& each : all) {
            if (!each.figures.failure.empty() || !std::isfinite(time_of(each))) continue;
            if (best == nullptr || time_of(each) < time_of(*best)) best = &each;
        }
        if (best != nullptr) to.push_back({words<O>::workload_of(problem), best->cfg, time_of(*best), objective});
    }

    const options& o_;
    std::vector<product> cases_;
    std::vector<std::vector<product>> families_;
    std::map<std::string, std::string> versions_;  ///< of the peers of some case, by name
};

}  // namespace deepgemm::bench
