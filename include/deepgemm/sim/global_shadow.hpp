// SPDX-License-Identifier: MIT
// The shadow of global memory: for each line of 16 bytes, who wrote which of its bytes in this launch, and how. From it follow
// the errors of order: a read of what does not come before it (ordering.hpp), a copy without its proxy fence, a bulk store used
// before its completion, a scope too narrow, a read-only load of what the grid writes, two stores of one element, a tensor map
// changed without its fences. Memory that nobody writes costs a look-up.
#pragma once

#include <deepgemm/sim/ordering.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

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

/// One thread's writes to a line.
struct write_record {
    u32 cta;  ///< number of the CTA
    u32 before;  ///< comes before whoever knows this count of the thread: a generation of stores, or a number of bulk groups
    u32 next;    ///< further record of the line, or 0
    u16 thread;  ///< in the CTA
    u16 bytes;   ///< of the line, one bit each; 0: no record
    write_kind kind;
    memory_scope scope;  ///< of a strong write
    u8 size;             ///< bytes that the instruction wrote, if at most 16
};

/// A value that a word in global memory had, who stored it, and what it hands on to those who acquire it.
struct word_version {
    u64 value = 0;
    knowledge released;
    memory_scope scope = memory_scope::sys;  ///< of the release, which may be a fence
    u32 cta = 0, thread = 0;                 ///< who stored it
    u32 before = 0;                          ///< as in write_record
};

/// A word that threads meet by. Its newest value reaches a thread that nothing has told of the store some time later: until
/// then the thread loads the one before.
struct word_state {
    word_version now, last;
    std::vector<std::pair<u32, u32>> reached;  ///< CTAs and threads that load `now`, though nothing has told them of it
};

/// See the head of this file. One for each launch.
class global_shadow {
public:
    static constexpr u32 line = 16, page_bytes = 4096, lines = page_bytes / line;

    struct page {
        write_record first[lines] = {};
        u16 read_only[lines] = {};  ///< bytes loaded by ld.global.nc
        u32 reader[lines] = {};     ///< CTA that did, and its thread
        u16 reader_thread[lines] = {};
    };

    /// The page at an address, or null if nothing in it has been noted.
    page* find(std::uintptr_t address) {
        const std::uintptr_t number = address / page_bytes;
        entry& e = recent_[number % recent];
        if (e.number != number) {
            const auto at = pages_.find(number);
            e = {number, at != pages_.end() ? at->second.get() : nullptr};
        }
        return e.at;
    }
    page& make(std::uintptr_t address) {
        if (page* const found = find(address)) return *found;
        const std::uintptr_t number = address / page_bytes;
        auto& p = pages_[number];
        p = std::make_unique<page>();
        recent_[number % recent] = {number, p.get()};
        return *p;
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
    static constexpr std::size_t recent = 1024;
    struct entry {
        std::uintptr_t number = ~std::uintptr_t(0);
        page* at = nullptr;
    };
    std::unordered_map<std::uintptr_t, std::unique_ptr<page>> pages_;
    std::vector<entry> recent_ = std::vector<entry>(recent);
    std::vector<write_record> further_;
    u32 free_ = 0;
};

}  // namespace deepgemm::sim
