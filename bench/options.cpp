// SPDX-License-Identifier: MIT
// The options of `deepgemm bench` and `deepgemm tune` on a GPU.
#include "options.hpp"

#include <stdexcept>

#include "command_line.hpp"
#include "deepgemm_bench_operations.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Times the GEMMs of deepgemm on this GPU, dense ones against cuBLASLt, in suites of products of language models or "
    "in\n"
    "shapes of your own. A memset flushes the caches before each launch; results are checked and written as JSON.\n\n"
    "  deepgemm bench --suite fp8_25                        a table, and bench/results/<gpu>/fp8_dense.json\n"
    "  deepgemm bench --shape 128,7168,2048 --peers off     one product, ours alone\n"
    "  deepgemm tune --shape 128,7168,2048 --table my.json  all kernels in a race, the fastest into a table\n"
    "  deepgemm bench --sim --help                          the same kernels on the simulator, without a GPU";

/// The names of the suites of all operations, and what is said of them.
template <class... O>
std::vector<const char*> suites_of(operation_list<O...>) {
    std::vector<const char*> names;
    (names.insert(names.end(), std::begin(words<O>::suites), std::end(words<O>::suites)), ...);
    return names;
}
template <class... O>
std::string about_suites(operation_list<O...>) {
    std::string text;
    ((text += (text.empty() ? "" : "; ") + std::string(words<O>::about_suites)), ...);
    return text;
}

/// The options that say what to measure.
void add_cases(command_line& line, options& o) {
    line.option("--suite", "NAME", o.suite, about_suites(operations{}))->check(one_of(suites_of(operations{})));
    line.option("--filter", "TEXT", o.filter,
                "only cases whose name contains TEXT, such as 'dgrad' or '4096x7168x2048 1d2d'");
    line.option("--shape", "PRODUCT", o.shapes,
                "this product instead of a suite (may be repeated, all of one operation), as 'explain --help' has it");
}

/// The options that say how to measure it.
void add_protocol(command_line& line, options& o) {
    constexpr int most = 1'000'000;
    line.option("--reps", "N", o.reps, "flushed launches of each contender (default 30)")
        ->transform(whole_number(1, most));
    line.option("--warmups", "N", o.warmups, "flushed launches that are not counted (default 3)")
        ->transform(whole_number(0, most));
    line.option("--flush", "BYTES", o.flush_bytes, "size of the memset before each launch (default 8e9)")
        ->check(decimal_number(0, 1e12));
    line.option("--sustained", "SECONDS", o.sustained_seconds,
                "length of the two back-to-back runs of each contender, together (default 1)")
        ->check(decimal_number(0, 3600));
    line.option("--search", "N", o.search,
                "let cuBLASLt suggest N algorithms and keep the fastest (default 1: its first choice)")
        ->transform(whole_number(1, 1000));
    line.option("--timer", "NAME", o.timer, "auto (default: cupti if it works), cupti or events")
        ->check(one_of({"auto", "cupti", "events"}));
    line.toggle("--nvrtc", o.nvrtc, "time our FP8 kernels once more, as NVRTC compiles them now");
    line.toggle("--tune", o.tune,
                "time every kernel that can run a case and show where the planner's pick stands: 'deepgemm tune'");
    line.reading("--objective", "NAME",
                 "what our kernels are planned for: latency (default) or sustained, many launches back to back; --tune "
                 "times kernels that way",
                 [&o](const auto& v) { o.objective = objective_named(v); });
    line.toggle("--once", o.once, "launch our kernel once for each case and stop: for ncu and compute-sanitizer");
}

/// The options that say where results go. They say nothing about the results, so a record of the command leaves them out.
void add_files(command_line& line, options& o) {
    line.option("--table", "FILE", o.table,
                "with --tune: keep the fastest kernels as a table, for 'explain --table' and 'aot --table'");
    line.option("--out", "FILE", o.out,
                "JSON file (default: RESULTS/<gpu>/fp8_dense.json and the like, with --tune tune_...)");
    line.option("--results", "DIR", o.results, "folder for results (default bench/results)");
}

}  // namespace

objective_kind objective_named(const std::string& name) {
    for (const objective_kind objective : {objective_kind::latency, objective_kind::sustained}) {
        if (name == name_of(objective)) return objective;
    }
    throw std::invalid_argument("'" + name + "' is not one of latency, sustained");
}

bool parse(arguments given, options& result, std::ostream& out) {
    command_line line("deepgemm bench [options], deepgemm tune [options]", about);
    std::string peers = "on";
    bool no_sustained = false, sim = false;
    add_cases(line, result);
    add_protocol(line, result);
    line.toggle("--no-sustained", no_sustained, "skip the back-to-back runs");
    line.option("--peers", "on|off", peers, "measure cuBLASLt in the same run (default on)")
        ->check(one_of({"on", "off"}));
    line.option(
        "--peer-library", "FILE", result.peer_library,
        "shared library whose kernels are timed in turn with ours, in products of groups and batches: bench/peer.hpp");
    add_files(line, result);
    line.toggle("--sim", sim, "run small products on the simulator instead; 'bench --sim --help' lists its options");
    if (!line.read(given, out)) return false;
    if (sim) throw std::invalid_argument("--sim is for 'bench': times on the simulator would choose no kernel");
    if (!result.table.empty() && !result.tune) throw std::invalid_argument("--table is for --tune, which makes it");
    if (no_sustained) result.sustained_seconds = 0;
    if (result.tune && result.objective == objective_kind::sustained && result.sustained_seconds == 0)
        throw std::invalid_argument(
            "--objective sustained with --tune times kernels back to back, for longer than 0 s");
    result.peers = peers == "on";
    if (!result.peers && !result.peer_library.empty())
        throw std::invalid_argument("--peer-library names a peer, and --peers off leaves all of them out");
    result.command = "./dg bench" + line.typed({"--out", "--results", "--table"});
    return true;
}

}  // namespace deepgemm::bench
