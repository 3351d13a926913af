// SPDX-License-Identifier: MIT
// What a launch says when no thread can run any more, or when a kernel gives up: who waits for what, warp by warp.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/global_checks.hpp>
#include <deepgemm/sim/memory.hpp>
#include <deepgemm/sim/wait_graph.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// A word that a thread polls: where it lies, what it holds, who wrote it last.
inline std::string describe_word(const void* word, u32 bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(word);
    u64 value = 0;
    std::memcpy(&value, word, std::min<u32>(bytes, sizeof value));
    const std::string out = name_of_global(address) + text(" holds %llu", static_cast<unsigned long long>(value));
    const write_record last = last_write(address);
    return out + (last.bytes == 0 ? ", which nobody wrote in this launch" : ", which " + describe(last));
}

inline std::string describe_wait(const thread_state& t) {
    const wait_reason& r = t.wait;
    switch (r.reason) {
        case wait_reason::kind::mbarrier:
            if (const mbarrier_state* const m = awaited_mbarrier(t)) {
                const char* polls =
                    std::strcmp(r.what, "mbarrier.test_wait") == 0 ? "mbarrier.test_wait in a loop: " : "";
                const char* hint = m->tx < 0                      ? "  <- more bytes arrived than expect_tx announced"
                                   : m->pending == 0 && m->tx > 0 ? "  <- expect_tx announced more bytes than arrived"
                                                                  : "";
                return polls +
                       text("mbarrier 0x%x%s%s parity %u (phase %llu: pending %u of %u arrivals, tx-count %lld)%s",
                            window + r.address, *r.name != 0 ? " " : "", r.name, r.value, m->phase, m->pending,
                            m->expected, m->tx, hint);
            }
            return "mbarrier";
        case wait_reason::kind::named_barrier:
            return text("%s %u: %u of %u threads arrived", r.what, r.address, t.cta->named[r.address].arrived, r.value);
        case wait_reason::kind::registers:
            return text("setmaxnreg.inc %u: needs %u registers, %u are free in the CTA's pool", r.address, r.value,
                        t.cta->free_registers);
        case wait_reason::kind::polling: {
            std::string out = text("%s in a loop: nothing it polls changes", r.what);
            return r.global == nullptr ? out : out + "; " + describe_word(r.global, r.value);
        }
        case wait_reason::kind::cluster_barrier:
        case wait_reason::kind::collective:
        case wait_reason::kind::other: break;
    }
    return *r.what != 0 ? r.what : "nothing";
}

/// True if a thread has not ended whose device has not stopped.
inline bool someone_waits() {
    const auto& all = current().clusters;
    return std::any_of(all.begin(), all.end(),
                       [](const auto& cluster) { return cluster->alive != 0 && !on_stopped_device(*cluster); });
}

/// The first lines of a report, and how many there are.
struct report_lines {
    static constexpr std::size_t most = 64;
    std::string first{};
    std::size_t count = 0;

    void add(const std::string& line) {
        if (++count <= most) first += "  " + line + "\n";
    }
    std::string all() const { return count <= most ? first : first + text("  and %u more lines\n", u32(count - most)); }
};

/// What the threads of a warp wait for, and how many for each; the running thread is left out, and so are those that have
/// ended.
inline std::vector<std::pair<std::string, u32>> waits_of(const warp_state& warp) {
    std::vector<std::pair<std::string, u32>> made;
    for (const thread_state* t : warp.lanes) {
        if (t->done || t == current().running) continue;
        std::string reason = describe_wait(*t);
        auto at = std::find_if(made.begin(), made.end(), [&](const auto& one) { return one.first == reason; });
        if (at == made.end()) at = made.insert(at, {std::move(reason), 0});
        ++at->second;
    }
    return made;
}

/// Threads of a CTA that have ended.
inline u32 threads_ended(const cta_state& cta) {
    u32 ended = 0;
    for (const warp_state& warp : cta.warps)
        ended += u32(
            std::count_if(std::begin(warp.lanes), std::end(warp.lanes), [](const thread_state* t) { return t->done; }));
    return ended;
}

/// One line per warp and reason: CTA, rank, warp, role, lanes, what they wait for; before them the device that has stopped, if
/// one has. The running thread is left out.
inline std::string who_waits() {
    report_lines lines;
    std::string stopped;
    if (const device_stop& stop = current().options.stop; a_device_stopped()) {
        const auto steps = static_cast<unsigned long long>(stop.after);
        stopped = text("  device %d has stopped, after %llu steps\n", stop.device, steps);
    }
    for (const auto& cluster : current().clusters) {
        for (const auto& cta : cluster->ctas) {
            const std::string place =
                name_of_device(cluster->grid->device) +
                text("CTA (%u,%u,%u) rank %u", cta->index.x, cta->index.y, cta->index.z, cta->rank);
            for (const warp_state& warp : cta->warps) {
                for (const auto& [reason, lanes] : waits_of(warp)) {
                    std::string line = place;
                    line += text(" warp %2u %-10s %2u lanes: ", warp.index, warp.role, lanes);
                    lines.add(line += reason);
                }
            }
            if (const u32 ended = threads_ended(*cta); ended != 0 && cta->alive != 0)
                lines.add(place + text(": %u threads have ended", ended));
        }
    }
    return stopped + lines.all();
}

inline std::string deadlock_report() {
    std::string out = "DEADLOCK: no thread can run and no asynchronous work is left\n" + wait_graph(true).report();
    if (const u32 rest = clusters_to_begin(); rest != 0) out += text("  %u clusters have not begun\n", rest);
    return out + who_waits();
}

/// The message of a kernel that gave up by thread `t`, goes on with the word that this polled last, if any: it waits for that.
inline std::string trap_report(const std::string& message, thread_state& t) {
    t.wait = t.last_poll;
    const wait_reason& last = t.last_poll;
    const std::string word = last.global == nullptr ? "" : "; it polled " + describe_word(last.global, last.value);
    return message + word + "\n" + wait_graph(false).report() + who_waits();
}

}  // namespace deepgemm::sim
