// SPDX-License-Identifier: MIT
// Two-level accumulation. Hopper's FP8 tensor cores keep about 14 bits while they sum, so after each K block of 128 the CUDA
// cores scale the partial sums and add them to FP32 totals: total += (sa * sb) * partial. The products of scales do not need
// the partial sums, so they are formed while the tensor cores run, and one multiply-add for each total remains.
#pragma once

#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/vector.cuh>

namespace deepgemm::sm90 {

/// The scales of A for the two rows that a thread holds (rows r and r + 8).
struct row_scales {
    float value[2];

    /// The scales, computed at this point and not later.
    DEEPGEMM_DEVICE row_scales formed() const { return {{ptx::keep(value[0]), ptx::keep(value[1])}}; }
};
/// The scales of B for two neighbouring columns.
struct column_pair_scales {
    float value[2];
};

/// Products of scales: one for each register of a fragment, or one for each zone of registers that share it.
template <int Zones, int PerRow>
struct scale_products {
    float value[Zones][2][PerRow];  ///< of rows r and r + 8, and of PerRow neighbouring columns

    /// The products, computed at this point. Otherwise the compiler moves them behind the wait for the partial sums.
    DEEPGEMM_DEVICE scale_products formed() const {
        scale_products products = *this;
        DEEPGEMM_UNROLL
        for (auto& zone : products.value) {
            DEEPGEMM_UNROLL
            for (auto& row : zone) {
                DEEPGEMM_UNROLL
                for (float& product : row) product = ptx::keep(product);
            }
        }
        return products;
    }

    /// total(64, N) += product * partial(64, N); called by each thread with its own registers. Of one zone, partial sums may be those
    /// of as many columns as they are, which a total has at least.
    template <int Totals, int Registers>
    DEEPGEMM_DEVICE void promote(float (&total)[Totals], const float (&partial)[Registers]) const {
        static_assert(Registers == Totals || Zones == 1, "scale_products: parts of the columns are of one zone");
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; ++i) {
            total[i] += value[i / (Registers / Zones)][i / 2 % 2][i % 2 % PerRow] * partial[i];
        }
    }
};

/// The scales of B, and their products with those of A, of a block that has none: it is added to the totals as it is.
struct unit_scales {
    DEEPGEMM_DEVICE unit_scales formed() const { return {}; }
    template <int Registers>
    DEEPGEMM_DEVICE unit_scales times(row_scales) const {
        return {};
    }
    template <int Registers>
    DEEPGEMM_DEVICE unit_scales kept_or_late(row_scales) const {
        return {};
    }

    /// total(64, N) += partial(64, N); called by each thread with its own registers.
    template <int Registers>
    DEEPGEMM_DEVICE void promote(float (&total)[Registers], const float (&partial)[Registers]) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; ++i) total[i] += partial[i];
    }
};

/// Scales of both sides whose products are formed at promotion. That takes few registers, but more work between two multiplies.
/// Scales of B in shared memory must stay there until then.
template <class ColumnScales>
struct late_products;

/// Scales of B that cover a whole zone of columns: `Zones` zones share the N columns of a tile evenly.
template <int Zones>
struct zone_scales {
    float value[Zones];

    /// Those of part `part` of the columns, of which there are `Parts`.
    template <int Parts>
    DEEPGEMM_DEVICE zone_scales<Zones / Parts> part(int part) const {
        static_assert(Zones % Parts == 0, "zone_scales: a part has whole zones");
        zone_scales<Zones / Parts> mine;
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < Zones / Parts; ++zone) mine.value[zone] = value[part * (Zones / Parts) + zone];
        return mine;
    }
    /// The scales, computed at this point and not later.
    DEEPGEMM_DEVICE zone_scales formed() const {
        zone_scales scales = *this;
        DEEPGEMM_UNROLL
        for (float& scale : scales.value) scale = ptx::keep(scale);
        return scales;
    }

    /// The products with the scales of A, for fragments of `Registers` registers.
    template <int Registers>
    DEEPGEMM_DEVICE scale_products<Zones, 1> times(row_scales sa) const {
        scale_products<Zones, 1> products;
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < Zones; ++zone) {
            DEEPGEMM_UNROLL
            for (int row = 0; row < 2; ++row) products.value[zone][row][0] = sa.value[row] * value[zone];
        }
        return products;
    }
    /// The products in the form that takes fewest registers: that of times(), since these are few enough to keep.
    template <int Registers>
    DEEPGEMM_DEVICE scale_products<Zones, 1> kept_or_late(row_scales sa) const {
        return times<Registers>(sa);
    }
};

/// The products of scales of A with those of B for two columns in each of `Groups` groups of eight columns, given by
/// sb.pair(group).
template <int Groups, class ColumnScales>
DEEPGEMM_DEVICE scale_products<Groups, 2> products_by_column(const ColumnScales& sb, row_scales sa) {
    scale_products<Groups, 2> products;
    DEEPGEMM_UNROLL
    for (int group = 0; group < Groups; ++group) {
        const auto pair = sb.pair(group);
        DEEPGEMM_UNROLL
        for (int i = 0; i < 4; ++i) products.value[group][i / 2][i % 2] = sa.value[i / 2] * pair.value[i % 2];
    }
    return products;
}

/// Scales of B that differ from column to column, held in registers for several fragments that share them.
template <int Groups>
struct held_column_scales {
    column_pair_scales value[Groups];  ///< of this thread's two columns in each group of eight

    DEEPGEMM_DEVICE column_pair_scales pair(int group) const { return value[group]; }

    /// The scales, computed at this point and not later.
    DEEPGEMM_DEVICE held_column_scales formed() const {
        held_column_scales scales = *this;
        DEEPGEMM_UNROLL
        for (column_pair_scales& pair : scales.value) pair = {ptx::keep(pair.value[0]), ptx::keep(pair.value[1])};
        return scales;
    }
    /// The products, to be formed when a fragment is promoted, because there are no registers to keep them.
    DEEPGEMM_DEVICE late_products<held_column_scales> late(row_scales sa) const { return {sa, *this}; }
};

/// Scales of B that differ from column to column: one word per column in shared memory.
template <class Format>
struct column_scales {
    u32 address;  ///< of the word of this thread's first column
    int index;    ///< of the scale along K, which selects it inside a word

    /// The scales of this thread's two columns in group `group` of eight columns.
    DEEPGEMM_DEVICE column_pair_scales pair(int group) const {
        const auto words = ptx::ld_shared<ptx::vec2<u32>>(address + u32(group * 8 * sizeof(u32)));
        return {{Format::decode(words.x, index), Format::decode(words.y, index)}};
    }

    /// The products with the scales of A, for fragments of `Registers` registers.
    template <int Registers>
    DEEPGEMM_DEVICE scale_products<Registers / 4, 2> times(row_scales sa) const {
        return products_by_column<Registers / 4>(*this, sa);
    }
    /// The products in the form that takes fewest registers: formed when the fragment is promoted.
    template <int Registers>
    DEEPGEMM_DEVICE late_products<column_scales> kept_or_late(row_scales sa) const {
        return {sa, *this};
    }
    /// The scales in registers, for fragments of `Registers` registers.
    template <int Registers>
    DEEPGEMM_DEVICE held_column_scales<Registers / 4> held() const {
        held_column_scales<Registers / 4> scales;
        DEEPGEMM_UNROLL
        for (int group = 0; group < Registers / 4; ++group) scales.value[group] = pair(group);
        return scales.formed();
    }
};

template <class ColumnScales>
struct late_products {
    row_scales sa;
    ColumnScales sb;

    /// total(64, N) += (sa * sb) * partial(64, N); the same bits as scale_products gives.
    template <int Registers>
    DEEPGEMM_DEVICE void promote(float (&total)[Registers], const float (&partial)[Registers]) const {
        DEEPGEMM_UNROLL
        for (int group = 0; group < Registers / 4; ++group) {
            const auto scale = sb.pair(group);
            DEEPGEMM_UNROLL
            for (int i = 0; i < 4; ++i) {
                total[4 * group + i] += (sa.value[i / 2] * scale.value[i % 2]) * partial[4 * group + i];
            }
        }
    }
};

}  // namespace deepgemm::sm90
