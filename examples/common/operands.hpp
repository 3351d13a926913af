// SPDX-License-Identifier: MIT
// Quantised operands where the backend's kernels can reach them, and how a program reports its result.
#pragma once

#include <cstdio>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/reference/argument.hpp>

#include "backend.hpp"

namespace backend {

/// An operand of a product: on the host, for the reference, and in memory that kernels read.
struct operand {
    deepgemm::quantised_operand<> host;
    array<deepgemm::e4m3> data;
    array<deepgemm::u32> words;  ///< the scales, in the layout that kernels read

    explicit operand(deepgemm::quantised_operand<> given)
        : host(std::move(given)), data(host.data), words(host.words) {}
    /// The operand as a problem names it.
    deepgemm::scaled_matrix argument() { return argument_of(host, data.data(), words.data()); }
};

/// Normally distributed numbers, an (mn, k) matrix of them, quantised with one scale per `tile`.
inline operand normal_operand(deepgemm::random_source& random, int mn, int k, deepgemm::scale_tile tile) {
    deepgemm::matrix<deepgemm::bf16> values(mn, k);
    random.fill_normal(values.view());
    return operand(deepgemm::quantised_operand<>::of(values.view(), {.tile = tile}));
}

/// Prints what a comparison found; returns the program's exit code.
inline int report(const deepgemm::comparison& found) {
    if (found && found.worst <= 0) {
        std::printf("PASS: all %lld elements are exact\n", found.elements);
    } else {
        std::printf("%s: %s\n", found ? "PASS" : "FAIL", found.text().c_str());
    }
    return found ? 0 : 1;
}

}  // namespace backend
