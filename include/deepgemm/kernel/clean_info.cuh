// SPDX-License-Identifier: MIT
// The kernels that clean logits as plain values: what they write, how they are configured and launched. The kernel is in
// kernel/clean_logits.cuh, the operation in ops/clean_logits.
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/epilogue/logits.cuh>

namespace deepgemm {

/// What a kernel writes. Kernels with equal traits can replace each other.
struct clean_logits_traits {
    dtype logits = dtype::f32;  ///< f32, bf16 or f16
    DEEPGEMM_BOTH friend constexpr bool operator==(const clean_logits_traits&, const clean_logits_traits&) = default;
};
template <>
struct fields_of<clean_logits_traits> {
    static constexpr const char* name = "clean_logits_traits";
    static constexpr auto all = field_list{field{"logits", &clean_logits_traits::logits, by_default::written}};
};

/// What changes the speed of a kernel and no result.
struct clean_logits_config {
    int warps = 8;       ///< of a CTA, 1 to 32
    int columns = 4096;  ///< that a warp fills at a time, 512 to 4096 in steps of 512
    DEEPGEMM_BOTH friend constexpr bool operator==(const clean_logits_config&, const clean_logits_config&) = default;
};
template <>
struct fields_of<clean_logits_config> {
    static constexpr const char* name = "clean_logits_config";
    static constexpr auto all =
        field_list{field{"warps", &clean_logits_config::warps}, field{"columns", &clean_logits_config::columns}};
};

/// What a kernel is launched with. Pointers are to device memory, or to host memory for the simulator; lengths in elements.
struct clean_logits_arguments {
    i32 queries = 0, keys = 0;
    const i32 *first = nullptr,
              *last = nullptr;  ///< (queries): keys first[i] to last[i] - 1 have logits, cut to [0, keys)
    logits_arguments out{};
};

}  // namespace deepgemm
