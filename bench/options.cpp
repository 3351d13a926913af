// SPDX-License-Identifier: MIT
// The table of options of `deepgemm bench` and `deepgemm tune` on a GPU.
#include "options.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Times the dense GEMMs of deepgemm against cuBLASLt on this GPU, in suites of products of language models or in\n"
    "shapes of your own. A memset flushes the caches before each launch; results are checked and written as JSON.\n\n"
    "  deepgemm bench --suite fp8_25                        a table, and bench/results/<gpu>/fp8_dense.json\n"
    "  deepgemm bench --shape 128,7168,2048 --peers off     one product, ours alone\n"
    "  deepgemm tune --shape 128,7168,2048 --table my.json  all kernels in a race, the fastest into a table\n"
    "  deepgemm bench --sim --help                          the same kernels on the simulator, without a GPU";

const command_line<options>& line() {
    static const command_line<options> made{
        "deepgemm bench [options], deepgemm tune [options]",
        about,
        {
            {"--suite", "NAME", "fp8_42 (default), fp8_25, fp8 (both), bf16_75 or all",
             [](options& o, const std::string& v) {
                 o.suite = one_of(v, {"fp8_42", "fp8_25", "fp8", "bf16_75", "all"});
             }},
            {"--filter", "TEXT", "only cases whose name contains TEXT, such as 'dgrad' or '4096x7168x2048 1d2d'",
             [](options& o, const std::string& v) { o.filter = v; }},
            {"--shape", "M,N,K[:R]",
             "this shape instead of a suite (may be repeated); R is 1d2d (default), 1d1d, 1d1d-acc, bf16 or f16, the "
             "last two with any of -nn, -tn, -tt, -f32, -acc",
             [](options& o, const std::string& v) { o.shapes.push_back(v); }},
            {"--reps", "N", "flushed launches of each contender (default 30)",
             [](options& o, const std::string& v) { o.reps = count(v); }},
            {"--warmups", "N", "flushed launches that are not counted (default 3)",
             [](options& o, const std::string& v) { o.warmups = count(v); }},
            {"--flush", "BYTES", "size of the memset before each launch (default 8e9)",
             [](options& o, const std::string& v) { o.flush_bytes = std::size_t(number(v)); }},
            {"--no-sustained", nullptr, "skip the back-to-back runs",
             [](options& o, const std::string&) { o.sustained_seconds = 0; }},
            {"--sustained", "SECONDS", "length of the back-to-back run of each contender (default 1)",
             [](options& o, const std::string& v) { o.sustained_seconds = number(v); }},
            {"--peers", "on|off", "measure cuBLASLt in the same run (default on)",
             [](options& o, const std::string& v) {
                 o.peers = one_of(v, {"on", "off"}) == "on";
             }},
            {"--nvrtc", nullptr, "time our FP8 kernels once more, as NVRTC compiles them now",
             [](options& o, const std::string&) { o.nvrtc = true; }},
            {"--search", "N", "let cuBLASLt suggest N algorithms and keep the fastest (default 1: its first choice)",
             [](options& o, const std::string& v) { o.search = count(v); }},
            {"--timer", "NAME", "auto (default: cupti if it works), cupti or events",
             [](options& o, const std::string& v) {
                 o.timer = one_of(v, {"auto", "cupti", "events"});
             }},
            {"--tune", nullptr,
             "time every kernel that can run a case and show where the planner's pick stands: 'deepgemm tune'",
             [](options& o, const std::string&) { o.tune = true; }},
            {"--table", "FILE",
             "with --tune: keep the fastest kernels as a table, for 'explain --table' and 'aot --table'",
             [](options& o, const std::string& v) { o.table = v; }},
            {"--once", nullptr, "launch our kernel once for each case and stop: for ncu and compute-sanitizer",
             [](options& o, const std::string&) { o.once = true; }},
            {"--out", "FILE",
             "JSON file (default: RESULTS/<gpu>/fp8_dense.json or bf16_dense.json, with --tune tune_...)",
             [](options& o, const std::string& v) { o.out = v; }},
            {"--results", "DIR", "folder for results (default bench/results)",
             [](options& o, const std::string& v) { o.results = v; }},
        },
        {},
        // Where results go says nothing about them; everything else does.
        [](options& o, const std::string& name, arguments typed) {
            if (name == "--out" || name == "--results" || name == "--table") return;
            for (const std::string& word : typed) o.command += " " + word;
        }};
    return made;
}

}  // namespace

bool parse(arguments given, options& result, std::ostream& out) {
    result.command = "./dg bench";
    if (!line().parse(given, result, out)) return false;
    if (result.reps < 1) throw std::invalid_argument("--reps must be at least 1");
    if (result.search < 1) throw std::invalid_argument("--search must be at least 1");
    if (!result.table.empty() && !result.tune) throw std::invalid_argument("--table is for --tune, which makes it");
    return true;
}

}  // namespace deepgemm::bench
