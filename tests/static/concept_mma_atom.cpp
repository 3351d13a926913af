// SPDX-License-Identifier: MIT
// Truth table of mma_atom: what models it, and near misses that each lack one thing. docs/concepts/mma_atom.md shows the table.
#include <deepgemm/mma/sm90/wgmma.cuh>

namespace concept_mma_atom_tests {

using namespace deepgemm;

namespace {

struct whole {
    using element_a = e4m3;
    using element_b = e4m3;
    static constexpr int m = 64, n = 8, k = 128;
    using fragment = sm90::wgmma_rows;
    using accumulator = float[4];
    static void multiply(u64, u64, accumulator&) {}
    static void wait(accumulator&) {}
};
// Each hides one member of `whole`, or has another in its place.
struct no_element_a : whole {
private:
    using whole::element_a;
};
struct no_element_b : whole {
private:
    using whole::element_b;
};
struct no_rows : whole {
private:
    using whole::m;
};
struct no_columns : whole {
private:
    using whole::n;
};
struct no_depth : whole {
private:
    using whole::k;
};
struct no_fragment : whole {
private:
    using whole::fragment;
};
struct fragment_of_bytes : whole {
    using fragment = u8;
};
struct no_accumulator : whole {
private:
    using whole::accumulator;
};
struct no_multiply : whole {
private:
    using whole::multiply;
};
struct multiplies_pointers : whole {
    static void multiply(const void*, const void*, accumulator&) {}
};
struct no_wait : whole {
private:
    using whole::wait;
};

// [table]
//            type                               what it lacks
static_assert(mma_atom<sm90::wgmma<e4m3, e4m3, 128>>);
static_assert(mma_atom<sm90::wgmma<e5m2, e4m3, 8>>);
static_assert(mma_atom<sm90::wgmma<bf16, bf16, 256>>);
static_assert(mma_atom<whole>);
static_assert(!mma_atom<no_element_a>);         // has_shape: element_a
static_assert(!mma_atom<no_element_b>);         // has_shape: element_b
static_assert(!mma_atom<no_rows>);              // has_shape: m
static_assert(!mma_atom<no_columns>);           // has_shape: n
static_assert(!mma_atom<no_depth>);             // has_shape: k
static_assert(!mma_atom<no_fragment>);          // maps_fragment: fragment
static_assert(!mma_atom<fragment_of_bytes>);    // maps_fragment: a fragment_map says who holds what
static_assert(!mma_atom<no_accumulator>);       // multiplies: accumulator
static_assert(!mma_atom<no_multiply>);          // multiplies: multiply
static_assert(!mma_atom<multiplies_pointers>);  // multiplies: tiles come as descriptors
static_assert(!mma_atom<no_wait>);              // waits: wait
static_assert(!mma_atom<float>);
// [table]

}  // namespace

}  // namespace concept_mma_atom_tests
