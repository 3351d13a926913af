// SPDX-License-Identifier: MIT
// A step over fragments must leave as many columns as columns_after() says.
// expect: then: every part but the last must model epilogue_step, transform<...>, say, or fragment_step
// expect: changes_fragments
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

// [example]
struct first_half {
    struct arguments {};
    struct params {};
    static constexpr bool accumulates = false, custom = true;
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments&) { return {}; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n / 2; }
    template <fragment_map Map, int Columns>
#ifdef CORRECT
    DEEPGEMM_DEVICE static result_fragment<Map, Columns / 2> apply(const params&,
                                                                   const result_fragment<Map, Columns>& from) {
        result_fragment<Map, Columns / 2> to{{}, from.place, from.matrix};
        for (int i = 0; i < to.registers; ++i) to.value[i] = from.value[i];
        return to;
    }
#else
    DEEPGEMM_DEVICE static result_fragment<Map, Columns> apply(const params&,
                                                               const result_fragment<Map, Columns>& from) {
        return from;
    }
#endif
};
constexpr bool custom = then<first_half, store<bf16>>::custom;
// [example]
