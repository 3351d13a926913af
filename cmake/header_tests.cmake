# SPDX-License-Identifier: MIT
# Every header must compile alone: under the host compiler as part of the build, under nvcc (device-capable ones) as
# ctest entries where it is found; tests/rtc does the same with NVRTC. All headers together must link when two translation
# units have them.
file(GLOB_RECURSE deepgemm_headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include"
     "${PROJECT_SOURCE_DIR}/include/deepgemm/*.cuh" "${PROJECT_SOURCE_DIR}/include/deepgemm/*.hpp")

# Host headers that need the CUDA toolkit, or cuBLASLt or NVRTC beside it, are left out where there is none.
find_path(DEEPGEMM_CUDA_INCLUDE_DIR cuda_runtime_api.h PATHS /usr/local/cuda ENV CUDA_HOME ENV CUDA_PATH
          PATH_SUFFIXES include)
mark_as_advanced(DEEPGEMM_CUDA_INCLUDE_DIR)

# --- host compiler: one generated translation unit per header, included twice ----------------------------------------
set(folder "${CMAKE_CURRENT_BINARY_DIR}/headers")
set(alone_sources "")
set(all_includes "")
set(all_nvcc_includes "")
foreach(header IN LISTS deepgemm_headers)
    file(STRINGS "${PROJECT_SOURCE_DIR}/include/${header}" needs_toolkit LIMIT_COUNT 1 REGEX "^#include <cuda")
    file(STRINGS "${PROJECT_SOURCE_DIR}/include/${header}" needs_nvrtc LIMIT_COUNT 1
         REGEX "^#include <(nvrtc|deepgemm/rtc/(program|compiler|kernel)\\.)")
    file(STRINGS "${PROJECT_SOURCE_DIR}/include/${header}" needs_cublaslt LIMIT_COUNT 1 REGEX "^#include <cublasLt")
    if(needs_cublaslt AND NOT EXISTS "${DEEPGEMM_CUDA_INCLUDE_DIR}/cublasLt.h")
        continue()
    endif()
    if(needs_nvrtc AND NOT DEEPGEMM_NVRTC)
        continue()
    endif()
    if(NOT header MATCHES "^deepgemm/sim/")
        string(APPEND all_nvcc_includes "#include <${header}>\n")
    endif()
    if(needs_toolkit AND NOT DEEPGEMM_CUDA_INCLUDE_DIR)
        continue()
    endif()
    string(MAKE_C_IDENTIFIER "${header}" name)
    file(CONFIGURE OUTPUT "${folder}/${name}.cpp" CONTENT "#include <${header}>\n#include <${header}>\n")
    list(APPEND alone_sources "${folder}/${name}.cpp")
    string(APPEND all_includes "#include <${header}>\n")
endforeach()
add_library(headers_alone OBJECT ${alone_sources})
target_link_libraries(headers_alone PRIVATE deepgemm::development)
target_compile_options(headers_alone PRIVATE -O0)

# --- linked twice: a function that is not inline, or a variable, is then a duplicate symbol --------------------------
file(CONFIGURE OUTPUT "${folder}/twice_1.cpp" CONTENT "${all_includes}int second();\nint main() { return second(); }\n")
file(CONFIGURE OUTPUT "${folder}/twice_2.cpp" CONTENT "${all_includes}int second();\nint second() { return 0; }\n")
add_executable(headers_linked_twice "${folder}/twice_1.cpp" "${folder}/twice_2.cpp")
target_link_libraries(headers_linked_twice PRIVATE deepgemm::development)
target_compile_options(headers_linked_twice PRIVATE -O0)
add_test(NAME headers/linked_twice COMMAND headers_linked_twice)
set_tests_properties(headers/linked_twice PROPERTIES LABELS headers)

if(DEEPGEMM_CUDA_INCLUDE_DIR)
    foreach(target headers_alone headers_linked_twice)
        target_include_directories(${target} SYSTEM PRIVATE "${DEEPGEMM_CUDA_INCLUDE_DIR}")
    endforeach()
    foreach(library IN ITEMS "${DEEPGEMM_CUDART}" "${DEEPGEMM_NVRTC}")
        if(library)
            target_link_libraries(headers_linked_twice PRIVATE "${library}")
        endif()
    endforeach()
endif()

# --- nvcc: device-capable headers alone, by folder; then everything but the simulator in one translation unit --------
if(DEEPGEMM_NVCC)
    file(CONFIGURE OUTPUT "${folder}/all.cu" CONTENT "${all_nvcc_includes}")
    set(device_headers ${deepgemm_headers})
    list(FILTER device_headers INCLUDE REGEX "\\.cuh$")
    foreach(header IN LISTS device_headers)
        cmake_path(GET header PARENT_PATH parent)
        string(REPLACE "deepgemm/" "" parent "${parent}")
        list(APPEND nvcc_folders "${parent}")
        list(APPEND "nvcc_headers_${parent}" "${header}")
    endforeach()
    list(REMOVE_DUPLICATES nvcc_folders)
    foreach(group IN LISTS nvcc_folders)
        list(JOIN "nvcc_headers_${group}" "," headers)
        add_test(NAME headers/nvcc/${group} COMMAND ${CMAKE_COMMAND} -D nvcc=${DEEPGEMM_NVCC} -D headers=${headers}
            -D include_dir=${PROJECT_SOURCE_DIR}/include -D work_dir=${folder}/nvcc
            -P "${PROJECT_SOURCE_DIR}/cmake/compile_headers_nvcc.cmake")
        set_tests_properties(headers/nvcc/${group} PROPERTIES LABELS headers TIMEOUT 300)
    endforeach()
    add_test(NAME headers/nvcc/all COMMAND ${DEEPGEMM_NVCC} -std=c++20 -arch=sm_90a -Werror=all-warnings
        -Xcompiler=-Wall,-Wextra,-Werror,-Wno-psabi "-I${PROJECT_SOURCE_DIR}/include" -c "${folder}/all.cu"
        -o "${folder}/all.o")
    set_tests_properties(headers/nvcc/all PROPERTIES LABELS headers TIMEOUT 300)
endif()

# --- what each header costs to compile, against docs/compile-time.md -------------------------------------------------
if(DEEPGEMM_PYTHON AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # the table is of g++
    add_test(NAME headers/budget COMMAND ${DEEPGEMM_PYTHON} "${PROJECT_SOURCE_DIR}/cmake/compile_budget.py"
             --compiler ${CMAKE_CXX_COMPILER})
    set_tests_properties(headers/budget PROPERTIES LABELS headers TIMEOUT 900)
endif()
