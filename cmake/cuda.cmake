# SPDX-License-Identifier: MIT
# Enables the CUDA language for sm_90a if DEEPGEMM_CUDA allows it and nvcc is found. Sets DEEPGEMM_HAVE_CUDA; DEEPGEMM_NVCC, the
# path of nvcc, which tests call even where the language is off; and DEEPGEMM_FATBINARY, the program beside nvcc that makes fat
# binaries. Both paths are false if nothing was found.
find_program(DEEPGEMM_NVCC nvcc HINTS "$ENV{CUDACXX}" ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
cmake_path(GET DEEPGEMM_NVCC PARENT_PATH nvcc_folder)
find_program(DEEPGEMM_FATBINARY fatbinary HINTS "${nvcc_folder}" PATHS /usr/local/cuda PATH_SUFFIXES bin)
mark_as_advanced(DEEPGEMM_NVCC DEEPGEMM_FATBINARY)

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
    set(CMAKE_CUDA_ARCHITECTURES 90a)
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # as in nvrtc.cmake: a program must not have two runtimes
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.9)
    message(FATAL_ERROR "deepgemm needs nvcc 12.9 or newer; ${CMAKE_CUDA_COMPILER} is ${CMAKE_CUDA_COMPILER_VERSION}")
endif()
find_package(CUDAToolkit REQUIRED)
set(DEEPGEMM_HAVE_CUDA ON)
