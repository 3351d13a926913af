// SPDX-License-Identifier: MIT
// Memory as an operation uses it: equal runs of bytes at regular distances, under the name that errors use. Tells whether two
// such pieces share a byte, exactly, for any strides: sums are 128-bit, so that no stride is too large for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include <deepgemm/core/math.cuh>
#include <deepgemm/host/error.hpp>

namespace deepgemm::detail {

__extension__ typedef __int128 wide;  ///< holds any sum of addresses and multiples of strides

/// A number of steps and the bytes from one to the next.
struct memory_steps {
    wide count = 1, stride = 0;
};

/// Memory that is read or written: `width` bytes at `data` and at every sum of whole steps from there. No steps along one
/// axis (a count of 0) are no memory at all. Counts up to 2^32, strides of any 64-bit number of elements.
struct memory_use {
    const char* name = "";
    const void* data = nullptr;
    wide width = 0;
    std::array<memory_steps, 3> steps{};
};

/// A piece of memory in its simplest form: strides are positive, ascending, and larger than what lies below them.
struct memory_piece {
    wide first = 0, width = 0;
    std::array<memory_steps, 3> steps{};
    int axes = 0;

    /// The byte after the last one of the innermost `inner` axes.
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

    /// Makes one run of runs that touch, and one axis of axes that continue each other.
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

/// Whether pieces of at most one axis share a byte.
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
    // How many of these j leave a remainder of at most `reach`.
    const wide n = last - first + 1, from = offset + first * others.stride;
    return floor_sum(n, rows.stride, others.stride, from) + n !=
           floor_sum(n, rows.stride, others.stride, from + rows.stride - reach - 1);
}

/// Whether two pieces share a byte. Steps of outer axes are tried one by one where both pieces reach.
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

/// True if the two share a byte. Most tensors lie apart as a whole, which their bounds tell at once.
inline bool overlap(const memory_use& x, const memory_use& y) {
    return memory_bounds::of(x).meets(memory_bounds::of(y)) && pieces_meet(memory_piece::of(x), memory_piece::of(y));
}

/// Every output apart from every input and from every other output, else bad_alias. An operation lists here all that it reads
/// and writes.
inline result<void> check_apart(std::initializer_list<memory_use> outputs, std::initializer_list<memory_use> inputs) {
    const auto check = [](const memory_use& output, const memory_use& other) -> result<void> {
        if (!overlap(output, other)) return {};
        return fail(errc::bad_alias, output.name, " overlaps ", other.name,
                    " in memory; the result would be undefined");
    };
    for (const memory_use* output = outputs.begin(); output != outputs.end(); ++output) {
        for (const memory_use& input : inputs) {
            if (auto ok = check(*output, input); !ok) return ok;
        }
        for (const memory_use* other = outputs.begin(); other != output; ++other) {
            if (auto ok = check(*output, *other); !ok) return ok;
        }
    }
    return {};
}

}  // namespace deepgemm::detail
