// SPDX-License-Identifier: MIT
// Words in global memory by which threads meet: what each store of a word hands on to those who acquire it, and which of its
// values a load sees.
//   load_word, store_word, change_word   acquire, release, read-modify-write of a word
//   change_sum                           a sum that many threads add to
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/sim/global_checks.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// The version of a word that a load of the running thread sees: the newest one if something has told the thread of its store,
/// else the one before, for a bounded time. A thread that has loaded the newest one keeps to it.
inline word_version& version_for(word_state& word, const thread_state& t) {
    machine& m = current();
    const word_version& now = word.now;
    const u32 cta = t.cta->log->number;
    if (!m.options.late_words || m.options.policy == policy::eager || (now.cta == cta && now.thread == t.index) ||
        t.order.known.seen.at(now.cta, accesses_of(now.thread)) >= now.before ||
        t.order.known.words.at(word.number, 0) >= now.version) {
        return word.now;
    }
    const std::pair<u32, u32> self{cta, t.index};
    if (std::find(word.reached.begin(), word.reached.end(), self) != word.reached.end()) return word.now;
    if (m.options.policy == policy::random && m.random() % 2 == 0) return word.last;
    word.reached.push_back(self);
    return m.options.policy == policy::lazy ? word.last : word.now;
}

/// What a version of a word hands on comes before the running thread's next access, at once (`acquires`) or after its next
/// fence.
inline void take_over(const word_version& word, std::uintptr_t address, memory_scope scope, bool acquires) {
    if (word.released.empty()) return;
    thread_state& t = me();
    cta_log& writer = *current().logs[word.cta];
    const memory_scope between = scope_between(writer, t);
    bool taken = false;
    for (int s = 3; s >= 0; --s) {
        if (word.released.at[s].empty()) continue;
        if (s < int(between) || (acquires && scope < between)) {
            if (!taken)
                writer.too_narrow =
                    text("%s was released at scope %s by ", name_of_global(address).c_str(), name_of(memory_scope(s))) +
                    describe(writer, word.thread) +
                    text(" and read at scope %s: %s is needed", name_of(scope), name_of(between));
        } else if (acquires) {
            taken = true;
            acquire(t, word.released.at[s]);
        } else {
            taken = true;
            t.order.observed.at[int(between)].join(word.released.at[s]);
        }
    }
}

/// Notes that the running thread has loaded a version of a word.
inline void note_seen(const word_state& word, const word_version& seen) {
    thread_state& t = me();
    if (t.order.known.seen.at(seen.cta, accesses_of(seen.thread)) >= seen.before) return;  // told of it already
    t.order.known.words.raise(word.number, 1, 0, seen.version);
}

/// ld.relaxed or ld.acquire of a word by the running thread. The version before the newest if that is what it sees, else null.
inline const word_version* load_word(const void* at, u32 bytes, memory_scope scope, bool acquires, const char* what) {
    if (!checks_global()) return nullptr;
    check_read(at, bytes, {.kind = read_kind::strong, .scope = scope}, what);
    auto& words = shadow().words;
    const auto found = words.find(reinterpret_cast<std::uintptr_t>(at));
    if (found == words.end()) return nullptr;
    const word_version& seen = version_for(found->second, me());
    take_over(seen, found->first, scope, acquires);
    note_seen(found->second, seen);
    return &seen == &found->second.last ? &seen : nullptr;
}

/// What a store, or with `adds` a read-modify-write, of the running thread makes a word hand on. To be called before the word
/// changes.
inline void release_word(const void* at, u32 bytes, memory_scope scope, bool releases, bool adds) {
    thread_state& t = me();
    word_state& word = shadow().words[reinterpret_cast<std::uintptr_t>(at)];
    std::memcpy(&word.now.value, at, bytes);
    word.last = word.now;
    word.reached.clear();
    if (word.number == 0) word.number = u32(shadow().words.size());
    ++word.now.version;
    word_version& now = word.now;
    if (now.cta != t.cta->log->number || now.thread != t.index) now.own = {};
    if (releases) now.own.at[int(scope)] = release();
    if (!adds) now.released = {};
    now.released.join(now.own);  // a release of the word reaches whoever sees a later store of the same thread
    for (int s = 0; s < 4; ++s) now.released.at[std::min(s, int(scope))].join(t.order.released.at[s]);
    now.cta = t.cta->log->number;
    now.thread = t.index;
    word.note_writer(now.cta, now.thread);
    now.before = t.cta->log->generation[t.index] + (t.order.accessed ? 1 : 0);
}

/// st.relaxed or st.release of a word by the running thread. To be called before the word changes.
inline void store_word(const void* at, u32 bytes, memory_scope scope, bool releases, const char* what) {
    if (!checks_global()) return;
    note_write(at, bytes, {write_kind::strong, scope}, what);
    release_word(at, bytes, scope, releases, false);
}

/// red on a number that threads do not meet by, by the running thread.
inline void change_sum(const void* at, u32 bytes, memory_scope scope, const char* what) {
    if (!checks_global()) return;
    check_read(at, bytes, {.kind = read_kind::strong, .scope = scope, .changes = true}, what);
    note_write(at, bytes, {write_kind::atomic, scope}, what);
}

/// atom or red on a word by the running thread, with or without acquire and release: of all accesses these alone always meet
/// the newest value. To be called before the word changes.
inline void change_word(const void* at, u32 bytes, memory_scope scope, bool orders, const char* what) {
    if (!checks_global()) return;
    check_read(at, bytes, {.kind = read_kind::strong, .scope = scope, .changes = true}, what);
    auto& words = shadow().words;
    const auto found = words.find(reinterpret_cast<std::uintptr_t>(at));
    if (found != words.end()) {
        take_over(found->second.now, found->first, scope, orders);
        note_seen(found->second, found->second.now);
    }
    note_write(at, bytes, {write_kind::atomic, scope}, what);
    release_word(at, bytes, scope, orders, true);
}

}  // namespace deepgemm::sim
