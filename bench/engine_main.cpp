// SPDX-License-Identifier: MIT
// deepgemm_bench_engine: the host's part of a call without the launch. An engine over all shipped kernels, whose launches do
// nothing here, runs layers of one shape in turn. Needs no GPU.
#include <chrono>
#include <thread>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops.hpp>

#include <nlohmann/json.hpp>

#include "measurement_program.hpp"
#include "planning.hpp"
#include "statistics.hpp"

namespace dg = deepgemm;
using dg::bench::json;

namespace {

/// The shipped kernels of an operation with launches that do nothing.
template <class O>
std::vector<dg::kernel_handle<O>> silent_kernels() {
    std::vector<dg::kernel_handle<O>> made = dg::bench::described<O>().handles;
    for (auto& kernel : made)
        kernel = {kernel.info, [] { return dg::result<void>{}; },
                  [](const typename O::arguments&, const dg::launch_options&) { return dg::result<void>{}; }};
    return made;
}

/// An address that nobody reads.
void* address(int tensor) { return reinterpret_cast<void*>(std::uintptr_t(tensor + 1) << 40); }

dg::gemm_problem product(dg::dtype type, dg::i64 m, dg::i64 n, dg::i64 k) {
    dg::gemm_problem made{.a = dg::unscaled({address(0), type, m, k, k}),
                          .b = dg::unscaled({address(1), type, n, k, k}),
                          .d = {address(2), dg::dtype::bf16, m, n, n}};
    if (type == dg::dtype::e4m3) {
        made.a.scales = dg::per_token_scales(address(3), dg::scale_kind::fp32, m, k);
        made.b.scales = dg::per_block_scales(address(4), dg::scale_kind::fp32, n, k);
    }
    return made;
}

dg::grouped_problem masked(dg::i64 groups, dg::i64 m, dg::i64 n, dg::i64 k) {
    const dg::gemm_problem one = product(dg::dtype::e4m3, m, n, k);
    return {dense_stack(one.a, groups), dense_stack(one.b, groups), dense_stack(one.d, groups),
            static_cast<const dg::i32*>(address(5)), 128};
}

/// Microseconds of one call of `body`, among 10,000 calls, and the same again `repetitions` times.
template <class Body>
json call_us(int repetitions, int calls_of_body, Body body) {
    constexpr int calls = 10000;
    std::vector<double> times;
    for (int i = 0; i < repetitions; ++i) {
        const auto start = std::chrono::steady_clock::now();
        for (int call = 0; call < calls; ++call) body();
        const std::chrono::duration<double, std::micro> all = std::chrono::steady_clock::now() - start;
        times.push_back(all.count() / (double(calls) * calls_of_body));
    }
    return json::object({{"median", dg::bench::median(times)}, {"smallest", dg::bench::smallest(times)}});
}

/// Finding the kernel again, and nothing else, for two workloads of one shape in turn.
json look_up_us(int repetitions, const std::vector<dg::gemm_handle>& kernels, const dg::gemm_problem& one,
                const dg::gemm_problem& other) {
    using operation = dg::ops::gemm;
    const dg::context knobs{};
    const dg::choices<operation> own{};
    const dg::call_knobs<operation> none{};
    const dg::detail::knobs_of_call<operation> call(knobs, own, none);
    const dg::gemm_workload works[] = {workload_of(one), workload_of(other)};
    dg::detail::memory_of_choices<operation> memory;
    memory.add(works[0], call, {&kernels[0]});
    memory.add(works[1], call, {&kernels[1]});
    bool found = true;
    const json made = call_us(repetitions, 2, [&] {
        for (std::size_t i = 0; i < 2; ++i) found = memory.find(works[i], call).kernel == &kernels[i] && found;
    });
    if (!found) throw std::runtime_error("a look-up found another kernel");
    return made;
}

json measure(int repetitions) {
    constexpr dg::i64 m = 128, n = 4096, k = 7168;
    const auto dense = silent_kernels<dg::ops::gemm>();
    const auto grouped = silent_kernels<dg::ops::grouped_gemm>();
    const auto made = [&] {
        dg::engine engine(dg::device_info::h200());
        engine.with(std::span(dense)).with(std::span(grouped));
        return engine;
    };
    const dg::engine engine = made();
    const dg::gemm_problem fp8 = product(dg::dtype::e4m3, m, n, k), bf16 = product(dg::dtype::bf16, m, n, k);
    const dg::grouped_problem experts = masked(8, m, n, k);
    const auto run = [](const dg::engine& by, const auto& problem) { dg::or_throw(by.run(problem)); };

    json remembered = json::object();
    remembered["FP8 alone"] = call_us(repetitions, 1, [&] { run(engine, fp8); });
    remembered["FP8 and BF16 in turn"] = call_us(repetitions, 2, [&] { run(engine, fp8), run(engine, bf16); });
    remembered["FP8, BF16 and masked groups in turn"] =
        call_us(repetitions, 3, [&] { run(engine, fp8), run(engine, bf16), run(engine, experts); });
    if (engine.planned() != 3) throw std::runtime_error("the engine forgot a workload between two calls");

    std::vector<double> planning;
    for (int i = 0; i < repetitions; ++i) {
        const dg::engine fresh = made();
        const auto start = std::chrono::steady_clock::now();
        run(fresh, fp8);
        planning.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    return json::object(
        {{"processors", int(std::thread::hardware_concurrency())},
         {"repetitions", repetitions},
         {"shape", {m, n, k}},
         {"kernels", int(dense.size() + grouped.size())},
         {"look_up_us", look_up_us(repetitions, dense, fp8, bf16)},
         {"remembered_us", remembered},
         {"planned_us", {{"median", dg::bench::median(planning)}, {"smallest", dg::bench::smallest(planning)}}}});
}

}  // namespace

int main(int count, char** values) {
    constexpr const char* about =
        "Measures the host's part of a call without the launch: checking a problem and finding its kernel again,\n"
        "where layers of one shape and different operations alternate, and planning anew. Prints JSON. COUNT is\n"
        "how often 10,000 calls are timed (default 20).\n\n"
        "  deepgemm_bench_engine 50 > engine.json";
    return dg::bench::run({"deepgemm_bench_engine", about, 20, measure}, count, values);
}
