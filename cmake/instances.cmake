# SPDX-License-Identifier: MIT
# deepgemm_add_instances(<target> BACKEND cuda|sim [LISTS <list>...]): a static library that holds the kernels of
# kernel/shipped.cuh, all or those of some of its lists, one translation unit per list so that they compile side by side,
# and deepgemm::instances::fp8_dense() over all of them. Part of the package: programs that use deepgemm may call it.
function(deepgemm_add_instances target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "BACKEND" "LISTS")
    if(NOT arg_LISTS)
        set(arg_LISTS
            weights_bf16_narrow weights_bf16_short weights_bf16_medium weights_bf16_wide gradients
            weights_bf16_acc weights_f32 weights_f32_acc tokens_bf16 tokens_bf16_acc tokens_f32
            weights_ue8m0_bf16 weights_ue8m0_bf16_acc weights_ue8m0_f32 weights_ue8m0_f32_acc
            tokens_ue8m0_bf16 tokens_ue8m0_bf16_acc tokens_ue8m0_f32 tokens_ue8m0_f32_acc heads)
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
    set(spans "")
    foreach(list IN LISTS arg_LISTS)
        set(source "${folder}/${list}.${extension}")
        file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
#include <span>
#include <deepgemm/host/@arg_BACKEND@_launch.hpp>
#include <deepgemm/kernel/shipped.cuh>
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
        string(APPEND spans "${list}(), ")
    endforeach()
    file(CONFIGURE OUTPUT "${folder}/all.cpp" @ONLY CONTENT [[
#include <vector>
#include <deepgemm/host/instances.hpp>
namespace deepgemm::instances {
@declarations@
std::span<const kernel_handle> fp8_dense() {
    static const std::vector<kernel_handle> all = [] {
        std::vector<kernel_handle> joined;
        for (const auto part : {@spans@}) joined.insert(joined.end(), part.begin(), part.end());
        return joined;
    }();
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
