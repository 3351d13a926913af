// SPDX-License-Identifier: MIT
// A role that is not in the table has no warps.
// expect: role_table: each role stands in the table once
#include <deepgemm/pipeline/cta.cuh>

using namespace deepgemm;

struct reads {
    static constexpr const char* text = "reader";
};
struct counts {
    static constexpr const char* text = "counter";
};

struct stores {
    static constexpr const char* text = "storer";
};
using table = role_table<role<reads, 4>, role<counts, 8>>;
#ifdef CORRECT
constexpr int first = table::first_warp_of(counts{});
#else
constexpr int first = table::first_warp_of(stores{});
#endif
