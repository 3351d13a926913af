# SPDX-License-Identifier: MIT
# Enables the CUDA language for DEEPGEMM_ARCHITECTURES if DEEPGEMM_CUDA allows it and nvcc is found. Sets DEEPGEMM_HAVE_CUDA;
# DEEPGEMM_FOR_HOPPER and DEEPGEMM_FOR_BLACKWELL, whether their kernels are built; DEEPGEMM_NVCC, the path of nvcc, which tests call even where the language is off; and DEEPGEMM_FATBINARY, the program beside nvcc that makes fat
# binaries. Both paths are false if nothing was found.
find_program(DEEPGEMM_NVCC nvcc HINTS "$ENV{CUDACXX}" ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
cmake_path(GET DEEPGEMM_NVCC PARENT_PATH nvcc_folder)
find_program(DEEPGEMM_FATBINARY fatbinary HINTS "${nvcc_folder}" PATHS /usr/local/cuda PATH_SUFFIXES bin)
mark_as_advanced(DEEPGEMM_NVCC DEEPGEMM_FATBINARY)

set(DEEPGEMM_ARCHITECTURES 90a CACHE STRING
    "What GPU programs are built for, and whose kernels they have: 90a (Hopper), 100f (B200 and B300), 100a (B200), 103a (B300)")
_deepgemm_architectures(DEEPGEMM_FOR_HOPPER DEEPGEMM_FOR_BLACKWELL DEEPGEMM_ARCHITECTURES "${DEEPGEMM_ARCHITECTURES}")

set(DEEPGEMM_HAVE_CUDA OFF)
if(DEEPGEMM_CUDA STREQUAL "OFF")
    return()
endif()
if(NOT DEEPGEMM_NVCC)
    if(DEEPGEMM_CUDA STREQUAL "ON")
        message(FATAL_ERROR "DEEPGEMM_CUDA is ON but nvcc was not found; put it in PATH or set CUDA_HOME.")
    endif()
    message(STATUS "nvcc not found: only the simulator is built")
    return()
endif()

if(NOT DEFINED CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER "${DEEPGEMM_NVCC}")
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    # CMake 3.25 knows no 100f: deepgemm_for_architectures() says it to the compiler.
    if(DEEPGEMM_FOR_BLACKWELL)
        set(CMAKE_CUDA_ARCHITECTURES OFF)
    else()
        set(CMAKE_CUDA_ARCHITECTURES 90a)
    endif()
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # as in nvrtc.cmake: a program must not have two runtimes
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.9)
    message(FATAL_ERROR "deepgemm needs nvcc 12.9 or newer; ${CMAKE_CUDA_COMPILER} is ${CMAKE_CUDA_COMPILER_VERSION}")
endif()
find_package(CUDAToolkit REQUIRED)
set(DEEPGEMM_HAVE_CUDA ON)

# Compiles the CUDA sources of all targets that follow, in this directory and in those below it, for DEEPGEMM_ARCHITECTURES.
macro(deepgemm_for_architectures)
    if(DEEPGEMM_FOR_BLACKWELL)
        foreach(architecture IN LISTS DEEPGEMM_FOR_HOPPER DEEPGEMM_FOR_BLACKWELL)
            add_compile_options($<$<COMPILE_LANGUAGE:CUDA>:--generate-code=arch=compute_${architecture},code=sm_${architecture}>)
        endforeach()
    endif()
endmacro()
