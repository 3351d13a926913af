# SPDX-License-Identifier: MIT
# deepgemm_cli11: CLI11, which reads command lines for the programs of bench/; the library itself has no use for it. Debian and
# Ubuntu have it as libcli11-dev. A machine without network may have its headers in .cache/include, which git ignores. Where neither
# is found, a pinned release is fetched.
add_library(deepgemm_cli11 INTERFACE)
find_package(CLI11 2.1 QUIET CONFIG)
if(CLI11_FOUND)
    target_link_libraries(deepgemm_cli11 INTERFACE CLI11::CLI11)
    return()
endif()
find_path(DEEPGEMM_CLI11_DIR CLI/CLI.hpp HINTS "${PROJECT_SOURCE_DIR}/.cache/include")
mark_as_advanced(DEEPGEMM_CLI11_DIR)
if(NOT DEEPGEMM_CLI11_DIR)
    find_package(Git QUIET)
    if(NOT Git_FOUND)
        message(FATAL_ERROR "CLI11 not found: install the Debian package libcli11-dev, put its headers into .cache/include, "
                "or install git, by which it is fetched")
    endif()
    message(STATUS "CLI11 not found (Debian package libcli11-dev): fetching version 2.4.2")
    include(FetchContent)
    FetchContent_Declare(cli11 GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git
        GIT_TAG 6c7b07a878ad834957b98d0f9ce1dbe0cb204fc9  # v2.4.2
        SOURCE_SUBDIR headers-alone)  # no such folder, so nothing of it is built
    FetchContent_MakeAvailable(cli11)
    set(DEEPGEMM_CLI11_DIR "${cli11_SOURCE_DIR}/include")
endif()
target_include_directories(deepgemm_cli11 SYSTEM INTERFACE "${DEEPGEMM_CLI11_DIR}")
