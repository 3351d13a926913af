# SPDX-License-Identifier: MIT
# deepgemm_missing_test(<label>/<name> <tool>): an entry for a test whose tool was not found. ctest lists it as disabled, so
# that it does not count as passed. <tool> names the tool and its Debian package or other source. Both go into missing_tests.txt
# of the build folder, which ./dg test prints at its end.
set(deepgemm_missing_tests "${PROJECT_BINARY_DIR}/missing_tests.txt")
file(WRITE "${deepgemm_missing_tests}" "")

function(deepgemm_missing_test name tool)
    message(STATUS "The test ${name} is not run: found no ${tool}")
    file(APPEND "${deepgemm_missing_tests}" "${name}: found no ${tool}\n")
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E false)
    string(REGEX REPLACE "/.*" "" label "${name}")
    set_tests_properties(${name} PROPERTIES LABELS ${label} DISABLED ON)
endfunction()
