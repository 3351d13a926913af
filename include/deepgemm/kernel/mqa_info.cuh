// SPDX-License-Identifier: MIT
// A kernel for the scores of a lightning indexer, as plain values: what it computes, how, and of which tensors. mqa_logits.cuh
// is the kernel.
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/epilogue/logits.cuh>

namespace deepgemm {

/// What a kernel for these scores computes.
struct mqa_logits_traits {
    int heads = 64;              ///< of a query, a multiple of 4 from 4 to 128
    int depth = 128;             ///< elements of a head and of a key: 32, 64 or 128
    dtype weights = dtype::f32;  ///< f32, bf16 or f16
    DEEPGEMM_BOTH friend constexpr bool operator==(const mqa_logits_traits&, const mqa_logits_traits&) = default;
};
template <>
struct fields_of<mqa_logits_traits> {
    static constexpr const char* name = "mqa_logits_traits";
    static constexpr auto all = field_list{field{"heads", &mqa_logits_traits::heads, by_default::written},
                                           field{"depth", &mqa_logits_traits::depth, by_default::written},
                                           field{"weights", &mqa_logits_traits::weights}};
};

/// The element type named `Type`, of those that weights and logits may have.
template <dtype Type>
using mqa_element = conditional_t<Type == dtype::f32, float, conditional_t<Type == dtype::bf16, bf16, f16>>;

/// What a kernel computes that stores its scores as logits. Kernels with equal traits can replace each other.
struct stored_mqa_traits {
    mqa_logits_traits scores{};
    dtype logits = dtype::f32;
    logits_form form = logits_form::full;
    DEEPGEMM_BOTH friend constexpr bool operator==(const stored_mqa_traits&, const stored_mqa_traits&) = default;
};
template <>
struct fields_of<stored_mqa_traits> {
    static constexpr const char* name = "stored_mqa_traits";
    static constexpr auto all =
        field_list{field{"scores", &stored_mqa_traits::scores, by_default::written},
                   field{"logits", &stored_mqa_traits::logits}, field{"form", &stored_mqa_traits::form}};
};

/// How it computes them. This changes its speed and no result, but for `queries`, which decides on the order of additions: the
/// last bits of scores may differ with fewer than four of them and with more, and of neighbouring queries where heads are an
/// odd multiple of four.
struct mqa_logits_config {
    int warpgroups = 0;  ///< that multiply, 1 to 4; 0: see settled()
    int queries = 0;     ///< of a warpgroup at a time, at most 8; 0: see settled()
    int keys = 0;        ///< of a key tile, 64 to 256 in steps of 64; 0: see settled()
    int stages = 0;      ///< key tiles in flight; 0: as many as fit, at most 8
    int added = 2;       ///< of four groups of columns, those that take relu(x) as (x + |x|) / 2
    int start_cost = 1;  ///< of a query tile, in blocks of 64 keys, for sharing out the work
    /// Lanes bring their shares of sums together in shared memory, not by shuffles. Queries must be a multiple of four, and
    /// heads of eight.
    bool reduce_in_smem = false;
    DEEPGEMM_BOTH friend constexpr bool operator==(const mqa_logits_config&, const mqa_logits_config&) = default;

    /// The same with what is left open settled, but for the number of stages, which follows from the kernel's shared memory:
    /// four warpgroups, as many queries as 64 columns hold, or 128 for more than 32 heads, and 192 keys, or 128 for more than
    /// 32 heads of 128. But where both warpgroups and queries are open, 32 heads of 128 and of 64 take what was measured to be
    /// faster.
    DEEPGEMM_BOTH constexpr mqa_logits_config settled(const mqa_logits_traits& what) const {
        mqa_logits_config made = *this;
        const choice best = fastest(what);
        const bool open = warpgroups == 0 && queries == 0 && best.warpgroups != 0;
        if (warpgroups == 0) made.warpgroups = open ? best.warpgroups : 4;
        if (queries == 0) made.queries = open ? best.queries : min(8, (what.heads > 32 ? 128 : 64) / what.heads);
        if (keys == 0) made.keys = open ? best.keys : what.heads > 32 && what.depth == 128 ? 128 : 192;
        made.reduce_in_smem = reduce_in_smem || (open && best.reduce_in_smem);
        return made;
    }
    /// The same with so many stages.
    DEEPGEMM_BOTH constexpr mqa_logits_config with_stages(int count) const {
        mqa_logits_config made = *this;
        made.stages = count;
        return made;
    }

private:
    /// What is chosen for a number of heads and a depth; without warpgroups it is the rule.
    struct choice {
        int warpgroups = 0, queries = 0, keys = 0;
        bool reduce_in_smem = false;
    };
    DEEPGEMM_BOTH static constexpr choice fastest(const mqa_logits_traits& what) {
        if (what.heads == 32 && what.depth == 128) return {2, 8, 192};
        if (what.heads == 32 && what.depth == 64) return {3, 4, 128, true};
        return {};
    }
};
template <>
struct fields_of<mqa_logits_config> {
    static constexpr const char* name = "mqa_logits_config";
    static constexpr auto all = field_list{field{"warpgroups", &mqa_logits_config::warpgroups, by_default::open},
                                           field{"queries", &mqa_logits_config::queries, by_default::open},
                                           field{"keys", &mqa_logits_config::keys, by_default::open},
                                           field{"stages", &mqa_logits_config::stages, by_default::open},
                                           field{"added", &mqa_logits_config::added},
                                           field{"start_cost", &mqa_logits_config::start_cost},
                                           field{"reduce_in_smem", &mqa_logits_config::reduce_in_smem}};
};

/// The tensors of a launch, in device memory, or in host memory for the simulator. Lengths are in elements.
struct mqa_logits_tensors {
    i32 queries = 0, keys = 0;
    const void* q = nullptr;        ///< E4M3 (queries, heads, depth), contiguous, 16-byte aligned
    const void* key = nullptr;      ///< E4M3 (keys, depth), rows `key_pitch` apart, 16-byte aligned
    i64 key_pitch = 0;              ///< a multiple of 16
    const float* scale = nullptr;   ///< (keys), 16-byte aligned
    const void* weights = nullptr;  ///< (queries, heads), rows `weights_pitch` apart, aligned to an element
    i64 weights_pitch = 0;
    const i32* first = nullptr;  ///< (queries): a query's first key
    /// (queries): the key after its last one. Ranges are cut to [0, keys), and may be empty.
    const i32* last = nullptr;
};

/// What a kernel is launched with. `Out` are the arguments of its sink.
template <class Out>
struct mqa_logits_arguments {
    mqa_logits_tensors in{};
    Out out{};
};

}  // namespace deepgemm
