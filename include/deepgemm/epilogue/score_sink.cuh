// SPDX-License-Identifier: MIT
// What becomes of finished scores of queries and keys: the concept score_sink. A kernel computes scores tile by tile, keys by
// queries, and hands them to its sink in registers. The model of the library stores them (store_logits.cuh); another one may
// keep the best keys of each query instead.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

namespace deepgemm {

/// A query whose scores a thread has, and its range of keys. A thread may have none: then `exists` is false, and the rest has
/// no meaning.
struct scored_query {
    i32 query;
    key_range range;
    bool exists;
};

namespace score_sink_concept {
/// Names its arguments, which are a parameter of the kernel, and says how many keys of a range count.
template <class S>
concept takes_arguments = requires(const typename S::arguments& args, i32 keys) {
    requires __is_trivially_copyable(typename S::arguments);
    { S::longest(args, keys) } -> same_as<i32>;
};
/// Opens the scores of some queries, `Count` for each thread, from a key on.
template <class S>
concept opens = requires(const typename S::arguments& args, i32 keys, const scored_query (&queries)[2], i32 key) {
    { S::template open<2>(args, keys, queries, key) } -> same_as<typename S::template scores<2>>;
};
/// Takes one score of each of the thread's queries at a time, of the key that is `ahead` of the current one, and moves on.
template <class S>
concept takes_scores = requires(typename S::template scores<2>& open, i32 ahead, const float (&score)[2], i32 keys) {
    open.take(ahead, score);
    open.advance(keys);
};
/// Says whether it wants to know of keys that no query of a tile has in its range; a warp then passes them to it.
template <class S>
concept fills = requires(const typename S::arguments& args, i32 keys, i32 query, key_range scored) {
    { S::fills_outside } -> same_as<const bool&>;
    S::fill_outside(args, keys, query, scored);
};
}  // namespace score_sink_concept

/// Takes scores of queries and keys. A thread gets scores of one key and several queries at a time, from low keys to high ones;
/// different threads, and CTAs, get different keys of a query. It also gets scores of keys outside of a query's range, if these
/// are in the range of a neighbour, and beyond the last key, up to the end of a key tile: none of these means anything.
/// Satisfied by: `arguments`, trivially copyable, and `longest(arguments, keys)`; a class template `scores<Count>` which
/// `open<Count>(arguments, keys, queries, key)` makes, with `take(ahead, score)` and `advance(keys)`; `fills_outside`, and
/// `fill_outside(arguments, keys, query, scored)`, which a warp calls for each query with the keys that are passed to take(). It may
/// name a `filler` with shared memory for this: its `bytes`, `at(shared address)`, and a fill_outside() of its own.
template <class S>
concept score_sink = score_sink_concept::takes_arguments<S> && score_sink_concept::opens<S> &&
    score_sink_concept::takes_scores<S> && score_sink_concept::fills<S>;

namespace score_sink_concept {
/// Complete for sinks only; see `explains`.
template <score_sink S>
struct model {};
}  // namespace score_sink_concept

}  // namespace deepgemm
