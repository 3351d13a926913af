// SPDX-License-Identifier: MIT
// Table lines and JSON rows.
#include "result.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace deepgemm::bench {

namespace {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
    char buffer[512];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(buffer, sizeof buffer, pattern, arguments);
    va_end(arguments);
    return buffer;
}

/// A number in a field of `width`, or a dash where it was not measured.
std::string field(double value, int width, int digits) {
    return std::isfinite(value) ? format("%*.*f", width, digits, value) : format("%*s", width, "-");
}

std::string scientific(double value) { return std::isfinite(value) ? format("%8.1e", value) : format("%8s", "-"); }

}  // namespace

void add_figures(json& row, const measurement& m, double flops, double bytes) {
    const double us = m.median_us();
    row["us"] = us;
    row["us_mean"] = mean(m.us);
    row["us_min"] = smallest(m.us);
    row["us_sustained"] = m.sustained_us;
    row["tflops"] = flops / us * 1e-6;
    row["gb_s"] = bytes / us * 1e-3;
    row["error"] = m.diff;
    row["max_error"] = m.max_error;
    row["clock_sustained_mhz"] = m.clock_mhz;
    row["watts_sustained"] = m.watts;
    row["joules"] = m.joules;
}

json case_result::row() const {
    json row = json::object();
    row["op"] = problem.op();
    row["pass"] = problem.pass;
    row["m"] = problem.m;
    row["n"] = problem.n;
    row["k"] = problem.k;
    row["groups"] = 1;
    row["layout"] = problem.layout();
    row["recipe"] = problem.recipe();
    row["d_type"] = problem.d_type();
    row["accumulate"] = problem.accumulate;
    row["config"] = config.empty() ? json() : json(config);
    row["chosen_by"] = chosen_by;
    add_figures(row, ours, problem.flops(), problem.bytes());
    if (!traffic.us.empty()) row["us_traffic"] = traffic.median_us();
    if (!run_time.us.empty()) row["us_nvrtc"] = run_time.median_us();
    if (!k_major.us.empty()) row["us_k_major_scales"] = k_major.median_us();
    if (!ours.failure.empty()) row["failure"] = ours.failure;
    json times = json::object(), sustained = json::object(), joules = json::object(), details = json::object();
    for (const measurement& peer : peers) {
        times[peer.name] = peer.median_us();
        sustained[peer.name] = peer.sustained_us;
        joules[peer.name] = peer.joules;
        json detail = json::object();
        if (!peer.failure.empty()) {
            detail["failure"] = peer.failure;
        } else if (!peer.us.empty()) {
            detail["us_mean"] = mean(peer.us);
            detail["us_min"] = smallest(peer.us);
            detail["error"] = peer.diff;
            detail["clock_sustained_mhz"] = peer.clock_mhz;
            detail["watts_sustained"] = peer.watts;
            detail["kernels"] = peer.kernels;
        }
        details[peer.name] = detail;
    }
    row["peers"] = times;
    row["peers_sustained"] = sustained;
    row["peers_joules"] = joules;
    row["peers_detail"] = details;
    return row;
}

std::string table_head(const std::vector<std::string>& peers) {
    std::string head = format("%-8s %6s %6s %6s %4s %4s %3s | %9s %6s %5s", "pass", "m", "n", "k", "", "D", "acc", "us",
                              "TFLOPS", "GB/s");
    std::string columns;
    for (const std::string& peer : peers) columns += format(" | %-21.21s", peer.c_str());
    head += columns + format(" | %9s %8s %8s | %s\n", "sustained", "error", "max", "configuration");
    std::string second = format("%43s | %22s", "", "");
    for (std::size_t i = 0; i < peers.size(); ++i) second += format(" | %9s %5s %5s", "us", "x", "x sus");
    return head + second + format(" | %9s %8s %8s |", "us", "", "");
}

std::string case_result::line() const {
    const double us = ours.median_us();
    std::string out =
        format("%-8s %6d %6d %6d %4s %4s %3s | %s %s %s", problem.pass, problem.m, problem.n, problem.k,
               problem.is_fp8() && !problem.is_turned() ? problem.recipe() : problem.layout(), problem.d_type(),
               problem.accumulate ? "yes" : "", field(us, 9, 2).c_str(),
               field(problem.flops() / us * 1e-6, 6, 0).c_str(), field(problem.bytes() / us * 1e-3, 5, 0).c_str());
    for (std::size_t i = 0; i < peers.size(); ++i) {
        out += " | " + field(peers[i].median_us(), 9, 2) + " " + field(ratio(i), 5, 2) + " " +
               field(sustained_ratio(i), 5, 2);
    }
    out +=
        " | " + field(ours.sustained_us, 9, 2) + " " + scientific(ours.diff) + " " + scientific(ours.max_error) + " | ";
    return out + (ours.failure.empty() ? config : ours.failure);
}

/// How our kernels as NVRTC compiles them compare with those of nvcc, if that was measured.
static std::string run_time_foot(const std::vector<case_result>& results) {
    std::vector<double> ratios;
    for (const case_result& r : results) {
        const double ratio = r.run_time.median_us() / r.ours.median_us();
        if (std::isfinite(ratio)) ratios.push_back(ratio);
    }
    if (ratios.empty()) return {};
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    return format(
        "time(built by NVRTC) / time(built by nvcc), geometric mean: %.3f over %zu cases, from %.3f to %.3f\n",
        geometric_mean(ratios), ratios.size(), *least, *most);
}

std::string table_foot(const std::vector<case_result>& results) {
    std::string out;
    if (results.empty()) return out;
    for (std::size_t i = 0; i < results[0].peers.size(); ++i) {
        std::vector<double> flushed, sustained;
        for (const case_result& r : results) {
            if (std::isfinite(r.ratio(i))) flushed.push_back(r.ratio(i));
            if (std::isfinite(r.sustained_ratio(i))) sustained.push_back(r.sustained_ratio(i));
        }
        const char* const name = results[0].peers[i].name.c_str();
        out += format("time(%s) / time(deepgemm), geometric mean: %s over %zu cases", name,
                      field(geometric_mean(flushed), 1, 3).c_str(), flushed.size());
        if (!sustained.empty())
            out += format("; sustained %s over %zu", field(geometric_mean(sustained), 1, 3).c_str(), sustained.size());
        out += "\n";
    }
    return out + run_time_foot(results);
}

}  // namespace deepgemm::bench
