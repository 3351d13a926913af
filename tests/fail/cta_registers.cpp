// SPDX-License-Identifier: MIT
// Two warpgroups with 240 registers a thread leave 24 for the third.
// expect: role_table: the roles have more registers than the launch gives to the CTA
#include <deepgemm/pipeline/cta.cuh>

using namespace deepgemm;

struct reads {
    static constexpr const char* text = "reader";
};
struct counts {
    static constexpr const char* text = "counter";
};

#ifdef CORRECT
using table = role_table<role<reads, 4, 24>, role<counts, 8, 240>>;
#else
using table = role_table<role<reads, 4, 40>, role<counts, 8, 240>>;
#endif
constexpr auto size = table::threads;
