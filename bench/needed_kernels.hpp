// SPDX-License-Identifier: MIT
// Which kernels a list of products needs on a GPU: planning for `deepgemm aot`. Compiles nothing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "planning.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

/// A shipped kernel to compile, maybe with extents of the product as constants.
struct needed_kernel {
    std::size_t index;  ///< among kernel_sources()
    static_extents extents{};
    std::string text{};  ///< the kernel with these extents as a C++ type
    std::string cfg{};   ///< and its configuration

    /// The source for a run-time compiler, the same that rtc::engine makes of the kernel's type with these extents.
    rtc::kernel_source source() const;
    friend bool operator==(const needed_kernel& x, const needed_kernel& y) {
        return x.index == y.index && x.extents == y.extents;
    }
};

/// The kernels of a list, each once, and which of them serve each line, as places in `kernels`.
struct needed_kernels {
    std::vector<needed_kernel> kernels;
    std::vector<std::vector<std::size_t>> of_line;
};

/// Plans every line on a device for an objective. Rows of `table` come before the library's own. With `fixed`, N and K of a
/// line are constants of its kernels. Throws deepgemm::exception if no shipped kernel runs a product.
needed_kernels kernels_for(std::span<const listed_product> lines, const device_info& device, const tuned_table& table,
                           bool fixed, objective_kind objective = objective_kind::latency);

}  // namespace deepgemm::bench
