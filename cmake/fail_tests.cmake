# SPDX-License-Identifier: MIT
# Programs in tests/fail must not compile, and the compiler must say what their `// expect:` lines hold; one ctest
# entry per program and compiler, of all programs or of a sample.
file(GLOB fail_sources CONFIGURE_DEPENDS fail/*.cpp)
deepgemm_sample(fail_sources ${fail_sources})
foreach(source IN LISTS fail_sources)
    cmake_path(GET source STEM stem)
    set(compilers host)
    if(DEEPGEMM_NVCC)
        list(APPEND compilers nvcc)
    endif()
    foreach(kind IN LISTS compilers)
        # A program is tested only with compilers for which it has a line.
        file(STRINGS "${source}" expectations LIMIT_COUNT 1 REGEX "^// expect( ${kind})?: ")
        if(NOT expectations)
            continue()
        endif()
        if(kind STREQUAL "nvcc")
            set(command "${DEEPGEMM_NVCC}")
        else()
            set(command "${CMAKE_CXX_COMPILER}")
        endif()
        add_test(NAME fail/${stem}/${kind} COMMAND ${CMAKE_COMMAND} -D kind=${kind} -D compiler=${command}
            -D source=${source} -D include_dir=${PROJECT_SOURCE_DIR}/include
            -P "${PROJECT_SOURCE_DIR}/cmake/expect_failure.cmake")
        set_tests_properties(fail/${stem}/${kind} PROPERTIES LABELS fail TIMEOUT ${deepgemm_hang})
    endforeach()
endforeach()
if(NOT DEEPGEMM_NVCC)
    deepgemm_missing_test(fail/nvcc "nvcc (NVIDIA's CUDA toolkit, 12.9 or newer)")
endif()
