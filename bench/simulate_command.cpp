// SPDX-License-Identifier: MIT
// deepgemm bench --sim: plans small products for the simulated machine, runs them there and compares every element with the
// reference. Counts what the kernels did; ticks order things and say nothing about speed.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/sim/launch.hpp>

#include <chrono>
#include <cstdio>
#include <limits>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "command_line.hpp"
#include "deepgemm_bench_samples.hpp"
#include "deepgemm_bench_simulated.hpp"
#include "files.hpp"
#include "memory.hpp"
#include "products.hpp"
#include "progress.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Runs small products on the simulated machine, with the kernels' own source compiled for the host, and\n"
    "checks every element of the result. Shows what the planner picked among a few kernels and what it did:\n"
    "copies by TMA, multiplies of the tensor cores, bytes. Faults that would hang a GPU or spoil its result are\n"
    "reported with the warp that made them.\n\n"
    "  deepgemm bench --sim\n"
    "  deepgemm bench --sim --shape 100,128,512 --policy random --seed 7 --out simulated.json";

template <class... O>
std::vector<std::string> usual_products(operation_list<O...>) {
    std::vector<std::string> all;
    (all.insert(all.end(), std::begin(words<O>::simulated), std::end(words<O>::simulated)), ...);
    return all;
}

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
    line.option("--shape", "PRODUCT", s.products,
                "this product instead of a list of small ones (may be repeated), as 'explain --help' has it");
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
    if (s.products.empty()) s.products = usual_products(operations{});
    return true;
}

/// A product that a kernel has run.
struct outcome {
    std::string product, cfg;
    std::string variant;  ///< what tells kernels of one configuration apart
    std::string wrong;    ///< empty if the result is right
    double seconds = 0;
    sim::statistics did{};
};

template <class O>
outcome run(const std::string& product, const typename O::workload& work, const kernel_handle<O>& kernel,
            const sim::options& machine) {
    outcome made{product, to_source(kernel.info.cfg), words<O>::variant(kernel.info, work), {}};
    auto data = test::sample_of<O>::of(kernel.info, work, machine.seed);
    sim::options options = machine;
    const auto start = std::chrono::steady_clock::now();
    const auto launched = kernel.launch(O::arguments_of(data.problem()), {.stream = &options});
    made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    made.wrong = launched ? data.verdict() : launched.failure().message;
    made.did = sim::last_run().statistics;
    return made;
}

/// Plans a product for the machine; the planner's choice alone unless all kernels are asked for.
template <class O>
plan_of<O> planned(const std::string& text, const typename words<O>::product& product, const settings& s) {
    const typename O::workload work = words<O>::workload_of(product);
    check_memory("the product " + text, test::sample_of<O>::host_bytes(work), free_host_bytes(), "on the host");
    auto made =
        or_throw(plan(work, device_info::simulator(s.machine.num_sms), instances::deepgemm_bench_simulated<O>()));
    if (!s.all) made.ranked.resize(1);
    return made;
}

json to_json(const outcome& o) {
    return json::object({{"product", o.product},
                         {"config", o.cfg},
                         {"variant", o.variant},
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
    out << text << o.cfg << '\n';
    if (!o.wrong.empty()) out << "    " << o.wrong << '\n';
}

}  // namespace

int simulate_command(arguments given, std::ostream& out) {
    settings s;
    if (!parse(given, s, out)) return 0;
    if (!s.out.empty()) check_output(s.out);
    std::vector<any_plan> plans;
    for (const std::string& text : s.products) {
        plans.push_back(std::visit(
            [&]<class O>(const product_of<O>& product) -> any_plan { return planned<O>(text, product.value, s); },
            parse_product(text)));
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
        const auto run_all = [&]<class O>(const plan_of<O>& made) {
            for (const candidate<O>& c : made.ranked) {
                const outcome one = run<O>(s.products[i], made.work, *c.kernel, s.machine);
                bar.clear();
                print(one, out);
                rows.push_back(to_json(one));
                wrong += !one.wrong.empty();
                ++runs;
            }
        };
        std::visit(run_all, plans[i]);
    }
    out << runs - wrong << " of " << runs << " results are exact\n";
    if (!s.out.empty()) write_file(s.out, text_of(json::object({{"machine", "simulator"}, {"rows", rows}})) + "\n");
    return wrong == 0 ? 0 : 1;
}

}  // namespace deepgemm::bench
