// SPDX-License-Identifier: MIT
// Tables of measured choices as files: JSON that `deepgemm tune` writes and `explain` and `aot` read, and C++ for a program
// that keeps them as constants. Rows are those of each operation (host/operation.hpp); a configuration is its own C++ text.
#pragma once

#include <string>
#include <vector>

#include "json.hpp"
#include "products.hpp"

namespace deepgemm::bench {

/// Rows of operation `O`.
template <class O>
struct rows_for {
    std::vector<tuned_row<O>> rows;
};

/// Rows, and the GPU they were measured on.
struct tuned_table {
    std::string gpu;
    of_each<rows_for> all{};

    template <class O>
    std::vector<tuned_row<O>>& rows() {
        return std::get<rows_for<O>>(all).rows;
    }
    template <class O>
    const std::vector<tuned_row<O>>& rows() const {
        return std::get<rows_for<O>>(all).rows;
    }
    /// A table of one operation.
    template <class O>
    static tuned_table of(std::string gpu, std::vector<tuned_row<O>> rows) {
        tuned_table made{std::move(gpu)};
        made.rows<O>() = std::move(rows);
        return made;
    }
};

json to_json(const tuned_table& table);
/// Reads what to_json() makes. Throws std::invalid_argument with the number of the row and what is wrong with it.
tuned_table table_of(const json& file);

/// Writes a table to a file, making its folder, or reads one. Throws std::runtime_error if the file cannot be written or read,
/// std::invalid_argument if it is no table.
void write_table(const std::string& path, const tuned_table& table);
tuned_table read_table(const std::string& path);

}  // namespace deepgemm::bench
