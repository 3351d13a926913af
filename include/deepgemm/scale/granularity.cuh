// SPDX-License-Identifier: MIT
// What a granularity of scales is: which tile of an operand one scale covers, and how scales travel. The models are in
// granularities.cuh. They state facts; each kernel says which of them it serves.
#pragma once

#include <deepgemm/scale/format.cuh>

namespace deepgemm {

namespace scale {
/// How scales get from global memory to the arithmetic.
enum class route : u8 {
    none,           ///< there are no scales
    stage,          ///< in the stage of their operand, by TMA: one word for each row of a tile
    copied,         ///< the same, but copied there by warps, since they are in an order that TMA cannot load so
    registers,      ///< loaded and held by the warps that need them: few scales
    tensor_memory,  ///< in tensor memory, where the tensor core applies them
    epilogue,       ///< in the epilogue, since they hold for all of K and can be applied to the totals
};

/// True for scales, or for none at all, that allow the tensor core to sum over all of K.
DEEPGEMM_BOTH constexpr bool all_of_k(route via) { return via == route::none || via == route::epilogue; }

/// True for scales that are in the stage of their operand, whoever puts them there.
DEEPGEMM_BOTH constexpr bool in_stage(route via) { return via == route::stage || via == route::copied; }

/// True for scales that TMA copies into the stage of their operand, a word for each row of a tile.
template <class Scale>
inline constexpr bool by_copies = Scale::via == route::stage ||
                                  (Scale::via == route::tensor_memory && Scale::tile.mn == 1);

/// True if warps copy scales of one of the granularities `Scales`.
template <class... Scales>
inline constexpr bool any_copied = ((Scales::via == route::copied) || ...);
}  // namespace scale

namespace scale_concept {
/// Names the tile of an operand that one scale covers.
template <class G>
concept covers_tile = requires {
    { G::tile } -> same_as<const scale_tile&>;
};
/// Names the format of its words.
template <class G>
concept names_format = requires {
    typename G::format;
};
/// Says by which route its scales travel.
template <class G>
concept says_route = requires {
    { G::via } -> same_as<const scale::route&>;
};
}  // namespace scale_concept

/// Which tile of an operand one scale covers, in which format it is stored and by which route it travels.
/// Satisfied by: `tile`, a scale_tile; `via`, a scale::route; `format`, a scale_format.
template <class G>
concept scale_granularity = scale_concept::covers_tile<G> && scale_concept::says_route<G> &&
    scale_concept::names_format<G> && scale_format<typename G::format>;

namespace scale_concept {
/// Complete for granularities only; see `explains`.
template <scale_granularity G>
struct model {};
}  // namespace scale_concept

}  // namespace deepgemm
