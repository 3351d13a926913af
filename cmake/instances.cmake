# SPDX-License-Identifier: MIT
# Kernels compiled ahead of time into a static library: deepgemm_instantiate() for the caller's own kernels and
# deepgemm_add_instances() for the shipped ones. Both distribute the kernels over translation units, so that they compile in
# parallel. Part of the package: programs that use deepgemm call both.
cmake_policy(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/instances_parts.cmake")

# deepgemm_instantiate(<target> HEADERS <header>... [KERNELS <type>...] [LISTS <type>...] [OPERATIONS <type>...]
#                      [BACKEND cuda|sim] [ARCHITECTURES <architecture>...])
#
# A library of the kernels named KERNELS, and of those in the lists (deepgemm::shipped::kernels<...>) named LISTS. HEADERS
# declare these types: files relative to the calling CMakeLists.txt, or names that the target's include path finds. The
# backend is cuda where that language is enabled, else the simulator. ARCHITECTURES are what the kernels are compiled for: 90a
# (Hopper, the default); 100f (B200 and B300), 100a (B200), 103a (B300). A target that links <target> may include
#   <target>.hpp         std::span<const kernel_handle<O>> deepgemm::instances::<target><O>() for each operation O of the
#                        library and of OPERATIONS, which HEADERS define; without <O> for ops::gemm
#   <target>_extern.hpp  HEADERS, and for all KERNELS `extern template` of the launch functions
# (<target> as a C identifier). Kernels that no operation plans have no handles; programs launch them by name.
# The library may be linked into a shared one.
function(deepgemm_instantiate target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "BACKEND" "HEADERS;KERNELS;LISTS;OPERATIONS;ARCHITECTURES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "deepgemm_instantiate: unknown arguments '${arg_UNPARSED_ARGUMENTS}'; "
                "it takes HEADERS, KERNELS, LISTS, OPERATIONS, BACKEND and ARCHITECTURES")
    endif()
    _deepgemm_architectures(hopper blackwell "deepgemm_instantiate(${target})" "${arg_ARCHITECTURES}")
    if(NOT arg_HEADERS OR NOT (arg_KERNELS OR arg_LISTS))
        message(FATAL_ERROR "deepgemm_instantiate(${target}) lacks HEADERS, or KERNELS and LISTS: "
                "it needs the names of types and the headers that declare them")
    endif()
    _deepgemm_backend(backend deepgemm_instantiate "${arg_BACKEND}")
    string(MAKE_C_IDENTIFIER "${target}" name)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}")

    set(includes "#include <deepgemm/host/${backend}_launch.hpp>\n")
    foreach(header IN LISTS arg_HEADERS)
        cmake_path(ABSOLUTE_PATH header OUTPUT_VARIABLE file)
        if(EXISTS "${file}")
            string(APPEND includes "#include \"${file}\"\n")
        else()
            string(APPEND includes "#include <${header}>\n")
        endif()
    endforeach()

    _deepgemm_operations(operations ${arg_OPERATIONS})
    set(functions)
    set(declarations "")
    foreach(type IN LISTS arg_KERNELS arg_LISTS)
        list(LENGTH functions index)
        set(explicit "")
        if(type IN_LIST arg_KERNELS)
            _deepgemm_explicit(explicit ${backend} "${type}")
            string(REGEX REPLACE "(^|\n)template" "\\1extern template" external "${explicit}")
            string(APPEND declarations "${external}")
        endif()
        list(APPEND functions "${name}_${index}")
        _deepgemm_unit(sources "${folder}" ${backend} "${includes}" "${name}_${index}" "${type}" "${operations}"
                       "${explicit}")
    endforeach()

    set(own_includes "")
    if(arg_OPERATIONS)
        set(own_includes "${includes}")
    endif()
    set(specialisations "")
    foreach(operation IN LISTS operations)
        string(APPEND specialisations "template <>\nstd::span<const kernel_handle<${operation}>> ${name}<${operation}>();\n")
    endforeach()
    file(CONFIGURE OUTPUT "${folder}/include/${name}.hpp" @ONLY CONTENT [[
// The kernels of the CMake target @target@, written by deepgemm_instantiate().
#pragma once

#include <span>

#include <deepgemm/host/kernel_handle.hpp>
@own_includes@
namespace deepgemm::instances {

/// All that are for operation `O`, for an engine. Host, any thread; the memory lives as long as the program.
template <class O = ops::gemm>
std::span<const kernel_handle<O>> @name@();
@specialisations@
}  // namespace deepgemm::instances
]])
    file(CONFIGURE OUTPUT "${folder}/include/${name}_extern.hpp" @ONLY CONTENT [[
// Written by deepgemm_instantiate(@target@): a file that includes this launches the target's kernels without compiling them.
#pragma once

@includes@
@declarations@]])
    foreach(operation IN LISTS operations)
        string(REPLACE ";" "," names "${functions}")
        _deepgemm_accessor(accessors "${name}<${operation}>" "${operation}" joined "${names}")
    endforeach()
    _deepgemm_library(${target} "${folder}" ${backend} "${name}.hpp" "${functions}" "${operations}" "${accessors}" "${sources}")
    if(backend STREQUAL "cuda" AND blackwell)
        _deepgemm_compile_for(${target} "${hopper};${blackwell}" "${sources}")
    endif()
endfunction()

# deepgemm_add_instances(<target> [BACKEND cuda|sim] [ARCHITECTURES <architecture>...] [LISTS <list>...] [SHARDS <n>])
#
# A library of the kernels of ops/*/shipped.cuh, all or those of some of their lists, and over them the functions of
# host/instances.hpp. They are compiled in `n` translation units (32 unless said otherwise), each of which has every n-th
# kernel. The backend is chosen as above. ARCHITECTURES say which kernels those are, and what they are compiled for: 90a (the
# default) Hopper's, and 100f, 100a or 103a Blackwell's, of ops/*/shipped_sm100.cuh, in units of their own; an engine chooses
# among those of its device. Names of Blackwell's lists begin with sm100_. Tests of this project that take a sample also give
# ONE_IN <k> SEED <s>: then the library has every k-th unit, from number s modulo k on, and all kernels of operations that have
# at most 2 `n`.
function(deepgemm_add_instances target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "BACKEND;SHARDS;ONE_IN;SEED" "LISTS;ARCHITECTURES")
    set(caller "deepgemm_add_instances(${target})")
    _deepgemm_number(shards "${caller}: SHARDS" "${arg_SHARDS}" 32)
    _deepgemm_number(one_in "${caller}: ONE_IN" "${arg_ONE_IN}" 1)
    _deepgemm_architectures(hopper blackwell "${caller}" "${arg_ARCHITECTURES}")
    _deepgemm_backend(backend deepgemm_add_instances "${arg_BACKEND}")
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}")
    set(first 0)
    if(arg_SEED)
        math(EXPR first "${arg_SEED} % ${one_in}")
    endif()
    math(EXPR last "${shards} - 1")
    set(lists_of_blackwell ${arg_LISTS})
    list(FILTER lists_of_blackwell INCLUDE REGEX "^sm100_")
    set(lists_of_hopper ${arg_LISTS})
    list(FILTER lists_of_hopper EXCLUDE REGEX "^sm100_")
    foreach(family IN ITEMS hopper blackwell)
        if(lists_of_${family} AND NOT ${family})
            message(FATAL_ERROR "${caller}: LISTS names ${lists_of_${family}}, and ARCHITECTURES has none that they are for")
        endif()
    endforeach()
    foreach(family IN ITEMS hopper blackwell)
        if(NOT ${family} OR (arg_LISTS AND NOT lists_of_${family}))
            continue()
        endif()
        set(chosen "")
        if(lists_of_${family})
            list(TRANSFORM lists_of_${family} REPLACE "(.+)" "shipped::\\1{}")
            list(JOIN lists_of_${family} ", " chosen)
            set(chosen "shipped::sum_of(${chosen})")
        endif()
        foreach(shard RANGE ${first} ${last} ${one_in})
            _deepgemm_shard(sources_of_${family} "${folder}" ${backend} ${family} "${chosen}" ${shard} ${shards} ${one_in})
            list(APPEND functions_of_${family} "${family}_${shard}")
        endforeach()
    endforeach()
    _deepgemm_operations(operations)
    _deepgemm_operations_of(operations_of_blackwell blackwell)
    foreach(operation IN LISTS operations)
        set(families "")
        foreach(family IN ITEMS hopper blackwell)
            if(functions_of_${family} AND (family STREQUAL "hopper" OR operation IN_LIST operations_of_blackwell))
                string(REPLACE ";" "," names "${functions_of_${family}}")
                list(APPEND families ${names})
            endif()
        endforeach()
        _deepgemm_accessor(accessors "of<${operation}>" "${operation}" dealt ${families})
    endforeach()
    string(APPEND accessors "std::span<const kernel_handle<ops::gemm>> dense() { return of<ops::gemm>(); }\n")
    set(functions ${functions_of_hopper} ${functions_of_blackwell})
    set(sources ${sources_of_hopper} ${sources_of_blackwell})
    _deepgemm_library(${target} "${folder}" ${backend} deepgemm/host/instances.hpp "${functions}" "${operations}" "${accessors}"
                      "${sources}")
    if(backend STREQUAL "cuda" AND blackwell)
        _deepgemm_compile_for(${target} "${hopper}" "${sources_of_hopper}")
        _deepgemm_compile_for(${target} "${blackwell}" "${sources_of_blackwell}")
    endif()
endfunction()
