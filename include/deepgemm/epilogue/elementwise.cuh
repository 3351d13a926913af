// SPDX-License-Identifier: MIT
// The adaptor `elementwise`: a step over pairs where a step over fragments is needed.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>

namespace deepgemm {

/// A step over pairs as a step over fragments: it changes one pair after another and keeps the number of columns.
template <epilogue_step Step>
struct elementwise : Step {
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns> apply(const typename Step::params& p,
                                                               const result_fragment<Map, Columns>& from) {
        result_fragment<Map, Columns> to{{}, from.place, from.matrix};
        DEEPGEMM_UNROLL
        for (int i = 0; i < to.registers; i += 2) {
            const element_pair pair = Step::apply(p, {from.value[i], from.value[i + 1]}, from.pair(i));
            to.value[i] = pair.x;
            to.value[i + 1] = pair.y;
        }
        return to;
    }
};

namespace detail {
template <class Step>
struct over_fragments {
    using type = elementwise<Step>;
};
template <fragment_step Step>
struct over_fragments<Step> {
    using type = Step;
};
}  // namespace detail

/// `Step` itself if it is a step (or an epilogue) over fragments, else `elementwise<Step>`.
template <class Step>
using over_fragments = typename detail::over_fragments<Step>::type;

}  // namespace deepgemm
