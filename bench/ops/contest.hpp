// SPDX-License-Identifier: MIT
// What `deepgemm bench` and `deepgemm tune` measure of one operation on a GPU.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "machine.hpp"
#include "options.hpp"
#include "timer.hpp"

namespace deepgemm::bench {

/// The cases of one operation that the options choose, at least one, and the ways to run them.
class contest {
public:
    virtual ~contest() = default;
    virtual std::size_t cases() const = 0;
    /// Throws std::runtime_error if results could not be written.
    virtual void check_outputs() const = 0;
    /// Throws std::runtime_error if a case does not fit into `free` bytes of device memory.
    virtual void check_memory(double free) const = 0;
    /// Launches our pick once for each case, without flush, reference or peers. Returns the number of cases without one.
    virtual int run_once() = 0;
    /// Times our picks, or with --tune all kernels, checks results, prints and writes them. Returns the number of wrong
    /// results.
    virtual int run(const machine& board, timer& clock) = 0;
};

/// The cases by family, FP8 first, since each family has a result file of its own. Throws if one file is wanted for two.
template <class Case>
std::vector<std::vector<Case>> families_of(const options& o, const std::vector<Case>& cases) {
    std::vector<std::vector<Case>> families;
    for (const bool fp8 : {true, false}) {
        for (const Case& c : cases) {
            if (c.is_fp8() != fp8) continue;
            const auto same = [&c](const std::vector<Case>& family) {
                return std::string(family.front().family()) == c.family();
            };
            const auto found = std::find_if(families.begin(), families.end(), same);
            found == families.end() ? families.push_back({c}) : found->push_back(c);
        }
    }
    if (!o.out.empty() && families.size() > 1)
        throw std::invalid_argument("--out names one file, but FP8 and BF16 cases have one each; use --results");
    return families;
}

}  // namespace deepgemm::bench
