// SPDX-License-Identifier: MIT
// What the tiles of a schedule make up, as a plain value for the host.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// What the tiles of a schedule make up: one product (`none`), or several, named by what makes a group. A user's own schedule
/// is `custom` unless it says otherwise, and no planner picks its kernels.
enum class grouping : u8 {
    none,
    batched,  ///< products of one shape
    masked,   ///< each group has a slot of rows, of which the first are used
    psum,     ///< groups of rows follow each other, and their ends are given
    indexed,  ///< groups of rows follow each other, and the group of each row is given
    along_k,  ///< groups follow each other along K
    k_parts,  ///< one product, whose K is cut into parts with a result each
    custom,
};

}  // namespace deepgemm
