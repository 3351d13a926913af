// SPDX-License-Identifier: MIT
// Plans a list of products and collects the kernels.
#include "needed_kernels.hpp"

#include <deepgemm/host/exception.hpp>

#include <algorithm>

namespace deepgemm::bench {

gemm_info needed_kernel::info() const {
    const std::span<const gemm_handle> single = described_kernels();
    gemm_info made =
        index < single.size() ? single[index].info : described_grouped_kernels()[index - single.size()].info;
    made.cfg.extents = extents;
    return made;
}

rtc::kernel_source needed_kernel::source() const {
    rtc::kernel_source made = kernel_sources()[index];
    made.text.extents = extents;
    return made;
}

needed_kernels kernels_for(std::span<const listed_problem> lines, const device_info& device, const gemm_choices& own,
                           bool fixed) {
    const std::span<const gemm_handle> all = described_kernels();
    needed_kernels made;
    const auto add = [&](std::size_t index, const problem_shape& shape) {
        needed_kernel wanted{index};
        if (fixed) wanted.extents = {0, shape.n, shape.k};
        const auto at = std::find(made.kernels.begin(), made.kernels.end(), wanted);
        made.of_line.back().push_back(std::size_t(at - made.kernels.begin()));
        if (at == made.kernels.end()) made.kernels.push_back(wanted);
    };
    for (const listed_problem& line : lines) {
        made.of_line.emplace_back();
        if (line.groups) {
            const std::span<const grouped_handle> grouped = described_grouped_kernels();
            const grouped_workload work = workload_of(*line.groups);
            add(all.size() + std::size_t(or_throw(choose(work, device, grouped)).kernel - grouped.data()), work.shape);
            continue;
        }
        const gemm_workload work = workload_of(line.problem);
        std::vector<const gemm_handle*> serve;
        if (line.any_rows) {
            serve = or_throw(enumerate(work, work.shape.m, device, all, {}, own));
        } else {
            serve.push_back(or_throw(choose(work, device, all, {}, own)).kernel);
        }
        for (const gemm_handle* const kernel : serve) add(std::size_t(kernel - all.data()), work.shape);
    }
    return made;
}

}  // namespace deepgemm::bench
