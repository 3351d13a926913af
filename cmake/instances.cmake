# SPDX-License-Identifier: MIT
# Kernels compiled ahead of time into a static library: deepgemm_instantiate() for the caller's own kernels and
# deepgemm_add_instances() for the shipped ones. Both distribute the kernels over translation units, so that they compile in
# parallel. Part of the package: programs that use deepgemm call both.
cmake_policy(VERSION 3.25)

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

# --- what both are made of ---------------------------------------------------------------------------------------------

# The types of the library's operations, each of which has a folder ops/<name>, and then `more`.
function(_deepgemm_operations out)
    _deepgemm_operation_names(names)
    list(TRANSFORM names PREPEND deepgemm::ops::)
    set(${out} ${names} ${ARGN} PARENT_SCOPE)
endfunction()
function(_deepgemm_operation_names out)
    get_property(names GLOBAL PROPERTY DEEPGEMM_OPERATIONS)
    set(${out} ${names} PARENT_SCOPE)
endfunction()

# The types of those that ship kernels for a family, hopper or blackwell.
function(_deepgemm_operations_of out family)
    _deepgemm_operation_names(names)
    if(family STREQUAL "blackwell")
        get_property(names GLOBAL PROPERTY DEEPGEMM_SM100_OPERATIONS)
    endif()
    list(TRANSFORM names PREPEND deepgemm::ops::)
    set(${out} ${names} PARENT_SCOPE)
endfunction()

# Directives that include ops/<name>/<header> of all operations, or of those types that follow.
function(_deepgemm_operation_headers out header)
    _deepgemm_operation_names(names)
    if(ARGN)
        list(TRANSFORM ARGN REPLACE ".*::" "" OUTPUT_VARIABLE names)
    endif()
    list(TRANSFORM names REPLACE "(.+)" "#include <deepgemm/ops/\\1/${header}>\n")
    string(CONCAT text ${names})
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Of the architectures `given` to function `caller` (90a if that is empty) those of Hopper, and those of Blackwell.
function(_deepgemm_architectures hopper blackwell caller given)
    if(given STREQUAL "")
        set(given 90a)
    endif()
    list(REMOVE_DUPLICATES given)
    foreach(one IN LISTS given)
        if(NOT one MATCHES "^(90a|100a|100f|103a)$")
            message(FATAL_ERROR "${caller}: ARCHITECTURES has '${one}'; it takes 90a (Hopper), 100f (B200 and B300), 100a (B200) and 103a (B300)")
        endif()
    endforeach()
    set(others ${given})
    list(FILTER others EXCLUDE REGEX "^90a$")
    list(FILTER given INCLUDE REGEX "^90a$")
    set(${hopper} "${given}" PARENT_SCOPE)
    set(${blackwell} "${others}" PARENT_SCOPE)
endfunction()

# Compiles some CUDA sources of a target for `architectures`. CMake 3.25 knows no 100f, so options of each source say it.
function(_deepgemm_compile_for target architectures sources)
    list(REMOVE_ITEM architectures "")
    list(TRANSFORM architectures REPLACE "(.+)" "--generate-code=arch=compute_\\1,code=sm_\\1")
    set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES OFF)
    if(sources)
        set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS "${architectures}")
    endif()
endfunction()

# The backend `given` to function `caller`, or the one to use if that is empty.
function(_deepgemm_backend out caller given)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if(given STREQUAL "" AND "CUDA" IN_LIST languages)
        set(given cuda)
    elseif(given STREQUAL "")
        set(given sim)
    endif()
    if(NOT given MATCHES "^(cuda|sim)$")
        message(FATAL_ERROR "${caller}: BACKEND is '${given}'; it must be cuda or sim")
    endif()
    if(given STREQUAL "cuda" AND NOT "CUDA" IN_LIST languages)
        message(FATAL_ERROR "${caller}: BACKEND is cuda, but the language is not enabled; call enable_language(CUDA) first")
    endif()
    set(${out} ${given} PARENT_SCOPE)
endfunction()

# The number `given` as option `name` of a function, at least 1; `usual` where none is given.
function(_deepgemm_number out name given usual)
    if(given STREQUAL "")
        set(given ${usual})
    endif()
    if(NOT given MATCHES "^[1-9][0-9]*$")
        message(FATAL_ERROR "${name} is '${given}'; it must be a number from 1 on")
    endif()
    set(${out} ${given} PARENT_SCOPE)
endfunction()

# C++ that instantiates what launches kernel `type`; the same lines after `extern` declare it.
function(_deepgemm_explicit out backend type)
    if(backend STREQUAL "cuda")
        set(text "template deepgemm::result<void> deepgemm::cuda::prepare<@type@>();
template deepgemm::result<void> deepgemm::cuda::launch<@type@>(const @type@::arguments&, const deepgemm::launch_options&);
")
    else()
        set(text "template void deepgemm::sim::launch<@type@>(const @type@::arguments&, deepgemm::sim::options);
template deepgemm::result<void> deepgemm::sim::try_launch<@type@>(const @type@::arguments&, const deepgemm::launch_options&, deepgemm::sim::options);
")
    endif()
    string(CONFIGURE "${text}" text @ONLY)
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Appends to the list `out` a translation unit. It defines `function` once for each operation, which returns the handles of that
# operation in `type`, a kernel or a list of kernels. `explicit` is code that is added at the end.
function(_deepgemm_unit out folder backend includes function type operations explicit)
    _deepgemm_operation_headers(operation_headers operation.hpp)
    # The argument is an object of the type itself, because nvcc 13 loses configurations in an alias and in std::type_identity.
    _deepgemm_handles(${out} "${folder}" ${backend} "${includes}${operation_headers}#include <deepgemm/host/shards.hpp>\n"
                      ${function} "those_for<OPERATION, backend>(${type}{})" "${operations}" "${explicit}")
    set(${out} ${${out}} PARENT_SCOPE)
endfunction()

# Appends to the list `out` a translation unit. It defines `<family>_<shard>` once for each operation, which returns the handles of
# that shard of the operation's kernels. `chosen` is an expression that joins lists; all lists of the family, hopper or blackwell, if
# it is empty.
function(_deepgemm_shard out folder backend family chosen shard shards one_in)
    set(header_hopper shipped.cuh)
    set(header_blackwell shipped_sm100.cuh)
    set(list_hopper all_of)
    set(list_blackwell sm100_of)
    _deepgemm_operations_of(operations ${family})
    _deepgemm_operation_headers(operation_headers operation.hpp ${operations})
    _deepgemm_operation_headers(list_headers ${header_${family}} ${operations})
    set(all "shipped::${list_${family}}<OPERATION>()")
    if(chosen)
        set(all "only<OPERATION>(${chosen})")
    endif()
    string(CONCAT includes "#include <deepgemm/host/${backend}_launch.hpp>\n#include <deepgemm/host/shards.hpp>\n"
                           "${operation_headers}${list_headers}")
    # The function's qualified name keeps the compiler from instantiating all kernels, see shipped::sum_of.
    _deepgemm_handles(${out} "${folder}" ${backend} "${includes}" ${family}_${shard}
                      "instances::shard<OPERATION, ${shard}, ${shards}, backend, ${one_in}>(${all})" "${operations}" "")
    set(${out} ${${out}} PARENT_SCOPE)
endfunction()

# Writes the translation unit for both: it defines `function` for each operation as `expression`, in which OPERATION stands for
# the operation.
function(_deepgemm_handles out folder backend includes function expression operations explicit)
    set(extension_cuda cu)
    set(extension_sim cpp)
    set(source "${folder}/${function}.${extension_${backend}}")
    set(definitions "")
    foreach(operation IN LISTS operations)
        string(REPLACE OPERATION ${operation} handles "${expression}")
        string(APPEND definitions "std::span<const kernel_handle<${operation}>> ${function}(const ${operation}*);\n"
               "std::span<const kernel_handle<${operation}>> ${function}(const ${operation}*) {\n"
               "    static const auto mine = ${handles};\n    return mine;\n}\n")
    endforeach()
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
@includes@namespace deepgemm::instances {
namespace {
struct backend {
    template <class Kernel>
    static auto handle_of() {
        return @backend@::handle_of<Kernel>();
    }
};
}  // namespace
@definitions@}  // namespace deepgemm::instances
@explicit@]])
    set(${out} ${${out}} "${source}" PARENT_SCOPE)
endfunction()

# Appends to the text `out` the specialisation `name` of a function template, which concatenates what functions return for an
# operation. Each further argument is names with commas between them, none of them empty; what these return is `joined`, one list after
# another, or `dealt`, one kernel of each list in turn, as `how` says.
function(_deepgemm_accessor out name operation how)
    set(parts "")
    foreach(functions IN LISTS ARGN)
        string(REPLACE "," "(static_cast<const ${operation}*>(nullptr)), " calls "${functions}")
        string(APPEND parts "${how}<kernel_handle<${operation}>>({${calls}(static_cast<const ${operation}*>(nullptr))}),")
    endforeach()
    string(REGEX REPLACE ",$" "" parts "${parts}")
    set(${out} "${${out}}template <>
std::span<const kernel_handle<${operation}>> ${name}() {
    static const auto all = joined<kernel_handle<${operation}>>({${parts}});
    return all;
}
" PARENT_SCOPE)
endfunction()

# The library: `sources`, which define `functions` for each operation, and the `accessors`, which `header` declares.
function(_deepgemm_library target folder backend header functions operations accessors sources)
    set(declarations "")
    foreach(operation IN LISTS operations)
        foreach(function IN LISTS functions)
            string(APPEND declarations "std::span<const kernel_handle<${operation}>> ${function}(const ${operation}*);\n")
        endforeach()
    endforeach()
    _deepgemm_operation_headers(operation_headers operation.hpp)
    file(CONFIGURE OUTPUT "${folder}/all.cpp" @ONLY CONTENT [[
#include <deepgemm/host/shards.hpp>
@operation_headers@#include <@header@>
namespace deepgemm::instances {
@declarations@
@accessors@
}  // namespace deepgemm::instances
]])
    add_library(${target} STATIC ${sources} "${folder}/all.cpp")
    target_link_libraries(${target} PUBLIC deepgemm::deepgemm)
    target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${folder}/include>")
    # Each source is a translation unit of its own, also where the project asks for unity builds.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
    if(backend STREQUAL "cuda")
        # Kernels with wgmma compile for sm_90a only, whatever the program is compiled for.
        set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES 90a)
        if(NOT TARGET CUDA::cudart)
            find_package(CUDAToolkit REQUIRED)
        endif()
        _deepgemm_link_runtime(${target} PUBLIC)
    endif()
endfunction()

# Links the CUDA runtime that the final target selects by CUDA_RUNTIME_LIBRARY (Static by default, as in CMake itself), so that
# a program never has both runtimes.
function(_deepgemm_link_runtime target scope)
    set(asked "$<UPPER_CASE:$<TARGET_PROPERTY:CUDA_RUNTIME_LIBRARY>>")
    set(shared "$<STREQUAL:${asked},SHARED>")
    target_link_libraries(${target} ${scope}
        $<${shared}:CUDA::cudart> $<$<NOT:$<OR:${shared},$<STREQUAL:${asked},NONE>>>:CUDA::cudart_static>)
endfunction()
