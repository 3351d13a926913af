// SPDX-License-Identifier: MIT
// What `deepgemm bench` and `deepgemm tune` do with a GPU: choose the cases, run one of the three modes.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>

#include "command.hpp"
#include "cuda_check.hpp"
#include "memory.hpp"
#include "result.hpp"
#include "run.hpp"

namespace deepgemm::bench {

namespace {

std::vector<gemm_case> choose_cases(const options& o) {
    std::vector<gemm_case> cases;
    for (const std::string& shape : o.shapes) cases.push_back(parse_shape(shape));
    if (o.shapes.empty()) cases = suite(o.suite);
    cases = filtered(cases, o.filter);
    if (cases.empty()) throw std::invalid_argument("no case contains '" + o.filter + "'");
    return cases;
}

std::vector<grouped_case> choose_grouped_cases(const options& o) {
    if (!o.shapes.empty() || o.once || o.nvrtc || !o.table.empty())
        throw std::invalid_argument("--suite masked takes no --shape, --once, --nvrtc or --table");
    std::vector<grouped_case> cases = suite_masked();
    std::erase_if(cases, [&](const grouped_case& c) { return c.name().find(o.filter) == std::string::npos; });
    if (cases.empty()) throw std::invalid_argument("no case contains '" + o.filter + "'");
    return cases;
}

/// The cases by family, since each has a result file of its own.
std::vector<std::vector<gemm_case>> families_of(const std::vector<gemm_case>& cases) {
    std::vector<std::vector<gemm_case>> families;
    for (const bool fp8 : {true, false}) {
        std::vector<gemm_case> members;
        for (const gemm_case& c : cases) {
            if (c.is_fp8() == fp8) members.push_back(c);
        }
        if (!members.empty()) families.push_back(members);
    }
    return families;
}

std::size_t free_device_bytes() {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return free;
}

/// Refuses cases whose matrices do not fit what is free on the device: operands, D, and, unless kernels run once, the reference
/// in FP32 and the memory of the flush.
void check_device_memory(const std::vector<gemm_case>& cases, const options& o) {
    const double free = double(free_device_bytes());
    for (const gemm_case& c : cases) {
        const double checking = o.once ? 0 : 4.0 * c.m * c.n + o.flush_bytes;
        check_memory("the case " + c.name(), c.bytes() + checking, free, "on the GPU");
    }
}

/// `deepgemm bench --suite masked` once its options are read.
int measure_grouped(const options& o) {
    const std::vector<grouped_case> cases = choose_grouped_cases(o);
    if (o.out.empty()) {
        check_folder(o.results);
    } else {
        check_output(o.out);
    }
    std::unique_ptr<activity> recorder;
    if (o.timer != "events") recorder = std::make_unique<activity>();
    if (o.timer == "cupti" && !recorder->available()) throw std::runtime_error("--timer cupti: " + recorder->why_not());
    const machine board;
    std::printf("%s\n%s\n%zu cases\n", board.summary().c_str(), o.command.c_str(), cases.size());
    for (const grouped_case& c : cases) {
        const double checking = 4.0 * c.slot * c.n + o.flush_bytes;
        check_memory("the case " + c.name(), c.memory() + checking, double(free_device_bytes()), "on the GPU");
    }
    timer clock(recorder.get(), std::size_t(o.flush_bytes));
    std::printf("kernel times from %s\n\n", clock.method().c_str());
    return run_grouped(o, cases, board, clock) == 0 ? 0 : 1;
}

}  // namespace

int measure_command(arguments given, std::ostream& out) {
    options o;
    if (!parse(given, o, out)) return 0;
    if (o.suite == "masked") return measure_grouped(o);
    const std::vector<gemm_case> cases = choose_cases(o);
    const auto families = families_of(cases);
    if (!o.out.empty() && families.size() > 1)
        throw std::invalid_argument("--out names one file, but FP8 and BF16 cases have one each; use --results");

    if (!o.table.empty()) check_output(o.table);
    if (!o.once && !o.out.empty()) check_output(o.out);
    if (!o.once && o.out.empty()) check_folder(o.results);

    // The recorder comes before the first CUDA call. Profilers cannot share the GPU with it, so --once has none.
    std::unique_ptr<activity> recorder;
    if (o.timer != "events" && !o.once) recorder = std::make_unique<activity>();
    if (o.timer == "cupti" && recorder && !recorder->available()) {
        throw std::runtime_error("--timer cupti: " + recorder->why_not());
    }
    const machine board;
    std::printf("%s\n%s\n%zu cases\n", board.summary().c_str(), o.command.c_str(), cases.size());
    check_device_memory(cases, o);
    if (o.once) return run_once(cases) == 0 ? 0 : 1;
    timer clock(recorder.get(), std::size_t(o.flush_bytes));
    std::printf("kernel times from %s\n\n", clock.method().c_str());
    int wrong = 0;
    tuned_table winners{board.gpu(), {}};
    for (const auto& family : families) {
        wrong += o.tune ? run_tuning(o, family, board, clock, winners.rows) : run_comparison(o, family, board, clock);
        if (!o.table.empty()) write_table(o.table, winners);
    }
    return wrong == 0 ? 0 : 1;
}

}  // namespace deepgemm::bench
