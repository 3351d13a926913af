// SPDX-License-Identifier: MIT
// Rows of each group as a router may deal them: drawn once, so that every run times the same.
#pragma once

#include <array>

#include <deepgemm/core/types.cuh>

namespace deepgemm::bench {

/// `Groups` groups of `rows` rows each.
template <std::size_t Groups>
constexpr std::array<i32, Groups> of_one_size(i32 rows) {
    std::array<i32, Groups> made{};
    made.fill(rows);
    return made;
}

/// 32 groups of up to 300 rows by the law of Zipf, in random order.
inline constexpr i32 zipf_32[] = {16, 12, 13,  38,  20, 18, 27, 25, 15, 10, 17, 12, 33, 10, 75, 11,
                                  60, 19, 100, 300, 14, 43, 11, 12, 10, 23, 9,  50, 30, 14, 21, 150};
/// The same of 256 groups.
inline constexpr i32 zipf_256[] = {
    16, 3,  11, 38,  2, 3,  14, 25, 2, 2,  5, 2,  3,  1, 1, 1, 3,   2, 1, 2, 1,   1,  2,  1,  1,  1,  3, 2, 2,
    15, 2,  3,  2,   1, 3,  4,  2,  8, 2,  1, 3,  33, 1, 4, 5, 12,  8, 1, 1, 2,   2,  2,  7,  1,  12, 1, 8, 2,
    2,  2,  1,  2,   2, 3,  3,  2,  1, 11, 2, 2,  19, 1, 1, 2, 2,   1, 3, 6, 100, 3,  2,  4,  3,  1,  5, 2, 2,
    2,  10, 1,  3,   8, 10, 14, 4,  1, 1,  6, 1,  2,  6, 2, 4, 4,   2, 2, 2, 2,   2,  2,  13, 5,  7,  5, 2, 18,
    3,  1,  1,  17,  2, 3,  5,  4,  1, 2,  8, 3,  2,  2, 2, 4, 5,   3, 2, 4, 1,   4,  21, 9,  10, 3,  2, 3, 7,
    2,  4,  9,  7,   2, 2,  3,  6,  1, 1,  1, 3,  2,  2, 3, 1, 4,   6, 1, 1, 2,   2,  2,  3,  1,  1,  5, 2, 1,
    2,  3,  7,  150, 2, 1,  5,  3,  9, 1,  4, 6,  5,  3, 6, 3, 6,   2, 4, 2, 2,   3,  2,  1,  1,  9,  2, 4, 2,
    4,  23, 2,  75,  2, 4,  1,  4,  1, 3,  2, 12, 2,  2, 1, 3, 3,   2, 7, 1, 2,   1,  43, 30, 1,  2,  5, 1, 1,
    2,  3,  2,  27,  2, 1,  1,  5,  2, 60, 2, 4,  2,  2, 2, 1, 300, 2, 1, 3, 2,   50, 20, 1};
/// 32768 rows, of which one group has half.
inline constexpr i32 one_half[] = {16384, 2341, 2340, 2341, 2340, 2341, 2340, 2341};
/// The same rows by the law of Zipf, the largest group first.
inline constexpr i32 zipf_8[] = {12057, 6028, 4019, 3014, 2411, 2010, 1722, 1507};
/// The same rows, evenly.
inline constexpr auto even_8 = of_one_size<8>(4096);
/// Few groups of many rows, many groups of few.
inline constexpr auto eight_256 = of_one_size<8>(256);
inline constexpr auto many_64 = of_one_size<64>(64);
inline constexpr auto many_16 = of_one_size<256>(16);

}  // namespace deepgemm::bench
