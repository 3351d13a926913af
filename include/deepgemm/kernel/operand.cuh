// SPDX-License-Identifier: MIT
// What an operand of a product is, as facts: its element type, its scales and its order in memory. Each architecture says which
// operands it multiplies: mma/sm90/product.cuh.
#pragma once

#include <deepgemm/kernel/info.cuh>
#include <deepgemm/scale/granularities.cuh>

namespace deepgemm {

namespace operand_concept {
/// Names an element type, and describes itself to the host.
template <class T>
concept has_element = requires {
    typename T::element;
    { T::info } -> converts_to<operand_info>;
};
/// Names its scales.
template <class T>
concept names_scales = requires {
    typename T::scale;
};
/// Says along which dimension it is contiguous.
template <class T>
concept says_order = requires {
    { T::contiguous } -> converts_to<major>;
};
}  // namespace operand_concept

/// An operand of a product: an element type with scales, in an order.
/// Satisfied by: `element`, `info`, `contiguous`, and `scale`, a scale_granularity.
template <class T>
concept scaled_operand = operand_concept::has_element<T> && operand_concept::names_scales<T> &&
    operand_concept::says_order<T> && scale_granularity<typename T::scale>;

/// One operand of a product: its element type, its scales if it has any, and the dimension along which it is contiguous in
/// memory.
template <class Element, class Scale = scale::none, major Contiguous = major::k>
struct operand {
    static_assert(scale_granularity<Scale>,
                  "operand: the scales must model scale_granularity: scale::per_token<...>, say");
    static_assert(explains<scale_concept::model<Scale>>);
    using element = Element;
    using scale = Scale;
    static constexpr major contiguous = Contiguous;
    static constexpr operand_info info{dtype_of<Element>, Scale::format::kind, Scale::tile, Contiguous,
                                       Scale::via == deepgemm::scale::route::copied ? major::k : major::mn};
};

/// An operand whose rows are gathered: a list in device memory says which row of `Operand` each row of the product is. Scales
/// of its rows are gathered with them, and may be MN-major or K-major.
template <class Operand>
struct gathered : Operand {
    static_assert(Operand::contiguous == major::k &&
                      (Operand::info.tile == scale_tile{1, 128} || Operand::info.format == scale_kind::none),
                  "gathered: rows must be contiguous along K, and have scales of their own or none");
    using scale = deepgemm::scale::gathered<typename Operand::scale>;
    static constexpr operand_info info{.type = Operand::info.type,
                                       .format = Operand::info.format,
                                       .tile = Operand::info.tile,
                                       .contiguous = major::k,
                                       .gathered = true};
};

}  // namespace deepgemm
