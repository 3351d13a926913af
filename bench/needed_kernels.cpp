// SPDX-License-Identifier: MIT
// Plans a list of products and collects the kernels.
#include "needed_kernels.hpp"

#include <deepgemm/host/exception.hpp>

#include <algorithm>
#include <stdexcept>

namespace deepgemm::bench {

rtc::kernel_source needed_kernel::source() const {
    rtc::kernel_source made = kernel_sources()[index];
    made.text.extents = extents;
    return made;
}

namespace {

/// The kernels that serve a line.
template <class O>
std::vector<const kernel_handle<O>*> serving(const typename O::workload& work, bool any_rows, const device_info& device,
                                             const tuned_table& table, objective_kind objective) {
    const context knobs{.objective = objective};
    const std::vector<kernel_handle<O>>& all = described<O>().handles;
    const choices<O> own{.overrides = table.rows<O>()};
    if (!any_rows) return {or_throw(choose(work, device, all, knobs, own)).kernel};
    if constexpr (operation_concept::varies_rows<O>) {
        return or_throw(enumerate(work, words<O>::rows_of(work), device, all, knobs, own));
    } else {
        throw std::invalid_argument(concat("products of ", O::name, " have no rows that \"<=\" could vary"));
    }
}

/// Extents for kernels of a workload alone; none for operations whose kernels take every extent at run time.
template <class O>
static_extents fixed_by(const typename O::workload& work) {
    if constexpr (requires { words<O>::fixed_by(work); }) {
        return words<O>::fixed_by(work);
    } else {
        return {};
    }
}

template <class O>
needed_kernel needed(const kernel_handle<O>& kernel, const static_extents& extents) {
    info_of<O> info = kernel.info;
    if constexpr (requires { info.cfg.extents = extents; }) info.cfg.extents = extents;
    const auto& all = described<O>();
    return {all.first_source + std::size_t(&kernel - all.handles.data()), extents, O::source_of(info),
            to_source(info.cfg)};
}

}  // namespace

needed_kernels kernels_for(std::span<const listed_product> lines, const device_info& device, const tuned_table& table,
                           bool fixed, objective_kind objective) {
    needed_kernels made;
    const auto add = [&](const needed_kernel& wanted) {
        const auto at = std::find(made.kernels.begin(), made.kernels.end(), wanted);
        made.of_line.back().push_back(std::size_t(at - made.kernels.begin()));
        if (at == made.kernels.end()) made.kernels.push_back(wanted);
    };
    for (const listed_product& line : lines) {
        made.of_line.emplace_back();
        const auto add_all = [&]<class O>(const product_of<O>& product) {
            const typename O::workload work = workload_on<O>(product.value, device);
            for (const kernel_handle<O>* const kernel : serving<O>(work, line.any_rows, device, table, objective))
                add(needed(*kernel, fixed ? fixed_by<O>(work) : static_extents{}));
        };
        std::visit(add_all, line.product);
    }
    return made;
}

}  // namespace deepgemm::bench
