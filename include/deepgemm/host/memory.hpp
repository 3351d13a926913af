// SPDX-License-Identifier: MIT
// Memory as an operation uses it: equal runs of bytes at regular distances, with the name that errors use. An operation lists
// what it reads and writes. The checks here are the same for all operations: no address is null or misaligned, and no output
// overlaps other memory. Overlap is decided exactly, for any strides; sums are 128-bit, so no stride is too large for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/host/error.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {
__extension__ typedef __int128 wide;  ///< holds any sum of addresses and multiples of strides
}

/// A number of steps and the bytes from one to the next.
struct memory_steps {
    detail::wide count = 1, stride = 0;
};

/// What an operation does with memory.
enum class memory_access : u8 {
    reads,
    writes,
    reads_or_updates,  ///< reads memory that is exactly one of the outputs, or apart from all of them: C, which may be D
};

/// Memory that is read or written: `width` bytes at `data`, and at `data` plus every combination of steps. A count of 0 along
/// one axis means no memory at all. Counts may be up to 2^32, strides any 64-bit number of elements.
struct memory_use {
    const char* name = "";
    const void* data = nullptr;
    detail::wide width = 0;  ///< bytes of one run, an element say
    std::array<memory_steps, 3> steps{};
    memory_access how = memory_access::reads;
    u32 alignment = 1;             ///< `data` must be a multiple of so many bytes, a power of two
    const char* aligned_for = "";  ///< the reason, for the error
    bool many = false;             ///< the name is a plural

    /// True if there is any memory at all.
    constexpr bool any() const {
        bool some = width > 0;
        for (const memory_steps& axis : steps) some = some && axis.count > 0;
        return some;
    }
};

/// A list of `count` integers that kernels read, of 8 bytes if `wide`, else of 4; `name` is a plural.
constexpr memory_use list_memory(const char* name, const void* data, i64 count, bool wide = false) {
    const u32 size = wide ? sizeof(i64) : sizeof(i32);
    return {.name = name,
            .data = data,
            .width = size,
            .steps = {{{count, size}, {}, {}}},
            .alignment = size,
            .aligned_for = wide ? "they are 8-byte integers" : "they are 4-byte integers",
            .many = true};
}

/// The memory of an operation, at most `Most` uses.
template <std::size_t Most>
class memory_list {
public:
    /// Adds a use, unless there is no memory.
    constexpr void add(const memory_use& use) {
        if (use.any()) uses_[count_++] = use;
    }
    constexpr const memory_use* data() const { return uses_.data(); }
    constexpr std::size_t size() const { return count_; }
    constexpr const memory_use* begin() const { return data(); }
    constexpr const memory_use* end() const { return data() + count_; }

private:
    std::array<memory_use, Most> uses_{};
    std::size_t count_ = 0;
};

namespace detail {

/// Memory in its simplest form: strides are positive and ascending, and each is larger than what the axes before it reach.
struct memory_piece {
    wide first = 0, width = 0;
    std::array<memory_steps, 3> steps{};
    int axes = 0;

    /// The byte after the last one that the `inner` innermost axes reach.
    wide end(int inner) const {
        wide last = first + width;
        for (int i = 0; i < inner; ++i) last += (steps[std::size_t(i)].count - 1) * steps[std::size_t(i)].stride;
        return last;
    }
    wide end() const { return end(axes); }
    memory_steps& outermost() { return steps[std::size_t(axes - 1)]; }

    /// The simplest form of a piece; its width is 0 if it has no bytes.
    static memory_piece of(const memory_use& use) {
        memory_piece made{wide(reinterpret_cast<std::uintptr_t>(use.data)), use.width};
        for (auto [count, stride] : use.steps) {
            if (count < 1) return {};
            if (stride < 0) {
                made.first += stride * (count - 1);
                stride = -stride;
            }
            if (count > 1 && stride != 0) made.insert({count, stride});
        }
        made.join();
        return made;
    }

private:
    /// Adds an axis, in the order of strides.
    void insert(memory_steps added) {
        for (int i = 0; i < axes; ++i) {
            if (added.stride < steps[std::size_t(i)].stride) std::swap(added, steps[std::size_t(i)]);
        }
        steps[std::size_t(axes++)] = added;
    }

    /// Joins runs that touch into one run, and axes that continue each other into one axis.
    void join() {
        const int given = axes;
        axes = 0;
        for (int i = 0; i < given; ++i) {
            const auto [count, stride] = steps[std::size_t(i)];
            if (axes == 0 && stride <= width) {
                width += (count - 1) * stride;
            } else if (axes != 0 && outermost().stride * outermost().count == stride) {
                outermost().count *= count;
            } else {
                steps[std::size_t(axes++)] = {count, stride};
            }
        }
    }
};

/// The sum of floor((a i + b) / m) over i = 0 ... n - 1, for a, b >= 0, by Euclid's algorithm.
inline wide floor_sum(wide n, wide m, wide a, wide b) {
    wide sum = 0;
    while (n > 0) {
        sum += (n - 1) * n / 2 * (a / m) + n * (b / m);
        a %= m;
        b %= m;
        const wide last = a * n + b;
        n = last / m;
        b = last % m;
        std::swap(m, a);
    }
    return sum;
}

/// True if pieces of at most one axis share a byte.
inline bool rows_meet(const memory_piece& x, const memory_piece& y) {
    const auto rows_of = [](const memory_piece& p) { return p.axes == 0 ? memory_steps{1, p.width} : p.steps[0]; };
    const memory_steps rows = rows_of(x), others = rows_of(y);
    // Row i of x meets row j of y where 0 <= offset + j * others.stride - i * rows.stride <= reach.
    const wide reach = x.width + y.width - 2, offset = y.first - x.first + y.width - 1;
    const wide highest = (rows.count - 1) * rows.stride + reach;
    const wide first = offset >= 0 ? 0 : (-offset + others.stride - 1) / others.stride;
    const wide last = highest < offset ? -1 : min((highest - offset) / others.stride, others.count - 1);
    if (first > last) return false;
    if (reach + 1 >= rows.stride) return true;
    // The sums differ by the number of these j whose remainder exceeds `reach`. The pieces share a byte unless that is all n.
    const wide n = last - first + 1, from = offset + first * others.stride;
    return floor_sum(n, rows.stride, others.stride, from) + n !=
           floor_sum(n, rows.stride, others.stride, from + rows.stride - reach - 1);
}

/// True if two pieces share a byte. Steps of the outer axes are tried one by one, where both pieces can reach.
inline bool pieces_meet(memory_piece x, memory_piece y) {
    if (x.width == 0 || y.width == 0 || x.end() <= y.first || y.end() <= x.first) return false;
    if (x.axes < y.axes) std::swap(x, y);
    if (x.axes <= 1) return rows_meet(x, y);
    const auto [count, stride] = x.outermost();
    --x.axes;
    const wide before = y.first - x.end() + 1, room = y.end() - 1 - x.first;
    const wide first = before <= 0 ? 0 : (before + stride - 1) / stride, last = min(room / stride, count - 1);
    x.first += first * stride;
    for (wide i = first; i <= last; ++i, x.first += stride) {
        if (pieces_meet(x, y)) return true;
    }
    return false;
}

/// The first byte of a piece and the one after its last; the same if it has none.
struct memory_bounds {
    wide first = 0, end = 0;

    static memory_bounds of(const memory_use& use) {
        memory_bounds made{wide(reinterpret_cast<std::uintptr_t>(use.data)), 0};
        made.end = made.first + use.width;
        for (const auto& [count, stride] : use.steps) {
            if (count < 1) return {};
            (stride < 0 ? made.first : made.end) += (count - 1) * stride;
        }
        return made;
    }
    bool meets(const memory_bounds& other) const { return first < other.end && other.first < end; }
};

/// True if the two share a byte. The bounds decide most cases, since most tensors are apart as a whole.
inline bool overlap(const memory_use& x, const memory_use& y) {
    return memory_bounds::of(x).meets(memory_bounds::of(y)) && pieces_meet(memory_piece::of(x), memory_piece::of(y));
}

/// Success if an output shares no byte with other memory.
inline result<void> check_apart(const memory_use& other, const memory_use& output) {
    if (!pieces_meet(memory_piece::of(other), memory_piece::of(output))) return {};
    return fail(errc::bad_alias, output.name, output.many ? " overlap " : " overlaps ", other.name,
                " in memory; the result would be undefined");
}

/// Success if memory has an address that is aligned as it must be, or if there is no memory.
inline result<void> check_address(const memory_use& use) {
    const auto past = reinterpret_cast<std::uintptr_t>(use.data) & (use.alignment - 1);
    if ((use.data != nullptr && past == 0) || !use.any()) return {};
    if (use.data == nullptr) {
        return fail(errc::null_pointer, use.name,
                    use.many ? " have no data: their pointer is null" : " has no data: its pointer is null");
    }
    return fail(errc::misaligned, use.name, use.many ? " start " : " starts ", past, " bytes past a multiple of ",
                use.alignment, "; ", use.aligned_for);
}

/// Success if an input that may be an output is that output, element for element, or is apart from it.
inline result<void> check_update(const memory_use& input, const memory_use& output) {
    if (!pieces_meet(memory_piece::of(input), memory_piece::of(output))) return {};
    if (input.data != output.data) {
        return fail(errc::bad_alias, input.name, " overlaps ", output.name, " in memory but starts elsewhere; ",
                    input.name, " must be ", output.name, " itself or lie apart from it");
    }
    for (std::size_t axis = 0; axis < input.steps.size(); ++axis) {
        const auto [count, stride] = input.steps[axis];
        if (count < 2 || stride == output.steps[axis].stride) continue;
        return fail(errc::bad_alias, input.name, " is ", output.name, "'s memory with stride ",
                    i64(stride / input.width), " instead of ", i64(output.steps[axis].stride / output.width), "; ",
                    input.name, " must be ", output.name, " itself or lie apart from it");
    }
    return {};
}

}  // namespace detail

/// Success if every output is apart from all other memory, except from an input that may be that output and is. Inputs may
/// share memory with each other. Strides must have been checked before.
inline result<void> check_aliasing(std::span<const memory_use> uses) {
    for (const memory_use& output : uses) {
        if (output.how != memory_access::writes) continue;
        const auto bounds = detail::memory_bounds::of(output);
        for (const memory_use& other : uses) {
            if ((other.how == memory_access::writes && &other >= &output) ||
                !bounds.meets(detail::memory_bounds::of(other)))
                continue;
            const bool may_be_output = other.how == memory_access::reads_or_updates;
            if (auto ok = may_be_output ? detail::check_update(other, output) : detail::check_apart(other, output); !ok)
                return ok;
        }
    }
    return {};
}

/// The rules for the memory of any operation: addresses and their alignment, then aliasing.
inline result<void> check_memory(std::span<const memory_use> uses) {
    for (const memory_use& use : uses) {
        if (auto ok = detail::check_address(use); !ok) return ok;
    }
    return check_aliasing(uses);
}

}  // namespace deepgemm
