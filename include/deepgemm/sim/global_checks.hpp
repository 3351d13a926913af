// SPDX-License-Identifier: MIT
// The rules of global memory, by its shadow: what each kind of access checks and notes. Accesses are checked where they are
// issued: a copy that lands late was wrong when it was issued.
//   check_read(address, bytes, how, what)   by ld.global, flags, copies
//   note_write(address, bytes, how, what)   the same for writes
//   load_word, store_word, change_word      what a word hands on: acquire, release, read-modify-write
//   check_map(map, what)                    a tensor map that a copy is about to use
#pragma once

#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/sim/global_shadow.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace deepgemm::sim {

/// How an access reads.
struct read_access {
    bool copy = false;       ///< by the async proxy
    bool strong = false;     ///< ld.relaxed, ld.acquire, atom: of memory that others may write at the same time
    bool read_only = false;  ///< ld.global.nc
    memory_scope scope = memory_scope::cta;  ///< if strong
};

/// How an access writes.
struct write_access {
    write_kind kind = write_kind::weak;
    memory_scope scope = memory_scope::cta;  ///< if strong
};

inline bool checks_global() { return current().options.check_global; }
inline global_shadow& shadow() { return current().shadow.get<global_shadow>(); }

/// The registered region that holds an address, or null.
inline const memory_region* region_of(std::uintptr_t address) {
    for (const memory_region& r : current().options.regions) {
        if (address - reinterpret_cast<std::uintptr_t>(r.first) < r.bytes) return &r;
    }
    return nullptr;
}

/// "pool+0x40": an address by its region, if it is in one.
inline std::string name_of_global(std::uintptr_t address) {
    const memory_region* const r = region_of(address);
    if (r == nullptr) return text("global address 0x%llx", static_cast<unsigned long long>(address));
    return text("%s+0x%llx", r->name,
                static_cast<unsigned long long>(address - reinterpret_cast<std::uintptr_t>(r->first)));
}

/// With several devices: fails if memory that the running thread accesses belongs to another device alone.
inline void check_owner(std::uintptr_t address, const char* what) {
    if (current().devices == 1) return;
    const memory_region* const r = region_of(address);
    if (r == nullptr || r->shared || r->device == me().cta->log->device) return;
    fail("%s at %s, which is private to device %d", what, name_of_global(address).c_str(), r->device);
}

inline const cta_log& log_of(const write_record& w) { return *current().logs[w.cta]; }

inline std::string describe(const write_record& w) {
    constexpr const char* how[] = {"st.global", "st.relaxed or st.release", "atom or red", "a TMA or bulk store",
                                   "a TMA or bulk reduce-add"};
    std::string scope = is_strong(w.kind) ? text(" at scope %s", name_of(w.scope)) : "";
    return describe(log_of(w), w.thread) + " wrote by " + how[int(w.kind)] + scope;
}

/// True if the write comes before what `clock` belongs to.
inline bool in_clock(const write_record& w, const vector_clock& clock) {
    return clock.at(w.cta, is_copy(w.kind) ? groups_of(log_of(w), w.thread) : stores_of(w.thread)) >= w.before;
}
inline bool is_own(const write_record& w, const thread_state& t) {
    return w.thread == t.index && w.cta == t.cta->log->number;
}

/// True if the write comes before the next access of `t`, which a copy makes or the thread itself. Between proxies and, for
/// copies, between CTAs that takes a fence of the proxy.
inline bool comes_before(const write_record& w, const thread_state& t, bool by_copy) {
    const knowledge& known = t.order.known;
    if (is_copy(w.kind)) return in_clock(w, by_copy && w.cta != t.cta->log->number ? known.fenced : known.seen);
    return by_copy ? in_clock(w, known.fenced) : is_own(w, t) || in_clock(w, known.seen);
}

/// What a write lacks to come before the next access of `t`.
inline std::string what_is_missing(const write_record& w, const thread_state& t, bool by_copy) {
    const cta_log& log = log_of(w);
    const bool seen = (is_own(w, t) && !is_copy(w.kind)) || in_clock(w, t.order.known.seen);
    if (is_copy(w.kind) && log.groups_done[w.thread] < w.before) {
        return log.groups_read[w.thread] < w.before
                   ? "and has not waited for (missing cp.async.bulk.wait_group)"
                   : "and has not completed: cp.async.bulk.wait_group.read frees only its source (missing "
                     "cp.async.bulk.wait_group)";
    }
    if (by_copy && seen) return "without fence.proxy.async of global memory between the two";
    std::string why = is_copy(w.kind)
                          ? "and has completed, but that has not reached this thread (missing release or acquire, "
                            "fence or barrier, or cp.async.bulk.wait_group before the release)"
                      : log.generation[w.thread] < w.before
                          ? "and has not released since (missing release, fence or barrier)"
                          : "and has released, but this thread has not acquired it (missing acquire, fence or barrier)";
    for (const cta_log* cta : {&log, const_cast<const cta_log*>(t.cta->log)}) {
        if (!cta->too_narrow.empty()) return why + "; " + cta->too_narrow;
    }
    return why;
}

[[noreturn]] inline void fail_unordered(const char* what, const char* does, std::uintptr_t address,
                                        const write_record& w, bool by_copy) {
    fail(text("%s %s %s, which ", what, does, name_of_global(address).c_str()) + describe(w) + ", " +
         what_is_missing(w, me(), by_copy));
}

/// Calls f(line number in its page, mask of bytes, address of the first one) for each line of [address, address + bytes) whose
/// page `page_of(address)` gives; not for pages that are null.
template <class PageOf, class F>
void for_each_line(std::uintptr_t address, u64 bytes, PageOf page_of, F f) {
    constexpr u32 line = global_shadow::line;
    for (const std::uintptr_t end = address + bytes; address < end;) {
        const std::uintptr_t page_end =
            std::min(end, (address / global_shadow::page_bytes + 1) * global_shadow::page_bytes);
        global_shadow::page* const page = page_of(address);
        if (page == nullptr) {
            address = page_end;
            continue;
        }
        while (address < page_end) {
            const u32 from = u32(address % line), n = u32(std::min<std::uintptr_t>(line - from, page_end - address));
            f(*page, u32(address % global_shadow::page_bytes / line), u16(((1u << n) - 1) << from), address);
            address += n;
        }
    }
}

/// The newest write to the byte at an address in this launch, or null.
inline const write_record* last_write(std::uintptr_t address) {
    const write_record* last = nullptr;
    for_each_line(
        address, 1, [](std::uintptr_t at) { return shadow().find(at); },
        [&](global_shadow::page& page, u32 i, u16 mask, std::uintptr_t) {
            for (const write_record* w = &page.first[i];; w = &shadow().further(w->next)) {
                if ((w->bytes & mask) != 0) last = w;
                if (w->next == 0) break;
            }
        });
    return last;
}

/// Scopes of a strong read of what another thread writes at the same time, and their sizes.
inline void check_strong_pair(const write_record& w, const thread_state& t, const read_access& how, u32 bytes,
                              std::uintptr_t address, const char* what) {
    const memory_scope between = scope_between(log_of(w), t);
    if (w.scope < between || how.scope < between) {
        fail(text("%s reads %s, which ", what, name_of_global(address).c_str()) + describe(w) +
             text(": scope %s is needed between the two", name_of(between)));
    }
    if (w.size != bytes) {
        fail(text("%s of %u bytes reads %s, which ", what, bytes, name_of_global(address).c_str()) + describe(w) +
             text(" in pieces of %u bytes: it may see a part of them", w.size));
    }
}

/// Checks a read by the running thread.
inline void check_read(const void* at, u64 bytes, const read_access& how, const char* what) {
    if (!checks_global()) return;
    const auto first = reinterpret_cast<std::uintptr_t>(at);
    check_owner(first, what);
    thread_state& t = me();
    global_shadow& s = shadow();
    const bool one_page = first / global_shadow::page_bytes == (first + bytes - 1) / global_shadow::page_bytes;
    if (one_page && !how.read_only && s.find(first) == nullptr)
        return;  // most memory that is read is written by nobody
    auto page_of = [&](std::uintptr_t address) { return how.read_only ? &s.make(address) : s.find(address); };
    for_each_line(first, bytes, page_of, [&](global_shadow::page& page, u32 i, u16 mask, std::uintptr_t address) {
        for (const write_record* w = &page.first[i];; w = &s.further(w->next)) {
            if ((w->bytes & mask) != 0) {
                if (how.read_only && log_of(*w).grid == t.cta->log->grid) {
                    fail(text("%s reads %s, which ", what, name_of_global(address).c_str()) + describe(*w) +
                         " in the same launch: the read-only path may hold old bytes (use ld.global)");
                }
                if (!comes_before(*w, t, how.copy)) {
                    if (!how.strong || !is_strong(w->kind)) fail_unordered(what, "reads", address, *w, how.copy);
                    check_strong_pair(*w, t, how, u32(bytes), address, what);
                }
            }
            if (w->next == 0) break;
        }
        if (!how.read_only) return;
        page.read_only[i] |= mask;
        page.reader[i] = t.cta->log->number;
        page.reader_thread[i] = u16(t.index);
    });
}

/// Checks one record of a line against a write of the running thread to some of its bytes. True if the write replaces them.
inline bool check_overwrite(const write_record& old, const write_record& now, std::uintptr_t address,
                            const char* what) {
    const thread_state& t = me();
    if (accumulates(old.kind) && accumulates(now.kind)) return false;
    if (is_strong(old.kind) && is_strong(now.kind)) return true;
    const bool both_plain = is_plain(old.kind) && is_plain(now.kind);
    const memory_region* const r = region_of(address);
    if (both_plain && log_of(old).grid == t.cta->log->grid && (r == nullptr || !r->rewritten)) {
        fail(text("%s writes %s, which ", what, name_of_global(address).c_str()) + describe(old) +
             ": two stores of one element in a launch (declare its region rewritten if that is meant)");
    }
    if (!comes_before(old, t, false)) fail_unordered(what, "overwrites", address, old, false);
    return true;
}

/// Checks and notes a write by the running thread.
inline void note_write(const void* at, u64 bytes, const write_access& how, const char* what) {
    if (!checks_global()) return;
    check_owner(reinterpret_cast<std::uintptr_t>(at), what);
    thread_state& t = me();
    global_shadow& s = shadow();
    const cta_log& log = *t.cta->log;
    write_record now{};
    now.cta = log.number;
    now.thread = u16(t.index);
    now.kind = how.kind;
    now.scope = how.scope;
    now.size = u8(std::min<u64>(bytes, 16));
    if (is_copy(how.kind)) {
        now.before = t.bulk_commits + 1;
    } else {
        now.before = log.generation[t.index] + 1;
        t.order.stored = true;
    }
    const auto same_writer = [&now](const write_record& w) {
        return w.cta == now.cta && w.thread == now.thread && w.before == now.before && w.kind == now.kind &&
               w.size == now.size && w.scope == now.scope;
    };
    for_each_line(
        reinterpret_cast<std::uintptr_t>(at), bytes, [&s](std::uintptr_t address) { return &s.make(address); },
        [&](global_shadow::page& page, u32 i, u16 mask, std::uintptr_t address) {
            if ((page.read_only[i] & mask) != 0 && current().logs[page.reader[i]]->grid == log.grid) {
                fail(text("%s writes %s, which ", what, name_of_global(address).c_str()) +
                     describe(*current().logs[page.reader[i]], page.reader_thread[i]) +
                     " read by ld.global.nc in the same launch: the read-only path may hold old bytes");
            }
            write_record& first = page.first[i];
            bool merged = false, emptied = false;
            for (write_record* w = &first; w->bytes != 0 || w->next != 0; w = &s.further(w->next)) {
                if ((w->bytes & mask) != 0 && check_overwrite(*w, now, address, what)) w->bytes &= u16(~mask);
                if (!merged && (w->bytes != 0 || w == &first) && same_writer(*w)) {
                    w->bytes |= mask;
                    merged = true;
                }
                emptied |= w->bytes == 0;
                if (w->next == 0) break;
            }
            if (!merged) {
                now.bytes = mask;
                s.add(first, now);
            }
            if (emptied && first.next != 0) s.tidy(first);
        });
}

// ---- words that hand on what was released

/// The version of a word that a load of the running thread sees: the newest one if something has told the thread of its store,
/// else the one before, for a bounded time. A thread that has loaded the newest one keeps to it.
inline word_version& version_for(word_state& word, const thread_state& t) {
    machine& m = current();
    const word_version& now = word.now;
    const u32 cta = t.cta->log->number;
    if (!m.options.late_words || m.options.policy == policy::eager || (now.cta == cta && now.thread == t.index) ||
        t.order.known.seen.at(now.cta, stores_of(now.thread)) >= now.before) {
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
    if (word.scope < between || (acquires && scope < between)) {
        writer.too_narrow =
            text("%s was released at scope %s by ", name_of_global(address).c_str(), name_of(word.scope)) +
            describe(writer, word.thread) +
            text(" and read at scope %s: %s is needed", name_of(scope), name_of(between));
    } else if (acquires) {
        acquire(t, word.released);
    } else {
        t.order.observed.join(word.released);
        t.order.observed_from = std::max(t.order.observed_from, between);
    }
}

/// ld.relaxed or ld.acquire of a word by the running thread. The version before the newest if that is what it sees, else null.
inline const word_version* load_word(const void* at, u32 bytes, memory_scope scope, bool acquires, const char* what) {
    if (!checks_global()) return nullptr;
    check_read(at, bytes, {.strong = true, .scope = scope}, what);
    auto& words = shadow().words;
    const auto found = words.find(reinterpret_cast<std::uintptr_t>(at));
    if (found == words.end()) return nullptr;
    const word_version& seen = version_for(found->second, me());
    take_over(seen, found->first, scope, acquires);
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
    word_version& now = word.now;
    const memory_scope to = releases ? scope : std::min(scope, t.order.released_to);
    if (!adds) {
        now.released = {};
        now.scope = memory_scope::sys;
    }
    now.released.join(releases ? release() : t.order.released);
    now.scope = std::min(now.scope, to);
    now.cta = t.cta->log->number;
    now.thread = t.index;
    now.before = t.cta->log->generation[t.index] + (t.order.stored ? 1 : 0);
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
    check_read(at, bytes, {.strong = true, .scope = scope}, what);
    note_write(at, bytes, {write_kind::atomic, scope}, what);
}

/// atom or red on a word by the running thread, with or without acquire and release: of all accesses these alone always meet
/// the newest value. To be called before the word changes.
inline void change_word(const void* at, u32 bytes, memory_scope scope, bool orders, const char* what) {
    if (!checks_global()) return;
    check_read(at, bytes, {.strong = true, .scope = scope}, what);
    auto& words = shadow().words;
    const auto found = words.find(reinterpret_cast<std::uintptr_t>(at));
    if (found != words.end()) take_over(found->second.now, found->first, scope, orders);
    note_write(at, bytes, {write_kind::atomic, scope}, what);
    release_word(at, bytes, scope, orders, true);
}

// ---- tensor maps

/// fence.proxy.tensormap, acquire, by the running thread: its copies with this map see what was released to it.
inline void acquire_map(const tensor_map* map) {
    thread_order& order = me().order;
    std::erase_if(order.maps, [map](const auto& m) { return m.map == map; });
    if (!order.known.maps.empty()) order.maps.push_back({map, order.known.maps});
}

/// A copy of the running thread is about to use the map: whoever wrote it in this launch has released it and the thread
/// acquired it.
inline void check_map(const tensor_map& map, const char* what) {
    if (!checks_global()) return;
    thread_state& t = me();
    global_shadow& s = shadow();
    for_each_line(
        reinterpret_cast<std::uintptr_t>(&map), sizeof map, [&s](std::uintptr_t address) { return s.find(address); },
        [&](global_shadow::page& page, u32 i, u16 mask, std::uintptr_t) {
            for (const write_record* w = &page.first[i];; w = &s.further(w->next)) {
                if ((w->bytes & mask) != 0) {
                    const auto found = std::find_if(t.order.maps.begin(), t.order.maps.end(),
                                                    [&map](const auto& m) { return m.map == &map; });
                    if (found == t.order.maps.end() || !in_clock(*w, found->as_of)) {
                        const bool released = in_clock(*w, t.order.known.maps);
                        fail(text("%s uses the tensor map at %s, which ", what,
                                  name_of_global(reinterpret_cast<std::uintptr_t>(&map)).c_str()) +
                             describe(*w) +
                             (released ? ": missing fence.proxy.tensormap acquire of the map by this thread"
                                       : ": missing fence.proxy.tensormap release between that and this copy"));
                    }
                }
                if (w->next == 0) break;
            }
        });
}

}  // namespace deepgemm::sim
