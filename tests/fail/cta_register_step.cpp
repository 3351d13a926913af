// SPDX-License-Identifier: MIT
// setmaxnreg takes multiples of 8.
// expect: role_table: a role has a multiple of 8 registers, from 24 to 256
#include <deepgemm/pipeline/cta.cuh>

using namespace deepgemm;

struct reads {
    static constexpr const char* text = "reader";
};
struct counts {
    static constexpr const char* text = "counter";
};

#ifdef CORRECT
using table = role_table<role<reads, 4, 32>, role<counts, 4>>;
#else
using table = role_table<role<reads, 4, 36>, role<counts, 4>>;
#endif
constexpr auto size = table::threads;
