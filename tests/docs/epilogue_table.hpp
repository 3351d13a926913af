// SPDX-License-Identifier: MIT
// The cells of the table in docs/concepts/epilogue.md: each epilogue (a row) as a kernel of each operation (a column), run on
// the simulator against its definition.
#pragma once

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/signal.cuh>
#include <deepgemm/epilogue/stochastic.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/schedule/indexed.cuh>

#include <algorithm>
#include <map>
#include <set>

#include "../kernel/epilogue_runs.hpp"
#include "page.hpp"

namespace deepgemm::test {

/// What became of each cell, by the names of its row and its column: "" or what is wrong. Or what a page says of it.
using epilogue_outcomes = std::map<std::pair<std::string, std::string>, std::string>;

namespace rows {

inline double total(const product_part&, const reference::product& totals, i64 row, i64 column) {
    return totals.value(row, column);
}
constexpr float poison = -77;  ///< what D holds before, see value_outcome()
constexpr auto nothing = [](auto&) {};

struct stored {
    static constexpr const char* name = "`store<T>`";
    using epilogue = store<bf16>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        return value_outcome(simulated{}, product, product.shape.n, total, 0, nothing);
    }
};
struct accumulated {
    static constexpr const char* name = "`accumulate<T>`";
    using epilogue = accumulate<float>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        const auto& [m, n, k] = product.shape;
        const i64 pitch = n;
        std::vector<float> c;
        for (i64 i = 0; i < product.d_matrices * m * pitch; ++i) c.push_back(float(i * 11 % 31) - 15);
        const auto expected = [&](const product_part& part, const reference::product& totals, i64 row, i64 column) {
            return total(part, totals, row, column) + c[std::size_t((part.d * m + part.first + row) * pitch + column)];
        };
        return value_outcome(simulated{}, product, n, expected, 0, [&](auto& arguments) {
            arguments.c = {c.data(), pitch, m * pitch};
        });
    }
};
/// What D held before is C.
inline double total_and_poison(const product_part& part, const reference::product& totals, i64 row, i64 column) {
    return total(part, totals, row, column) + poison;
}
struct added {
    static constexpr const char* name = "`add_in_place`";
    using epilogue = add_in_place;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        return value_outcome(simulated{}, product, product.shape.n, total_and_poison, 0, nothing);
    }
};
struct heads {
    static constexpr const char* name = "`store_heads<...>`";
    using epilogue = store_heads<float, 64, 64, 64>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        const auto expected = [](const product_part& part, const reference::product& totals, i64 row, i64 column) {
            const i64 head = column / 192, within = column % 192;
            if (within >= 64 && within < 128) return double(poison);
            return total(part, totals, row, head * 128 + (within < 64 ? within : within - 64));
        };
        return value_outcome(simulated{}, product, product.shape.n / 128 * 192, expected, 0, nothing);
    }
};
/// A third of the total, which BF16 does not have, rounded by random bits.
struct stochastic {
    static constexpr const char* name = "`store_stochastic`";
    using epilogue = then<alpha, store_stochastic>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        const auto expected = [](const product_part& part, const reference::product& totals, i64 row, i64 column) {
            const u32 word = rounding_bits::of(9, part.d).word(i32(part.first + row), i32(column / 2 * 2));
            return double(rounded_stochastically(float(total(part, totals, row, column)) * (1.0f / 3),
                                                 column % 2 == 0 ? word & 0xffff : word >> 16));
        };
        return value_outcome(simulated{}, product, product.shape.n, expected, 0, [](auto& arguments) {
            arguments.epilogue.first.value = 1.0f / 3;
            arguments.epilogue.rest.seed = 9;
        });
    }
};
template <int Columns>
struct cast {
    using epilogue = cast_to_fp8<Columns, scale::cast_scales::packed>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        return cast_outcome<K, Columns, scale::cast_scales::packed, float, e4m3>(
            simulated{}, product, product.shape.n, major::mn, plain_total,
            [](auto& arguments) -> auto& { return arguments.epilogue; });
    }
};
struct cast_32 : cast<32> {
    static constexpr const char* name = "`cast_to_fp8<32>`";
};
struct cast_128 : cast<128> {
    static constexpr const char* name = "`cast_to_fp8<128>`";
};
struct signalled {
    static constexpr const char* name = "`signal_tiles<...>`";
    using epilogue = signal_tiles<store<bf16>>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        const i64 down = ceil_div(product.shape.m, K::block.m), across = ceil_div(product.shape.n, K::block.n);
        std::vector<u32> words(std::size_t(product.d_matrices * down * across));
        const std::string wrong = value_outcome(simulated{}, product, product.shape.n, total, 0, [&](auto& arguments) {
            arguments.epilogue.words = {words.data(), across, 1, down * across};
        });
        if (wrong != "") return wrong;
        i64 finished = 0, expected = 0;
        for (const u32 word : words) finished += word;
        for (const product_part& part : product.parts) expected += i64(part.count) * across;
        return finished == expected ? "" : concat(finished, " rows are signalled instead of ", expected);
    }
};
struct linear {
    static constexpr const char* name = "`alpha`, `bias`, activations";
    using epilogue = then<alpha, bias<float>, relu, store<float>>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        const i64 n = product.shape.n;
        std::vector<float> vectors;
        for (i64 i = 0; i < n * product.b.matrices(); ++i) vectors.push_back(float(i * 7 % 19) - 9);
        const auto expected = [&](const product_part& part, const reference::product& totals, i64 row, i64 column) {
            return std::max(total(part, totals, row, column) / 4 + vectors[std::size_t(part.b * n + column)], 0.0);
        };
        return value_outcome(simulated{}, product, product.shape.n, expected, 0, [&](auto& arguments) {
            arguments.epilogue.first.value = 0.25f;
            arguments.epilogue.rest.first = {vectors.data(), n};
        });
    }
};
/// The definition of swiglu without clamp and weights, in double precision.
inline double gate_of(const product_part& part, const reference::product& totals, i64 row, i64 column) {
    const auto rounded = [&](i64 n) { return double(float(bf16::from_float(float(total(part, totals, row, n))))); };
    const i64 at = column / 8 * 16 + column % 8;
    const double gate = rounded(at), up = rounded(at + 8);
    return gate / (1 + std::exp(-gate)) * up;
}
struct gated_columns {
    static constexpr const char* name = "`swiglu`, `gated`";
    using epilogue = then<swiglu<swiglu_math::ieee>, store<float>>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        return value_outcome(simulated{}, product, product.shape.n / 2, gate_of, 5e-7, nothing);
    }
};
/// Whole numbers, so that all bits are known: gate or zero.
struct cast_gated {
    static constexpr const char* name = "`swiglu` or `gated`, then `cast_to_fp8<128>`";
    struct rectified {
        DEEPGEMM_DEVICE float operator()(float gate, float up, i32, i32) const { return gate > 0 ? gate * up : 0; }
    };
    using epilogue = then<gated<rectified>, cast_to_fp8<128, scale::cast_scales::packed>>;
    template <class K>
    static std::string outcome(const epilogue_product<K>& product) {
        const element_of element = [](const product_part&, const reference::product& totals, i64 row, i64 column) {
            const i64 at = column / 8 * 16 + column % 8;
            const float gate = float(totals.value(row, at)), up = float(totals.value(row, at + 8));
            return gate > 0 ? gate * up : 0;
        };
        return cast_outcome<K, 128, scale::cast_scales::packed, float, e4m3>(
            simulated{}, product, product.shape.n / 2, major::mn, element,
            [](auto& arguments) -> auto& { return arguments.epilogue.rest; });
    }
};

}  // namespace rows

namespace columns {

using half = operand<bf16>;
inline constexpr config tiles{.block = {64, 256, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr i32 n = 256, k = 160;

template <class Epilogue, class Groups>
using groups_of = grouped_kernel<half, half, Epilogue, tiles, Groups>;

struct dense_fp8 {
    static constexpr const char* name = "dense, FP8";
    static constexpr config block{.block = {64, 256, 128}, .sm90 = {.warpgroups = 1, .column_parts = 2}};
    template <class Epilogue>
    using kernel = gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>,
                        operand<e4m3, scale::per_block<scale::fp32>>, Epilogue, block>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return dense_product<K>(random, {77, n, k});
    }
};
struct dense_half {
    static constexpr const char* name = "dense, 16 bits";
    template <class Epilogue>
    using kernel = gemm<arch::sm90, half, half, Epilogue, tiles>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return dense_product<K>(random, {77, n, k});
    }
};
struct split {
    static constexpr const char* name = "K split in a cluster";
    static constexpr config block{
        .block = {64, 256, 64}, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
    template <class Epilogue>
    using kernel = gemm<arch::sm90, half, half, Epilogue, block>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return dense_product<K>(random, {77, n, k});
    }
};
struct slots {
    static constexpr const char* name = "groups with slots";
    template <class Epilogue>
    using kernel = groups_of<Epilogue, masked_groups>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return slots_product<K>(random, {100, n, k}, {0, 3, 100, 65});
    }
};
struct rows_by_ends {
    static constexpr const char* name = "rows, by ends";
    template <class Epilogue>
    using kernel = groups_of<Epilogue, psum_groups>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return rows_product<K>(random, n, k, {0, 3, 100, 65}, tiles.block.m);
    }
};
struct rows_by_index {
    static constexpr const char* name = "rows, by index";
    template <class Epilogue>
    using kernel =
        gemm<arch::sm90, half, half, Epilogue, tiles, indexed<tiles.block, tiles.cluster, tiles.raster_rows>>;
    /// Three groups, of which the second one ends inside a tile.
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        epilogue_product<K> made{{192, n, k},
                                 {K::info.traits.a, 1, 192, k, random},
                                 {K::info.traits.b, 3, n, k, random},
                                 1,
                                 {{0, 64, 0, 1, 0}, {64, 40, 0, 0, 0}, {104, 88, 0, 2, 0}},
                                 {},
                                 {3, nullptr, 8}};
        for (const product_part& part : made.parts)
            made.table.insert(made.table.end(), std::size_t(part.count), part.b);
        return made;
    }
};
struct batches {
    static constexpr const char* name = "batches";
    template <class Epilogue>
    using kernel = groups_of<Epilogue, uniform_groups>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return slots_product<K>(random, {70, n, k}, {70, 70});
    }
};
struct along_k {
    static constexpr const char* name = "groups along K";
    template <class Epilogue>
    using kernel = groups_of<Epilogue, k_groups>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return {{70, n, 192},
                {K::info.traits.a, 1, 70, 192, random},
                {K::info.traits.b, 1, n, 192, random},
                2,
                {{0, 70, 0, 0, 0, 0, 64}, {0, 70, 0, 0, 1, 64, 128}},
                {64, 128},
                {2}};
    }
};

struct parts_of_k {
    static constexpr const char* name = "parts of K";
    template <class Epilogue>
    using kernel = groups_of<Epilogue, k_parts>;
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return {{70, n, 192},
                {K::info.traits.a, 1, 70, 192, random},
                {K::info.traits.b, 1, n, 192, random},
                2,
                {{0, 70, 0, 0, 0, 0, 128}, {0, 70, 0, 0, 1, 128, 64}},
                {},
                {2, 64}};
    }
};
struct exchanged_operands {
    static constexpr const char* name = "operands exchanged";
    static constexpr config few{
        .block = {32, 64, 64}, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
    template <class Epilogue>
    struct kernel : gemm<arch::sm90, half, half, Epilogue, few> {
        using element = typename Epilogue::element;
        using tiles = default_tiles<few>;
    };
    template <class K>
    static epilogue_product<K> product(random_source& random) {
        return dense_product<K>(random, {77, n, k});
    }
};

}  // namespace columns

/// Runs one cell.
template <class Row, class Column>
void run_cell(epilogue_outcomes& outcomes) {
    using kernel = typename Column::template kernel<typename Row::epilogue>;
    random_source random(fresh_seed());
    outcomes[{Row::name, Column::name}] = Row::outcome(Column::template product<kernel>(random));
}
/// Runs all rows but the last, which not all columns have, of some columns.
template <class... Columns>
void run_columns(epilogue_outcomes& outcomes) {
    const auto of_column = [&]<class Column>(Column*) {
        const auto of_rows = [&]<class... Rows>() { (run_cell<Rows, Column>(outcomes), ...); };
        of_rows
            .template operator()<rows::stored, rows::accumulated, rows::added, rows::heads, rows::stochastic,
                                 rows::cast_32, rows::cast_128, rows::signalled, rows::linear, rows::gated_columns>();
    };
    (of_column(static_cast<Columns*>(nullptr)), ...);
}

/// The table of the page: its cells by row and column.
inline epilogue_outcomes cells_of_page() {
    const auto lines = source_lines("docs/concepts/epilogue.md");
    auto line = std::find(lines.begin(), lines.end(), "<!-- table: epilogues -->");
    REQUIRE(line != lines.end());
    const auto words_of = [](const std::string& row) {
        std::vector<std::string> words;
        for (std::size_t at = 2, bar; (bar = row.find(" |", at)) != std::string::npos; at = bar + 3)
            words.push_back(row.substr(at, bar - at));
        return words;
    };
    const std::vector<std::string> head = words_of(*++line);
    epilogue_outcomes cells;
    for (line += 2; line != lines.end() && line->starts_with("|"); ++line) {
        const std::vector<std::string> row = words_of(*line);
        REQUIRE(row.size() == head.size());
        for (std::size_t i = 1; i < row.size(); ++i) cells[{row[0], head[i]}] = row[i];
    }
    return cells;
}

/// Holds the page's columns that have outcomes against these: what was run is right and marked "yes", and nothing else is.
inline void check_columns(const epilogue_outcomes& outcomes) {
    std::set<std::string> columns;
    for (const auto& [cell, outcome] : outcomes) {
        CAPTURE(cell.first);
        CAPTURE(cell.second);
        CHECK(outcome == "");
        columns.insert(cell.second);
    }
    const epilogue_outcomes cells = cells_of_page();
    for (const auto& [cell, text] : cells) {
        if (!columns.contains(cell.second)) continue;
        CAPTURE(cell.first);
        CAPTURE(cell.second);
        CHECK((text == "yes") == outcomes.contains(cell));
    }
    for (const auto& [cell, outcome] : outcomes) CHECK(cells.contains(cell));
}

}  // namespace deepgemm::test
