// SPDX-License-Identifier: MIT
// Writes the translation unit of many kernels, for one cubin that holds them all. Compiles nothing.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <deepgemm/rtc/unit.hpp>

namespace deepgemm::rtc {

/// A unit of many kernels, and the expressions that instantiate them, in their order.
struct joint_unit {
    std::string text;
    std::vector<std::string> expressions;
};

/// The unit of many kernels. In its cubin each kernel has the name that it has in a cubin of its own. The unit lacks the
/// variables that describe a single kernel to the host.
inline joint_unit joint_unit_of(std::span<const kernel_source> kernels) {
    std::vector<std::string> include;
    for (const kernel_source& kernel : kernels) {
        for (const std::string& name : kernel.text.include) {
            if (std::find(include.begin(), include.end(), name) == include.end()) include.push_back(name);
        }
    }
    joint_unit made{unit_head(include), {}};
    for (const kernel_source& kernel : kernels) {
        const std::string suffix = concat("_", made.expressions.size());
        made.text += unit_alias(kernel.text, &kernel.facts, suffix);
        made.expressions.push_back(concat("deepgemm::entry<deepgemm_unit_kernel", suffix, ">"));
    }
    return made;
}

}  // namespace deepgemm::rtc
