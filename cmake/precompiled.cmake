# SPDX-License-Identifier: MIT
# Headers that all sources of a target read anyhow are parsed once. That takes a quarter off what the tests need to compile.
# Programs with CUDA are left as they are, and so are builds with ccache, which keeps no objects that used precompiled headers;
# those also show where a source relies on a header that it does not include.

# deepgemm_precompiled(<target> <header as it is included>...), or with LIKE <other target> the headers of that one, which is
# compiled with the same options.
function(deepgemm_precompiled target)
    if(DEEPGEMM_HAVE_CUDA OR DEEPGEMM_CCACHE)
        return()
    endif()
    if("${ARGV1}" STREQUAL "LIKE")
        target_precompile_headers(${target} REUSE_FROM ${ARGV2})
        return()
    endif()
    list(TRANSFORM ARGN REPLACE "(.+)" "<\\1>")
    target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()
