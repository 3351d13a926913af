// SPDX-License-Identifier: MIT
// Workspaces for tests on the simulator.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/host/workspace.hpp>

namespace deepgemm::test {

/// A workspace of NaN between guards.
struct guarded_workspace {
    explicit guarded_workspace(u64 bytes) : memory(bytes / 16 + 2, block{}), size(bytes) { fill(); }

    workspace_memory argument() { return {memory.data() + 1, size}; }
    /// "" or what was written outside of it.
    std::string trespass() const {
        const u8* const from = reinterpret_cast<const u8*>(memory.data());
        for (u64 i = 0; i < memory.size() * 16; ++i) {
            if ((i < 16 || i >= 16 + size) && from[i] != 0xff) return concat("byte ", i64(i) - 16, " was written");
        }
        return "";
    }
    void fill() { std::fill_n(reinterpret_cast<u8*>(memory.data()), memory.size() * 16, u8(0xff)); }

private:
    struct alignas(16) block {
        u8 byte[16];
    };
    std::vector<block> memory;
    u64 size;
};

/// Bytes of a workspace for an FP8 operand of `rows` rows that is contiguous so. A single element lies along K, too.
inline u64 transposed_bytes(major contiguous, i64 rows, i64 k) {
    return contiguous == major::mn && rows * k > 1 ? u64(rows * align_up(k, i64(128))) : 0;
}

}  // namespace deepgemm::test
