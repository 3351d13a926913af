// SPDX-License-Identifier: MIT
// deepgemm explain: plans products for a named GPU and prints why, as text or as JSON, of which plan_plot.py makes a picture.
// Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/parse.hpp>

#include <string>
#include <type_traits>
#include <variant>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "command_line.hpp"
#include "files.hpp"
#include "nearest_kernels.hpp"
#include "options.hpp"
#include "planning.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Shows which kernel the planner picks for a product, what it should cost and why, and why the next best lost.\n"
    "Plans for the GPU that is named; none need be here.\n\n";
constexpr const char* examples =
    "\n\n  deepgemm explain 4096,7168,2048\n"
    "  deepgemm explain --gpu h100 128,7168,2048 4096,4096,7168:bf16-nn\n"
    "  deepgemm explain '32*4096,7168,2048:masked-192'\n"
    "  deepgemm explain --pin 'config{.block = {128, 128, 128}}' 4096,7168,2048";

struct settings {
    device_info device = device_info::h200();
    context knobs{};
    std::string pin;
    tuned_table table{};
    bool as_json = false;
    std::vector<std::string> products;
};

/// Success if a text is a configuration of one of the operations, else why it is none of the operation whose name for it the
/// text begins with, or of the first one.
template <class First, class... Others>
result<void> check_pin(const std::string& text, operation_list<First, Others...>) {
    const auto meant = [&](const char* name) { return text.starts_with(concat(name, "{")); };
    const auto outcome = [&]<class Config>(std::type_identity<Config>) -> result<void> {
        const auto cfg = parse_config<Config>(text);
        return cfg ? result<void>{} : cfg.failure();
    };
    result<void> made = outcome(std::type_identity<typename First::config>{});
    const auto other = [&]<class Config>(std::type_identity<Config> type) {
        if (meant(fields_of<Config>::name)) made = outcome(type);
    };
    (other(std::type_identity<typename Others::config>{}), ...);
    return made;
}

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
    command_line line("deepgemm explain [options] PRODUCT...", about + about_products() + examples);
    line.reading("--gpu", "NAME", "h200 (default), h100, b200 or b300",
                 [&](const auto& v) { s.device = device_named(v); });
    line.reading("--table", "FILE", "a table that 'deepgemm tune --table' made, consulted before the library's own",
                 [&](const auto& v) { s.table = read_table(v); });
    line.option("--sms", "N", s.knobs.num_sms, "multiprocessors that the kernel may occupy (default: all)")
        ->transform(whole_number(1, 65535));
    line.reading("--pin", "CONFIG", "the one configuration to use, as C++ text", [&](const auto& v) {
        if (const auto ok = check_pin(v, operations{}); !ok) throw std::invalid_argument(ok.failure().message);
        s.pin = v;
    });
    line.reading("--split", "RULE",
                 "what the split of K depends on: fastest (default: anything), never, or as_one_row; the last two make "
                 "products batch-invariant",
                 [&](const auto& v) { s.knobs.split = split_named(v); });
    line.reading("--objective", "NAME",
                 "which rows of tables count: latency (default: single launches) or sustained (back to back)",
                 [&](const auto& v) { s.knobs.objective = objective_named(v); });
    add_tile_limits(line, s.knobs.tiles);
    line.toggle("--json", s.as_json,
                "every kernel that could run, best first, as JSON, which bench/plan_plot.py draws");
    line.add_option("products", s.products);
    if (!line.read(given, out)) return false;
    if (s.products.empty()) throw std::invalid_argument("name a product, such as 4096,7168,2048; --help tells more");
    return true;
}

/// Plans a product. Where a pin is none of the kernels, the error says which come nearest.
template <class O>
plan_of<O> planned(const typename words<O>::product& product, const settings& s) {
    const typename O::workload work = workload_on<O>(product, s.device);
    choices<O> own{.overrides = s.table.rows<O>()};
    if (!s.pin.empty()) own.pin = or_throw(parse_config<typename O::config>(s.pin));
    const auto made = plan(work, s.device, described<O>().handles, s.knobs, own);
    if (made) return *made;
    if (!own.pin || made.failure().code != errc::no_kernel) throw exception(made.failure());
    const choices<O> free{.overrides = own.overrides};
    const plan_of<O> others = or_throw(plan(work, s.device, described<O>().handles, s.knobs, free));
    throw std::runtime_error(made.failure().message + nearest_to_pin(*own.pin, others));
}

any_plan planned(const std::string& product, const settings& s) {
    return std::visit([&]<class O>(const product_of<O>& p) -> any_plan { return planned<O>(p.value, s); },
                      parse_product(product));
}

template <class O>
json to_json(const plan_of<O>& made, const candidate<O>& c) {
    const cost& p = c.predicted;
    const double measured = measured_us(made, c);
    json kernel = json::object({{"config", to_source(c.kernel->info.cfg)}});
    if constexpr (requires { epilogue_source(c.kernel->info.traits); })
        kernel["epilogue"] = epilogue_source(c.kernel->info.traits);
    kernel.update(json::object({{"measured_us", measured == 0 ? json() : json(measured)},
                                {"predicted_us", p.total_us},
                                {"start_us", p.start_us},
                                {"main_loop_us", p.main_loop_us},
                                {"epilogue_us", p.epilogue_us},
                                {"memory_us", p.memory_us},
                                {"waves", p.waves},
                                {"tile_efficiency", p.tile_efficiency},
                                {"wave_efficiency", p.wave_efficiency},
                                {"bound", name_of(p.limit)}}));
    if constexpr (requires { c.kernel->info.cfg.stages; }) kernel["stages"] = c.kernel->info.cfg.stages;
    kernel["smem_bytes"] = c.kernel->info.launch.smem_bytes;
    return kernel;
}

template <class O>
json to_json(const std::string& product, const plan_of<O>& made) {
    json ranked = json::array();
    for (const candidate<O>& c : made.ranked) ranked.push_back(to_json(made, c));
    return json::object({{"product", product},
                         {"work", O::describe(made.work)},
                         {"gpu", made.device.name},
                         {"gpu_sms", made.device.sm_count},
                         {"sms", made.num_sms},
                         {"objective", name_of(made.objective)},
                         {"chosen_by", name_of(made.chosen_by)},
                         {"ranked", ranked}});
}

}  // namespace

int explain_command(arguments given, std::ostream& out) {
    settings s;
    if (!parse(given, s, out)) return 0;
    std::vector<any_plan> plans;
    for (const std::string& product : s.products) plans.push_back(planned(product, s));
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
