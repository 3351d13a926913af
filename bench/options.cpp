// SPDX-License-Identifier: MIT
// The table of options of deepgemm_bench and its parser.
#include "options.hpp"

#include <cstdio>
#include <functional>
#include <stdexcept>

namespace deepgemm::bench {

namespace {

struct option {
    const char* name;
    const char* value;  ///< what the value is called in the help; nullptr: a switch
    const char* help;
    std::function<void(options&, const std::string&)> set;
};

double number(const std::string& text) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size() || value < 0)
        throw std::invalid_argument("'" + text + "' is not a number that may stand here");
    return value;
}

int count(const std::string& text) {
    const double value = number(text);
    if (value != int(value)) throw std::invalid_argument("'" + text + "' is not a whole number");
    return int(value);
}

std::string one_of(const std::string& text, std::initializer_list<const char*> allowed) {
    std::string list;
    for (const char* a : allowed) {
        if (text == a) return text;
        list += std::string(list.empty() ? "" : ", ") + a;
    }
    throw std::invalid_argument("'" + text + "' is not one of " + list);
}

const std::vector<option>& table() {
    static const std::vector<option> options_table = {
        {"--suite", "NAME", "fp8_42 (default), fp8_25, fp8 (both), bf16_75 or all",
         [](options& o, const std::string& v) {
             o.suite = one_of(v, {"fp8_42", "fp8_25", "fp8", "bf16_75", "all"});
         }},
        {"--filter", "TEXT", "only cases whose name contains TEXT, such as 'dgrad' or '4096x7168x2048 1d2d'",
         [](options& o, const std::string& v) { o.filter = v; }},
        {"--shape", "M,N,K[:R]",
         "this shape instead of a suite (may be repeated); R is 1d2d (default), 1d1d, 1d1d-acc, bf16 or f16, the last "
         "two "
         "with any of -nn, -tn, -tt, -f32, -acc",
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
        {"--search", "N", "let cuBLASLt suggest N algorithms and keep the fastest (default 1: its first choice)",
         [](options& o, const std::string& v) { o.search = count(v); }},
        {"--timer", "NAME", "auto (default: cupti if it works), cupti or events",
         [](options& o, const std::string& v) {
             o.timer = one_of(v, {"auto", "cupti", "events"});
         }},
        {"--tune", nullptr, "time every kernel that can run a case and show where the planner's pick stands",
         [](options& o, const std::string&) { o.tune = true; }},
        {"--once", nullptr, "launch our kernel once for each case and stop: for ncu and compute-sanitizer",
         [](options& o, const std::string&) { o.once = true; }},
        {"--out", "FILE", "JSON file (default: RESULTS/<gpu>/fp8_dense.json or bf16_dense.json, with --tune tune_...)",
         [](options& o, const std::string& v) { o.out = v; }},
        {"--results", "DIR", "folder for results (default bench/results)",
         [](options& o, const std::string& v) { o.results = v; }},
    };
    return options_table;
}

void print_help() {
    std::puts("deepgemm_bench: times the dense FP8 and BF16 GEMMs of deepgemm against cuBLASLt on this GPU.\n");
    for (const option& o : table()) {
        std::printf("  %-24s %s\n", (std::string(o.name) + " " + (o.value ? o.value : "")).c_str(), o.help);
    }
}

}  // namespace

bool parse(int argc, char** argv, options& result) {
    result.command = "./dg bench";
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const int first = i;
        if (argument == "--help" || argument == "-h") {
            print_help();
            return false;
        }
        const std::size_t equals = argument.find('=');
        const std::string name = argument.substr(0, equals);
        const option* found = nullptr;
        for (const option& o : table()) {
            if (name == o.name) found = &o;
        }
        if (!found) throw std::invalid_argument("unknown option '" + argument + "'; --help lists them");
        std::string value;
        if (found->value && equals != std::string::npos) {
            value = argument.substr(equals + 1);
        } else if (found->value) {
            if (++i == argc) throw std::invalid_argument(name + " needs a value: " + found->value);
            value = argv[i];
        } else if (equals != std::string::npos) {
            throw std::invalid_argument(name + " takes no value");
        }
        // Where results go says nothing about them; everything else does.
        if (name != "--out" && name != "--results") {
            for (int j = first; j <= i; ++j) result.command += std::string(" ") + argv[j];
        }
        try {
            found->set(result, value);
        } catch (const std::invalid_argument& e) {
            throw std::invalid_argument(name + ": " + e.what());
        }
    }
    if (result.reps < 1) throw std::invalid_argument("--reps must be at least 1");
    if (result.search < 1) throw std::invalid_argument("--search must be at least 1");
    return true;
}

}  // namespace deepgemm::bench
