# SPDX-License-Identifier: MIT
# What the functions of instances.cmake are made of: they write translation units, and make a library of them.
cmake_policy(VERSION 3.25)

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
