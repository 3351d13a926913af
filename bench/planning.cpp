// SPDX-License-Identifier: MIT
// Names of GPUs, and products as workloads.
#include "planning.hpp"

#include <stdexcept>

namespace deepgemm::bench {

device_info device_named(const std::string& name) {
    if (name == "h200") return device_info::h200();
    if (name == "h100") return device_info::h100();
    throw std::invalid_argument("'" + name + "' is not one of h200, h100");
}

gemm_workload workload_of(const gemm_case& c) {
    gemm_workload made{.shape = {c.m, c.n, c.k}, .accumulate = c.accumulate, .in_place = c.accumulate};
    made.d = c.d == output::bf16 ? dtype::bf16 : c.d == output::f16 ? dtype::f16 : dtype::f32;
    if (c.is_fp8()) {
        made.a = {dtype::e4m3, scale_kind::fp32, {1, 128}};
        made.b = {dtype::e4m3, scale_kind::fp32, {c.scales == b_scales::block ? 128 : 1, 128}};
        return made;
    }
    const dtype type = c.operands == element::bf16 ? dtype::bf16 : dtype::f16;
    made.a = {type, scale_kind::none, {}, c.a_mn_major() ? major::mn : major::k};
    made.b = {type, scale_kind::none, {}, c.b_mn_major() ? major::mn : major::k};
    return made;
}

grouped_workload workload_of(const grouped_case& c) {
    const gemm_workload one = workload_of(gemm_case{"-", c.slot, c.n, c.k});
    return {c.groups, one.shape, c.expected_rows, one.a, one.b, one.d};
}

}  // namespace deepgemm::bench
