# SPDX-License-Identifier: MIT
# Kernels compiled ahead of time into a static library: deepgemm_instantiate() for kernels of the caller's own and
# deepgemm_add_instances() for the shipped ones. Every kernel type or list of them is a translation unit of its own, so
# that they compile side by side. Part of the package: programs that use deepgemm call both.
cmake_policy(VERSION 3.25)

# deepgemm_instantiate(<target> HEADERS <header>... [KERNELS <type>...] [LISTS <type>...] [BACKEND cuda|sim])
#
# A library of the kernels named KERNELS, and of those in the lists (deepgemm::shipped::kernels<...>) named LISTS. HEADERS
# declare these types: files relative to the calling CMakeLists.txt, or names that the target's include path finds. The
# backend is cuda where that language is enabled, else the simulator. Who links <target> may include
#   <target>.hpp         std::span<const kernel_handle> deepgemm::instances::<target>(), and nothing heavier
#   <target>_extern.hpp  HEADERS, and for all KERNELS `extern template` of the launch functions
# (<target> as a C identifier). Kernels that are no GEMMs have no handles, but are launched by name like the others. The
# library may be linked into a shared one.
function(deepgemm_instantiate target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "BACKEND" "HEADERS;KERNELS;LISTS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "deepgemm_instantiate: unknown arguments '${arg_UNPARSED_ARGUMENTS}'; "
                "it takes HEADERS, KERNELS, LISTS and BACKEND")
    endif()
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
        _deepgemm_unit(sources "${folder}" ${backend} "${includes}" "${name}_${index}" "${type}" "${explicit}")
    endforeach()

    file(CONFIGURE OUTPUT "${folder}/include/${name}.hpp" @ONLY CONTENT [[
// The kernels of the CMake target @target@, written by deepgemm_instantiate().
#pragma once

#include <span>

#include <deepgemm/host/kernel_handle.hpp>

namespace deepgemm::instances {

/// All that are GEMMs, for an engine. Host, any thread; the memory lives as long as the program.
std::span<const kernel_handle> @name@();

}  // namespace deepgemm::instances
]])
    file(CONFIGURE OUTPUT "${folder}/include/${name}_extern.hpp" @ONLY CONTENT [[
// Written by deepgemm_instantiate(@target@): who includes this launches the target's kernels without compiling them.
#pragma once

@includes@
@declarations@]])
    _deepgemm_accessor(accessors ${name} "${functions}")
    _deepgemm_library(${target} "${folder}" ${backend} "${name}.hpp" "${functions}" "${accessors}" "${sources}")
endfunction()

# deepgemm_add_instances(<target> [BACKEND cuda|sim] [LISTS <list>...])
#
# A library of the kernels of kernel/shipped.cuh and kernel/shipped_half.cuh, all or those of some of their lists, and over
# them the functions of host/instances.hpp. A list belongs to bf16_dense() or f16_dense() if its name begins so, else to
# fp8_dense(). The backend is chosen as above.
function(deepgemm_add_instances target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "BACKEND" "LISTS")
    if(NOT arg_LISTS)
        set(arg_LISTS
            weights_bf16_few weights_bf16_few_split weights_bf16_narrow weights_bf16_split weights_bf16_short
            weights_bf16_medium weights_bf16_wide weights_bf16_widest
            weights_k_major_few weights_k_major_narrow weights_k_major_wide gradients gradients_in_place
            weights_bf16_acc weights_f32 weights_f32_acc tokens_bf16 tokens_bf16_acc tokens_f32
            weights_ue8m0_bf16 weights_ue8m0_bf16_acc weights_ue8m0_f32 weights_ue8m0_f32_acc
            tokens_ue8m0_bf16 tokens_ue8m0_bf16_acc tokens_ue8m0_f32 tokens_ue8m0_f32_acc heads
            bf16_nt bf16_nt_wide bf16_nn bf16_nn_wide bf16_tn_wide bf16_tt
            bf16_nt_acc bf16_nt_acc_wide bf16_acc_transposed
            bf16_nt_f32 bf16_nt_f32_wide bf16_f32_transposed
            bf16_nt_f32_acc bf16_tn_f32_acc_wide bf16_f32_acc_transposed
            bf16_nt_split bf16_nt_acc_split bf16_nt_f32_split bf16_tn_f32_in_place
            bf16_nt_few bf16_nt_acc_few bf16_nt_f32_few
            f16_half f16_half_acc f16_f32 f16_f32_acc)
    endif()
    _deepgemm_backend(backend deepgemm_add_instances "${arg_BACKEND}")
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}")
    string(CONCAT includes "#include <deepgemm/host/${backend}_launch.hpp>\n"
                           "#include <deepgemm/kernel/shipped.cuh>\n#include <deepgemm/kernel/shipped_half.cuh>\n")
    foreach(list IN LISTS arg_LISTS)
        set(family fp8)
        if(list MATCHES "^(bf16|f16)_")
            set(family ${CMAKE_MATCH_1})
        endif()
        list(APPEND ${family}_functions "${list}")
        _deepgemm_unit(sources "${folder}" ${backend} "${includes}" ${list} "deepgemm::shipped::${list}" "")
    endforeach()
    foreach(family fp8 bf16 f16)
        _deepgemm_accessor(accessors ${family}_dense "${${family}_functions}")
    endforeach()
    _deepgemm_accessor(accessors dense "fp8_dense;bf16_dense;f16_dense")
    _deepgemm_library(${target} "${folder}" ${backend} deepgemm/host/instances.hpp "${arg_LISTS}" "${accessors}" "${sources}")
    set_target_properties(${target} PROPERTIES DEEPGEMM_LISTS "${arg_LISTS}")
endfunction()

# --- what both are made of ---------------------------------------------------------------------------------------------

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

# Appends to the list `out` a translation unit that defines `function`: the handles of `type`, a kernel or a list of
# kernels. `explicit` is more code for its end.
function(_deepgemm_unit out folder backend includes function type explicit)
    set(extension_cuda cu)
    set(extension_sim cpp)
    set(source "${folder}/${function}.${extension_${backend}}")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
#include <span>
@includes@
#include <deepgemm/kernel/list.cuh>
namespace deepgemm::instances {
namespace {
template <class Kernel>
std::span<const kernel_handle> handles(Kernel) {
    if constexpr (takes_gemm_arguments<Kernel>) {
        return @backend@::kernel_list<Kernel>;
    } else {
        return {};
    }
}
template <class... Kernels>
std::span<const kernel_handle> handles(shipped::kernels<Kernels...>) {
    return @backend@::kernel_list<Kernels...>;
}
}  // namespace
std::span<const kernel_handle> @function@();
// An object of the type itself: nvcc 13 loses configurations in an alias, and in std::type_identity.
std::span<const kernel_handle> @function@() { return handles(@type@{}); }
}  // namespace deepgemm::instances
@explicit@]])
    set(${out} ${${out}} "${source}" PARENT_SCOPE)
endfunction()

# Appends to the text `out` the function `name`, which returns together what `functions` return.
function(_deepgemm_accessor out name functions)
    list(TRANSFORM functions APPEND "()")
    list(JOIN functions ", " calls)
    set(${out} "${${out}}std::span<const kernel_handle> ${name}() {
    static const auto all = joined({${calls}});
    return all;
}
" PARENT_SCOPE)
endfunction()

# The library: `sources`, which define `functions`, and the `accessors`, which `header` declares.
function(_deepgemm_library target folder backend header functions accessors sources)
    list(JOIN functions "();\nstd::span<const kernel_handle> " declarations)
    file(CONFIGURE OUTPUT "${folder}/all.cpp" @ONLY CONTENT [[
#include <initializer_list>
#include <vector>
#include <@header@>
namespace deepgemm::instances {
std::span<const kernel_handle> @declarations@();
static std::vector<kernel_handle> joined(std::initializer_list<std::span<const kernel_handle>> parts) {
    std::vector<kernel_handle> all;
    for (const auto part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}
@accessors@
}  // namespace deepgemm::instances
]])
    add_library(${target} STATIC ${sources} "${folder}/all.cpp")
    target_link_libraries(${target} PUBLIC deepgemm::deepgemm)
    target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${folder}/include>")
    # Each source is a translation unit of its own, also where the project asks for unity builds.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
    if(backend STREQUAL "cuda")
        # wgmma exists in sm_90a only, whatever else the program is compiled for.
        set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES 90a)
        if(NOT TARGET CUDA::cudart)
            find_package(CUDAToolkit REQUIRED)
        endif()
        _deepgemm_link_runtime(${target} PUBLIC)
    endif()
endfunction()

# Links the CUDA runtime that the target which is linked in the end asks for by CUDA_RUNTIME_LIBRARY: Static where it says
# nothing, as CMake's own default is, so that a program never has both.
function(_deepgemm_link_runtime target scope)
    set(asked "$<UPPER_CASE:$<TARGET_PROPERTY:CUDA_RUNTIME_LIBRARY>>")
    set(shared "$<STREQUAL:${asked},SHARED>")
    target_link_libraries(${target} ${scope}
        $<${shared}:CUDA::cudart> $<$<NOT:$<OR:${shared},$<STREQUAL:${asked},NONE>>>:CUDA::cudart_static>)
endfunction()
