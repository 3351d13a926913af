// SPDX-License-Identifier: MIT
// Rows of tuned tables as JSON and as C++, and back.
#include "tuned_table.hpp"

#include <deepgemm/host/parse.hpp>

#include <cmath>
#include <stdexcept>

#include "planning.hpp"
#include "result.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* schema = "deepgemm tuned table 1";
constexpr dtype types[] = {dtype::e4m3, dtype::e5m2, dtype::bf16, dtype::f16, dtype::f32};

dtype type_of(const json& name) {
    for (const dtype type : types) {
        if (name.string() == name_of(type)) return type;
    }
    throw std::invalid_argument("\"" + name.string() + "\" is no element type; e4m3, e5m2, bf16, f16 and f32 are");
}

major order_of(const json& name) {
    if (name.string() == "k") return major::k;
    if (name.string() == "mn") return major::mn;
    throw std::invalid_argument("\"" + name.string() + "\" is no order; k and mn are");
}

int extent(const json& row, const char* name) {
    const auto read = parse_extent(name, row.at(name).dump(), 1);
    if (!read) throw std::invalid_argument(read.failure().message);
    return int(*read);  // max_extent fits
}

int positive(const json& value) {
    if (value.integer() < 1) throw std::invalid_argument(value.dump() + " is no size; it must be at least 1");
    return value.integer();
}

float microseconds(const json& of) {
    const json& us = of.at("us");
    const float value = float(us.number());
    if (!(value > 0) || !std::isfinite(value))
        throw std::invalid_argument("\"us\" is " + us.dump() + "; a time in microseconds must be positive and finite");
    return value;
}

config config_of(const json& of) {
    auto cfg = parse_config(of.at("config").string());
    if (!cfg) throw std::invalid_argument(cfg.failure().message);
    return *cfg;
}

json to_json(const measured_loser& loser) {
    return json::object().add("config", to_source(loser.cfg)).add("in_place", loser.in_place).add("us", loser.us);
}

measured_loser loser_of(const json& loser) {
    const measured_loser made{config_of(loser), loser.at("in_place").boolean(), microseconds(loser)};
    if (loser.members().size() != to_json(made).members().size())
        throw std::invalid_argument("\"model\" has members that a measured kernel does not have");
    return made;
}

json to_json(const gemm_tuned_row& row) {
    json made = json::object();
    made.add("m_max", row.m_max)
        .add("n", row.n)
        .add("k", row.k)
        .add("type", name_of(row.type))
        .add("a_contiguous", name_of(row.a_contiguous))
        .add("b_contiguous", name_of(row.b_contiguous))
        .add("b_scales", json::array().push(row.b.mn).push(row.b.k))
        .add("d", name_of(row.d))
        .add("accumulate", row.accumulate)
        .add("in_place", row.in_place)
        .add("config", to_source(row.cfg));
    if (row.us != 0) made.add("us", row.us);
    if (row.model != measured_loser{}) made.add("model", to_json(row.model));
    return made;
}

gemm_tuned_row row_of(const json& row) {
    const auto& tile = row.at("b_scales").elements();
    if (tile.size() != 2) throw std::invalid_argument("\"b_scales\" must be two numbers: rows and elements of K");
    gemm_tuned_row made{.m_max = extent(row, "m_max"),
                        .n = extent(row, "n"),
                        .k = extent(row, "k"),
                        .d = type_of(row.at("d")),
                        .accumulate = row.at("accumulate").boolean(),
                        .b = {positive(tile[0].second), positive(tile[1].second)},
                        .cfg = config_of(row),
                        .type = type_of(row.at("type")),
                        .a_contiguous = order_of(row.at("a_contiguous")),
                        .b_contiguous = order_of(row.at("b_contiguous")),
                        .in_place = row.at("in_place").boolean()};
    if (row.find("us") != nullptr) made.us = microseconds(row);
    if (const json* const model = row.find("model"); model != nullptr) made.model = loser_of(*model);
    if (made.us == 0 && made.model != measured_loser{})
        throw std::invalid_argument(
            "it has \"model\", the time of a kernel that lost, but no \"us\" of the one that won");
    if (made.in_place && !made.accumulate)
        throw std::invalid_argument("\"in_place\" is true, but \"accumulate\" is not");
    if (row.members().size() != to_json(made).members().size())
        throw std::invalid_argument("it has members that a row does not have");
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
    for (const gemm_tuned_row& row : table.rows) rows.push(to_json(row));
    return json::object().add("schema", schema).add("gpu", table.gpu).add("rows", rows);
}

tuned_table table_of(const json& file) {
    if (const std::string& found = file.at("schema").string(); found != schema)
        throw std::invalid_argument("\"schema\" is \"" + found + "\"; it must be \"" + schema + "\"");
    tuned_table made{file.at("gpu").string(), {}};
    for (const auto& [name, row] : file.at("rows").elements()) {
        try {
            made.rows.push_back(row_of(row));
        } catch (const std::invalid_argument& why) {
            throw std::invalid_argument("row " + std::to_string(made.rows.size() + 1) + ": " + why.what());
        }
    }
    return made;
}

void write_table(const std::string& path, const tuned_table& table) { write_file(path, to_json(table).dump(3) + "\n"); }

tuned_table read_table(const std::string& path) {
    try {
        return table_of(json::parse(read_text(path)));
    } catch (const std::invalid_argument& why) {
        throw std::invalid_argument(path + ": " + why.what());
    }
}

}  // namespace deepgemm::bench
