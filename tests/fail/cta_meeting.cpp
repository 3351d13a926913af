// SPDX-License-Identifier: MIT
// Thirteen warps are to meet in a CTA that has fewer; they would wait for ever.
// expect: barrier_table: more warps meet at a barrier than the CTA has
#include <deepgemm/pipeline/cta.cuh>

using namespace deepgemm;

struct reads {
    static constexpr const char* text = "reader";
};
struct counts {
    static constexpr const char* text = "counter";
};

using table = role_table<role<reads, 4>, role<counts, 8>>;
#ifdef CORRECT
using barriers = barrier_table<table, named_barrier<counts, 12>>;
#else
using barriers = barrier_table<table, named_barrier<counts, 13>>;
#endif
constexpr auto number = barriers::number_of(counts{});
