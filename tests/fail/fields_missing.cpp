// SPDX-License-Identifier: MIT
// A member that is missing from the table of its structure would be missing from texts and pins.
// expect: fields_of: the table must have every member once
#include <deepgemm/host/fields.hpp>

namespace dg = deepgemm;

struct knobs {
    int rows = 1;
    bool swap = false;
#ifndef CORRECT
    dg::dtype type = dg::dtype::bf16;
#endif
};
template <>
struct dg::fields_of<knobs> {
    static constexpr const char* name = "knobs";
    static constexpr auto all = field_list{field{"rows", &knobs::rows}, field{"swap", &knobs::swap}};
};
constexpr bool same = dg::agrees(knobs{}, knobs{});
