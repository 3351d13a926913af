// SPDX-License-Identifier: MIT
// A CTA has at most 1024 threads.
// expect: role_table: a CTA has at most 32 warps
#include <deepgemm/pipeline/cta.cuh>

using namespace deepgemm;

struct reads {
    static constexpr const char* text = "reader";
};
struct counts {
    static constexpr const char* text = "counter";
};

#ifdef CORRECT
using table = role_table<role<reads, 4>, role<counts, 28>>;
#else
using table = role_table<role<reads, 4>, role<counts, 32>>;
#endif
constexpr auto size = table::threads;
