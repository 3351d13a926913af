// SPDX-License-Identifier: MIT
// Tuned tables as JSON, and back. A row says its product in words, or, of an operation whose rows are of their own, in members.
#include "tuned_table.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "row_members.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* schema = "deepgemm tuned table 1";

template <class O>
json row_to_json(const tuned_row<O>& row) {
    if constexpr (operation_concept::has_measurements<O>) {
        return words<O>::to_json(row);
    } else {
        json made = json::object({{"product", words<O>::text_of(row.at)}, {"config", to_source(row.cfg)}});
        if (row.us != 0) made["us"] = decimal(float(row.us));
        if (row.objective != objective_kind::latency) made["objective"] = name_of(row.objective);
        return made;
    }
}

/// The row of a product in words.
template <class O>
tuned_row<O> worded_row(const typename words<O>::product& product, const json& row) {
    if constexpr (operation_concept::has_measurements<O>) {
        throw std::invalid_argument(concat("rows of ", O::name, " have members of their own in place of \"product\""));
    } else {
        tuned_row<O> made{.at = words<O>::workload_of(product), .cfg = config_of<typename O::config>(row)};
        if (row.contains("us")) made.us = microseconds(row);
        if (row.contains("objective")) made.objective = objective_of(row.at("objective"));
        if (row.size() != row_to_json<O>(made).size())
            throw std::invalid_argument("it has members that a row does not have");
        return made;
    }
}

/// Adds a row to the table; one without a product in words is of the first operation.
template <class First, class... Others>
void add_row(tuned_table& to, const json& row, operation_list<First, Others...>) {
    if (!row.contains("product")) {
        to.rows<First>().push_back(words<First>::row_of(row));
        return;
    }
    std::visit([&]<class O>(const product_of<O>& p) { to.rows<O>().push_back(worded_row<O>(p.value, row)); },
               parse_product(row.at("product").get<std::string>()));
}

template <class... O>
json all_rows(const tuned_table& table, operation_list<O...>) {
    json rows = json::array();
    const auto add = [&]<class One>(const rows_for<One>& of) {
        for (const tuned_row<One>& row : of.rows) rows.push_back(row_to_json<One>(row));
    };
    (add(std::get<rows_for<O>>(table.all)), ...);
    return rows;
}

}  // namespace

float microseconds(const json& of) {
    const json& us = of.at("us");
    const float value = us.is_number() ? us.get<float>() : 0;
    if (!(value > 0) || !std::isfinite(value))
        throw std::invalid_argument("\"us\" is " + us.dump() + "; a time in microseconds must be positive and finite");
    return value;
}

objective_kind objective_of(const json& name) {
    for (const objective_kind objective : {objective_kind::latency, objective_kind::sustained}) {
        if (name == name_of(objective)) return objective;
    }
    throw std::invalid_argument("\"objective\" is " + name.dump() + "; it must be \"latency\" or \"sustained\"");
}

json decimal(float us) {
    char text[40];
    *std::to_chars(text, text + sizeof text - 1, us).ptr = '\0';
    return std::strtod(text, nullptr);
}

json to_json(const tuned_table& table) {
    return json::object({{"schema", schema}, {"gpu", table.gpu}, {"rows", all_rows(table, operations{})}});
}

tuned_table table_of(const json& file) try {
    if (const json& found = file.at("schema"); found != schema)
        throw std::invalid_argument("\"schema\" is " + found.dump() + "; it must be \"" + schema + "\"");
    tuned_table made{file.at("gpu").get<std::string>()};
    int number = 0;
    for (const json& row : file.at("rows")) {
        ++number;
        try {
            add_row(made, row, operations{});
        } catch (const std::exception& why) {
            throw std::invalid_argument("row " + std::to_string(number) + ": " + reason_of(why));
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
