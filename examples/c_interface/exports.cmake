# SPDX-License-Identifier: MIT
# Script: the dynamic symbols that `library` defines are the functions of deepgemm.h, all of them and no others.
cmake_minimum_required(VERSION 3.25)
file(READ "${CMAKE_CURRENT_LIST_DIR}/deepgemm.h" header)
string(REGEX MATCHALL "\n[a-z][^\n]*[ *]deepgemm_[a-z0-9_]+\\(" declared "${header}")
list(TRANSFORM declared REPLACE ".*[ *](deepgemm_[a-z0-9_]+)\\(" "\\1")
execute_process(COMMAND "${nm}" -D --defined-only "${library}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " [A-Za-z] [^\n]+\n" symbols "${output}")
list(TRANSFORM symbols REPLACE "^ [A-Za-z] ([^\n]+)\n" "\\1")
list(SORT declared)
list(SORT symbols)
if(NOT symbols STREQUAL declared)
    message(FATAL_ERROR "${library} exports\n${symbols}\nand deepgemm.h declares\n${declared}")
endif()
