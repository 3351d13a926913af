# SPDX-License-Identifier: MIT
# deepgemm::development: the target that our own programs link. It brings the headers, and makes warnings errors under g++,
# clang and nvcc.
add_library(deepgemm_development INTERFACE)
add_library(deepgemm::development ALIAS deepgemm_development)
target_link_libraries(deepgemm_development INTERFACE deepgemm::deepgemm)

# -Wno-psabi: passing 64-byte aligned tensor maps by value makes g++ print a note on an ABI change of its version 4.6.
set(deepgemm_warnings -Wall -Wextra -Werror -Wno-psabi)
# In code instrumented by a sanitizer, g++ warns of uninitialised variables that are initialised.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    list(APPEND deepgemm_warnings -Wno-maybe-uninitialized)
endif()
list(JOIN deepgemm_warnings "," deepgemm_host_warnings)
target_compile_options(deepgemm_development INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:${deepgemm_warnings}>
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${deepgemm_host_warnings} -Werror=all-warnings>)
