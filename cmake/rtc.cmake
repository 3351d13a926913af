# SPDX-License-Identifier: MIT
# The target deepgemm::rtc, for programs that compile kernels at run time. It holds deepgemm's device-capable headers as text,
# and links NVRTC and the CUDA runtime if the project has found them, before or after deepgemm. It is built only for programs
# that link it. Reads deepgemm_include_dir, the directory that holds deepgemm/. Part of the package.
file(GLOB_RECURSE deepgemm_rtc_headers CONFIGURE_DEPENDS RELATIVE "${deepgemm_include_dir}"
     "${deepgemm_include_dir}/deepgemm/*.cuh")
deepgemm_embed(deepgemm_rtc FUNCTION deepgemm::rtc::embedded_headers DIRECTORY "${deepgemm_include_dir}"
               HEADERS ${deepgemm_rtc_headers})
set_target_properties(deepgemm_rtc PROPERTIES EXCLUDE_FROM_ALL ON)
add_library(deepgemm::rtc ALIAS deepgemm_rtc)

# Links the toolkit to deepgemm_rtc if the calling directory has found it, and it is not linked yet.
function(_deepgemm_link_toolkit)
    get_target_property(linked deepgemm_rtc DEEPGEMM_TOOLKIT)
    if(NOT linked AND TARGET CUDA::nvrtc)
        _deepgemm_link_runtime(deepgemm_rtc INTERFACE)
        target_link_libraries(deepgemm_rtc INTERFACE CUDA::nvrtc)
        set_target_properties(deepgemm_rtc PROPERTIES DEEPGEMM_TOOLKIT ON)
    endif()
endfunction()

# Sets `out` if a target of the directory or of one below it links deepgemm::rtc.
function(_deepgemm_rtc_is_linked out directory)
    get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
        get_target_property(libraries ${target} LINK_LIBRARIES)
        if("${libraries}" MATCHES "deepgemm(::|_)rtc(;|$)")
            set(${out} ON PARENT_SCOPE)
        endif()
    endforeach()
    get_property(below DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
    foreach(one IN LISTS below)
        _deepgemm_rtc_is_linked(found "${one}")
        if(found)
            set(${out} ON PARENT_SCOPE)
        endif()
    endforeach()
endfunction()

# Runs at the end of the configuration. Without NVRTC a program gets the headers, but its calls of NVRTC would not link, so a
# message says what is missing.
function(_deepgemm_check_toolkit)
    _deepgemm_link_toolkit()
    get_target_property(linked deepgemm_rtc DEEPGEMM_TOOLKIT)
    if(linked)
        return()
    endif()
    _deepgemm_rtc_is_linked(used "${CMAKE_SOURCE_DIR}")
    if(used)
        message(STATUS "deepgemm::rtc is linked without NVRTC: programs that compile kernels (deepgemm/rtc/compiler.hpp) need "
                       "find_package(CUDAToolkit) in the directory that takes deepgemm in, or above it")
    endif()
endfunction()

# This directory or any above it may call find_package(CUDAToolkit) later, so each of them links the toolkit when it ends.
set(deepgemm_directory "${CMAKE_CURRENT_SOURCE_DIR}")
while(deepgemm_directory)
    if(deepgemm_directory STREQUAL CMAKE_SOURCE_DIR)
        cmake_language(DEFER DIRECTORY "${deepgemm_directory}" CALL _deepgemm_check_toolkit)
    else()
        cmake_language(DEFER DIRECTORY "${deepgemm_directory}" CALL _deepgemm_link_toolkit)
    endif()
    get_property(deepgemm_directory DIRECTORY "${deepgemm_directory}" PROPERTY PARENT_DIRECTORY)
endwhile()
