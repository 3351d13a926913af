// SPDX-License-Identifier: MIT
// The table of epilogues and operations: the columns of groups of rows.
#include "epilogue_table.hpp"

using namespace deepgemm::test;

TEST_CASE("epilogues of groups of rows are what the table says") {
    epilogue_outcomes outcomes;
    run_columns<columns::slots, columns::rows_by_ends, columns::rows_by_index>(outcomes);
    run_cell<rows::cast_gated, columns::slots>(outcomes);
    run_cell<rows::cast_gated, columns::rows_by_ends>(outcomes);
    run_cell<rows::cast_gated, columns::rows_by_index>(outcomes);
    check_columns(outcomes);
}
