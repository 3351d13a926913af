// SPDX-License-Identifier: MIT
// How far an access to global memory that orders others reaches.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// The threads between which an acquire, a release, a relaxed access or a fence works: those of the CTA, of the cluster, of the
/// GPU, or of all GPUs and the host. A wider scope costs more and includes the narrower ones.
enum class memory_scope : u8 { cta, cluster, gpu, sys };

/// As PTX spells it.
DEEPGEMM_BOTH constexpr const char* name_of(memory_scope scope) {
    constexpr const char* names[] = {"cta", "cluster", "gpu", "sys"};
    return names[int(scope)];
}

}  // namespace deepgemm
