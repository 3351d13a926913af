# SPDX-License-Identifier: MIT
# Only a top-level build of deepgemm includes this file: it enables the CUDA language if nvcc is found, makes warnings errors
# for our own code, and adds the folders tests/, examples/ and bench/.

set(DEEPGEMM_CUDA AUTO CACHE STRING "Build GPU programs with nvcc: AUTO (where nvcc is found), ON or OFF")
set_property(CACHE DEEPGEMM_CUDA PROPERTY STRINGS AUTO ON OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release)
endif()
# Without -DNDEBUG, assertions stay on in Release. Without -march=native, programs run on other machines, too.
set(CMAKE_CUDA_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_EXTENSIONS OFF)

# On a machine without a network, headers of other projects can be put into .cache/include of the source tree.
list(PREPEND CMAKE_PREFIX_PATH "${PROJECT_SOURCE_DIR}/.cache")

find_program(DEEPGEMM_CCACHE ccache)
find_program(DEEPGEMM_PYTHON python3)  # for the tests that need it
mark_as_advanced(DEEPGEMM_CCACHE DEEPGEMM_PYTHON)
if(DEEPGEMM_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${DEEPGEMM_CCACHE}")
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${DEEPGEMM_CCACHE}")
endif()

include(cmake/cuda.cmake)
include(cmake/warnings.cmake)
include(cmake/nvrtc.cmake)
include(cmake/missing_test.cmake)
include(cmake/sample.cmake)
include(cmake/precompiled.cmake)
# The simulator runs as fast at -O1 as at -O2, and kernels for it compile in three quarters of the time. Tests of a sample take
# longer to compile than to run: where the simulator is a library, they are not optimised at all.
if(DEEPGEMM_HAVE_CUDA)
    set(CMAKE_CXX_FLAGS_RELEASE "-O2")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND DEEPGEMM_TEST_SAMPLE GREATER 1)
    set(CMAKE_CXX_FLAGS_RELEASE "-O0")
else()
    set(CMAKE_CXX_FLAGS_RELEASE "-O1")
endif()
# Whose precompiled headers take tests that are never optimised: where no test is, those of all others.
set(deepgemm_precompiled_fast precompiled_fast)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O0")
    set(deepgemm_precompiled_fast precompiled)
endif()
# g++ looks for memory that it no longer needs from 1 GiB on, not from 128 MiB on, which takes a twentieth of its time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    string(APPEND CMAKE_CXX_FLAGS_RELEASE " --param=ggc-min-heapsize=1048576")
endif()
include(cmake/compiled.cmake)
# The shipped kernels, compiled only for the programs that link them.
if(DEEPGEMM_HAVE_CUDA)
    deepgemm_add_instances(deepgemm_instances BACKEND cuda ARCHITECTURES ${DEEPGEMM_ARCHITECTURES})
    target_link_libraries(deepgemm_instances PRIVATE deepgemm::development)
    set_target_properties(deepgemm_instances PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
deepgemm_add_instances(deepgemm_sim_instances BACKEND sim ARCHITECTURES 90a 100f
                       ONE_IN ${DEEPGEMM_TEST_SAMPLE} SEED ${DEEPGEMM_TEST_SEED})
target_link_libraries(deepgemm_sim_instances PRIVATE deepgemm::development)
set_target_properties(deepgemm_sim_instances PROPERTIES EXCLUDE_FROM_ALL ON)
deepgemm_precompiled(deepgemm_sim_instances deepgemm/host/sim_launch.hpp deepgemm/ops.hpp deepgemm/kernel/gemm.cuh)
if(DEEPGEMM_HAVE_CUDA)
    deepgemm_for_architectures()
endif()
enable_testing()
# Seconds after which a test is taken to hang. No test fails because a machine is slow.
set(deepgemm_hang 3600)
foreach(folder tests bench examples)
    if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
        add_subdirectory(${folder})
    endif()
endforeach()
