// SPDX-License-Identifier: MIT
// Medians, means and geometric means of measured times.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace deepgemm::bench {

/// What stands for a time that was not measured; JSON writes it as null.
inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// Median; not_measured if there are no values.
inline double median(std::vector<double> values) {
    if (values.empty()) return not_measured;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Arithmetic mean; not_measured if there are no values.
inline double mean(const std::vector<double>& values) {
    return values.empty() ? not_measured : std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

/// The least value; not_measured if there are no values.
inline double smallest(const std::vector<double>& values) {
    return values.empty() ? not_measured : *std::min_element(values.begin(), values.end());
}

/// Geometric mean of the finite values; not_measured if there is none.
inline double geometric_mean(const std::vector<double>& values) {
    double sum = 0;
    int count = 0;
    for (const double v : values) {
        if (std::isfinite(v) && v > 0) {
            sum += std::log(v);
            ++count;
        }
    }
    return count ? std::exp(sum / count) : not_measured;
}

}  // namespace deepgemm::bench
