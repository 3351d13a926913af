// SPDX-License-Identifier: MIT
// All warps of a warpgroup change their registers together, so roles in one warpgroup must have the same number.
// expect: role_table: registers move by warpgroups, so roles in one warpgroup have the same share
#include <deepgemm/pipeline/cta.cuh>

using namespace deepgemm;

struct reads {
    static constexpr const char* text = "reader";
};
struct counts {
    static constexpr const char* text = "counter";
};

#ifdef CORRECT
using table = role_table<role<reads, 2, 40>, role<counts, 2, 40>>;
#else
using table = role_table<role<reads, 2, 40>, role<counts, 2, 64>>;
#endif
constexpr auto size = table::threads;
