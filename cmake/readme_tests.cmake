# SPDX-License-Identifier: MIT
# Runs the commands of README.md. readme_test.cmake describes the ways.
find_program(DEEPGEMM_GXX g++)
mark_as_advanced(DEEPGEMM_GXX)

# The program goes two ways with each compiler, or one of the two where tests take a sample.
deepgemm_sample(host_ways gcc sim)
deepgemm_sample(device_ways nvcc cuda)
set(ways ${host_ways} ${device_ways} snippets)

# readme_test(<label> <way> <tool> <path of the tool>)
function(readme_test label way tool path)
    if(NOT way IN_LIST ways)
        return()
    endif()
    set(name ${label}/readme_${way})
    if(NOT path)
        deepgemm_missing_test(${name} ${tool})
        return()
    endif()
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND}
        -D way=${way} -D generator=${CMAKE_GENERATOR} -D source_dir=${PROJECT_SOURCE_DIR} -D work_dir=${PROJECT_BINARY_DIR}/readme/${way}
        -D compiler=${CMAKE_CXX_COMPILER} -D nvcc=${DEEPGEMM_NVCC} -D prefix=${PROJECT_BINARY_DIR}/package/install/prefix
        -P "${PROJECT_SOURCE_DIR}/cmake/readme_test.cmake")
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${deepgemm_hang})
    if(label STREQUAL "package")
        set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED deepgemm_prefix)
    endif()
endfunction()

readme_test(examples gcc g++ "${DEEPGEMM_GXX}")
readme_test(examples nvcc nvcc "${DEEPGEMM_NVCC}")
readme_test(examples snippets c++ "${CMAKE_CXX_COMPILER}")
readme_test(package sim c++ "${CMAKE_CXX_COMPILER}")
readme_test(package cuda nvcc "${DEEPGEMM_NVCC}")
