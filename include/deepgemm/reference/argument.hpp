// SPDX-License-Identifier: MIT
// Quantised operands and matrices of reference/ as arguments of the named operations, for tests, examples and experiments on
// the simulator. Shapes and strides come from the operand; memory is its own, or a copy.
#pragma once

#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/reference/operand.hpp>

namespace deepgemm {

/// An operand as an argument. `data` and `words` are copies of its elements and scales (in device memory, say). Null means the
/// operand's own memory, which must then outlive the call.
template <fp8_element Q>
scaled_matrix argument_of(const quantised_operand<Q>& operand, const void* data = nullptr,
                          const void* words = nullptr) {
    const auto& elements = operand.data;
    const i64 mn = elements.rows(), k = elements.columns();
    const i64 rows = scales_along(mn, operand.tile.mn),
              columns = scales_along(k, k_per_word(operand.format, operand.tile));
    return {{data != nullptr ? data : elements.data(), Q::type, mn, k, elements.pitch(), 1},
            {words != nullptr ? words : operand.words.data(), operand.format, operand.tile, rows, columns,
             operand.stride_mn, operand.stride_k}};
}

/// A matrix as an argument that is written; `data` as above.
template <output_element T>
output_matrix argument_of(matrix<T>& values, void* data = nullptr) {
    return {data != nullptr ? data : values.data(), dtype_of<T>, values.rows(), values.columns(), values.pitch(), 1};
}

/// A matrix as an argument that is only read; `data` as above.
template <class T>
input_matrix argument_of(const matrix<T>& values, const void* data = nullptr) {
    return {data != nullptr ? data : values.data(), dtype_of<T>, values.rows(), values.columns(), values.pitch(), 1};
}

}  // namespace deepgemm
