// SPDX-License-Identifier: MIT
// The comparison with peers: for each case check everyone's result, time everyone interleaved, then back to back.
#include <cstdio>
#include <limits>
#include <memory>
#include <span>

#include <nlohmann/json.hpp>

#include "cublaslt.hpp"
#include "files.hpp"
#include "ours.cuh"
#include "progress.hpp"
#include "reference.cuh"
#include "result.hpp"
#include "run.hpp"
#include "run_time.hpp"
#include "traffic.cuh"

namespace deepgemm::bench {

namespace {

/// As timer::sustained() takes it: whoever is slow is timed, too.
constexpr double all_of_them = std::numeric_limits<double>::infinity();

/// The most rows of products that are memory-bound. For them traffic_alone() is measured, too.
constexpr int few_rows = 128;

struct peer_kind {
    const char* name;
    peer_scaling scaling;
    peer_sums sums = peer_sums::promoted;
};

/// The largest difference from the reference at which a peer's result counts: that of kernels with exact accumulation, or of
/// sums of the tensor core alone.
double peer_tolerance(const gemm_case& c, const peer_kind& kind) {
    return kind.sums == peer_sums::fast ? gemm_case::tolerance_of_fast_sums : c.is_fp8() ? 1e-4 : 1e-5;
}

constexpr peer_kind fp8_peers[] = {{"cublaslt_tensorwise", peer_scaling::none},
                                   {"cublaslt_blockwise", peer_scaling::blockwise}};
/// FP8 in other orders than NT, which nobody else multiplies with block scales: our own NT, and our fastest kernel that
/// transposes on the way, whichever way was chosen.
constexpr peer_kind layout_peers[] = {{"deepgemm_nt", peer_scaling::none}, {"deepgemm_on_the_way", peer_scaling::none}};
/// Of large products back to back: all of tensor-wise and block-scaled. The latter has no say where our scales are tensor-wise.
constexpr peer_kind sustained_peers[] = {{"cublaslt_fast", peer_scaling::none, peer_sums::fast},
                                         {"cublaslt_tensorwise", peer_scaling::none},
                                         {"cublaslt_blockwise", peer_scaling::blockwise}};
/// Tensor-wise, summed as ours and with promotion, and by row. The former two have the scales of a product that has one for
/// each operand, else none; the last is for scales of rows.
constexpr peer_kind row_peers[] = {{"cublaslt_fast", peer_scaling::none, peer_sums::fast},
                                   {"cublaslt_tensorwise", peer_scaling::none},
                                   {"cublaslt_rowwise", peer_scaling::at_end, peer_sums::fast}};
constexpr peer_kind half_peers[] = {{"cublaslt", peer_scaling::none}};

/// Of FP8 with packed scales, which cuBLASLt does not take in these tiles; and none of FP4.
constexpr peer_kind packed_peers[] = {{"cublaslt_tensorwise", peer_scaling::none}};

std::span<const peer_kind> peers_of(const gemm_case& c, const device_info& device) {
    if (c.is_fp4()) return {};
    if (workload_of(c, device).a.format == scale_kind::ue8m0) return packed_peers;
    if (c.is_sustained()) return sustained_peers;
    if (c.is_turned()) return layout_peers;
    if (c.is_scaled_at_end()) return row_peers;
    if (c.is_fp8()) return fp8_peers;
    return half_peers;
}

/// The contenders of a case, and the measurement that each of them fills.
struct field_of_contenders {
    std::vector<contender> who;
    std::vector<measurement*> owners;
    std::vector<std::unique_ptr<cublaslt_gemm>> plans;

    void enter(const contender& added, measurement& figures) {
        who.push_back(added);
        owners.push_back(&figures);
    }
};

/// One run of the benchmark over all cases.
class comparison_run {
public:
    comparison_run(const options& o, const machine& board, timer& clock) : o_(o), board_(board), clock_(clock) {}

    case_result measure(const gemm_case& problem, u64 seed) {
        case_result result{problem, {}, {}, {}, {}, {}};
        data_.generate(problem, seed);
        field_of_contenders field;
        reference_.compute(data_, true);
        enter_ours(result, field);
        const std::span<const peer_kind> kinds = peers_of(problem, current_device());
        result.peers.resize(o_.peers ? kinds.size() : 0);
        for (std::size_t i = result.peers.size(); i-- > 0;) enter_peer(kinds[i], result.peers[i], field);
        // Last, since it overwrites D.
        if (problem.m <= few_rows && !field.who.empty()) field.enter(traffic_alone(data_), result.traffic);
        if (!field.who.empty()) time(field);
        return result;
    }

private:
    void enter_ours(case_result& result, field_of_contenders& field) {
        measurement& m = result.ours;
        m.name = "deepgemm";
        const our_kernels kernels = kernels_for(data_, o_.objective);
        m.failure = kernels.why_not;
        if (kernels.empty()) return;
        result.config = kernels.pick().name;
        result.chosen_by = kernels.chosen_by;
        if (data_.is_turned()) {
            const contender who = turned_.of(data_, kernels.pick().name);
            if (!is_launched(who, m)) return;
            judge(m, data_.problem().tolerance());
            field.enter(who, m);
            return;
        }
        if (!is_launched(kernels.pick(), m)) return;
        // A wrong result is shown with its time.
        const bool right = judge(m, data_.problem().tolerance());
        field.enter(kernels.pick(), m);
        if (right && o_.nvrtc && data_.problem().is_fp8())
            enter_run_time(kernels.ranked.front().info, result.run_time, field);
        if (right && data_.problem().is_fp8() && !data_.is_packed() && !data_.problem().is_scaled_at_end())
            enter_k_major(result.k_major, field);
    }

    /// Our pick for scales of A as quantisers write them. There may be no kernel for the case.
    void enter_k_major(measurement& m, field_of_contenders& field) {
        m.name = "K-major scales of A";
        const our_kernels kernels = kernels_for(data_, o_.objective, major::k);
        if (kernels.empty()) return;
        if (!is_launched(kernels.pick(), m) || !judge(m, data_.problem().tolerance()))
            throw std::runtime_error(m.name + ": " + m.failure);
        field.enter(kernels.pick(), m);
    }

    /// Our pick for the same operands along K; or the fastest of our kernels for operands as they are.
    void enter_own(bool along_k, measurement& m, field_of_contenders& field) {
        const our_kernels kernels = along_k ? kernels_for(data_, o_.objective) : kernels_as_stored(data_);
        m.failure = kernels.why_not;
        if (kernels.empty()) return;
        const contender* best = &kernels.pick();
        if (!along_k) {
            std::vector<contender> all;
            for (const our_kernel& one : kernels.ranked) all.push_back(one.who);
            const auto times = clock_.flushed(all, 1, 5);
            for (std::size_t i = 0, fastest = 0; i < all.size(); ++i) {
                if (median(times[i].us) < median(times[fastest].us)) best = &kernels.ranked[fastest = i].who;
            }
        }
        if (!is_launched(*best, m) || !judge(m, data_.problem().tolerance())) return;
        field.enter(*best, m);
        std::printf("%s: %s: %s\n", data_.problem().name().c_str(), m.name.c_str(), best->name.c_str());
    }

    /// Our pick once more, as NVRTC compiles it. A failure to compile fails the run.
    void enter_run_time(const gemm_info& pick, measurement& m, field_of_contenders& field) {
        const contender who = compiled_now(pick, data_);
        if (!is_launched(who, m) || !judge(m, data_.problem().tolerance()))
            throw std::runtime_error("built by NVRTC: " + m.failure);
        field.enter(who, m);
    }

    /// Block-scaled peers must enter first, because a peer without scales recomputes the reference with all scales 1.
    void enter_peer(const peer_kind& kind, measurement& m, field_of_contenders& field) {
        m.name = kind.name;
        if (data_.is_turned()) return enter_own(kind.name == layout_peers[0].name, m, field);
        const bool whole = data_.problem().scales == b_scales::tensor;
        if (whole && kind.scaling != peer_scaling::none) return;
        const peer_scaling scaling = whole ? peer_scaling::at_end : kind.scaling;
        try {
            field.plans.push_back(plan_cublaslt(data_.product(), scaling, o_.search, kind.sums));
            cublaslt_gemm* const plan = field.plans.back().get();
            const contender who{m.name, [plan](cudaStream_t stream) { plan->launch(stream); }};
            if (plan->choices() > 1) choose_fastest(*plan, who);
            if (scaling == peer_scaling::none && data_.problem().is_fp8()) reference_.compute(data_, false);
            if (is_launched(who, m) && judge(m, peer_tolerance(data_.problem(), kind))) field.enter(who, m);
        } catch (const std::exception& e) {
            recover(e);
            m.failure = e.what();
        }
    }

    void time(const field_of_contenders& field) {
        std::vector<flushed_times> times = clock_.flushed(field.who, o_.warmups, o_.reps);
        for (std::size_t i = 0; i < times.size(); ++i) {
            field.owners[i]->us = std::move(times[i].us);
            field.owners[i]->kernels = std::move(times[i].kernels);
        }
        if (o_.sustained_seconds <= 0 || field.owners[0]->median_us() <= o_.sustained_above_us) return;
        std::vector<double> single;
        for (const measurement* m : field.owners) single.push_back(m->median_us());
        const auto back_to_back = clock_.sustained(field.who, o_.sustained_seconds, single, all_of_them, board_);
        for (std::size_t i = 0; i < field.who.size(); ++i) field.owners[i]->keep(back_to_back[i]);
    }

    /// Launches `who` on a fresh D. Returns false, and keeps the reason, if that fails.
    bool is_launched(const contender& who, measurement& m) {
        try {
            data_.reset_d();
            who.launch(clock_.stream());
            check(cudaStreamSynchronize(clock_.stream()), who.name.c_str());
            return true;
        } catch (const std::exception& e) {
            recover(e);
            m.failure = e.what();
            return false;
        }
    }

    /// Compares D with the reference. Returns false, and says so in the measurement, if it is wrong.
    bool judge(measurement& m, double tolerance) {
        const comparison c = reference_.compare(data_);
        m.diff = c.diff;
        m.max_error = c.max_error;
        m.failure = fault_of(c, tolerance);
        return m.failure.empty();
    }

    /// Times cuBLASLt's suggestions and chooses the fastest.
    void choose_fastest(cublaslt_gemm& plan, const contender& who) {
        int best = 0;
        double best_us = 0;
        for (int i = 0; i < plan.choices(); ++i) {
            plan.choose(i);
            const double us = median(clock_.flushed({who}, 1, 5)[0].us);
            if (i == 0 || us < best_us) {
                best = i;
                best_us = us;
            }
        }
        plan.choose(best);
    }

    /// Clears the error of a failed launch, so that the next contender can run. Throws std::runtime_error if the context is
    /// destroyed.
    static void recover(const std::exception& e) {
        cudaGetLastError();
        if (cudaDeviceSynchronize() != cudaSuccess)
            throw std::runtime_error(std::string("the GPU is lost after: ") + e.what());
    }

    const options& o_;
    const machine& board_;
    timer& clock_;
    problem_data data_;
    turned_gemm turned_;
    reference reference_;
};

}  // namespace

int run_comparison(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock) {
    comparison_run run(o, board, clock);
    const std::string path =
        o.out.empty() ? o.results + "/" + board.folder() + "/" + cases[0].family() + ".json" : o.out;
    std::vector<std::string> peers;
    for (const peer_kind& p : peers_of(cases[0], current_device())) {
        if (o.peers) peers.push_back(p.name);
    }
    std::printf("x: the peer's time over ours, flushed and sustained\n%s\n", table_head(peers).c_str());
    std::vector<case_result> results;
    progress bar(int(cases.size()));
    int wrong = 0;
    json rows = json::array();
    std::string failures;
    for (const gemm_case& problem : cases) {
        bar.show(int(results.size()), problem.name());
        results.push_back(run.measure(problem, 1000 + results.size()));
        const case_result& r = results.back();
        if (!r.ours.failure.empty()) ++wrong;
        for (const measurement& peer : r.peers) {
            if (!peer.failure.empty()) failures += problem.name() + ": " + peer.name + ": " + peer.failure + "\n";
        }
        bar.clear();
        std::printf("%s\n", r.line().c_str());
        rows.push_back(r.row());
        // Written after every case: an interrupted run leaves what it measured.
        json about = board.describe(o.command, clock.method());
        about["cublaslt"] = cublaslt_version();
        about["reps"] = o.reps;
        about["flush_bytes"] = double(o.flush_bytes);
        write_file(path, text_of(json::object({{"machine", about}, {"rows", rows}})) + "\n");
    }
    std::printf("\n%s", table_foot(results).c_str());
    if (!failures.empty()) std::printf("\nPeers without a time:\n%s", failures.c_str());
    std::printf(
        "\nerror: sum (D-R)^2 / sum (D^2+R^2) against a reference R in double precision; max: largest |D-R| over "
        "max(|R|, rms R)\n");
    if (wrong) std::printf("%d cases of ours are wrong or missing\n", wrong);
    std::printf("written to %s\n", path.c_str());
    return wrong;
}

int run_once(const std::vector<gemm_case>& cases) {
    problem_data data;
    int missing = 0;
    for (const gemm_case& problem : cases) {
        data.generate(problem, 1);
        data.reset_d();
        const our_kernels kernels = kernels_for(data, objective_kind::latency);
        if (kernels.empty()) {
            ++missing;
        } else {
            kernels.pick().launch(nullptr);
            check(cudaDeviceSynchronize(), problem.name().c_str());
        }
        std::printf("%s: %s\n", problem.name().c_str(),
                    (kernels.empty() ? kernels.why_not : kernels.pick().name).c_str());
    }
    return missing;
}

}  // namespace deepgemm::bench
