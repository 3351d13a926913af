// SPDX-License-Identifier: MIT
// deepgemm explain: plans products for a named GPU and prints why, as text, as JSON or as a picture. Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/parse.hpp>

#include <variant>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "command_line.hpp"
#include "nearest_kernels.hpp"
#include "plan_plot.hpp"
#include "planning.hpp"
#include "result.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Shows which kernel the planner picks for a product D(M,N) = A(M,K) x B(N,K), what it should cost and why,\n"
    "and why the next best lost. Plans for the GPU that is named; none need be here. R says how the operands\n"
    "are stored: 1d2d (FP8, weights scaled by block; default), 1d1d, 1d1d-acc, bf16 or f16, the last two with\n"
    "any of -nn, -tn, -tt, -f32, -acc. A product that accumulates adds C in place. G*M,N,K:masked-E are G products\n"
    "in FP8, groups with slots of M rows, of which E are usually filled.\n\n"
    "  deepgemm explain 4096,7168,2048\n"
    "  deepgemm explain --plot ranking.svg 4096,7168,2048\n"
    "  deepgemm explain --gpu h100 128,7168,2048 4096,4096,7168:bf16-nn\n"
    "  deepgemm explain '32*4096,7168,2048:masked-192'\n"
    "  deepgemm explain --pin 'config{.block = {128, 128, 128}}' 4096,7168,2048";

struct settings {
    device_info device = device_info::h200();
    context knobs{};
    gemm_choices own{};
    tuned_table table{};
    bool as_json = false;
    std::string picture;
    std::vector<std::string> products;
};

split_rule split_named(const std::string& name) {
    for (const split_rule rule : {split_rule::fastest, split_rule::never, split_rule::as_one_row}) {
        if (name == name_of(rule)) return rule;
    }
    throw std::invalid_argument("'" + name + "' is not one of fastest, never, as_one_row");
}

void add_tile_limits(command_line& line, tile_limits& tiles) {
    constexpr int most = 65536;
    line.option("--largest-m", "N", tiles.largest_m, "only kernels whose tiles of D have at most N rows")
        ->transform(whole_number(1, most));
    line.option("--largest-n", "N", tiles.largest_n, "the same for columns")->transform(whole_number(1, most));
    line.option("--multiple-m", "N", tiles.multiple_of_m, "only kernels whose tiles of D have a multiple of N rows")
        ->transform(whole_number(1, most));
    line.option("--multiple-n", "N", tiles.multiple_of_n, "the same for columns")->transform(whole_number(1, most));
}

bool parse(arguments given, settings& s, std::ostream& out) {
    command_line line("deepgemm explain [options] M,N,K[:R]...", about);
    line.reading("--gpu", "NAME", "h200 (default) or h100", [&](const auto& v) { s.device = device_named(v); });
    line.reading("--table", "FILE", "a table that 'deepgemm tune --table' made, consulted before the library's own",
                 [&](const auto& v) { s.table = read_table(v); });
    line.option("--sms", "N", s.knobs.num_sms, "multiprocessors that the kernel may occupy (default: all)")
        ->transform(whole_number(1, 65535));
    line.reading("--pin", "CONFIG", "the one configuration to use, as C++ text", [&](const auto& v) {
        auto cfg = parse_config(v);
        if (!cfg) throw std::invalid_argument(cfg.failure().message);
        s.own.pin = *cfg;
    });
    line.reading("--split", "RULE",
                 "what the split of K depends on: fastest (default: anything), never, or as_one_row; the last two make "
                 "products batch-invariant",
                 [&](const auto& v) { s.knobs.split = split_named(v); });
    add_tile_limits(line, s.knobs.tiles);
    line.toggle("--json", s.as_json, "every kernel that could run, best first, as JSON");
    line.option("--plot", "FILE", s.picture,
                "the predicted times of the best kernels and their parts as bars, into an SVG file");
    line.add_option("products", s.products);
    if (!line.read(given, out)) return false;
    if (s.products.empty()) throw std::invalid_argument("name a product, such as 4096,7168,2048; --help tells more");
    return true;
}

/// The plan of a product, which is one of two operations.
using any_plan = std::variant<gemm_plan, grouped_plan>;

any_plan planned(const std::string& product, const settings& s) {
    if (const auto groups = parse_groups(product)) {
        if (!s.picture.empty()) throw std::invalid_argument("--plot draws single products, not '" + product + "'");
        return or_throw(plan(workload_of(*groups), s.device, described_grouped_kernels(), s.knobs, {.pin = s.own.pin}));
    }
    const gemm_workload work = workload_of(parse_shape(product));
    const auto made = plan(work, s.device, described_kernels(), s.knobs, s.own);
    if (made) return *made;
    if (!s.own.pin || made.failure().code != errc::no_kernel) throw exception(made.failure());
    const gemm_choices free{.overrides = s.own.overrides};
    const gemm_plan others = or_throw(plan(work, s.device, described_kernels(), s.knobs, free));
    throw std::runtime_error(made.failure().message + nearest_to_pin(*s.own.pin, others));
}

template <class O>
json to_json(const plan_of<O>& made, const candidate<O>& c) {
    const cost& p = c.predicted;
    const double measured = measured_us(made, c);
    return json::object({{"config", to_source(c.kernel->info.cfg)},
                         {"epilogue", epilogue_source(c.kernel->info.traits)},
                         {"measured_us", measured == 0 ? json() : json(measured)},
                         {"predicted_us", p.total_us},
                         {"main_loop_us", p.main_loop_us},
                         {"epilogue_us", p.epilogue_us},
                         {"memory_us", p.memory_us},
                         {"waves", p.waves},
                         {"tile_efficiency", p.tile_efficiency},
                         {"wave_efficiency", p.wave_efficiency},
                         {"bound", name_of(p.limit)},
                         {"stages", c.kernel->info.cfg.stages},
                         {"smem_bytes", c.kernel->info.launch.smem_bytes}});
}

template <class O>
json to_json(const std::string& product, const plan_of<O>& made) {
    json ranked = json::array();
    for (const candidate<O>& c : made.ranked) ranked.push_back(to_json(made, c));
    return json::object({{"product", product},
                         {"gpu", made.device.name},
                         {"sms", made.num_sms},
                         {"chosen_by", name_of(made.chosen_by)},
                         {"ranked", ranked}});
}

}  // namespace

int explain_command(arguments given, std::ostream& out) {
    settings s;
    if (!parse(given, s, out)) return 0;
    if (!s.picture.empty()) check_output(s.picture);
    s.own.overrides = s.table.rows;
    std::vector<any_plan> plans;
    for (const std::string& product : s.products) plans.push_back(planned(product, s));
    if (!s.picture.empty()) {
        std::vector<gemm_plan> drawn;
        for (const any_plan& made : plans) drawn.push_back(std::get<gemm_plan>(made));
        write_file(s.picture, plot(drawn));
    }
    if (s.as_json) {
        json all = json::array();
        for (std::size_t i = 0; i < plans.size(); ++i)
            all.push_back(std::visit([&](const auto& made) { return to_json(s.products[i], made); }, plans[i]));
        out << text_of(all, 4) << '\n';
    } else {
        for (std::size_t i = 0; i < plans.size(); ++i)
            out << (i == 0 ? "" : "\n") << std::visit([](const auto& made) { return explain(made); }, plans[i]);
    }
    return 0;
}

}  // namespace deepgemm::bench
