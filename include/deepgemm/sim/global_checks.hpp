// SPDX-License-Identifier: MIT
// The rules of global memory, by its shadow: what each kind of access checks and notes. Accesses are checked where they are
// issued: a copy that lands late was wrong when it was issued. Words that hand on what was released are in global_words.hpp.
//   check_read(address, bytes, how, what)   by ld.global, flags, copies
//   note_write(address, bytes, how, what)   the same for writes
//   check_map(map, loads, what)             a tensor map that a copy is about to use
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/sim/global_order.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// How an access reads.
struct read_access {
    read_kind kind = read_kind::weak;
    memory_scope scope = memory_scope::cta;  ///< if strong
    bool changes = false;                    ///< it writes, too, and the write is noted
};

/// How an access writes.
struct write_access {
    write_kind kind = write_kind::weak;
    memory_scope scope = memory_scope::cta;  ///< if strong
};

/// Walks over the lines of [address, address + bytes).
class line_walk {
public:
    std::uintptr_t address;  ///< of the first byte in the line
    u16 mask;                ///< bytes of the line
    global_shadow::page* page;
    u32 line;  ///< its number in the page

    line_walk(std::uintptr_t first, u64 bytes) : address(first), shadow_(shadow()), rest_(bytes) { begin(); }
    explicit operator bool() const { return mask != 0; }
    void next() {
        address += n_;
        rest_ -= n_;
        if (rest_ == 0) {
            mask = 0;
        } else if (++line < global_shadow::lines) {  // from the second line on each begins with its first byte
            n_ = rest_ < global_shadow::line ? u32(rest_) : global_shadow::line;
            mask = u16((1u << n_) - 1);
        } else {
            begin();
        }
    }

private:
    void begin() {
        constexpr u32 bytes = global_shadow::line;
        const u32 from = u32(address % bytes);
        n_ = rest_ < bytes - from ? u32(rest_) : bytes - from;
        mask = u16(((1u << n_) - 1) << from);
        page = &shadow_.at(address);
        line = u32(address % global_shadow::page_bytes / bytes);
    }
    global_shadow& shadow_;
    u64 rest_;
    u32 n_;
};

/// Calls f(record) for each record of writes to the bytes `mask` of line `i`, one for each thread.
template <class F>
void for_each_write(global_shadow::page& page, u32 i, u16 mask, F f) {
    if (!page.writes) return;
    for (const write_record* w = &page.writes[i];; w = &shadow().further(w->next)) {
        w->for_each_thread(mask, [&](u32 thread) { f(w->of(thread)); });
        if (w->next == 0) return;
    }
}

/// The newest write to the byte at an address in this launch; without bytes if there is none.
inline write_record last_write(std::uintptr_t address) {
    write_record last{};
    const line_walk at(address, 1);
    const auto word = shadow().words.find(address);
    for_each_write(*at.page, at.line, at.mask, [&](const write_record& w) {
        const bool newest =
            word != shadow().words.end() && w.cta == word->second.now.cta && u32(w.thread) == word->second.now.thread;
        if (last.bytes == 0 || newest) last = w;
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
    if (1u << w.width != bytes) {
        fail(text("%s of %u bytes reads %s, which ", what, bytes, name_of_global(address).c_str()) + describe(w) +
             text(" in pieces of %u bytes: it may see a part of them", 1u << w.width));
    }
}

/// Checks a read of `bytes` bytes by the running thread against one thread's write to some of them.
inline void check_written_before(const write_record& w, const read_access& how, u64 bytes, std::uintptr_t address,
                                 const char* what) {
    const thread_state& t = me();
    if (how.kind == read_kind::read_only && !in_clock(w, t.cta->cluster->grid->before.seen)) {
        fail(text("%s reads %s, which ", what, name_of_global(address).c_str()) + describe(w) +
             " in the same launch: the read-only path may hold old bytes (use ld.global)");
    }
    const bool copy = how.kind == read_kind::copy;
    if (comes_before(w, t, copy)) return;
    if (how.kind != read_kind::strong || !is_strong(w.kind)) fail_unordered(what, "reads", address, w, copy);
    check_strong_pair(w, t, how, u32(bytes), address, what);
}

/// The record, but for its bytes, of an access that thread `t` makes or, with `by_copy`, a copy of its. `copies` is how many
/// bulk groups the thread has committed so far, or how many loads its warp has issued: the access belongs to the next.
template <class Record, class Access>
Record record_of(thread_state& t, u64 bytes, const Access& how, bool by_copy, u32 copies) {
    const cta_log& log = *t.cta->log;
    Record made{};
    made.cta = log.number;
    made.kind = how.kind;
    made.scope = how.scope;
    made.thread = std::int16_t(t.index);
    if (by_copy) {
        made.before = copies + 1;
        made.width = 4;
    } else {
        made.before = log.generation[t.index] + 1;
        made.width = u8(__builtin_ctzll(bytes));
        t.order.accessed = true;
    }
    return made;
}

/// Notes a read of the bytes of a line.
[[gnu::always_inline]] inline void note_read(const line_walk& at, read_record& now) {
    now.bytes = at.mask;
    if (!at.page->reads) at.page->reads.reset(new global_shadow::readers[global_shadow::lines]());
    global_shadow::readers& r = at.page->reads[at.line];
    if (r.latest.bytes == 0) {
        r.latest.set(now);
        r.latest.lanes = 0;
    } else {
        shadow().note(r, now);
    }
}

/// Checks and notes a read by the running thread.
inline void check_read(const void* at, u64 bytes, const read_access& how, const char* what) {
    if (!checks_global()) return;
    const auto first = reinterpret_cast<std::uintptr_t>(at);
    check_owner(first, what);
    thread_state& t = me();
    const u32 loads = t.cta->log->loads[t.index / 32];
    read_record now = record_of<read_record>(t, bytes, how, how.kind == read_kind::copy, loads);
    for (line_walk at(first, bytes); at; at.next()) {
        if (at.page->writes && (at.page->writes[at.line].bytes | at.page->writes[at.line].next) != 0) {
            for_each_write(*at.page, at.line, at.mask,
                           [&](const write_record& w) { check_written_before(w, how, bytes, at.address, what); });
        }
        if (!how.changes) note_read(at, now);
    }
}

/// Checks one thread's write to a line against a write of the running thread to some of its bytes. True if the write replaces
/// them.
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
    const bool by_copy = is_copy(now.kind);
    if (!comes_before(old, t, by_copy)) fail_unordered(what, "overwrites", address, old, by_copy);
    return true;
}

/// Checks a write of the running thread against the writes to a line of which there are some, and adds it to them.
inline void add_write(write_record& first, const write_record& now, std::uintptr_t address, const char* what) {
    global_shadow& s = shadow();
    bool merged = false, emptied = false;
    for (write_record* w = &first; w->bytes != 0 || w->next != 0; w = &s.further(w->next)) {
        bool replaced = false;
        w->for_each_thread(now.bytes,
                           [&](u32 thread) { replaced |= check_overwrite(w->of(thread), now, address, what); });
        if (replaced) w->bytes &= u16(~now.bytes);
        if (!merged && (w->bytes != 0 || w == &first) && w->takes(now)) {
            w->bytes |= now.bytes;
            merged = true;
        }
        emptied |= w->bytes == 0;
        if (w->next == 0) break;
    }
    if (!merged) s.add(first, now);
    if (emptied && first.next != 0) s.tidy(first);
}

/// Checks a write of the running thread against a record of reads of some of its bytes.
inline void check_read_before(const read_record& r, const write_record& now, std::uintptr_t address, const char* what) {
    const thread_state& t = me();
    const cta_log& log = *current().logs[r.cta];
    const u32* const known = t.order.known.seen.counts(r.cta);
    const bool both_strong = r.kind == read_kind::strong && is_strong(now.kind);
    const memory_scope between = both_strong ? scope_between(log, t) : memory_scope::cta;
    r.for_each_thread(now.bytes, [&](u32 thread) {
        const bool copy = is_copy(r.kind);
        if (r.kind == read_kind::read_only && (log.grid == t.cta->log->grid || log.device != t.cta->log->device)) {
            fail_unread(what, address, r, thread, " in the same launch: the read-only path may hold old bytes");
        }
        if (!copy && r.cta == now.cta && thread == t.index) return;
        if (known != nullptr && known[entry_of(log, r.kind, thread)] >= r.before) return;
        if (both_strong) {
            if (r.scope >= between && now.scope >= between) return;
            const memory_scope narrow = std::min(r.scope, now.scope);
            fail_unread(
                what, address, r, thread,
                text(": scope %s is needed between the two, and one has %s", name_of(between), name_of(narrow)));
        }
        const std::string why = copy ? missing_end(log, r, thread) : ", " + missing_order(log, thread, r.before);
        fail_unread(what, address, r, thread, why + too_narrow(log, t));
    });
}

/// Checks a write of the running thread against all reads of its line.
inline void check_readers(global_shadow::readers& readers, const write_record& now, std::uintptr_t address,
                          const char* what) {
    if ((readers.latest.bytes | readers.earlier) == 0) return;
    shadow().for_each_record(readers, [&](read_record& r) {
        if ((r.bytes & now.bytes) == 0) return;
        check_read_before(r, now, address, what);
        if (is_plain(now.kind)) r.bytes &= u16(~now.bytes);  // whoever writes here next comes after this write
    });
}

/// Checks and notes a write by the running thread.
inline void note_write(const void* at, u64 bytes, const write_access& how, const char* what) {
    if (!checks_global()) return;
    const auto start = reinterpret_cast<std::uintptr_t>(at);
    check_owner(start, what);
    thread_state& t = me();
    write_record now = record_of<write_record>(t, bytes, how, is_copy(how.kind), t.bulk_commits);
    for (line_walk at(start, bytes); at; at.next()) {
        now.bytes = at.mask;
        if (!at.page->writes) at.page->writes.reset(new write_record[global_shadow::lines]());
        write_record& first = at.page->writes[at.line];
        if ((first.bytes | first.next) == 0) {
            first.set(now);
        } else if (first.next != 0 || (first.bytes & at.mask) != 0 || !first.takes(now)) {
            add_write(first, now, at.address, what);
        }
        if (at.page->reads) check_readers(at.page->reads[at.line], now, at.address, what);
    }
}

// ---- tensor maps

/// fence.proxy.tensormap, acquire, by the running thread: its copies with this map see what was released to it.
inline void acquire_map(const tensor_map* map) {
    thread_order& order = me().order;
    std::erase_if(order.maps, [map](const auto& m) { return m.map == map; });
    if (!order.known.maps.empty()) order.maps.push_back({map, order.known.maps});
}

/// True if nobody can write a map: it is a parameter of the kernel.
inline bool is_parameter(const tensor_map& map) {
    const global_range& all = me().cta->cluster->grid->parameters;
    const auto address = reinterpret_cast<std::uintptr_t>(&map);
    return address - reinterpret_cast<std::uintptr_t>(all.begin) < all.bytes;
}

/// The writer of a map has released it, and the running thread acquired it.
inline void check_map_written_before(const write_record& w, const tensor_map& map, const char* what) {
    const thread_order& order = me().order;
    const auto found =
        std::find_if(order.maps.begin(), order.maps.end(), [&map](const auto& m) { return m.map == &map; });
    if (found != order.maps.end() && in_clock(w, found->as_of)) return;
    const bool released = in_clock(w, order.known.maps);
    fail(text("%s uses the tensor map at %s, which ", what,
              name_of_global(reinterpret_cast<std::uintptr_t>(&map)).c_str()) +
         describe(w) +
         (released ? ": missing fence.proxy.tensormap acquire of the map by this thread"
                   : ": missing fence.proxy.tensormap release between that and this copy"));
}

/// Checks and notes that a copy of the running thread uses a map in memory that kernels may write: a TMA load, which reads it
/// before it lands, or a store, which does before wait_group.read returns.
inline void check_map(const tensor_map& map, bool loads, const char* what) {
    if (!checks_global() || is_parameter(map)) return;
    thread_state& t = me();
    cta_log& log = *t.cta->log;
    const u32 warp = t.index / 32, before = loads ? log.loads[warp] : log.maps_used[warp]++;
    if (!loads) t.order.stores_by_map.push_back({t.bulk_commits, before + 1});
    const read_access how{.kind = loads ? read_kind::load_map : read_kind::store_map};
    read_record now = record_of<read_record>(t, sizeof map, how, true, before);
    for (line_walk at(reinterpret_cast<std::uintptr_t>(&map), sizeof map); at; at.next()) {
        for_each_write(*at.page, at.line, at.mask,
                       [&](const write_record& w) { check_map_written_before(w, map, what); });
        note_read(at, now);
    }
}

}  // namespace deepgemm::sim
