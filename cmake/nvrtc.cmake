# SPDX-License-Identifier: MIT
# deepgemm::rtc_development: the target for our own programs that compile kernels at run time. It exists only if NVRTC and the
# CUDA runtime are found, in a toolkit or in Python's CUDA packages; neither nvcc nor a GPU is needed.
find_path(DEEPGEMM_NVRTC_INCLUDE_DIR nvrtc.h PATHS /usr/local/cuda ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES include)
find_library(DEEPGEMM_NVRTC nvrtc PATHS /usr/local/cuda ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES lib64 lib)
find_library(DEEPGEMM_CUDART cudart PATHS /usr/local/cuda ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES lib64 lib)
mark_as_advanced(DEEPGEMM_NVRTC_INCLUDE_DIR DEEPGEMM_NVRTC DEEPGEMM_CUDART)
if(DEEPGEMM_NVRTC_INCLUDE_DIR AND DEEPGEMM_NVRTC AND DEEPGEMM_CUDART)
    find_package(Threads REQUIRED)
    add_library(deepgemm_rtc_development INTERFACE)
    add_library(deepgemm::rtc_development ALIAS deepgemm_rtc_development)
    target_include_directories(deepgemm_rtc_development SYSTEM INTERFACE "${DEEPGEMM_NVRTC_INCLUDE_DIR}")
    target_link_libraries(deepgemm_rtc_development INTERFACE
        deepgemm::development deepgemm::rtc "${DEEPGEMM_NVRTC}" "${DEEPGEMM_CUDART}" Threads::Threads)
endif()
