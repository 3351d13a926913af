// SPDX-License-Identifier: MIT
// A CTA has 16 hardware barriers, and number 0 belongs to sync_cta(): 15 are left.
// expect: barrier_table: a CTA has 16 hardware barriers, of which sync_cta() uses one
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
using barriers = barrier_table<table, named_barrier<reads, 4, 12>, named_barrier<counts, 8, 3>>;
#else
using barriers = barrier_table<table, named_barrier<reads, 4, 12>, named_barrier<counts, 8, 4>>;
#endif
constexpr auto number = barriers::number_of(counts{});
