// SPDX-License-Identifier: MIT
// Bulk and tensor copies. A load lands in both views of shared memory and then counts its bytes on an mbarrier. A store
// first reads shared memory (wait_group.read), later writes global memory (wait_group).
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/layout/swizzle.cuh>
#include <deepgemm/sim/global.hpp>
#include <deepgemm/sim/mbarrier.hpp>
#include <deepgemm/sim/tensor_map.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// The description in a map, which encode_tensor_map() must have made.
inline tensor_description check_tensor_map(const tensor_map& map, const char* what) {
    const tensor_description d = description_of(map);
    if (d.magic != tensor_map_magic) fail("%s: the tensor map was not made by sim::encode_tensor_map", what);
    return d;
}

/// The description in the map that a TMA load or store is about to use.
inline tensor_description tensor_of(const tensor_map& map, int rank, bool loads, const char* what) {
    check_map(map, loads, what);
    const tensor_description d = check_tensor_map(map, what);
    if (d.rank != rank) fail("%s: %d coordinates for a tensor map of rank %u", what, rank, d.rank);
    return d;
}

/// Nothing but checks: the machine has no caches.
inline void prefetch_l2(const void* address, u32 bytes) {
    constexpr const char* what = "cp.async.bulk.prefetch.L2";
    check_global(address, 1, what);
    if (reinterpret_cast<u64>(address) % 16 != 0 || bytes % 16 != 0 || bytes == 0) {
        fail("%s: global address %p and %u bytes must be multiples of 16", what, address, bytes);
    }
    for (u32 at = 0; at < bytes; at += 16) static_cast<void>(*(static_cast<const volatile char*>(address) + at));
}

inline void prefetch_tensor_map(const tensor_map& map) { check_tensor_map(map, "prefetch.tensormap"); }

/// Where a box lies in its tensor.
struct box_position {
    i64 at[5] = {0, 0, 0, 0, 0};
    box_position(const tensor_description& d, const i32* coord, int rank, const char* what) {
        for (int i = 0; i < rank; ++i) at[i] = coord[i];
        // Hopper raises an illegal instruction here; PTX does not say so.
        if (at[0] * i64(d.element_bytes()) % 16 != 0) {
            fail("%s: contiguous coordinate %d of %u-byte elements is not at a multiple of 16 bytes", what, coord[0],
                 d.element_bytes());
        }
    }
};

/// Nothing but checks, as above.
inline void tma_prefetch(const tensor_map& map, const i32* coord, int rank) {
    constexpr const char* what = "cp.async.bulk.prefetch.tensor";
    const tensor_description d = check_tensor_map(map, what);
    if (d.rank != rank) fail("%s: %d coordinates for a tensor map of rank %u", what, rank, d.rank);
    static_cast<void>(box_position(d, coord, rank, what));
}

/// Calls f(row of the box, first byte and end in it, address of the row's start) for each row that lies in the tensor. Loads
/// end a row exactly at the tensor's edge; stores, as on Hopper, end it with the 16 bytes in which the edge lies (`unit` 16
/// instead of 1).
template <class F>
void for_each_row(const tensor_description& d, const box_position& p, u32 unit, F f) {
    const u32 element = d.element_bytes(), row_bytes = d.row_bytes();
    const i64 extent = i64(d.extent[0]);
    const u32 first = u32(std::clamp<i64>(-p.at[0], 0, d.box[0])) * element;  // bytes of a row
    const u32 edge = u32(std::clamp<i64>(extent - p.at[0], 0, d.box[0])) * element;
    const u32 last = std::min(align_up(edge, unit), row_bytes);
    if (first >= last) return;
    for (u32 row = 0; row < d.rows(); ++row) {
        u32 rest = row;
        bool inside = true;
        u8* global = d.base + p.at[0] * i64(element);
        for (u32 i = 1; i < 5; ++i) {
            const i64 x = p.at[i] + rest % d.box[i];
            rest /= d.box[i];
            inside = inside && x >= 0 && x < i64(d.extent[i]);
            global += x * i64(d.stride[i]);
        }
        if (inside) f(row, first, last, global);
    }
}

/// Calls f(offset, global, bytes) for each run of those rows that, under the swizzle, lies in one piece of shared memory:
/// `offset` from the start of the tile at shared-memory offset `tile`.
template <class F>
void for_each_run(const tensor_description& d, const box_position& p, u32 tile, u32 unit, F f) {
    const u32 row_bytes = d.row_bytes();
    for_each_row(d, p, unit, [&](u32 row, u32 first, u32 last, u8* global) {
        if (d.swizzle == swizzle_mode::none) {
            f(row * row_bytes + first, global + first, last - first);
            return;
        }
        for (u32 b = first; b < last;) {
            const u32 n = std::min(last - b, 16 - b % 16);
            f(swizzled(tile + row * row_bytes + b, d.swizzle) - tile, global + b, n);
            b += n;
        }
    });
}

// ---- loads

/// Starts a load of `bytes` to `dst`, to every CTA of `mask` (0: the own one), counted on the barrier at the offset of
/// `bar` in each, or with `one_barrier` all on `bar`. `fill(image, tile)` gives the bytes when it lands.
template <class Fill>
void start_load(u32 dst, u32 bytes, u32 bar, u32 mask, bool one_barrier, const char* what, u32 alignment, Fill fill) {
    struct target {
        cta_state* cta;
        cta_state* barrier_cta;
        u64 id;
    };
    cta_state& own = *me().cta;
    cluster_state& cluster = *own.cluster;
    const u32 offset = off_of(dst, bytes, what, alignment), barrier = off_of(bar, 8, what, 8);
    if (mask == 0) {
        if (&cta_of(dst, what) != &own) fail("%s: destination in a peer CTA without multicast", what);
        mask = 1u << own.rank;
    }
    if (!one_barrier && bar >> 24 != dst >> 24) fail("%s: data and mbarrier lie in different CTAs", what);
    if (mask >> cluster.ctas.size() != 0) fail("%s: CTA mask 0x%x exceeds the cluster", what, mask);
    std::vector<target> targets;
    for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
        if ((mask >> rank & 1) == 0) continue;
        cta_state& cta = *cluster.ctas[rank];
        cta_state& barrier_cta = one_barrier ? cta_of(bar, what) : cta;
        check_async_write(cta, offset, offset + bytes, what);
        for (const auto& m : cta.mbarriers) {
            if (m->live && byte_range{offset, offset + bytes}.overlaps(m->offset, m->offset + 8)) {
                fail("%s overwrites the mbarrier at 0x%x", what, window + m->offset);
            }
        }
        find_mbarrier(barrier_cta, barrier, what, true);
        targets.push_back({&cta, &barrier_cta, begin_write(cta, offset, offset + bytes, window + barrier)});
    }
    cta_log& log = *own.log;
    const u32 thread = me().index, number = ++log.loads[thread / 32];
    ++current().statistics.loads;
    current().statistics.load_bytes += u64(bytes) * targets.size();
    const std::size_t span = begin_span(activity::load, what);
    post([=, &log, targets = std::move(targets)] {
        std::vector<u8> image(bytes, 0);
        fill(image.data(), offset);
        for (const target& t : targets) {
            if (t.cta->alive == 0) fail("%s lands in CTA rank %u, which has exited", what, t.cta->rank);
            std::memcpy(t.cta->generic + offset, image.data(), bytes);
            std::memcpy(t.cta->async + offset, image.data(), bytes);
            mark_written(*t.cta, offset, offset + bytes);
            end_write(*t.cta, t.id);
            if (checks_global()) {
                mbarrier_state& counted_on = find_mbarrier(*t.barrier_cta, barrier, what, true);
                land_load(log, thread, number, counted_on.arrivals.all.seen);
            }
            arrive_on(*t.barrier_cta, barrier, 0, -i64(bytes), what);
        }
        end_span(span);
    });
}

/// Rounds `bytes` bytes of floats, as loads by maps of type TF32 do on their way to shared memory.
inline void round_to_tf32(u8* floats, u32 bytes) {
    for (u32 at = 0; at < bytes; at += u32(sizeof(float))) {
        float value;
        std::memcpy(&value, floats + at, sizeof value);
        value = float(tf32::from_float(value));
        std::memcpy(floats + at, &value, sizeof value);
    }
}

/// `one_barrier`: the barrier may lie in another CTA than the data (SM100 CTA pairs).
inline void tma_load(const tensor_map& map, u32 dst, u32 bar, const i32* coord, int rank, u32 mask,
                     bool one_barrier = false) {
    const char* what = mask != 0 ? "TMA load (multicast)" : "TMA load";
    const tensor_description d = tensor_of(map, rank, true, what);
    const box_position p(d, coord, rank, what);
    check_grid_waited(d.base, true, what);
    for_each_row(d, p, 1, [&](u32, u32 first, u32 last, const u8* global) {
        check_read(global + first, last - first, {.kind = read_kind::copy}, what);
    });
    start_load(dst, d.box_bytes(), bar, mask, one_barrier, what, 128, [=](u8* image, u32 tile) {
        for_each_run(d, p, tile, 1, [&](u32 offset, const u8* global, u32 n) {
            std::memcpy(image + offset, global, n);
            if (d.type == dtype::tf32) round_to_tf32(image + offset, n);
        });
    });
}

inline void check_bulk(const void* global, u32 bytes, const char* what) {
    if (bytes == 0 || bytes % 16 != 0) fail("%s: %u bytes are not a positive multiple of 16", what, bytes);
    check_global(global, 16, what);
}

inline void bulk_load(u32 dst, const void* src, u32 bytes, u32 bar, u32 mask) {
    check_bulk(src, bytes, "bulk load");
    check_grid_waited(src, true, "bulk load");
    check_read(src, bytes, {.kind = read_kind::copy}, "bulk load");
    start_load(dst, bytes, bar, mask, false, "bulk load", 16, [=](u8* image, u32) { std::memcpy(image, src, bytes); });
}

/// st.async: 16 bytes to a CTA of the cluster, landing like a copy.
inline void st_async(u32 dst, const void* value, u32 bar) {
    std::array<u8, 16> bytes;
    std::memcpy(bytes.data(), value, bytes.size());
    start_load(dst, u32(bytes.size()), bar, 1u << cta_of(dst, "st.async").rank, false, "st.async", 16,
               [bytes](u8* image, u32) { std::memcpy(image, bytes.data(), bytes.size()); });
}

// ---- stores

/// Starts a store of `bytes` at `src`; `put(image, tile)` writes them to global memory. `used(f)` calls f(offset, bytes)
/// for the parts of the tile that are really stored.
template <class Put, class Used>
void start_store(u32 src, u32 bytes, const char* what, u32 alignment, Put put, Used used) {
    thread_state* const t = &me();
    cta_state* const cta = t->cta;
    const u32 offset = off_of(src, bytes, what, alignment);
    if (&cta_of(src, what) != cta) fail("%s: source in a peer CTA", what);
    check_in_flight(*cta, offset, offset + bytes, what);
    if (first_unwritten(*cta, offset, offset + bytes) != offset + bytes) {
        used([&](u32 at, u32 n) { check_written(*cta, offset + at, offset + at + n, what); });
    }
    check_fenced(*cta, offset, offset + bytes, what);
    const u64 id = begin_read(*cta, offset, offset + bytes, what);
    auto operation = std::make_shared<bulk_operation>(bulk_operation{t->bulk_commits, false, false});
    t->bulk.push_back(operation);
    ++current().statistics.stores;
    current().statistics.store_bytes += bytes;
    const std::size_t span = begin_span(activity::store, what);
    post([=] {
        std::vector<u8> image(cta->async + offset, cta->async + offset + bytes);
        end_read(*cta, id);
        operation->source_read = true;
        wake_all(t->bulk_waiters);
        post([=, image = std::move(image)] {
            put(image.data(), offset);
            operation->written = true;
            end_span(span);
            wake_all(t->bulk_waiters);
        });
    });
}

/// Adds `bytes` of elements of `type` at `from` to those at `to`.
inline void add_elements(u8* to, const u8* from, u32 bytes, dtype type) {
    if (type == dtype::f32) {
        for (u32 i = 0; i < bytes; i += 4) {
            float a, b;
            std::memcpy(&a, to + i, 4);
            std::memcpy(&b, from + i, 4);
            a += b;
            std::memcpy(to + i, &a, 4);
        }
    } else {
        for (u32 i = 0; i < bytes; i += 2) {
            bf16 a, b;
            std::memcpy(&a, to + i, 2);
            std::memcpy(&b, from + i, 2);
            a = bf16::from_float(float(a) + float(b));
            std::memcpy(to + i, &a, 2);
        }
    }
}

inline void tma_store(const tensor_map& map, u32 src, const i32* coord, int rank, bool add) {
    const char* what = add ? "TMA reduce-add" : "TMA store";
    const tensor_description d = tensor_of(map, rank, false, what);
    const box_position p(d, coord, rank, what);
    check_grid_waited(d.base, false, what);
    for (int i = 0; i < rank; ++i) {
        if (coord[i] < 0) fail("%s: coordinate %d is %d; a store may not start before the tensor", what, i, coord[i]);
    }
    if (add && d.type != dtype::f32 && d.type != dtype::bf16) {
        fail("TMA reduce-add: elements of type %s; the simulator models f32 and bf16", name_of(d.type));
    }
    for_each_row(d, p, 16, [&](u32, u32 first, u32 last, const u8* global) {
        note_write(global + first, last - first, {add ? write_kind::reduction : write_kind::copy}, what);
    });
    start_store(
        src, d.box_bytes(), what, 128,
        [=](const u8* image, u32 tile) {
            for_each_run(d, p, tile, 16, [&](u32 offset, u8* global, u32 n) {
                if (add) {
                    add_elements(global, image + offset, n, d.type);
                } else {
                    std::memcpy(global, image + offset, n);
                }
            });
        },
        [&](auto check) {
            for_each_run(d, p, off_of(src, 1, what), 16, [&](u32 offset, const u8*, u32 n) { check(offset, n); });
        });
}

inline void bulk_store(void* dst, u32 src, u32 bytes) {
    check_bulk(dst, bytes, "bulk store");
    check_grid_waited(dst, false, "bulk store");
    note_write(dst, bytes, {write_kind::copy}, "bulk store");
    start_store(
        src, bytes, "bulk store", 16, [=](const u8* image, u32) { std::memcpy(dst, image, bytes); },
        [&](auto check) { check(0, bytes); });
}

/// `type` is f32 or bf16.
inline void bulk_reduce_add(void* dst, u32 src, u32 bytes, dtype type) {
    check_bulk(dst, bytes, "bulk reduce-add");
    check_grid_waited(dst, false, "bulk reduce-add");
    note_write(dst, bytes, {write_kind::reduction}, "bulk reduce-add");
    start_store(
        src, bytes, "bulk reduce-add", 16,
        [=](const u8* image, u32) { add_elements(static_cast<u8*>(dst), image, bytes, type); },
        [&](auto check) { check(0, bytes); });
}

inline void bulk_commit() { ++me().bulk_commits; }

/// Waits for all but the newest `n` bulk groups: until they have read shared memory, or until global memory is written.
inline void bulk_wait(u32 n, bool read_only) {
    thread_state& t = me();
    auto waits_for = [&](const bulk_operation& o) {
        return o.group + n < t.bulk_commits && !(read_only ? o.source_read : o.written);
    };
    auto pending = [&] {
        for (const auto& o : t.bulk) {
            if (waits_for(*o)) return true;
        }
        return false;
    };
    if (pending()) {
        const char* what = read_only ? "cp.async.bulk.wait_group.read" : "cp.async.bulk.wait_group";
        const std::size_t span = begin_span(activity::wait, what);
        while (pending()) block(t.bulk_waiters, {wait_reason::kind::other, what});
        end_span(span);
    }
    std::erase_if(t.bulk, [](const auto& o) { return o->written; });
    if (t.bulk_commits > n) complete_groups(t.bulk_commits - n, read_only);
}

/// A thread may not end while a store still reads the CTA's shared memory.
inline void check_bulk_at_exit(const thread_state& t) {
    for (const auto& o : t.bulk) {
        if (!o->source_read && current().options.check_stores_at_exit) {
            fail(
                "the thread ends while a bulk or TMA store of its still reads shared memory "
                "(missing cp.async.bulk.wait_group.read)");
        }
    }
}

}  // namespace deepgemm::sim
