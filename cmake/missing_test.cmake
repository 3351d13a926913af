# SPDX-License-Identifier: MIT
# deepgemm_missing_test(<label>/<name> <tool>): stands for a test that needs a tool which is not found. ctest lists it among
# those that did not run, as disabled, so that it is not taken for one that has passed.
function(deepgemm_missing_test name tool)
    message(STATUS "The test ${name} is not run: found no ${tool}")
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E false)
    string(REGEX REPLACE "/.*" "" label "${name}")
    set_tests_properties(${name} PROPERTIES LABELS ${label} DISABLED ON)
endfunction()
