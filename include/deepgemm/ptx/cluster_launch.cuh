// SPDX-License-Identifier: MIT
// Cluster launch control (sm_100 and later): a grid has a cluster for each tile, and a cluster that has done its tile takes
// over that of a cluster which has not begun. PTX ISA: "clusterlaunchcontrol". The protocol of one CTA, with a barrier of one
// arrival:
//   expect 16 bytes on the barrier, try_cancel_cluster(), wait, read_cancelled(), fence_proxy_async(), next request
// Nobody may ask again after an answer that nothing was cancelled; clusters that remain then begin by themselves.
#pragma once

#include <deepgemm/core/types.cuh>
#include <deepgemm/ptx/vector.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/cluster_launch.hpp>
#endif

namespace deepgemm::ptx {

/// Asks to cancel a cluster that has not begun. The answer, 16 bytes, comes to shared memory `answer` (a multiple of 16),
/// written by the async proxy, and counts as 16 bytes on `bar`. Called by one thread.
DEEPGEMM_DEVICE void try_cancel_cluster(u32 answer, u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::try_cancel(answer, bar, false);
#else
    asm volatile(
        "clusterlaunchcontrol.try_cancel.async.shared::cta.mbarrier::complete_tx::bytes.b128 [%0], [%1];" ::"r"(answer),
        "r"(bar)
        : "memory");
#endif
}

/// The same with the answer in every CTA of the cluster: at the offset of `answer`, counted on the barrier at the offset of
/// `bar` of each. Called by one thread of the cluster. Needs code for Blackwell alone (sm_100f).
DEEPGEMM_DEVICE void try_cancel_cluster_multicast(u32 answer, u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::try_cancel(answer, bar, true);
#else
    asm volatile(
        "clusterlaunchcontrol.try_cancel.async.shared::cta.mbarrier::complete_tx::bytes.multicast::cluster::all.b128 "
        "[%0], [%1];" ::"r"(answer),
        "r"(bar)
        : "memory");
#endif
}

/// What an answer says.
struct cancelled_cluster {
    bool found;   ///< a cluster was cancelled, and its work is the caller's
    u32 x, y, z;  ///< index of its first CTA in the grid; undefined if there is none
};

/// Reads the answer at `answer`, after the barrier. Before another answer may come to its place the thread executes
/// fence_proxy_async(), and the one that asks waits for it.
DEEPGEMM_DEVICE cancelled_cluster read_cancelled(u32 answer) {
#if DEEPGEMM_SIMULATED
    const auto words = sim::ld_shared<sim::cancel_words>(answer, "ld.shared");
    if (!sim::is_cancelled(words)) return {false, 0, 0, 0};
    const sim::extent3 first = sim::first_cta_of(words);
    return {true, first.x, first.y, first.z};
#else
    u32 found, x, y, z;
    asm volatile(
        "{\n"
        ".reg .pred p;\n"
        ".reg .b128 answer;\n"
        "ld.shared.b128 answer, [%4];\n"
        "clusterlaunchcontrol.query_cancel.is_canceled.pred.b128 p, answer;\n"
        "selp.u32 %0, 1, 0, p;\n"
        "mov.u32 %1, 0;\n"
        "mov.u32 %2, 0;\n"
        "mov.u32 %3, 0;\n"
        "@p clusterlaunchcontrol.query_cancel.get_first_ctaid.v4.b32.b128 {%1, %2, %3, _}, answer;\n"
        "}"
        : "=r"(found), "=r"(x), "=r"(y), "=r"(z)
        : "r"(answer)
        : "memory");
    return {found != 0, x, y, z};
#endif
}

}  // namespace deepgemm::ptx
