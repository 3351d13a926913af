// SPDX-License-Identifier: MIT
// deepgemm_bench: reads the command line, chooses the cases, runs one of the three modes.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>

#include "run.hpp"

namespace deepgemm::bench {

namespace {

/// "m,n,k[:recipe]" as a case.
gemm_case parse_shape(const std::string& text) {
    gemm_case result{"-", 0, 0, 0};
    int used = 0;
    const bool numbers = std::sscanf(text.c_str(), "%d,%d,%d%n", &result.m, &result.n, &result.k, &used) == 3;
    const std::string recipe = text.substr(std::size_t(used));
    if (recipe == ":1d1d-acc") {
        result.scales = b_scales::token;
        result.d = output::f32;
        result.accumulate = true;
    } else if (recipe == ":1d1d") {
        result.scales = b_scales::token;
    } else if (!numbers || (recipe != "" && recipe != ":1d2d")) {
        throw std::invalid_argument("--shape '" + text + "' is not M,N,K with an optional :1d2d, :1d1d or :1d1d-acc");
    }
    if (result.m < 1 || result.n < 8 || result.k < 16 || result.n % 8 != 0 || result.k % 16 != 0) {
        throw std::invalid_argument("--shape '" + text +
                                    "': M must be at least 1, N a multiple of 8, K a multiple of 16");
    }
    return result;
}

std::vector<gemm_case> choose_cases(const options& o) {
    std::vector<gemm_case> cases;
    for (const std::string& shape : o.shapes) cases.push_back(parse_shape(shape));
    if (o.shapes.empty() && o.suite != "fp8_25") cases = suite_fp8_42();
    if (o.shapes.empty() && o.suite != "fp8_42") {
        for (const gemm_case& c : suite_fp8_25()) cases.push_back(c);
    }
    cases = filtered(cases, o.filter);
    if (cases.empty()) throw std::invalid_argument("no case contains '" + o.filter + "'");
    return cases;
}

int run(int argc, char** argv) {
    options o;
    if (!parse(argc, argv, o)) return 0;
    const std::vector<gemm_case> cases = choose_cases(o);

    // The recorder comes before the first CUDA call. Profilers cannot share the GPU with it, so --once has none.
    std::unique_ptr<activity> recorder;
    if (o.timer != "events" && !o.once) recorder = std::make_unique<activity>();
    if (o.timer == "cupti" && recorder && !recorder->available()) {
        throw std::runtime_error("--timer cupti: " + recorder->why_not());
    }
    const machine board;
    std::printf("%s\n%s\n%zu cases\n", board.summary().c_str(), o.command.c_str(), cases.size());
    if (o.once) return run_once(cases) == 0 ? 0 : 1;
    timer clock(recorder.get(), o.flush_bytes);
    std::printf("kernel times from %s\n\n", clock.method().c_str());
    return (o.tune ? run_tuning(o, cases, board, clock) : run_comparison(o, cases, board, clock)) == 0 ? 0 : 1;
}

}  // namespace

}  // namespace deepgemm::bench

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    try {
        return deepgemm::bench::run(argc, argv);
    } catch (const std::invalid_argument& e) {
        std::fprintf(stderr, "deepgemm_bench: %s\n", e.what());
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "\ndeepgemm_bench: %s\n", e.what());
        return 1;
    }
}
