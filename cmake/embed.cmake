# SPDX-License-Identifier: MIT
# deepgemm_embed(<target> FUNCTION <name> DIRECTORY <dir> HEADERS <path>...): a static library with headers as raw strings, each
# with its SHA-256, for programs that compile kernels at run time (rtc/headers.hpp). Paths are relative to the directory, and
# are the names that #include <...> asks for. The library defines deepgemm::rtc::header_set <name>(); <name> contains its
# namespace (`my::headers`). The build embeds a header again when it has changed. Part of the package. Run as a script (-P),
# this file writes the source file.
if(CMAKE_SCRIPT_MODE_FILE)
    # string(APPEND) and file(READ) leave brackets, semicolons and backslashes alone as long as everything is quoted.
    string(REGEX MATCH "^(.*)::([^:]+)$" qualified "${function}")
    set(text "// Written by deepgemm_embed(): do not edit.\n#include <deepgemm/rtc/headers.hpp>\n\n")
    string(APPEND text "namespace ${CMAKE_MATCH_1} {\n\ndeepgemm::rtc::header_set ${CMAKE_MATCH_2}();\n")
    string(APPEND text "deepgemm::rtc::header_set ${CMAKE_MATCH_2}() {\n")
    string(APPEND text "    static const deepgemm::rtc::embedded_header embedded[] = {\n")
    set(end "    };\n    return deepgemm::rtc::header_set(embedded);\n}\n\n}  // namespace ${CMAKE_MATCH_1}\n")
    string(REPLACE "," ";" headers "${headers}")
    foreach(header IN LISTS headers)
        file(READ "${directory}/${header}" content)
        file(SHA256 "${directory}/${header}" hash)
        string(FIND "${content}" ")embedded\"" clash)
        if(NOT clash EQUAL -1)
            message(FATAL_ERROR "deepgemm_embed: ${header} holds the text that ends a raw string here")
        endif()
        string(APPEND text "    {\"${header}\", R\"embedded(${content})embedded\",\n     \"${hash}\"},\n")
    endforeach()
    string(APPEND text "${end}")
    file(WRITE "${output}" "${text}")
    return()
endif()

function(deepgemm_embed target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FUNCTION;DIRECTORY" "HEADERS")
    if(NOT arg_FUNCTION MATCHES "::" OR NOT arg_DIRECTORY OR NOT arg_HEADERS)
        message(FATAL_ERROR "deepgemm_embed: give FUNCTION <namespace::name>, DIRECTORY <dir> and HEADERS <path>...")
    endif()
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp")
    list(SORT arg_HEADERS)
    list(TRANSFORM arg_HEADERS PREPEND "${arg_DIRECTORY}/" OUTPUT_VARIABLE files)
    list(JOIN arg_HEADERS "," headers)
    set(script "${CMAKE_CURRENT_FUNCTION_LIST_FILE}")
    add_custom_command(OUTPUT "${source}" DEPENDS ${files} "${script}" VERBATIM
        COMMAND "${CMAKE_COMMAND}" -D "directory=${arg_DIRECTORY}" -D "headers=${headers}"
            -D "function=${arg_FUNCTION}" -D "output=${source}" -P "${script}"
        COMMENT "Embedding the headers of ${target}")
    add_library(${target} STATIC "${source}")
    target_link_libraries(${target} PUBLIC deepgemm::deepgemm)
endfunction()
