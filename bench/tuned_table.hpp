// SPDX-License-Identifier: MIT
// Tables of measured choices as files: JSON that `deepgemm tune` writes and `explain` and `aot` read, and C++ for a program that
// keeps them as constants. The same rows as ops/gemm/tuned_row.hpp; a configuration is its own C++ text.
#pragma once

#include <deepgemm/ops/gemm/tuned_row.hpp>

#include <span>
#include <string>
#include <vector>

#include "cases.hpp"
#include "json.hpp"

namespace deepgemm::bench {

/// Rows, and the GPU they were measured on.
struct tuned_table {
    std::string gpu;
    std::vector<gemm_tuned_row> rows;
};

/// The row that says which kernel is the fastest for a case, whose C, if it has one, is D.
gemm_tuned_row row_of(const gemm_case& measured, const config& cfg, bool in_place);

json to_json(const tuned_table& table);
/// Reads what to_json() makes. Throws std::invalid_argument with the number of the row and what is wrong with it.
tuned_table table_of(const json& file);

/// Writes a table to a file, making its folder, or reads one. Throws std::runtime_error if the file cannot be written or read,
/// std::invalid_argument if it is no table.
void write_table(const std::string& path, const tuned_table& table);
tuned_table read_table(const std::string& path);

}  // namespace deepgemm::bench
