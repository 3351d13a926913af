# SPDX-License-Identifier: MIT
# Every header must compile alone: under the host compiler as part of the build, and as ctest entries under clang with libc++,
# whose headers include little, and under nvcc (device-capable ones), where these are found; tests/rtc does the same with NVRTC.
# Where tests take a sample of long lists, each of these compilers sees a sample of the headers. All headers together must link
# when two translation units have them.
file(GLOB_RECURSE deepgemm_headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include"
     "${PROJECT_SOURCE_DIR}/include/deepgemm/*.cuh" "${PROJECT_SOURCE_DIR}/include/deepgemm/*.hpp")

# Host headers that need the CUDA toolkit, or cuBLASLt or NVRTC beside it, are left out where there is none.
find_path(DEEPGEMM_CUDA_INCLUDE_DIR cuda_runtime_api.h PATHS /usr/local/cuda ENV CUDA_HOME ENV CUDA_PATH
          PATH_SUFFIXES include)
mark_as_advanced(DEEPGEMM_CUDA_INCLUDE_DIR)

# --- host compiler: one generated translation unit per header, included twice ----------------------------------------
set(folder "${CMAKE_CURRENT_BINARY_DIR}/headers")
set(alone_sources "")
set(alone_headers "")
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
    list(APPEND alone_headers "${header}")
    list(APPEND alone_sources "${folder}/${name}.cpp")
    string(APPEND all_includes "#include <${header}>\n")
endforeach()
deepgemm_sample(alone_sources ${alone_sources})
add_library(headers_alone OBJECT ${alone_sources})
target_link_libraries(headers_alone PRIVATE deepgemm::development)
target_compile_options(headers_alone PRIVATE -O0)

# --- linked twice: a function that is not inline, or a variable, is then a duplicate symbol. One object is given to the linker
# as two. ---------------------------------------------------------------------------------------------------------------
file(CONFIGURE OUTPUT "${folder}/together.cpp" CONTENT "${all_includes}")
file(CONFIGURE OUTPUT "${folder}/twice.cpp" CONTENT "int main() {}\n")
add_library(headers_together OBJECT "${folder}/together.cpp")
target_link_libraries(headers_together PRIVATE deepgemm::development)
target_compile_options(headers_together PRIVATE -O0)
add_executable(headers_linked_twice "${folder}/twice.cpp" $<TARGET_OBJECTS:headers_together>)
target_link_options(headers_linked_twice PRIVATE $<TARGET_OBJECTS:headers_together>)
add_test(NAME headers/linked_twice COMMAND headers_linked_twice)
set_tests_properties(headers/linked_twice PROPERTIES LABELS headers)

if(DEEPGEMM_CUDA_INCLUDE_DIR)
    foreach(target headers_alone headers_together)
        target_include_directories(${target} SYSTEM PRIVATE "${DEEPGEMM_CUDA_INCLUDE_DIR}")
    endforeach()
    foreach(library IN ITEMS "${DEEPGEMM_CUDART}" "${DEEPGEMM_NVRTC}")
        if(library)
            target_link_libraries(headers_linked_twice PRIVATE "${library}")
        endif()
    endforeach()
endif()

# header_tests(<name> <suffix> <headers> <command>...): one ctest entry headers/<name>/<folder> for each folder of the headers.
function(header_tests name suffix headers)
    list(JOIN ARGN "," command)
    foreach(header IN LISTS headers)
        cmake_path(GET header PARENT_PATH parent)
        list(APPEND groups "${parent}")
        list(APPEND "headers_${parent}" "${header}")
    endforeach()
    list(REMOVE_DUPLICATES groups)
    foreach(group IN LISTS groups)
        list(JOIN "headers_${group}" "," group_headers)
        cmake_path(GET group FILENAME short)
        add_test(NAME headers/${name}/${short} COMMAND ${CMAKE_COMMAND} -D command=${command} -D headers=${group_headers}
            -D suffix=${suffix} -D work_dir=${folder}/${name} -P "${PROJECT_SOURCE_DIR}/cmake/compile_headers.cmake")
        set_tests_properties(headers/${name}/${short} PROPERTIES LABELS headers TIMEOUT ${deepgemm_hang})
    endforeach()
endfunction()

# --- clang with libc++, all headers that the host compiler sees ------------------------------------------------------
find_program(DEEPGEMM_CLANG clang++)
mark_as_advanced(DEEPGEMM_CLANG)
set(libcxx_command "${DEEPGEMM_CLANG}" -std=c++20 -stdlib=libc++ -fsyntax-only -Wall -Wextra -Werror
    "-I${PROJECT_SOURCE_DIR}/include")
if(DEEPGEMM_CUDA_INCLUDE_DIR)
    list(APPEND libcxx_command -isystem "${DEEPGEMM_CUDA_INCLUDE_DIR}")
endif()
set(libcxx_status 1)
if(DEEPGEMM_CLANG)
    file(CONFIGURE OUTPUT "${folder}/libcxx.cpp" CONTENT "#include <version>\nstatic_assert(_LIBCPP_VERSION > 0);\n")
    execute_process(COMMAND ${libcxx_command} "${folder}/libcxx.cpp" OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE libcxx_status)
endif()
if(libcxx_status EQUAL 0)
    deepgemm_sample(libcxx_headers ${alone_headers})
    header_tests(libcxx cpp "${libcxx_headers}" ${libcxx_command})
else()
    deepgemm_missing_test(headers/libcxx "clang++ with libc++ (Debian packages clang, libc++-dev, libc++abi-dev)")
endif()

# --- nvcc: device-capable headers alone, to PTX, which takes a quarter of a second each; then everything but the simulator in
# one translation unit, which its host half sees, too ------------------------------------------------------------------
if(DEEPGEMM_NVCC)
    file(CONFIGURE OUTPUT "${folder}/all.cu" CONTENT "${all_nvcc_includes}")
    set(device_headers ${deepgemm_headers})
    list(FILTER device_headers INCLUDE REGEX "\\.cuh$")
    deepgemm_sample(device_headers ${device_headers})
    header_tests(nvcc cu "${device_headers}" "${DEEPGEMM_NVCC}" -std=c++20 -arch=sm_90a -Werror=all-warnings
        "-I${PROJECT_SOURCE_DIR}/include" -ptx -o /dev/null)
    add_test(NAME headers/nvcc/all COMMAND ${DEEPGEMM_NVCC} -std=c++20 -arch=sm_90a -Werror=all-warnings
        -Xcompiler=-Wall,-Wextra,-Werror,-Wno-psabi "-I${PROJECT_SOURCE_DIR}/include" -c "${folder}/all.cu"
        -o "${folder}/all.o")
    set_tests_properties(headers/nvcc/all PROPERTIES LABELS headers TIMEOUT ${deepgemm_hang})
    # nvcc 13.0 with clang as host compiler reads configurations wrongly. config.cuh must say so before any other rule fails.
    if(DEEPGEMM_CLANG)
        file(CONFIGURE OUTPUT "${folder}/clang_host.cu" CONTENT "#include <deepgemm/kernel/config.cuh>\n")
        add_test(NAME headers/nvcc/clang_host COMMAND ${DEEPGEMM_NVCC} -std=c++20 -arch=sm_90a -ccbin ${DEEPGEMM_CLANG}
            "-I${PROJECT_SOURCE_DIR}/include" -ptx -o /dev/null "${folder}/clang_host.cu")
        set_tests_properties(headers/nvcc/clang_host PROPERTIES LABELS headers TIMEOUT ${deepgemm_hang}
            PASS_REGULAR_EXPRESSION "config.cuh.*deepgemm: this compiler sets members to zero")
    else()
        deepgemm_missing_test(headers/nvcc/clang_host "clang++ (Debian package clang)")
    endif()
else()
    deepgemm_missing_test(headers/nvcc "nvcc (NVIDIA's CUDA toolkit, 12.9 or newer)")
endif()

# --- what headers and kernels cost to compile, against docs/compile-time.md ------------------------------------------
if(DEEPGEMM_PYTHON AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # the table is of g++
    add_test(NAME headers/budget COMMAND ${DEEPGEMM_PYTHON} "${PROJECT_SOURCE_DIR}/cmake/compile_budget.py"
             --compiler ${CMAKE_CXX_COMPILER} --one-in ${DEEPGEMM_TEST_SAMPLE} --seed ${DEEPGEMM_TEST_SEED})
    set_tests_properties(headers/budget PROPERTIES LABELS headers TIMEOUT ${deepgemm_hang})
    set(nvcc_option "")
    if(DEEPGEMM_NVCC)
        set(nvcc_option --nvcc "${DEEPGEMM_NVCC}")
    endif()
    add_test(NAME headers/operation_budget COMMAND ${DEEPGEMM_PYTHON} "${PROJECT_SOURCE_DIR}/cmake/operation_budget.py"
             --compiler ${CMAKE_CXX_COMPILER} ${nvcc_option} --one-in ${DEEPGEMM_TEST_SAMPLE} --seed ${DEEPGEMM_TEST_SEED})
    set_tests_properties(headers/operation_budget PROPERTIES LABELS headers TIMEOUT ${deepgemm_hang})
else()
    deepgemm_missing_test(headers/budget "python3 with g++ as the compiler (Debian packages python3 and g++)")
endif()
