// SPDX-License-Identifier: MIT
// `deepgemm bench` and `deepgemm tune` on a GPU: they find the operation whose products are asked for, and run its contest.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "command.hpp"
#include "cuda_check.hpp"
#include "files.hpp"
#include "ops/contest.hpp"
#include "products.hpp"

namespace deepgemm::bench {

namespace {

/// The contest of the operation that has a suite.
template <class First, class... Others>
std::unique_ptr<contest> contest_of_suite(const options& o, operation_list<First, Others...>) {
    const auto& own = words<First>::suites;
    if (std::find(std::begin(own), std::end(own), std::string_view(o.suite)) != std::end(own))
        return words<First>::contest_of(o);
    if constexpr (sizeof...(Others) != 0) {
        return contest_of_suite(o, operation_list<Others...>{});
    } else {
        throw std::invalid_argument("'" + o.suite + "' is no suite");
    }
}

std::unique_ptr<contest> contest_of(const options& o) {
    if (o.shapes.empty()) return contest_of_suite(o, operations{});
    return std::visit([&]<class O>(const product_of<O>&) { return words<O>::contest_of(o); },
                      parse_product(o.shapes[0]));
}

double free_device_bytes() {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return double(free);
}

}  // namespace

int measure_command(arguments given, std::ostream& out) {
    options o;
    if (!parse(given, o, out)) return 0;
    const std::unique_ptr<contest> chosen = contest_of(o);
    if (!o.table.empty()) check_output(o.table);
    if (!o.once) chosen->check_outputs();

    // The recorder must be made before the first CUDA call. --once has none, because a profiler cannot run beside it.
    std::unique_ptr<activity> recorder;
    if (o.timer != "events" && !o.once) recorder = std::make_unique<activity>();
    if (o.timer == "cupti" && recorder && !recorder->available()) {
        throw std::runtime_error("--timer cupti: " + recorder->why_not());
    }
    const machine board;
    std::printf("%s\n%s\n%zu cases\n", board.summary().c_str(), o.command.c_str(), chosen->cases());
    chosen->check_memory(free_device_bytes());
    if (o.once) return chosen->run_once() == 0 ? 0 : 1;
    timer clock(recorder.get(), std::size_t(o.flush_bytes));
    std::printf("kernel times from %s\n\n", clock.method().c_str());
    return chosen->run(board, clock) == 0 ? 0 : 1;
}

}  // namespace deepgemm::bench
