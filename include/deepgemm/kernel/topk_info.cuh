// SPDX-License-Identifier: MIT
// The kernels that select the largest elements of rows, as plain values: what they compute, how they are configured and
// launched. kernel/topk.cuh is the kernel, ops/topk the operation.
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// What a kernel computes. Kernels with equal traits can replace each other.
struct topk_traits {
    dtype logits = dtype::f32;  ///< f32, bf16 or f16
    DEEPGEMM_BOTH friend constexpr bool operator==(const topk_traits&, const topk_traits&) = default;
};
template <>
struct fields_of<topk_traits> {
    static constexpr const char* name = "topk_traits";
    static constexpr auto all = field_list{field{"logits", &topk_traits::logits, by_default::written}};
};

/// How it computes. This changes its speed and no result.
struct topk_config {
    int ctas = 2;      ///< of a multiprocessor, 1 to 3: one sorts while another reads
    int sampled = 16;  ///< one of so many pieces of 16 bytes is looked at first, 1 to 64
    int vectors = 4;   ///< pieces of 16 bytes that a thread loads at a time, 1 to 4
    DEEPGEMM_BOTH friend constexpr bool operator==(const topk_config&, const topk_config&) = default;
};
template <>
struct fields_of<topk_config> {
    static constexpr const char* name = "topk_config";
    static constexpr auto all = field_list{field{"ctas", &topk_config::ctas}, field{"sampled", &topk_config::sampled},
                                           field{"vectors", &topk_config::vectors}};
};

/// Most elements that a kernel selects from a row.
inline constexpr int topk_most = 2048;

/// What a kernel is launched with. Pointers are to device memory, or to host memory for the simulator; lengths in elements.
struct topk_arguments {
    i32 rows = 0, columns = 0, k = 0;
    const void* logits = nullptr;  ///< (rows, columns), rows `pitch` apart, aligned to an element
    i64 pitch = 0;
    const i32* first = nullptr;  ///< (ranges): a row's first column that counts; null: 0
    /// (ranges): the column after its last one; null: `columns`. Ranges are cut to the columns.
    const i32* last = nullptr;
    i32 rows_of_range = 1;   ///< neighbouring rows that share a range
    i32* indices = nullptr;  ///< (rows, k), rows `indices_pitch` apart
    i64 indices_pitch = 0;
    float* scores = nullptr;  ///< (rows, k), rows `scores_pitch` apart; null: not written
    i64 scores_pitch = 0;
};

}  // namespace deepgemm
