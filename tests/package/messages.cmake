# SPDX-License-Identifier: MIT
# What the functions that compile kernels say to calls that cannot be right. Part of cmake/package_test.cmake.

# refused(<CMake code> <text>): the code stops CMake with that text.
function(refused code expected)
    file(WRITE "${work_dir}/wrong.cmake" "include(\"${source_dir}/cmake/instances.cmake\")\n${code}\n")
    execute_process(COMMAND "${CMAKE_COMMAND}" -P "${work_dir}/wrong.cmake" ERROR_VARIABLE said RESULT_VARIABLE status)
    string(REGEX REPLACE "[ \n]+" " " said "${said}")  # CMake breaks lines where it likes
    string(FIND "${said}" "${expected}" position)
    if(status EQUAL 0 OR position EQUAL -1)
        message(FATAL_ERROR "'${code}' should be refused with '${expected}'; CMake says (${status}): ${said}")
    endif()
endfunction()

refused("deepgemm_instantiate(mine HEADERS mine.hpp KERNELS product BACKEND tpu)"
        "deepgemm_instantiate: BACKEND is 'tpu'; it must be cuda or sim")
refused("deepgemm_instantiate(mine HEADERS mine.hpp KERNELS product BACKEND cuda)"
        "deepgemm_instantiate: BACKEND is cuda, but the language is not enabled")
refused("deepgemm_instantiate(mine KERNELS product)"
        "deepgemm_instantiate(mine) lacks HEADERS, or KERNELS and LISTS")
refused("deepgemm_instantiate(mine HEADERS mine.hpp)"
        "deepgemm_instantiate(mine) lacks HEADERS, or KERNELS and LISTS")
refused("deepgemm_instantiate(mine KERNEL product HEADERS mine.hpp)"
        "deepgemm_instantiate: unknown arguments 'KERNEL;product'")
refused("deepgemm_add_instances(mine BACKEND gpu)"
        "deepgemm_add_instances: BACKEND is 'gpu'; it must be cuda or sim")
refused("deepgemm_add_instances(mine ARCHITECTURES 90a 120a)"
        "deepgemm_add_instances(mine): ARCHITECTURES has '120a'; it takes 90a (Hopper), 100f (B200 and B300)")
refused("deepgemm_add_instances(mine BACKEND sim LISTS weights_f32 sm100_mxf4)"
        "deepgemm_add_instances(mine): LISTS names sm100_mxf4, and ARCHITECTURES has none that they are for")
refused("deepgemm_add_instances(mine BACKEND sim LISTS weights_f32 ARCHITECTURES 100f)"
        "deepgemm_add_instances(mine): LISTS names weights_f32, and ARCHITECTURES has none that they are for")
refused("deepgemm_instantiate(mine HEADERS mine.hpp KERNELS product ARCHITECTURES 100)"
        "deepgemm_instantiate(mine): ARCHITECTURES has '100'; it takes 90a (Hopper)")
