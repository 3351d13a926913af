# SPDX-License-Identifier: MIT
# deepgemm_add_instances(<target> BACKEND cuda|sim [LISTS <list>...]): a static library that holds the kernels of
# kernel/shipped.cuh and kernel/shipped_half.cuh, all or those of some of their lists, one translation unit per list so that
# they compile side by side, and over them the functions of host/instances.hpp. A list belongs to bf16_dense() or f16_dense()
# if its name begins so, else to fp8_dense(). Part of the package: programs that use deepgemm may call it.
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
    set(extension_cuda cu)
    set(extension_sim cpp)
    if(NOT DEFINED extension_${arg_BACKEND})
        message(FATAL_ERROR "deepgemm_add_instances: BACKEND must be cuda or sim, not '${arg_BACKEND}'")
    endif()
    set(extension ${extension_${arg_BACKEND}})
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}")

    set(sources)
    set(declarations "")
    set(families fp8 bf16 f16)
    foreach(list IN LISTS arg_LISTS)
        set(source "${folder}/${list}.${extension}")
        file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
#include <span>
#include <deepgemm/host/@arg_BACKEND@_launch.hpp>
#include <deepgemm/kernel/shipped.cuh>
#include <deepgemm/kernel/shipped_half.cuh>
namespace deepgemm::instances {
template <class... K>
static std::span<const kernel_handle> handles(shipped::kernels<K...>) {
    return @arg_BACKEND@::kernel_list<K...>;
}
std::span<const kernel_handle> @list@();
std::span<const kernel_handle> @list@() { return handles(shipped::@list@{}); }
}  // namespace deepgemm::instances
]])
        list(APPEND sources "${source}")
        string(APPEND declarations "std::span<const kernel_handle> ${list}();\n")
        set(family fp8)
        if(list MATCHES "^(bf16|f16)_")
            set(family ${CMAKE_MATCH_1})
        endif()
        string(APPEND spans_${family} "${list}(), ")
    endforeach()
    set(functions "")
    foreach(family IN LISTS families)
        string(APPEND functions "std::span<const kernel_handle> ${family}_dense() {\n"
            "    static const auto all = joined({${spans_${family}}});\n    return all;\n}\n")
    endforeach()
    file(CONFIGURE OUTPUT "${folder}/all.cpp" @ONLY CONTENT [[
#include <initializer_list>
#include <vector>
#include <deepgemm/host/instances.hpp>
namespace deepgemm::instances {
@declarations@
static std::vector<kernel_handle> joined(std::initializer_list<std::span<const kernel_handle>> parts) {
    std::vector<kernel_handle> all;
    for (const auto part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}
@functions@
std::span<const kernel_handle> dense() {
    static const auto all = joined({fp8_dense(), bf16_dense(), f16_dense()});
    return all;
}
}  // namespace deepgemm::instances
]])
    add_library(${target} STATIC ${sources} "${folder}/all.cpp")
    target_link_libraries(${target} PUBLIC deepgemm::deepgemm)
    if(arg_BACKEND STREQUAL cuda)
        target_link_libraries(${target} PUBLIC CUDA::cudart)
    endif()
endfunction()
