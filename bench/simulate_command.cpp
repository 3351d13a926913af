// SPDX-License-Identifier: MIT
// deepgemm bench --sim: plans small products for the simulated machine, runs them there and compares every element with the
// reference. Counts what the kernels did; ticks order things and say nothing about speed.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/sim/launch.hpp>

#include <chrono>
#include <cstdio>
#include <limits>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "command_line.hpp"
#include "deepgemm_bench_simulated.hpp"
#include "gemm_sample.hpp"
#include "memory.hpp"
#include "planning.hpp"
#include "result.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Runs small products on the simulated machine, with the kernels' own source compiled for the host, and\n"
    "checks every element of the result. Shows what the planner picked among a few kernels and what it did:\n"
    "copies by TMA, multiplies of the tensor cores, bytes. Faults that would hang a GPU or spoil its result are\n"
    "reported with the warp that made them.\n\n"
    "  deepgemm bench --sim\n"
    "  deepgemm bench --sim --shape 100,128,512 --policy random --seed 7 --out simulated.json";

constexpr const char* usual_products[] = {"4,128,256",          "64,128,384",         "256,128,256",
                                          "100,136,256:1d1d",   "72,64,256:1d1d-acc", "64,96,192:bf16",
                                          "128,64,128:bf16-nn", "64,128,96:bf16-tn",  "33,64,128:f16"};

sim::policy policy_named(const std::string& name) {
    if (name == "lazy") return sim::policy::lazy;
    if (name == "random") return sim::policy::random;
    if (name == "eager") return sim::policy::eager;
    throw std::invalid_argument("'" + name + "' is not one of lazy, random, eager");
}

struct settings {
    std::vector<std::string> products;
    sim::options machine{};
    bool all = false;
    std::string out;
};

bool parse(arguments given, settings& s, std::ostream& out) {
    command_line line("deepgemm bench --sim [options]", about);
    line.option("--shape", "M,N,K[:R]", s.products,
                "this product instead of a list of small ones (may be repeated); R as in 'bench --help'");
    line.reading("--policy", "NAME",
                 "when copies and multiplies take effect: lazy (default: as late as possible), random or eager",
                 [&](const auto& v) { s.machine.policy = policy_named(v); });
    line.option("--seed", "N", s.machine.seed, "of everything random, operands included (default 1)")
        ->transform(whole_number(0, std::numeric_limits<i64>::max()));
    line.option("--sms", "N", s.machine.num_sms, "multiprocessors of the machine (default 4)")
        ->transform(whole_number(1, 65535));
    line.toggle("--all", s.all, "run every kernel that can, not only the one that the planner picks");
    line.option("--out", "FILE", s.out, "the same as JSON");
    if (!line.read(given, out)) return false;
    if (s.products.empty()) s.products.assign(std::begin(usual_products), std::end(usual_products));
    return true;
}

/// Host memory for a product: operands, D and what it held before, and the reference, which decodes the operands to double and
/// keeps a value and a magnitude of each element.
double host_bytes(const gemm_case& c) {
    const double m = c.m, n = c.n, k = c.k, scales = c.is_fp8() ? 8.0 / 128 : 0;
    return (c.operand_bytes() + scales + 8) * (m + n) * k + (2 * c.d_bytes() + 16) * m * n;
}

/// A product that a kernel has run.
struct outcome {
    std::string product;
    gemm_info kernel;
    std::string wrong;  ///< empty if the result is right
    double seconds = 0;
    sim::statistics did{};
};

outcome run(const std::string& product, const gemm_workload& work, const gemm_handle& kernel,
            const sim::options& machine) {
    outcome made{product, kernel.info, {}};
    test::gemm_sample data(kernel.info, work.shape, machine.seed, test::numbers::exact, {.c_is_d = true});
    sim::options options = machine;
    const auto start = std::chrono::steady_clock::now();
    const auto launched = kernel.launch(arguments_of(data.problem()), {.stream = &options});
    made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    made.wrong = launched ? data.verdict() : launched.failure().message;
    made.did = sim::last_run().statistics;
    return made;
}

json to_json(const outcome& o) {
    return json::object({{"product", o.product},
                         {"config", to_source(o.kernel.cfg)},
                         {"epilogue", epilogue_source(o.kernel.traits)},
                         {"correct", o.wrong.empty()},
                         {"failure", o.wrong.empty() ? json() : json(o.wrong)},
                         {"multiplies", o.did.multiplies},
                         {"macs", o.did.macs},
                         {"loads", o.did.loads},
                         {"load_bytes", o.did.load_bytes},
                         {"stores", o.did.stores},
                         {"store_bytes", o.did.store_bytes},
                         {"ticks", o.did.ticks},
                         {"host_seconds", o.seconds}});
}

void print(const outcome& o, std::ostream& out) {
    char text[160];
    std::snprintf(text, sizeof text, "%-24s %-5s %6llu %9.2f %6llu %8.1f %7llu %7.2f  ", o.product.c_str(),
                  o.wrong.empty() ? "exact" : "WRONG", static_cast<unsigned long long>(o.did.multiplies),
                  double(o.did.macs) * 1e-6, static_cast<unsigned long long>(o.did.loads),
                  double(o.did.load_bytes) / 1024, static_cast<unsigned long long>(o.did.ticks), o.seconds);
    out << text << to_source(o.kernel.cfg) << '\n';
    if (!o.wrong.empty()) out << "    " << o.wrong << '\n';
}

}  // namespace

int simulate_command(arguments given, std::ostream& out) {
    settings s;
    if (!parse(given, s, out)) return 0;
    if (!s.out.empty()) check_output(s.out);
    const device_info device = device_info::simulator(s.machine.num_sms);
    std::vector<gemm_plan> plans;
    for (const std::string& product : s.products) {
        const gemm_case problem = parse_shape(product);
        check_memory("the product " + product, host_bytes(problem), free_host_bytes(), "on the host");
        plans.push_back(or_throw(plan(workload_of(problem), device, instances::deepgemm_bench_simulated())));
        if (!s.all) plans.back().ranked.resize(1);
    }
    char head[160];
    std::snprintf(head, sizeof head, "%-24s %-5s %6s %9s %6s %8s %7s %7s  %s\n", "product", "D", "wgmma", "10^6 MAC",
                  "loads", "KiB", "ticks", "host s", "configuration");
    out << head;
    json rows = json::array();
    std::size_t wrong = 0, runs = 0;
    progress bar(int(plans.size()));
    for (std::size_t i = 0; i < plans.size(); ++i) {
        bar.show(int(i), s.products[i]);
        for (const auto& c : plans[i].ranked) {
            const outcome made = run(s.products[i], plans[i].work, *c.kernel, s.machine);
            bar.clear();
            print(made, out);
            rows.push_back(to_json(made));
            wrong += !made.wrong.empty();
            ++runs;
        }
    }
    out << runs - wrong << " of " << runs << " results are exact\n";
    if (!s.out.empty()) write_file(s.out, text_of(json::object({{"machine", "simulator"}, {"rows", rows}})) + "\n");
    return wrong == 0 ? 0 : 1;
}

}  // namespace deepgemm::bench
