// SPDX-License-Identifier: MIT
// A step over pairs must return a pair.
// expect: then: every part but the last must model epilogue_step, transform<...>, say, or fragment_step
// expect: changes_pairs
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

// [example]
struct halve {
    struct arguments {};
    struct params {};
    static constexpr bool accumulates = false, custom = true;
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments&) { return {}; }
#ifdef CORRECT
    DEEPGEMM_DEVICE static element_pair apply(const params&, element_pair pair, pair_place) {
        return {pair.x / 2, pair.y / 2};
    }
#else
    DEEPGEMM_DEVICE static float apply(const params&, float value, pair_place) { return value / 2; }
#endif
};
constexpr bool custom = then<halve, store<bf16>>::custom;
// [example]
