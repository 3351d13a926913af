// SPDX-License-Identifier: MIT
// Memory that a call of several launches keeps intermediate results in.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/memory.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Memory that a call may overwrite, of the caller's: device memory, or host memory for the simulator. At a multiple of 16
/// bytes.
struct workspace_memory {
    void* data = nullptr;
    u64 bytes = 0;
};

/// The memory of a workspace, which a call writes; `aligned_for` is the reason for its alignment.
constexpr memory_use memory_of(const workspace_memory& workspace, const char* aligned_for) {
    return {.name = "the workspace",
            .data = workspace.data,
            .width = detail::wide(workspace.bytes),
            .how = memory_access::writes,
            .alignment = 16,
            .aligned_for = aligned_for};
}

}  // namespace deepgemm
