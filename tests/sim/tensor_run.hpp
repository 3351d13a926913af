// SPDX-License-Identifier: MIT
// One CTA or a pair of CTAs with operands in shared memory and values in tensor memory as a test gives them; one thread issues
// what the test wants; then all of tensor memory as it is. Tests of tcgen05.mma look at lanes and columns through it, without
// loads and copies.
#pragma once

#include "support.hpp"

#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/ptx/tcgen05.cuh>

namespace deepgemm::test {

/// What lies in the memories of CTA `rank` before, and what is found in its tensor memory after.
struct tensor_cta {
    std::vector<u8> shared;              ///< from the start of dynamic shared memory, of both proxies
    std::vector<u32> columns_in;         ///< (lane, column) of tensor memory; what `given` does not name is not written
    std::vector<u64> given;              ///< a bit by lane and column
    std::vector<u32> out;                ///< (lane, column)
    u32& in(u32 lane, u32 column);       ///< a word of `columns_in`, which is now given
    u32 at(u32 lane, u32 column) const;  ///< a word of `out`
};
inline constexpr u32 tensor_columns = 512;

inline u32& tensor_cta::in(u32 lane, u32 column) {
    columns_in.resize(128 * tensor_columns);
    given.resize(128 * tensor_columns / 64);
    const u32 i = lane * tensor_columns + column;
    given[i / 64] |= u64(1) << i % 64;
    return columns_in[i];
}
inline u32 tensor_cta::at(u32 lane, u32 column) const { return out[lane * tensor_columns + column]; }

/// Writes what the test gives into the running CTA's tensor memory, as if stores had done it long ago.
inline void poke_tensor_memory(const tensor_cta& from) {
    sim::tcgen05_state& state = sim::detail::tcgen05_of(*sim::me().cta);
    for (u32 i = 0; i < from.given.size() * 64; ++i) {
        if ((from.given[i / 64] >> i % 64 & 1) == 0) continue;
        const u32 lane = i / tensor_columns, column = i % tensor_columns;
        state.at(lane, column) = from.columns_in[i];
        sim::detail::note_written(state, column, column + 1, sim::lane_groups(1u << lane / 16));
    }
}

/// Runs `issue(smem, tmem)` by one thread of one CTA, the leader unless said otherwise, commits, waits, and keeps tensor
/// memory.
template <int Group, class Issue>
void run_tensor(std::vector<tensor_cta>& ctas, Issue issue, sim::options options = {}, u32 issuer = 0,
                u32 issuing_rank = 0) {
    constexpr u32 bar = 196 * 1024;
    sim::geometry geometry = block(128, Group);
    geometry.smem_bytes = bar + 64;
    sim::launch(options, geometry, [&] {
        const u32 smem = ptx::dynamic_smem(), rank = ptx::cluster_rank(), warp = ptx::warp_index();
        tensor_cta& own = ctas[rank];
        if (ptx::thread_index() == 0 && !own.shared.empty()) {
            sim::cta_state& cta = *sim::me().cta;
            std::copy(own.shared.begin(), own.shared.end(), cta.generic);
            std::copy(own.shared.begin(), own.shared.end(), cta.async);
            sim::mark_written(cta, 0, u32(own.shared.size()));
        }
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_init(smem + bar, 1);
            ptx::fence_mbarrier_init();
        }
        if (warp == 0) ptx::tmem_allocate<Group>(smem + bar + 16, tensor_columns);
        ptx::tcgen05_fence_before();
        ptx::cluster_sync();
        ptx::tcgen05_fence_after();
        const u32 tmem = ptx::ld_shared<u32>(smem + bar + 16);
        if (ptx::thread_index() == 0) poke_tensor_memory(own);
        ptx::cluster_sync();
        ptx::tcgen05_fence_after();
        if (rank == issuing_rank && ptx::thread_index() == issuer) {
            issue(smem, tmem);
            if constexpr (Group == 2) {
                ptx::tcgen05_commit_multicast<2>(smem + bar, 3);
            } else {
                ptx::tcgen05_commit<1>(smem + bar);
            }
        }
        ptx::mbarrier_wait(smem + bar, 0, "done");
        ptx::tcgen05_fence_after();
        if (ptx::thread_index() == 0) own.out = sim::detail::tcgen05_of(*sim::me().cta).memory;
        ptx::cluster_sync();
        if (warp == 0) {
            ptx::tcgen05_fence_after();
            ptx::tmem_free<Group>(tmem, tensor_columns);
        }
    });
}

/// The text of the error that the same ends with.
template <int Group, class Issue>
std::string tensor_error(std::vector<tensor_cta> ctas, Issue issue, sim::options options = {}) {
    return error_of([&] { run_tensor<Group>(ctas, issue, options); });
}

}  // namespace deepgemm::test
