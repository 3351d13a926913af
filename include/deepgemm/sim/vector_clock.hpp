// SPDX-License-Identifier: MIT
// What a simulated thread knows of the others' accesses to global memory, as vector clocks. Barriers and flags pass them on. A
// launch without such accesses makes none. Equal clocks are shared, so handing one on costs a pointer.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// A T with several owners, counted by T::users. The count is not atomic, since all owners run on one OS thread.
template <class T>
class counted {
public:
    counted() = default;
    explicit counted(T* object) : object_(object) { ++object_->users; }
    counted(const counted& other) : object_(other.object_) {
        if (object_ != nullptr) ++object_->users;
    }
    counted(counted&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    counted& operator=(counted other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~counted() {
        if (object_ != nullptr && --object_->users == 0) delete object_;
    }
    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    friend bool operator==(const counted& a, const counted& b) { return a.object_ == b.object_; }

    /// Makes this the only owner, by a copy if there are others.
    T& own() {
        if (object_->users != 1) {
            T* const copy = new T(*object_);
            copy->users = 0;
            *this = counted(copy);
        }
        return *object_;
    }

private:
    T* object_ = nullptr;
};

/// For every thread of every CTA two counts: how many of its generations of generic accesses, and how many of its bulk groups,
/// come before; and for every warp how many of its loads. CTAs of which nothing is known take no space.
class vector_clock {
public:
    /// The count at `entry` of CTA number `cta`.
    u32 at(u32 cta, u32 entry) const {
        const u32* const all = counts(cta);
        return all != nullptr ? all[entry] : 0;
    }
    /// The counts of CTA number `cta`, or null if none of them is known.
    const u32* counts(u32 cta) const {
        if (!parts_) return nullptr;
        for (const part& p : parts_->list) {
            if (p.cta == cta) return p.ticks->count.data();
        }
        return nullptr;
    }

    /// Raises the count at `entry` of CTA number `cta`, which has `entries` of them, to `count`.
    void raise(u32 cta, u32 entries, u32 entry, u32 count) {
        if (!parts_) parts_ = counted<parts>(new parts);
        std::size_t i = 0;
        for (const auto& list = parts_->list; i < list.size() && list[i].cta < cta;) ++i;
        const bool found = i < parts_->list.size() && parts_->list[i].cta == cta;
        if (found && parts_->list[i].ticks->count[entry] >= count) return;
        auto& list = parts_.own().list;
        if (!found)
            list.insert(list.begin() + std::ptrdiff_t(i),
                        {cta, counted<ticks>(new ticks{0, std::vector<u32>(entries)})});
        list[i].ticks.own().count[entry] = count;
    }

    /// Raises every count to that of `other`.
    void join(const vector_clock& other) {
        if (!other.parts_ || other.parts_ == parts_) return;
        if (!parts_ || covers(*other.parts_, *parts_)) {
            parts_ = other.parts_;
        } else if (!covers(*parts_, *other.parts_)) {
            merge(parts_.own().list, other.parts_->list);
        }
    }

    bool empty() const { return !parts_; }
    /// A number that is the same for the same object.
    std::size_t hash() const { return reinterpret_cast<std::uintptr_t>(parts_.get()) / 16; }
    /// True if both are the same object; two equal clocks may be different ones.
    friend bool operator==(const vector_clock& a, const vector_clock& b) = default;

private:
    struct ticks {
        u32 users = 0;
        std::vector<u32> count;
    };
    struct part {
        u32 cta;
        counted<sim::vector_clock::ticks> ticks;
    };
    struct parts {
        u32 users = 0;
        std::vector<part> list{};  // ascending by CTA
    };

    static bool covers(const ticks& a, const ticks& b) {
        constexpr std::size_t together = 64;  // counts that are compared with SIMD before one looks at the result
        const std::size_t size = a.count.size();
        for (std::size_t first = 0; first < size; first += together) {
            bool less = false;
            const std::size_t end = std::min(first + together, size);
            for (std::size_t i = first; i < end; ++i) less |= a.count[i] < b.count[i];
            if (less) return false;
        }
        return true;
    }
    static bool covers(const parts& a, const parts& b) {
        auto x = a.list.begin();
        for (const part& y : b.list) {
            while (x != a.list.end() && x->cta < y.cta) ++x;
            if (x == a.list.end() || x->cta != y.cta) return false;
            if (!(x->ticks == y.ticks) && !covers(*x->ticks, *y.ticks)) return false;
        }
        return true;
    }
    static void merge(std::vector<part>& to, const std::vector<part>& from) {
        std::size_t x = 0;
        for (const part& y : from) {
            while (x < to.size() && to[x].cta < y.cta) ++x;
            if (x == to.size() || to[x].cta != y.cta) {
                to.insert(to.begin() + std::ptrdiff_t(x), y);
            } else if (!(to[x].ticks == y.ticks) && !covers(*to[x].ticks, *y.ticks)) {
                auto& count = to[x].ticks.own().count;
                for (std::size_t i = 0; i < count.size(); ++i) count[i] = std::max(count[i], y.ticks->count[i]);
            }
        }
    }

    counted<parts> parts_;
};

/// What comes before a thread's next access, as each proxy sees it.
struct knowledge {
    vector_clock seen;    ///< accesses that come before a generic one, and before copies of the same CTA
    vector_clock fenced;  ///< those of them before a fence.proxy.async of global memory: what copies of any CTA see
    vector_clock maps;    ///< those before a release of tensor maps
    vector_clock words;   ///< versions of words that somebody has loaded, by word: later loads see no older one
    vector_clock tensor;  ///< work on tensor memory, see tensor_order.hpp

    void join(const knowledge& other) {
        seen.join(other.seen);
        fenced.join(other.fenced);
        maps.join(other.maps);
        words.join(other.words);
        tensor.join(other.tensor);
    }
    bool empty() const { return seen.empty() && fenced.empty() && maps.empty() && words.empty() && tensor.empty(); }
    friend bool operator==(const knowledge& a, const knowledge& b) = default;
};

/// What releases or fences hand on, by their scope.
struct scoped_knowledge {
    std::array<knowledge, 4> at;  ///< by memory_scope

    bool empty() const { return at[0].empty() && at[1].empty() && at[2].empty() && at[3].empty(); }
    void join(const scoped_knowledge& other) {
        for (int s = 0; s < 4; ++s) at[s].join(other.at[s]);
    }
};

/// The knowledge of all threads that have come to a barrier, joined.
struct gathering {
    knowledge all;
    knowledge latest;  ///< joined last; the lanes of a warp mostly bring the same

    void join(const knowledge& other) {
        if (other == latest) return;
        all.join(other);
        latest = other;
    }
};

}  // namespace deepgemm::sim
