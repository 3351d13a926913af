# SPDX-License-Identifier: MIT
# What the sources of a target share is compiled once. Headers that all of them read anyhow are precompiled, and tests of which a
# sample is taken (./dg test) are joined: the compiler gets several sources at once, and so makes what each of them would
# instantiate, such as the simulator, for all of them together. That halves what tests need to compile.
# Programs with CUDA are left as they are, and so are builds with ccache, which keeps no objects that used precompiled headers;
# those also show where a source relies on a header that it does not include, as ./dg test --all does for the joined ones.

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

# How many sources the compiler gets at once, at the most: each time it spends two seconds on what the headers instantiate. Fewer
# where there are processors for more units.
cmake_host_system_information(RESULT deepgemm_most_joined QUERY NUMBER_OF_LOGICAL_CORES)
if(deepgemm_most_joined LESS_EQUAL 4)
    set(deepgemm_most_joined 13)
else()
    set(deepgemm_most_joined 6)
endif()

# deepgemm_joined(<target>): sources that use the same names for things of their own have them in a namespace <source>_tests.
function(deepgemm_joined target)
    if(DEEPGEMM_HAVE_CUDA OR DEEPGEMM_CCACHE OR DEEPGEMM_TEST_SAMPLE EQUAL 1)
        return()
    endif()
    get_target_property(sources ${target} SOURCES)
    list(LENGTH sources count)
    math(EXPR units "(${count} + ${deepgemm_most_joined} - 1) / ${deepgemm_most_joined}")
    math(EXPR each "(${count} + ${units} - 1) / ${units}")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${each})
    # g++ warns of members that have a type of an anonymous namespace, unless that stands in the file which it was given.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
