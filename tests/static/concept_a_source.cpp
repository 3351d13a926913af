// SPDX-License-Identifier: MIT
// Truth table of a_source: what models it, and near misses that each lack one thing. docs/concepts/a_source.md shows the table.
#include <deepgemm/mma/sm90/a_sources.cuh>

namespace concept_a_source_tests {

using namespace deepgemm;

namespace {

struct whole {
    using tile = operand_tile<bf16, 64, 64>;
    using element = bf16;
    using fragment = u64;
    static constexpr bool holds_registers = false;
    static whole at(u32, int) { return {}; }
    u64 load(u32, int) const { return 0; }
};
// Each hides one member of `whole`, or has another in its place.
struct no_tile : whole {
    static no_tile at(u32, int) { return {}; }

private:
    using whole::tile;
};
struct no_element : whole {
    static no_element at(u32, int) { return {}; }

private:
    using whole::element;
};
struct no_fragment : whole {
    static no_fragment at(u32, int) { return {}; }

private:
    using whole::fragment;
};
struct silent : whole {
    static silent at(u32, int) { return {}; }

private:
    using whole::holds_registers;
};
struct begins_as_another : whole {};
struct of_an_address : whole {
    static of_an_address at(u32) { return {}; }
};
struct no_load : whole {
    static no_load at(u32, int) { return {}; }

private:
    using whole::load;
};
struct loads_another : whole {
    static loads_another at(u32, int) { return {}; }
    u32 load(u32, int) const { return 0; }
};

// [table]
//            type                                                            what it lacks
static_assert(a_source<sm90::from_smem<operand_tile<e4m3, 64, 128>>>);
static_assert(a_source<sm90::from_smem<operand_tile<bf16, 128, 64, major::mn>>>);
static_assert(a_source<sm90::transposed_fp8<operand_tile<e4m3, 64, 128, major::mn>>>);
static_assert(a_source<sm90::in_registers<operand_tile<e4m3, 64, 128, major::mn>>>);
static_assert(a_source<sm90::in_registers<operand_tile<bf16, 64, 32>, tf32>>);
static_assert(a_source<whole>);
static_assert(!a_source<no_tile>);            // names_types: tile
static_assert(!a_source<no_element>);         // names_types: element
static_assert(!a_source<no_fragment>);        // names_types: fragment
static_assert(!a_source<silent>);             // says_holds: holds_registers
static_assert(!a_source<begins_as_another>);  // begins: at() makes a source of its own type
static_assert(!a_source<of_an_address>);      // begins: at an address and a row
static_assert(!a_source<no_load>);            // loads: load
static_assert(!a_source<loads_another>);      // loads: a fragment
static_assert(!a_source<u64>);
// [table]

}  // namespace

}  // namespace concept_a_source_tests
