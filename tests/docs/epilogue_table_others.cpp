// SPDX-License-Identifier: MIT
// The table of epilogues and operations: the columns of batches, of groups along K and of parts of K.
#include "epilogue_table.hpp"

using namespace deepgemm::test;

TEST_CASE("epilogues of batches, of groups along K and of parts of K are what the table says") {
    epilogue_outcomes outcomes;
    run_columns<columns::batches, columns::along_k>(outcomes);
    run_cell<rows::cast_gated, columns::batches>(outcomes);
    run_cell<rows::cast_gated, columns::along_k>(outcomes);
    run_cell<rows::stored, columns::parts_of_k>(outcomes);
    run_cell<rows::heads, columns::parts_of_k>(outcomes);
    check_columns(outcomes);
}
