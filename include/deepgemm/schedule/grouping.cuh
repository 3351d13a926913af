// SPDX-License-Identifier: MIT
// Which products the tiles of a schedule form, as a plain value for the host.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Which products the tiles of a schedule form: one (`none`), or several, named by what distinguishes their groups. A user's
/// own schedule is `custom` unless it declares another value. No planner picks kernels of a `custom` one.
enum class grouping : u8 {
    none,
    batched,         ///< products of one shape
    masked,          ///< each group has a slot of rows, of which the first are used
    psum,            ///< groups of rows follow each other, and their ends are given
    indexed,         ///< groups of rows follow each other, and the group of each row is given
    along_k,         ///< groups follow each other along K
    k_concatenated,  ///< the same, but the rows of A and B are as long as K of their group
    k_parts,         ///< one product, whose K is cut into parts with a result each
    summed,          ///< products of one shape, whose sum is the result
    custom,
};

}  // namespace deepgemm
