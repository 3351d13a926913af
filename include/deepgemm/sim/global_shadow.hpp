// SPDX-License-Identifier: MIT
// The shadow of global memory: for each line of 16 bytes, who wrote which of its bytes in this launch, and how, and who read
// them last. From it follow the errors of order: a read or a write of what does not come before it (ordering.hpp), a copy
// without its proxy fence, a bulk store used before its completion, a scope too narrow, a read-only load of what the grid
// writes, two stores of one element, a tensor map changed without its fences.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/sim/ordering.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// How memory is written.
enum class write_kind : u8 {
    weak,      ///< st.global
    strong,    ///< st.relaxed, st.release: others may read it at the same time, with their scopes
    atomic,    ///< atom, red: others may write it, too
    copy,      ///< TMA or bulk store: of the async proxy
    reduction  ///< TMA or bulk reduce-add
};
inline bool is_copy(write_kind kind) { return kind >= write_kind::copy; }
inline bool is_strong(write_kind kind) { return kind == write_kind::strong || kind == write_kind::atomic; }
/// Nothing else may write the element.
inline bool is_plain(write_kind kind) { return kind == write_kind::weak || kind == write_kind::copy; }
/// Others may add to the same element, in any order.
inline bool accumulates(write_kind kind) { return kind == write_kind::atomic || kind == write_kind::reduction; }

/// How memory is read.
enum class read_kind : u8 {
    weak,       ///< ld.global
    strong,     ///< ld.relaxed, ld.acquire: of memory that others may write at the same time
    read_only,  ///< ld.global.nc
    copy,       ///< TMA or bulk load: of the async proxy
    load_map,   ///< of a tensor map, by a TMA load
    store_map   ///< of a tensor map, by a TMA store
};
/// By an asynchronous copy, or for one.
inline bool is_copy(read_kind kind) { return kind >= read_kind::copy; }

/// Accesses to a line by one thread or, side by side, by several of its CTA, as when the lanes of a warp store a row: byte b is
/// then that of thread `thread + (b >> width)`.
template <class Kind>
struct access_record {
    u32 cta;              ///< number of the CTA
    u32 before;           ///< comes before whoever knows this count of the thread: of generations, bulk groups or loads
    std::int16_t thread;  ///< in the CTA
    u16 bytes;            ///< of the line, one bit each; 0: no record
    memory_scope scope;   ///< of a strong access
    u8 width;             ///< the instruction accessed 1 << width bytes; 4 for all copies
    Kind kind;
    bool side_by_side;

    u32 piece_of(u16 mask) const { return u32(__builtin_ctz(mask)) >> width; }
    u16 bytes_of_piece(u32 piece) const { return u16(((1u << (1u << width)) - 1) << (piece << width)); }

    /// Whether another record differs from this one in its bytes and its threads alone.
    bool alike(const access_record& o) const {
        return cta == o.cta && before == o.before && width == o.width && kind == o.kind && scope == o.scope;
    }
    /// Becomes a copy of another record, field by field: that one has been written so just before, and a processor that loads
    /// several fields at once would have to wait for them.
    void set(const access_record& o) {
        cta = o.cta;
        before = o.before;
        thread = o.thread;
        bytes = o.bytes;
        scope = o.scope;
        width = o.width;
        kind = o.kind;
        side_by_side = o.side_by_side;
    }
    /// Adds an access that is alike, if one record can hold both.
    bool takes(const access_record& one) {
        if (!alike(one)) return false;
        const int piece = int(piece_of(one.bytes));
        if (side_by_side) {
            if (thread + piece != one.thread) return false;
        } else if (thread != one.thread) {
            if (bytes == 0) return false;
            const int mine = int(piece_of(bytes));
            if (bytes != bytes_of_piece(u32(mine)) || one.thread - thread != piece - mine || piece == mine)
                return false;
            thread = std::int16_t(thread - mine);
            side_by_side = true;
        }
        bytes |= one.bytes;
        return true;
    }

    /// Calls f(thread) for each thread that accessed some of the bytes `mask`.
    template <class F>
    void for_each_thread(u16 mask, F f) const {
        u32 rest = bytes & mask;
        if (!side_by_side) {
            if (rest != 0) f(u32(thread));
            return;
        }
        while (rest != 0) {
            const u32 piece = piece_of(u16(rest));
            f(u32(thread + int(piece)));
            rest &= ~u32(bytes_of_piece(piece));
        }
    }
};

/// Writes to a line.
struct write_record : access_record<write_kind> {
    u32 next;  ///< further record of the line, or 0

    /// The same as that of one of its threads alone.
    write_record of(u32 one) const {
        write_record w = *this;
        w.thread = std::int16_t(one);
        w.side_by_side = false;
        return w;
    }
};

/// Reads of a line; with `lanes`, of all bytes by each of these lanes of the warp that begins with `thread`.
struct read_record : access_record<read_kind> {
    u32 lanes;

    bool takes(const read_record& one) { return cta == one.cta && kind == one.kind && takes_of_cta(one); }

    template <class F>
    void for_each_thread(u16 mask, F f) const {
        if (lanes == 0) return access_record::for_each_thread(mask, f);
        if ((bytes & mask) == 0) return;
        for (u32 rest = lanes; rest != 0; rest &= rest - 1) f(u32(thread) + u32(__builtin_ctz(rest)));
    }

private:
    bool takes_of_cta(const read_record& one) {
        if (is_before(one)) {
            before = one.before;
            thread = one.thread;
            return true;
        }
        if (lanes == 0 && access_record::takes(one)) return true;
        if (bytes != one.bytes || side_by_side || thread / 32 != one.thread / 32 || !alike(one)) return false;
        if (lanes == 0) lanes = 1u << thread % 32;
        lanes |= 1u << one.thread % 32;
        thread = std::int16_t(thread / 32 * 32);
        return true;
    }
    // Whether this one is an earlier read of the same bytes by the same thread or, of copies, warp: who comes after the later
    // one comes after both.
    bool is_before(const read_record& one) const {
        const bool same_reader = is_copy(kind) ? thread / 32 == one.thread / 32 : thread == one.thread;
        return same_reader && bytes == one.bytes && scope == one.scope && width == one.width && lanes == 0 &&
               !side_by_side;
    }
};

/// A value that a word in global memory had, who stored it, and what it hands on to those who acquire it.
struct word_version {
    u64 value = 0;
    scoped_knowledge released;  ///< by the scope of the release, which may be a fence
    scoped_knowledge own;       ///< what the thread released itself by stores of this word
    u32 cta = 0, thread = 0;    ///< who stored it
    u32 before = 0;             ///< as in write_record
    u32 version = 0;            ///< how many stores of the word led to it
};

/// A word that threads meet by. Its newest value reaches a thread that nothing has told of the store some time later: until
/// then the thread loads the one before.
struct word_state {
    u32 number = 0;  ///< of the words of this machine, from 1; set by the first store
    word_version now, last;
    std::vector<std::pair<u32, u32>> reached;  ///< CTAs and threads that load `now`, though nothing has told them of it
    std::vector<std::pair<u32, u32>> writers;  ///< CTAs and threads that have stored it, at most `most_writers`

    /// Of so many it is known that they store a word; beyond that it is a counter of many.
    static constexpr std::size_t most_writers = 32;
    void note_writer(u32 cta, u32 thread) {
        const std::pair<u32, u32> self{cta, thread};
        if (writers.size() == most_writers || (!writers.empty() && writers.back() == self)) return;
        if (std::find(writers.begin(), writers.end(), self) == writers.end()) writers.push_back(self);
    }
};

/// See the head of this file. One for each launch.
class global_shadow {
public:
    static constexpr u32 line = 16, page_bytes = 4096, lines = page_bytes / line;

    /// Who read a line: the latest record, and a ring of some before it.
    struct readers {
        read_record latest;
        u32 earlier;  ///< number of the ring, or 0
    };
    struct ring {
        static constexpr u32 size = 7;
        read_record list[size] = {};
        u32 turn = 0;
    };

    struct page {
        std::unique_ptr<write_record[]> writes;  ///< by line; null if there are none
        std::unique_ptr<readers[]> reads;        ///< the same
    };

    /// The page at an address.
    page& at(std::uintptr_t address) {
        const std::uintptr_t number = address / page_bytes;
        entry& e = recent_[number % recent];
        if (e.number != number) e = {number, &pages_[number]};
        return *e.at;
    }

    /// Notes a read of a line; `now` is the record of it alone.
    void note(readers& r, const read_record& now) {
        if (r.latest.bytes != 0) {
            if (r.latest.takes(now)) return;
            if (r.earlier != 0) {
                for (read_record& one : rings_[r.earlier].list) {
                    if (one.bytes != 0 && one.takes(now)) return;
                }
            }
            push(r);
        }
        r.latest = now;
    }
    /// Calls f(record) for every record of reads of a line.
    template <class F>
    void for_each_record(readers& r, F f) {
        f(r.latest);
        if (r.earlier == 0) return;
        for (read_record& one : rings_[r.earlier].list) f(one);
    }

    /// Record number `i` of those beyond the first of a line.
    write_record& further(u32 i) { return further_[i]; }
    /// Adds a record to a line.
    void add(write_record& first, const write_record& r) {
        if (first.bytes == 0) {
            const u32 next = first.next;
            first = r;
            first.next = next;
            return;
        }
        if (further_.empty()) further_.emplace_back();  // number 0 means none
        u32 i = free_;
        if (i != 0) {
            free_ = further_[i].next;
        } else {
            i = u32(further_.size());
            further_.emplace_back();
        }
        further_[i] = r;
        further_[i].next = first.next;
        first.next = i;
    }
    /// Drops the records beyond the first that have no bytes left.
    void tidy(write_record& first) {
        for (u32* link = &first.next; *link != 0;) {
            const u32 i = *link;
            if (further_[i].bytes != 0) {
                link = &further_[i].next;
            } else {
                *link = further_[i].next;
                further_[i].next = free_;
                free_ = i;
            }
        }
    }

    std::unordered_map<std::uintptr_t, word_state> words;

private:
    /// Moves the latest record of a line to its ring, in place of the oldest there.
    void push(readers& r) {
        if (r.earlier == 0) {
            if (rings_.empty()) rings_.emplace_back();  // number 0 means none
            r.earlier = u32(rings_.size());
            rings_.emplace_back();
        }
        ring& to = rings_[r.earlier];
        to.list[to.turn++ % ring::size] = r.latest;
    }

    static constexpr std::size_t recent = 1024;
    struct entry {
        std::uintptr_t number = ~std::uintptr_t(0);
        page* at = nullptr;
    };
    std::unordered_map<std::uintptr_t, page> pages_;
    std::vector<entry> recent_ = std::vector<entry>(recent);
    std::vector<write_record> further_;
    std::vector<ring> rings_;
    u32 free_ = 0;
};

}  // namespace deepgemm::sim
