// SPDX-License-Identifier: MIT
// Rows of the dense GEMM's tuned tables as JSON, and back.
#include "words.hpp"

#include <deepgemm/host/parse.hpp>

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "row_members.hpp"

namespace deepgemm::bench {

namespace {

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

/// Rows, or elements of K, that a scale covers; 0 stands for all.
int covered(const json& value) {
    if (!value.is_number_unsigned() || value > unsigned(max_extent))
        throw std::invalid_argument(value.dump() + " is no size; it must be a whole number, where 0 stands for all");
    return value.get<int>();
}

json loser_to_json(const measured_loser& loser) {
    return json::object({{"config", to_source(loser.cfg)}, {"in_place", loser.in_place}, {"us", decimal(loser.us)}});
}

measured_loser loser_of(const json& loser) {
    const measured_loser made{config_of<config>(loser), loser.at("in_place").get<bool>(), microseconds(loser)};
    if (loser.size() != loser_to_json(made).size())
        throw std::invalid_argument("\"model\" has members that a measured kernel does not have");
    return made;
}

}  // namespace

json words<ops::gemm>::to_json(const gemm_tuned_row& row) {
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
    if (row.model != measured_loser{}) made["model"] = loser_to_json(row.model);
    if (row.objective != objective_kind::latency) made["objective"] = name_of(row.objective);
    return made;
}

gemm_tuned_row words<ops::gemm>::row_of(const json& row) {
    const json& tile = row.at("b_scales");
    if (!tile.is_array() || tile.size() != 2)
        throw std::invalid_argument("\"b_scales\" must be two numbers: rows and elements of K");
    gemm_tuned_row made{.m_max = extent(row, "m_max"),
                        .n = extent(row, "n"),
                        .k = extent(row, "k"),
                        .d = type_of(row.at("d")),
                        .accumulate = row.at("accumulate").get<bool>(),
                        .b = {covered(tile[0]), covered(tile[1])},
                        .cfg = config_of<config>(row),
                        .type = type_of(row.at("type")),
                        .a_contiguous = order_of(row.at("a_contiguous")),
                        .b_contiguous = order_of(row.at("b_contiguous")),
                        .in_place = row.at("in_place").get<bool>()};
    if (row.contains("us")) made.us = microseconds(row);
    if (row.contains("model")) made.model = loser_of(row.at("model"));
    if (row.contains("objective")) made.objective = objective_of(row.at("objective"));
    if (made.us == 0 && made.model != measured_loser{})
        throw std::invalid_argument(
            "it has \"model\", the time of a kernel that lost, but no \"us\" of the one that won");
    if (made.in_place && !made.accumulate)
        throw std::invalid_argument("\"in_place\" is true, but \"accumulate\" is not");
    if (row.size() != to_json(made).size()) throw std::invalid_argument("it has members that a row does not have");
    return made;
}

gemm_tuned_row row_of(const gemm_case& measured, const config& cfg, bool in_place) {
    const gemm_workload work = bench::workload_of(measured);
    return {.m_max = work.shape.m,
            .n = work.shape.n,
            .k = work.shape.k,
            .d = work.d,
            .accumulate = work.accumulate,
            .b = deepgemm::detail::tile_of(work.b),
            .cfg = cfg,
            .type = work.a.type,
            .a_contiguous = work.a.contiguous,
            .b_contiguous = work.b.contiguous,
            .in_place = in_place};
}

}  // namespace deepgemm::bench
