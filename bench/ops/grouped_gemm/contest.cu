// SPDX-License-Identifier: MIT
// Times grouped products: `deepgemm bench --suite masked` and masked_bf16, and with --tune all kernels against one another. It
// checks every result against the reference, group by group, and that no other row of D was written.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/grouped_gemm/operation.hpp>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "memory.hpp"
#include "ops/contest.hpp"
#include "progress.hpp"
#include "reference.cuh"
#include "result.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

namespace {

/// Counts 32-bit words of D that are not all ones in rows of a slot from `count` on; rows have `words` words.
__global__ void count_written(const u32* d, i64 count, i64 slot, i64 words, unsigned long long* found) {
    for (i64 i = count * words + i64(blockIdx.x) * blockDim.x + threadIdx.x; i < slot * words;
         i += i64(gridDim.x) * blockDim.x) {
        if (d[i] != ~0u) atomicAdd(found, 1ull);
    }
}

/// Device memory of one grouped product at a time.
class grouped_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const grouped_case& problem, u64 seed) {
        problem_ = problem;
        counts_ = problem.counts();
        const i64 groups = problem.groups, slot = problem.slot, n = problem.n, k = problem.k,
                  size = problem.one().operand_bytes();
        a_ = a_buffer_.as<u8>(std::size_t(groups * slot * k * size));
        b_ = b_buffer_.as<u8>(std::size_t(groups * n * k * size));
        d_ = d_buffer_.as<bf16>(std::size_t(groups * slot * n));
        device_counts_ = counts_buffer_.as<i32>(counts_.size());
        if (problem.is_fp8()) {
            generate_fp8(seed);
        } else {
            normal(a_, problem.operands, groups * slot * k, 2 * seed + 1);
            normal(b_, problem.operands, groups * n * k, 2 * seed + 2);
        }
        check(cudaMemcpy(device_counts_, counts_.data(), counts_.size() * sizeof(i32), cudaMemcpyHostToDevice),
              "copy of counts");
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of D NaN.
    void reset_d() {
        const std::size_t elements =
            std::size_t(problem_.groups) * std::size_t(problem_.slot) * std::size_t(problem_.n);
        check(cudaMemset(d_, 0xff, elements * sizeof(bf16)), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The product as users of deepgemm describe it.
    grouped_problem product() const {
        const gemm_problem one = group(0, problem_.slot);
        return {.a = dense_stack(one.a, problem_.groups),
                .b = dense_stack(one.b, problem_.groups),
                .d = dense_stack(one.d, problem_.groups),
                .counts = device_counts_,
                .expected_rows = problem_.expected_rows};
    }

    /// The largest errors among the groups of D, against the reference. Sets `wrong` to a sentence if rows were written that no
    /// group has.
    comparison judge(reference& truth, std::string& wrong) {
        comparison worst;
        unsigned long long* const found = found_buffer_.as<unsigned long long>(1);
        check(cudaMemset(found, 0, sizeof *found), "cudaMemset");
        for (i64 g = 0; g < problem_.groups; ++g) {
            const i64 count = counts_[std::size_t(g)], slot = problem_.slot, words = i64(problem_.n) / 2;
            count_written<<<264, 256>>>(reinterpret_cast<const u32*>(d_ + g * slot * problem_.n), count, slot, words,
                                        found);
            check(cudaGetLastError(), "count_written");
            if (count == 0) continue;
            const gemm_problem product = group(g, count);
            truth.compute(product, true);
            const comparison c = truth.compare(product.d);
            if (!(c.diff <= worst.diff) && !std::isnan(worst.diff)) worst.diff = c.diff;  // NaN is the worst
            worst.max_error = std::fmax(worst.max_error, c.max_error);
            worst.bad += c.bad;
        }
        unsigned long long written = 0;
        check(cudaMemcpy(&written, found, sizeof written, cudaMemcpyDeviceToHost), "cudaMemcpy");
        if (written != 0) wrong = std::to_string(written) + " words of rows past the counts were written";
        return worst;
    }

private:
    i64 blocks() const { return ceil_div(problem_.k, 128); }
    /// Scales of the operands of one group.
    i64 a_scales() const { return blocks() * problem_.slot; }
    i64 b_scales() const { return blocks() * ceil_div(problem_.n, 128); }

    void generate_fp8(u64 seed) {
        const i64 groups = problem_.groups, slot = problem_.slot, n = problem_.n, k = problem_.k;
        sa_ = sa_buffer_.as<float>(std::size_t(groups * a_scales()));
        sb_ = sb_buffer_.as<float>(std::size_t(groups * b_scales()));
        for (i64 g = 0; g < groups; ++g) {
            quantise_tokens(a_ + g * slot * k, sa_ + g * a_scales(), int(slot), int(k), seed + 2 * u64(g));
            quantise_blocks(b_ + g * n * k, sb_ + g * b_scales(), blocks(), int(n), int(k), seed + 2 * u64(g) + 1);
        }
    }

    /// The first `rows` rows of group `g` as a product.
    gemm_problem group(i64 g, i64 rows) const {
        const i64 slot = problem_.slot, n = problem_.n, k = problem_.k, size = problem_.one().operand_bytes();
        const dtype type = workload_of(problem_).a.type;
        gemm_problem made{.a = unscaled({a_ + g * slot * k * size, type, rows, k, k}),
                          .b = unscaled({b_ + g * n * k * size, type, n, k, k}),
                          .d = {d_ + g * slot * n, dtype::bf16, rows, n, n}};
        if (problem_.is_fp8()) {
            made.a.scales = per_token_scales(sa_ + g * a_scales(), scale_kind::fp32, rows, k, slot);
            made.b.scales = per_block_scales(sb_ + g * b_scales(), scale_kind::fp32, n, k);
        }
        return made;
    }

    grouped_case problem_{};
    std::vector<i32> counts_;
    device_buffer a_buffer_, b_buffer_, sa_buffer_, sb_buffer_, d_buffer_, counts_buffer_, found_buffer_;
    u8 *a_ = nullptr, *b_ = nullptr;
    float *sa_ = nullptr, *sb_ = nullptr;
    bf16* d_ = nullptr;
    i32* device_counts_ = nullptr;
};

/// A kernel that can run a case, with what the planner predicts and what was measured.
struct grouped_contender {
    contender who;
    double predicted_us = 0;
    config cfg{};
    measurement figures{};
};

class grouped_run {
public:
    grouped_run(const options& o, const machine& board, timer& clock)
        : o_(o), board_(board), clock_(clock), device_(or_throw(cuda::describe_current_device())) {}

    /// All kernels with --tune, else the planner's choice, which is the first in any case.
    std::vector<grouped_contender> measure(const grouped_case& problem, u64 seed) {
        data_.generate(problem, seed);
        const grouped_problem product = data_.product();
        const grouped_plan made = or_throw(plan(product, device_, instances::of<ops::grouped_gemm>()));
        const auto arguments = arguments_of(product);
        std::vector<grouped_contender> all;
        for (const auto& candidate : made.ranked) {
            const grouped_handle* const kernel = candidate.kernel;
            const auto launch = [kernel, arguments](cudaStream_t stream) {
                or_throw(kernel->launch(arguments, {.stream = stream}));
            };
            all.push_back({{to_source(kernel->info.cfg), launch}, candidate.predicted.total_us, kernel->info.cfg});
            if (!o_.tune) break;
        }
        std::vector<contender> who;
        for (grouped_contender& each : all) {
            who.push_back(each.who);
            judge(each, problem.one().tolerance());
        }
        const auto times = clock_.flushed(who, o_.warmups, o_.reps);
        for (std::size_t i = 0; i < all.size(); ++i) all[i].figures.us = times[i].us;
        measurement& ours = all[0].figures;
        if (!o_.tune && o_.sustained_seconds > 0 && ours.median_us() > o_.sustained_above_us) {
            const sustained_time s = clock_.sustained(who[0], o_.sustained_seconds, ours.median_us(), board_);
            ours.sustained_us = s.us;
            ours.clock_mhz = s.clock_mhz;
            ours.watts = s.watts;
        }
        return all;
    }

private:
    void judge(grouped_contender& each, double tolerance) {
        data_.reset_d();
        each.who.launch(clock_.stream());
        check(cudaStreamSynchronize(clock_.stream()), each.who.name.c_str());
        measurement& m = each.figures;
        const comparison c = data_.judge(reference_, m.failure);
        m.diff = c.diff;
        m.max_error = c.max_error;
        if (m.failure.empty()) m.failure = fault_of(c, tolerance);
    }

    const options& o_;
    const machine& board_;
    timer& clock_;
    device_info device_;
    grouped_data data_;
    reference reference_;
};

json row_of(const grouped_case& problem, const grouped_contender& ours) {
    const measurement& m = ours.figures;
    json row = json::object();
    row["op"] = problem.op();
    row["pass"] = "-";
    row["m"] = problem.rows;
    row["n"] = problem.n;
    row["k"] = problem.k;
    row["groups"] = problem.groups;
    row["expected_rows"] = problem.expected_rows;
    row["layout"] = problem.one().layout();
    row["recipe"] = problem.one().recipe();
    row["d_type"] = problem.one().d_type();
    row["accumulate"] = false;
    row["config"] = ours.who.name;
    row["chosen_by"] = "model";
    add_figures(row, m, problem.flops(), problem.bytes());
    if (!m.failure.empty()) row["failure"] = m.failure;
    row["peers"] = json::object();
    row["peers_sustained"] = json::object();
    return row;
}

/// Times our picks and writes fp8_masked.json or bf16_masked.json; with --tune all kernels. DeepGEMM's times are kept beside
/// the results, in deepgemm-*.json; report.py and check.py compare.
class grouped_contest final : public contest {
public:
    explicit grouped_contest(const options& o) : o_(o) {
        if (o.once || o.nvrtc) throw std::invalid_argument("products in groups take no --once and no --nvrtc");
        for (const std::string& shape : o.shapes) cases_.push_back(parse_groups(shape));
        if (o.shapes.empty()) cases_ = o.suite == "masked" ? suite_masked() : suite_masked_bf16();
        std::erase_if(cases_, [&](const grouped_case& c) { return c.name().find(o.filter) == std::string::npos; });
        if (cases_.empty()) throw std::invalid_argument("no case contains '" + o.filter + "'");
        families_ = families_of(o, cases_);
    }

    std::size_t cases() const override { return cases_.size(); }
    void check_outputs() const override { o_.out.empty() ? check_folder(o_.results) : check_output(o_.out); }
    void check_memory(double free) const override {
        for (const grouped_case& c : cases_) {
            const double checking = 4.0 * c.slot * c.n + o_.flush_bytes;
            bench::check_memory("the case " + c.name(), c.memory() + checking, free, "on the GPU");
        }
    }
    int run_once() override { return 0; }  // refused above
    int run(const machine& board, timer& clock) override {
        grouped_run run(o_, board, clock);
        tuned_table winners{board.gpu()};
        int wrong = 0;
        for (const auto& family : families_) wrong += run_family(family, run, board, clock, winners);
        return wrong;
    }

private:
    int run_family(const std::vector<grouped_case>& cases, grouped_run& run, const machine& board, timer& clock,
                   tuned_table& winners) {
        const std::string own = o_.results + "/" + board.folder() + "/" + cases.front().family() + ".json",
                          path = o_.out.empty() ? own : o_.out;
        std::printf("%-22s %7s | %9s %6s %5s | %9s %9s %8s | %s\n", "groups x rows, n x k", "rows", "us", "TFLOPS",
                    "GB/s", "sustained", "predicted", "error", "configuration");
        progress bar(int(cases.size()));
        int wrong = 0;
        json rows = json::array();
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const grouped_case& problem = cases[i];
            bar.show(int(i), problem.name());
            const auto all = run.measure(problem, 1000 * (i + 1));
            bar.clear();
            for (const grouped_contender& each : all) {
                print(problem, each);
                wrong += !each.figures.failure.empty();
            }
            std::fflush(stdout);
            if (o_.tune) {
                add_winner(winners.rows<ops::grouped_gemm>(), problem, all);
                if (!o_.table.empty()) write_table(o_.table, winners);
                continue;
            }
            rows.push_back(row_of(problem, all[0]));
            // Written after every case: an interrupted run leaves what it measured.
            json about = board.describe(o_.command, clock.method());
            about["reps"] = o_.reps;
            about["flush_bytes"] = double(o_.flush_bytes);
            write_file(path, text_of(json::object({{"machine", about}, {"rows", rows}})) + "\n");
        }
        if (wrong) std::printf("%d results are wrong\n", wrong);
        if (!o_.tune) std::printf("written to %s\n", path.c_str());
        return wrong;
    }

    static void print(const grouped_case& problem, const grouped_contender& each) {
        const double us = each.figures.median_us();
        std::printf("%-22s %7d | %9.2f %6.0f %5.0f | %9.2f %9.2f %8.1e | %s %s\n", problem.name().c_str(), problem.rows,
                    us, problem.flops() / us * 1e-6, problem.bytes() / us * 1e-3, each.figures.sustained_us,
                    each.predicted_us, each.figures.diff, each.who.name.c_str(), each.figures.failure.c_str());
    }
    /// Adds the fastest kernel of those that are right.
    static void add_winner(std::vector<tuned_row<ops::grouped_gemm>>& to, const grouped_case& problem,
                           const std::vector<grouped_contender>& all) {
        const grouped_contender* best = nullptr;
        for (const grouped_contender& each : all) {
            const bool faster = best == nullptr || each.figures.median_us() < best->figures.median_us();
            if (each.figures.failure.empty() && faster) best = &each;
        }
        if (best != nullptr) to.push_back({workload_of(problem), best->cfg, best->figures.median_us()});
    }

    const options& o_;
    std::vector<grouped_case> cases_;
    std::vector<std::vector<grouped_case>> families_;
};

}  // namespace

std::unique_ptr<contest> words<ops::grouped_gemm>::contest_of(const options& o) {
    return std::make_unique<grouped_contest>(o);
}

}  // namespace deepgemm::bench
