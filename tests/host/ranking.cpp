// SPDX-License-Identifier: MIT
// The planner against measured races of the shipped kernels (bench/results/*/tune_*.json): how much slower than the fastest
// kernel are the kernel that the cost model ranks first and the kernel that the tuned table chooses. The files hold one kernel
// or one product a line.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <deepgemm/host/parse.hpp>

#include "shipped_kernels.hpp"

namespace ranking_tests {

using namespace deepgemm;

namespace {

/// The text after `"key": ` of a line; empty if it has no such member.
std::string_view after(std::string_view line, const std::string& key) {
    const std::string name = "\"" + key + "\": ";
    const std::size_t at = line.find(name);
    return at == line.npos ? std::string_view() : line.substr(at + name.size());
}
std::string word(std::string_view line, const std::string& key) {
    const std::string_view rest = after(line, key).substr(1);
    return std::string(rest.substr(0, rest.find('"')));
}
int number(std::string_view line, const std::string& key) { return std::atoi(std::string(after(line, key)).c_str()); }

/// A product of a race, and the time of each kernel in microseconds; 0 if the kernel did not take part.
struct raced_product {
    gemm_workload work{};
    std::vector<double> us{};
};
struct raced_kernel {
    config cfg{};
    std::string epilogue{};
};
struct race {
    std::vector<raced_kernel> kernels{};
    std::vector<raced_product> products{};
};

/// The workload of a line. In a race C is always D.
gemm_workload work_of(std::string_view line) {
    gemm_workload work = fakes::work(number(line, "m"), number(line, "n"), number(line, "k"));
    const std::string recipe = word(line, "recipe");
    work.d = word(line, "d_type") == "f32" ? dtype::f32 : dtype::bf16;
    work.accumulate = work.in_place = after(line, "accumulate").starts_with("true");
    if (recipe == "1d1d") work.b.tile = {1, 128};
    if (recipe == "bf16") {
        const std::string layout = word(line, "layout");
        work.a = fakes::half(layout[0] == 't' ? major::mn : major::k);
        work.b = fakes::half(layout[1] == 'n' ? major::mn : major::k);
    }
    return work;
}

race read_race(const std::string& name) {
    std::ifstream file(std::string(DEEPGEMM_SOURCE_DIR) + "/bench/results/" + name);
    REQUIRE_MESSAGE(file, name, " cannot be read");
    race made;
    for (std::string line; std::getline(file, line);) {
        if (!after(line, "config").empty()) {
            const auto cfg = parse_config(word(line, "config"));
            REQUIRE_MESSAGE(cfg, cfg.failure().message);
            made.kernels.push_back({*cfg, word(line, "epilogue")});
        } else if (!after(line, "recipe").empty()) {
            raced_product product{work_of(line)};
            std::string_view rest = after(line, "us").substr(1);
            while (!rest.empty()) {  // null is no number, and becomes 0
                product.us.push_back(std::atof(std::string(rest.substr(0, rest.find_first_of(",]"))).c_str()));
                const std::size_t comma = rest.find(", ");
                rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 2);
            }
            REQUIRE(product.us.size() == made.kernels.size());
            made.products.push_back(product);
        }
    }
    REQUIRE(!made.products.empty());
    return made;
}

/// True if a shipped kernel is the raced one. Stages are not compared, since a kernel may choose their number otherwise today.
bool same(const gemm_info& shipped, const raced_kernel& raced) {
    config cfg = shipped.cfg;
    cfg.stages = raced.cfg.stages;
    return cfg == raced.cfg && epilogue_source(shipped.traits) == raced.epilogue;
}

/// A shipped kernel that took part in a race, with the places of its times.
struct racer {
    const gemm_handle* kernel;
    std::vector<std::size_t> places;

    /// Its measured time on a product; 0 if it was not measured.
    double us(const raced_product& product) const {
        for (const std::size_t place : places) {
            if (product.us[place] != 0) return product.us[place];
        }
        return 0;
    }
};
std::vector<racer> racers_of(const race& raced) {
    std::vector<racer> made;
    for (const gemm_handle& kernel : fakes::kernels()) {
        racer one{&kernel, {}};
        for (std::size_t i = 0; i < raced.kernels.size(); ++i) {
            if (same(kernel.info, raced.kernels[i])) one.places.push_back(i);
        }
        if (!one.places.empty()) made.push_back(one);
    }
    return made;
}

/// Times of a choice divided by those of the fastest kernel, over the products of a race.
struct losses {
    int products = 0, near = 0;
    double logs = 0, worst = 0;

    void add(double loss) {
        ++products;
        near += loss <= 1.03;
        logs += std::log(loss);
        worst = std::max(worst, loss);
    }
    double mean() const { return std::exp(logs / products); }
    std::string text() const {
        char line[120];
        std::snprintf(line, sizeof line, "%d of %d within 3 %%, geometric mean %.3f, worst %.3f", near, products,
                      mean(), worst);
        return line;
    }
};

/// The model's first choice and the planner's choice, on products whose fastest kernel is still shipped. Products with few rows
/// are left out if the race is older than kernels that swap their operands.
struct verdicts {
    losses model{}, planner{};
};
verdicts judge(const std::string& file, const device_info& device) {
    const race raced = read_race(file);
    const bool swaps = std::any_of(raced.kernels.begin(), raced.kernels.end(), [](auto& x) { return x.cfg.swap; });
    const std::vector<racer> racers = racers_of(raced);
    verdicts made;
    for (const raced_product& product : raced.products) {
        if (product.work.shape.m <= 16 && !swaps) continue;
        double all = HUGE_VAL, fastest = HUGE_VAL, best = HUGE_VAL, first = 0;
        for (const double us : product.us) all = us != 0 ? std::min(all, us) : all;
        for (const racer& one : racers) {
            const double us = one.us(product);
            if (us == 0 || why_not(*one.kernel, product.work, device, device.sm_count, {}) != nullptr) continue;
            fastest = std::min(fastest, us);
            const double predicted = predict(one.kernel->info, product.work, device, device.sm_count).total_us;
            if (predicted < best) {
                best = predicted;
                first = us;
            }
        }
        if (fastest != all) continue;
        made.model.add(first / fastest);
        const auto chosen = choose(product.work, device, fakes::kernels());
        REQUIRE_MESSAGE(chosen, chosen.failure().message);
        for (const racer& one : racers) {
            if (one.kernel == chosen->kernel && one.us(product) != 0) made.planner.add(one.us(product) / fastest);
        }
    }
    return made;
}

struct suite {
    const char* file;
    device_info device;
};
constexpr suite suites[] = {{"h200/tune_fp8_dense.json", device_info::h200()},
                            {"h200/tune_bf16_dense.json", device_info::h200()},
                            {"h100/tune_bf16_dense.json", device_info::h100()}};

}  // namespace

TEST_CASE("the cost model's first choice is within 3 % of the fastest kernel, in the mean and for most products") {
    for (const auto& [file, device] : suites) {
        const losses found = judge(file, device).model;
        MESSAGE(std::string(file), ": ", found.text());
        CHECK(found.products >= 50);
        CHECK(found.mean() <= 1.03);
        CHECK(found.near >= 0.8 * found.products);
        CHECK(found.worst <= 1.25);
    }
}

TEST_CASE(
    "with the tuned table the planner's choice is within 3 % of the fastest kernel for every product that was raced") {
    for (const auto& [file, device] : suites) {
        const verdicts found = judge(file, device);
        MESSAGE(std::string(file), ": ", found.planner.text());
        CHECK(found.planner.products >= 0.85 * found.model.products);
        CHECK(found.planner.worst <= 1.03);
        CHECK(found.planner.mean() <= 1.005);
    }
}

}  // namespace ranking_tests
