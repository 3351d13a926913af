# SPDX-License-Identifier: MIT
# Libraries of headers that the programs of bench/ use; deepgemm itself has no use for them. Debian and Ubuntu have them as
# packages. A machine without a network may have the headers in .cache/include, which git ignores. Where neither is found, git
# fetches a pinned release.

# deepgemm_tool_library(<target> PACKAGE <CMake package> <version at least> <its target> HEADER <path below include/>
#                       DEBIAN <package> GIT <repository> <commit> <version> <its folder of headers>)
function(deepgemm_tool_library target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;DEBIAN" "PACKAGE;GIT")
    list(GET arg_PACKAGE 0 package)
    list(GET arg_PACKAGE 1 least)
    list(GET arg_PACKAGE 2 imported)
    list(GET arg_GIT 0 repository)
    list(GET arg_GIT 1 commit)
    list(GET arg_GIT 2 version)
    list(GET arg_GIT 3 headers)

    add_library(${target} INTERFACE)
    find_package(${package} ${least} QUIET CONFIG)
    if(${package}_FOUND)
        target_link_libraries(${target} INTERFACE ${imported})
        return()
    endif()
    string(TOUPPER ${target}_DIR folder)
    find_path(${folder} ${arg_HEADER} HINTS "${PROJECT_SOURCE_DIR}/.cache/include")
    mark_as_advanced(${folder})
    if(NOT ${folder})
        find_package(Git QUIET)
        if(NOT Git_FOUND)
            message(FATAL_ERROR "${package} not found: install the Debian package ${arg_DEBIAN}, put its headers into "
                    ".cache/include, or install git, by which it is fetched")
        endif()
        message(STATUS "${package} not found (Debian package ${arg_DEBIAN}): fetching version ${version}")
        include(FetchContent)
        FetchContent_Declare(${target}_source GIT_REPOSITORY ${repository} GIT_TAG ${commit}
            SOURCE_SUBDIR headers-alone)  # no such folder, so nothing of it is built
        FetchContent_MakeAvailable(${target}_source)
        set(${folder} "${${target}_source_SOURCE_DIR}/${headers}")
    endif()
    target_include_directories(${target} SYSTEM INTERFACE "${${folder}}")
endfunction()

deepgemm_tool_library(deepgemm_cli11 PACKAGE CLI11 2.1 CLI11::CLI11 HEADER CLI/CLI.hpp DEBIAN libcli11-dev
    GIT https://github.com/CLIUtils/CLI11.git 6c7b07a878ad834957b98d0f9ce1dbe0cb204fc9 2.4.2 include)
deepgemm_tool_library(deepgemm_json PACKAGE nlohmann_json 3.10 nlohmann_json::nlohmann_json HEADER nlohmann/json_fwd.hpp
    DEBIAN nlohmann-json3-dev
    GIT https://github.com/nlohmann/json.git 9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03 3.11.3 include)
