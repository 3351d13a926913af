# SPDX-License-Identifier: MIT
# The target deepgemm::rtc: what a program links that compiles kernels at run time. It holds deepgemm's device-capable
# headers as text, and brings NVRTC and the CUDA runtime where the project has found them, so that
# find_package(CUDAToolkit) belongs before it is linked. Built only for programs that link it.
# Reads deepgemm_include_dir, the directory that holds deepgemm/. Part of the package.
file(GLOB_RECURSE deepgemm_rtc_headers CONFIGURE_DEPENDS RELATIVE "${deepgemm_include_dir}"
     "${deepgemm_include_dir}/deepgemm/*.cuh")
deepgemm_embed(deepgemm_rtc FUNCTION deepgemm::rtc::embedded_headers DIRECTORY "${deepgemm_include_dir}"
               HEADERS ${deepgemm_rtc_headers})
set_target_properties(deepgemm_rtc PROPERTIES EXCLUDE_FROM_ALL ON)
target_link_libraries(deepgemm_rtc PUBLIC
    $<TARGET_NAME_IF_EXISTS:CUDA::nvrtc> $<TARGET_NAME_IF_EXISTS:CUDA::cudart_static>)
add_library(deepgemm::rtc ALIAS deepgemm_rtc)
