# SPDX-License-Identifier: MIT
# deepgemm_missing_test(<label>/<name> <tool>): stands for a test that needs a tool which is not found. ctest lists it among
# those that did not run, as disabled, so that it is not taken for one that has passed. The name and the tool, which says the
# Debian package or where else it comes from, go into missing_tests.txt of the build folder: ./dg test prints them at its end.
set(deepgemm_missing_tests "${PROJECT_BINARY_DIR}/missing_tests.txt")
file(WRITE "${deepgemm_missing_tests}" "")

function(deepgemm_missing_test name tool)
    message(STATUS "The test ${name} is not run: found no ${tool}")
    file(APPEND "${deepgemm_missing_tests}" "${name}: found no ${tool}\n")
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E false)
    string(REGEX REPLACE "/.*" "" label "${name}")
    set_tests_properties(${name} PROPERTIES LABELS ${label} DISABLED ON)
endfunction()
