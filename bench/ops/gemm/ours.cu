// SPDX-License-Identifier: MIT
// Our contenders from the list of instantiated kernels, through the planner that users have.
#include "ours.cuh"

#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/operation.hpp>

#include <deepgemm/host/instances.hpp>

namespace deepgemm::bench {

namespace {

our_kernels kernels_for(const gemm_problem& product, objective_kind objective) {
    our_kernels found;
    const result<gemm_plan> made = plan(product, current_device(), instances::dense(), {.objective = objective});
    if (!made) {
        found.why_not = made.failure().message;
        return found;
    }
    found.chosen_by = name_of(made->chosen_by);
    const dense_arguments arguments = arguments_of(product);
    for (const auto& c : made->ranked) {
        const gemm_handle* const kernel = c.kernel;
        const auto launch = [kernel, arguments](cudaStream_t stream) {
            or_throw(kernel->launch(arguments, {.stream = stream}));
        };
        found.ranked.push_back({{to_source(kernel->info.cfg), launch},
                                epilogue_source(kernel->info.traits),
                                c.predicted.total_us,
                                kernel->info});
    }
    return found;
}

}  // namespace

our_kernels kernels_for(const problem_data& data, objective_kind objective, major scales_of_a) {
    return kernels_for(data.multiplied(scales_of_a), objective);
}
our_kernels kernels_as_stored(const problem_data& data) { return kernels_for(data.product(), objective_kind::latency); }

turned_gemm::turned_gemm() : engine_(instances::of<ops::gemm>(), current_device()) {
    engine_.with(instances::of<ops::transpose>());
}

contender turned_gemm::of(const problem_data& data, const std::string& name) {
    const gemm_problem product = data.product();
    const u64 bytes = fp8_gemm_workspace_bytes(product.a.matrix, product.b.matrix);
    const workspace_memory workspace{workspace_.reserve(bytes), bytes};
    return {name, [this, product, workspace](cudaStream_t stream) {
                or_throw(fp8_gemm_nt(engine_, product.a, product.b, product.d,
                                     {.c = product.c, .stream = stream, .workspace = workspace}));
            }};
}

}  // namespace deepgemm::bench
