# SPDX-License-Identifier: MIT
# Runs ${program} ${arguments} and expects its exit code to be ${code} and ${text} among what it prints. A script, for ctest.
execute_process(COMMAND "${program}" ${arguments} RESULT_VARIABLE found OUTPUT_VARIABLE out ERROR_VARIABLE err)
string(FIND "${out}${err}" "${text}" at)
if(NOT found STREQUAL code OR at EQUAL -1)
    message(FATAL_ERROR "${program} ${arguments}: exit code ${found}, expected ${code} and '${text}' in\n${out}${err}")
endif()
