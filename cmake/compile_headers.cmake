# SPDX-License-Identifier: MIT
# Script: compiles each of `headers` (comma separated) alone, as a file *.`suffix`, with `command` (comma separated, the file is
# appended). Tries all of them, then fails with the compiler's output if any was rejected. A header whose `#error "deepgemm...
# lacks ..."` names a gap of the standard library does not count; the sentence is printed.
string(REPLACE "," ";" headers "${headers}")
string(REPLACE "," ";" command "${command}")
file(MAKE_DIRECTORY "${work_dir}")
set(failed "")
set(compiled 0)
foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER "${header}" name)
    set(unit "${work_dir}/${name}.${suffix}")
    file(WRITE "${unit}" "#include <${header}>\n#include <${header}>\n")
    execute_process(COMMAND ${command} "${unit}"
                    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
    if(status EQUAL 0)
        math(EXPR compiled "${compiled} + 1")
    elseif(output MATCHES "error: \"?(deepgemm[^\n\"]* lacks[^\n\"]*)")
        message("not compiled: ${header}: ${CMAKE_MATCH_1}")
    else()
        message("${header} does not compile alone:\n${output}")
        list(APPEND failed "${header}")
    endif()
endforeach()
if(failed)
    list(GET command 0 compiler)
    message(FATAL_ERROR "${compiler} rejects: ${failed}")
endif()
message("${compiled} headers compiled")
