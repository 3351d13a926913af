// SPDX-License-Identifier: MIT
// Plans a list of products and collects the kernels.
#include "needed_kernels.hpp"

#include <deepgemm/host/exception.hpp>

#include <algorithm>

namespace deepgemm::bench {

gemm_info needed_kernel::info() const {
    gemm_info made = described_kernels()[index].info;
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
    for (const listed_problem& line : lines) {
        const gemm_workload work = workload_of(line.problem);
        std::vector<const gemm_handle*> serve;
        if (line.any_rows) {
            serve = or_throw(enumerate(work, work.shape.m, device, all, {}, own));
        } else {
            serve.push_back(or_throw(choose(work, device, all, {}, own)).kernel);
        }
        auto& places = made.of_line.emplace_back();
        for (const gemm_handle* const kernel : serve) {
            needed_kernel wanted{std::size_t(kernel - all.data())};
            if (fixed) wanted.extents = {0, work.shape.n, work.shape.k};
            const auto at = std::find(made.kernels.begin(), made.kernels.end(), wanted);
            places.push_back(std::size_t(at - made.kernels.begin()));
            if (at == made.kernels.end()) made.kernels.push_back(wanted);
        }
    }
    return made;
}

}  // namespace deepgemm::bench
