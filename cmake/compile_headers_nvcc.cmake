# SPDX-License-Identifier: MIT
# Script: compiles each of `headers` (comma separated) alone for sm_90a, to PTX only, which takes a quarter of a second
# each; the host half of nvcc sees all of them in another test. Fails with the compiler's output, after all were tried.
string(REPLACE "," ";" headers "${headers}")
file(MAKE_DIRECTORY "${work_dir}")
set(failed "")
foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER "${header}" name)
    file(WRITE "${work_dir}/${name}.cu" "#include <${header}>\n#include <${header}>\n")
    execute_process(
        COMMAND "${nvcc}" -std=c++20 -arch=sm_90a -Werror=all-warnings "-I${include_dir}" -ptx "${work_dir}/${name}.cu"
                -o "${work_dir}/${name}.ptx"
        OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message("${header} does not compile alone:\n${output}")
        list(APPEND failed "${header}")
    endif()
endforeach()
if(failed)
    message(FATAL_ERROR "nvcc rejects: ${failed}")
endif()
