# SPDX-License-Identifier: MIT
# Tests over long lists take all elements, or a sample that a seed chooses.
set(DEEPGEMM_TEST_SAMPLE 1 CACHE STRING "Tests take one in so many of the shipped kernels and of other long lists; 1: all")
set(DEEPGEMM_TEST_SEED 0 CACHE STRING "Which ones those are, where they are not all: a number")

# deepgemm_sample(<out> <item>...): one in DEEPGEMM_TEST_SAMPLE of the items, at least one.
function(deepgemm_sample out)
    list(LENGTH ARGN length)
    math(EXPR first "${DEEPGEMM_TEST_SEED} % ${DEEPGEMM_TEST_SAMPLE}")
    if(first GREATER_EQUAL length)
        math(EXPR first "${DEEPGEMM_TEST_SEED} % ${length}")
    endif()
    math(EXPR last "${length} - 1")
    set(sample "")
    foreach(index RANGE ${first} ${last} ${DEEPGEMM_TEST_SAMPLE})
        list(GET ARGN ${index} item)
        list(APPEND sample "${item}")
    endforeach()
    set(${out} "${sample}" PARENT_SCOPE)
endfunction()
