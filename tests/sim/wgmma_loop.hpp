// SPDX-License-Identifier: MIT
// What a wgmma probe must leave behind, by a plain triple loop over the same small integers.
#pragma once

#include "../device/simulate.hpp"
#include "../device/wgmma_probes.cuh"

namespace deepgemm::probes {

/// A product as the loop sees it: sizes, and where elements lie in the probe's buffers.
struct plain_product {
    u32 n, k;
    u32 (*a_index)(u32 row, u32 k);
    u32 (*b_index)(u32 row, u32 k);
    float (*between)(u32 t, u32 i);
};
template <class P>
inline constexpr plain_product product_of{P::output_bytes / 256, P::operand_a::k, &P::operand_a::index,
                                          &P::operand_b::index, &P::between};

/// Elements of the output that differ from the definition of the product.
inline int mismatches(const bytes& output, const plain_product& p) {
    int bad = 0;
    for (u32 t = 0; t < 128; ++t) {
        for (u32 i = 0; i < p.n / 2; ++i) {
            const u32 row = 16 * (t / 32) + t % 32 / 4 + 8 * (i / 2 % 2), column = 8 * (i / 4) + 2 * (t % 4) + i % 2;
            float expected = 0;
            for (u32 k = 0; k < p.k; ++k) {
                expected += small_integer(0, p.a_index(row, k)) * small_integer(1, p.b_index(column, k));
            }
            expected = 2 * expected + p.between(t, i);
            float value;
            std::memcpy(&value, output.data() + (t * (p.n / 2) + i) * 4, 4);
            bad += value != expected;
        }
    }
    return bad;
}

/// Runs every probe of a list; returns a line for each whose product is wrong.
template <class... P>
std::string wrong_products(probe_list<P...>, const sim::options& options = {}) {
    struct entry {
        const probe_value* probe;
        const plain_product* product;
    };
    std::string lines;
    for (const entry& e : {entry{&value_of<P>, &product_of<P>}...}) {
        const int bad = mismatches(simulate(*e.probe, options), *e.product);
        if (bad != 0) {
            lines += sim::text("%s x %s, N %u, K %u: %d elements\n", name_of(e.probe->a_type), name_of(e.probe->b_type),
                               e.product->n, e.product->k, bad);
        }
    }
    return lines;
}

}  // namespace deepgemm::probes
