// SPDX-License-Identifier: MIT
// Cluster launch control of SM100: a cluster that runs cancels one that has not begun and does its work. The launch holds more
// clusters than are resident, as options::resident_clusters says. A request ends with nothing cancelled when no cluster is
// left, and under policy::random at times before. The answer lands like a copy: it is written by the async proxy, counted on an
// mbarrier with 16 bytes, and read by threads, who fence these reads before another answer may land in its place. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/tma.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// The 16 bytes of an answer. Real ones are opaque.
struct cancel_words {
    static constexpr u32 yes = 0xc1c0ffee, no = 0xc1c0dead;
    u32 outcome;
    u32 x, y, z;  ///< of the cancelled cluster's first CTA
};

namespace detail {

/// Takes a cluster that has not begun, if there is one and the request does not end in vain.
inline cancel_words cancel_one(grid_state& grid) {
    machine& m = current();
    if (grid.pending.empty() || (m.options.policy == policy::random && m.random() % 16 == 0)) {
        return {cancel_words::no, ~0u, ~0u, ~0u};
    }
    const std::size_t at = m.options.policy == policy::random ? m.random() % grid.pending.size() : 0;
    const extent3 first = first_cta_of(grid.geometry, grid.pending[at]);
    grid.pending.erase(grid.pending.begin() + std::ptrdiff_t(at));
    ++grid.begun;
    return {cancel_words::yes, first.x, first.y, first.z};
}

/// Registers the place of an answer that is on its way to a CTA.
inline void expect_answer(cta_state& cta, u32 offset, const char* what) {
    auto& answers = cta.answers;
    auto at = std::find_if(answers.begin(), answers.end(), [&](const cancel_answer& a) { return a.offset == offset; });
    if (at == answers.end()) at = answers.insert(at, {offset, false, {}});
    if (!at->readers.empty()) {
        fail("%s: the answer at 0x%x of CTA rank %u was read by %s without fence.proxy.async since", what,
             window + offset, cta.rank, describe(*at->readers.front()).c_str());
    }
    at->landed = false;
}

}  // namespace detail

/// clusterlaunchcontrol.try_cancel by one thread: the answer comes to `answer` and is counted on `bar`, with `all` at these
/// offsets of every CTA of the cluster.
inline void try_cancel(u32 answer, u32 bar, bool all) {
    constexpr const char* what = "clusterlaunchcontrol.try_cancel";
    cta_state& own = *me().cta;
    cluster_state& cluster = *own.cluster;
    if (own.cancel_failed) {
        fail("%s after this CTA has seen that an earlier one cancelled nothing: its outcome is undefined", what);
    }
    const u32 offset = off_of(answer, 16, what, 16);
    if (&cta_of(answer, what) != &own) fail("%s: the answer's place lies in a peer CTA", what);
    u32 mask = 1u << own.rank;
    if (all) mask = (1u << cluster.ctas.size()) - 1;
    for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
        if ((mask >> rank & 1) != 0) detail::expect_answer(*cluster.ctas[rank], offset, what);
    }
    start_load(answer, {16}, bar, mask, false, what, 16, [=, &cluster](u8* image, u32) {
        const cancel_words words = detail::cancel_one(*cluster.grid);
        std::memcpy(image, &words, sizeof words);
        for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
            if ((mask >> rank & 1) == 0) continue;
            for (cancel_answer& a : cluster.ctas[rank]->answers) a.landed |= a.offset == offset;
        }
    });
}

/// clusterlaunchcontrol.query_cancel.is_canceled of an answer that a thread has loaded.
inline bool is_cancelled(const cancel_words& words) {
    if (words.outcome != cancel_words::yes && words.outcome != cancel_words::no) {
        fail("clusterlaunchcontrol.query_cancel of 16 bytes that no clusterlaunchcontrol.try_cancel has written");
    }
    if (words.outcome == cancel_words::no) me().cta->cancel_failed = true;
    return words.outcome == cancel_words::yes;
}

/// clusterlaunchcontrol.query_cancel.get_first_ctaid.
inline extent3 first_cta_of(const cancel_words& words) {
    if (words.outcome != cancel_words::yes) {
        fail("clusterlaunchcontrol.query_cancel.get_first_ctaid of an answer that nothing was cancelled");
    }
    return {words.x, words.y, words.z};
}

}  // namespace deepgemm::sim
