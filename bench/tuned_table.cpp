// SPDX-License-Identifier: MIT
// Rows of tuned tables as JSON and as C++, and back.
#include "tuned_table.hpp"

#include <deepgemm/host/parse.hpp>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "planning.hpp"
#include "result.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* schema = "deepgemm tuned table 1";
constexpr dtype types[] = {dtype::e4m3, dtype::e5m2, dtype::bf16, dtype::f16, dtype::f32};

dtype type_of(const json& name) {
    for (const dtype type : types) {
        if (name == name_of(type)) return type;
    }
    throw std::invalid_argument(name.dump() + " is no element type; e4m3, e5m2, bf16, f16 and f32 are");
}

major order_of(const json& name) {
    if (name == "k") return major::k;
    if (name == "mn") return major::mn;
    throw std::invalid_argument(name.dump() + " is no order; k and mn are");
}

int extent(const json& row, const char* name) {
    const auto read = parse_extent(name, row.at(name).dump(), 1);
    if (!read) throw std::invalid_argument(read.failure().message);
    return int(*read);  // max_extent fits
}

int positive(const json& value) {
    if (!value.is_number_unsigned() || value == 0u || value > unsigned(max_extent))
        throw std::invalid_argument(value.dump() + " is no size; it must be a whole number from 1");
    return value.get<int>();
}

float microseconds(const json& of) {
    const json& us = of.at("us");
    const float value = us.is_number() ? us.get<float>() : 0;
    if (!(value > 0) || !std::isfinite(value))
        throw std::invalid_argument("\"us\" is " + us.dump() + "; a time in microseconds must be positive and finite");
    return value;
}

/// The shortest decimal number that gives `us` back.
json decimal(float us) {
    char text[40];
    *std::to_chars(text, text + sizeof text - 1, us).ptr = '\0';
    return std::strtod(text, nullptr);
}

config config_of(const json& of) {
    auto cfg = parse_config(of.at("config").get<std::string>());
    if (!cfg) throw std::invalid_argument(cfg.failure().message);
    return *cfg;
}

json to_json(const measured_loser& loser) {
    return json::object({{"config", to_source(loser.cfg)}, {"in_place", loser.in_place}, {"us", decimal(loser.us)}});
}

measured_loser loser_of(const json& loser) {
    const measured_loser made{config_of(loser), loser.at("in_place").get<bool>(), microseconds(loser)};
    if (loser.size() != to_json(made).size())
        throw std::invalid_argument("\"model\" has members that a measured kernel does not have");
    return made;
}

json to_json(const gemm_tuned_row& row) {
    json made = json::object();
    made["m_max"] = row.m_max;
    made["n"] = row.n;
    made["k"] = row.k;
    made["type"] = name_of(row.type);
    made["a_contiguous"] = name_of(row.a_contiguous);
    made["b_contiguous"] = name_of(row.b_contiguous);
    made["b_scales"] = json::array({row.b.mn, row.b.k});
    made["d"] = name_of(row.d);
    made["accumulate"] = row.accumulate;
    made["in_place"] = row.in_place;
    made["config"] = to_source(row.cfg);
    if (row.us != 0) made["us"] = decimal(row.us);
    if (row.model != measured_loser{}) made["model"] = to_json(row.model);
    return made;
}

gemm_tuned_row row_of(const json& row) {
    const json& tile = row.at("b_scales");
    if (!tile.is_array() || tile.size() != 2)
        throw std::invalid_argument("\"b_scales\" must be two numbers: rows and elements of K");
    gemm_tuned_row made{.m_max = extent(row, "m_max"),
                        .n = extent(row, "n"),
                        .k = extent(row, "k"),
                        .d = type_of(row.at("d")),
                        .accumulate = row.at("accumulate").get<bool>(),
                        .b = {positive(tile[0]), positive(tile[1])},
                        .cfg = config_of(row),
                        .type = type_of(row.at("type")),
                        .a_contiguous = order_of(row.at("a_contiguous")),
                        .b_contiguous = order_of(row.at("b_contiguous")),
                        .in_place = row.at("in_place").get<bool>()};
    if (row.contains("us")) made.us = microseconds(row);
    if (row.contains("model")) made.model = loser_of(row.at("model"));
    if (made.us == 0 && made.model != measured_loser{})
        throw std::invalid_argument(
            "it has \"model\", the time of a kernel that lost, but no \"us\" of the one that won");
    if (made.in_place && !made.accumulate)
        throw std::invalid_argument("\"in_place\" is true, but \"accumulate\" is not");
    if (row.size() != to_json(made).size()) throw std::invalid_argument("it has members that a row does not have");
    return made;
}

}  // namespace

gemm_tuned_row row_of(const gemm_case& measured, const config& cfg, bool in_place) {
    const gemm_workload work = workload_of(measured);
    return {.m_max = work.shape.m,
            .n = work.shape.n,
            .k = work.shape.k,
            .d = work.d,
            .accumulate = work.accumulate,
            .b = work.b.tile,
            .cfg = cfg,
            .type = work.a.type,
            .a_contiguous = work.a.contiguous,
            .b_contiguous = work.b.contiguous,
            .in_place = in_place};
}

json to_json(const tuned_table& table) {
    json rows = json::array();
    for (const gemm_tuned_row& row : table.rows) rows.push_back(to_json(row));
    return json::object({{"schema", schema}, {"gpu", table.gpu}, {"rows", rows}});
}

tuned_table table_of(const json& file) try {
    if (const json& found = file.at("schema"); found != schema)
        throw std::invalid_argument("\"schema\" is " + found.dump() + "; it must be \"" + schema + "\"");
    tuned_table made{file.at("gpu").get<std::string>(), {}};
    for (const json& row : file.at("rows")) {
        try {
            made.rows.push_back(row_of(row));
        } catch (const std::exception& why) {
            throw std::invalid_argument("row " + std::to_string(made.rows.size() + 1) + ": " + reason_of(why));
        }
    }
    return made;
} catch (const json::exception& why) {
    throw std::invalid_argument(reason_of(why));
}

void write_table(const std::string& path, const tuned_table& table) {
    write_file(path, text_of(to_json(table), 3) + "\n");
}

tuned_table read_table(const std::string& path) {
    try {
        return table_of(parse_json(read_text(path)));
    } catch (const std::invalid_argument& why) {
        throw std::invalid_argument(path + ": " + why.what());
    }
}

}  // namespace deepgemm::bench
