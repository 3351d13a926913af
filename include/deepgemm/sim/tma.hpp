// SPDX-License-Identifier: MIT
// Bulk and tensor copies. A load lands in both views of shared memory and then counts its bytes on an mbarrier. A store
// first reads shared memory (wait_group.read), later writes global memory (wait_group).
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/mbarrier.hpp>
#include <deepgemm/sim/tma_box.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

// ---- loads

/// What a load brings: bytes of shared memory, of each 16 the first `chunk_data` with data. Barriers count the data.
struct load_size {
    u32 bytes, chunk_data = 16;
    u32 counted() const { return bytes * chunk_data / 16; }
};

/// Leaves the bytes of each chunk that hold no data undefined, as if nobody had written them.
inline void undefine_gaps(cta_state& cta, u32 offset, load_size size) {
    for (u32 chunk = offset; chunk < offset + size.bytes && size.chunk_data != 16; chunk += 16) {
        const u32 gap = chunk + size.chunk_data, bytes = 16 - size.chunk_data;
        std::memset(cta.generic + gap, 0xff, bytes);
        std::memset(cta.async + gap, 0xff, bytes);
        mark_unwritten(cta, gap, gap + bytes);
    }
}

/// Starts a load of `size` to `dst`, to every CTA of `mask` (0: the own one), counted on the barrier at the offset of `bar` in
/// each; with `pairs` in that CTA of each pair whose rank is as even or odd as that of `bar`. `fill(image, tile)` gives the
/// bytes when it lands.
template <class Fill>
void start_load(u32 dst, load_size size, u32 bar, u32 mask, bool pairs, const char* what, u32 alignment, Fill fill) {
    const u32 bytes = size.bytes;
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
    if (pairs ? (bar >> 25 != own.rank >> 1 || (own.rank | 1) >= cluster.ctas.size()) : bar >> 24 != dst >> 24) {
        fail("%s: data and mbarrier lie in different %s", what, pairs ? "pairs of CTAs" : "CTAs");
    }
    if (mask >> cluster.ctas.size() != 0) fail("%s: CTA mask 0x%x exceeds the cluster", what, mask);
    std::vector<target> targets;
    for (u32 rank = 0; rank < cluster.ctas.size(); ++rank) {
        if ((mask >> rank & 1) == 0) continue;
        cta_state& cta = *cluster.ctas[rank];
        cta_state& barrier_cta = pairs ? *cluster.ctas[(rank & ~1u) | (bar >> 24 & 1)] : cta;
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
    current().statistics.load_bytes += u64(size.counted()) * targets.size();
    const std::size_t span = begin_span(activity::load, what);
    post([=, &log, targets = std::move(targets)] {
        std::vector<u8> image(bytes, 0);
        fill(image.data(), offset);
        for (const target& t : targets) {
            if (t.cta->alive == 0) fail("%s lands in CTA rank %u, which has exited", what, t.cta->rank);
            std::memcpy(t.cta->generic + offset, image.data(), bytes);
            std::memcpy(t.cta->async + offset, image.data(), bytes);
            mark_written(*t.cta, offset, offset + bytes);
            undefine_gaps(*t.cta, offset, size);
            end_write(*t.cta, t.id);
            if (checks_global()) {
                mbarrier_state& counted_on = find_mbarrier(*t.barrier_cta, barrier, what, true);
                land_load(log, thread, number, counted_on.arrivals.all.seen);
            }
            arrive_on(*t.barrier_cta, barrier, 0, -i64(size.counted()), what);
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

/// `pairs`: see start_load().
inline void tma_load(const tensor_map& map, u32 dst, u32 bar, const i32* coord, int rank, u32 mask,
                     bool pairs = false) {
    const char* what = mask != 0 ? "TMA load (multicast)" : "TMA load";
    const tensor_description d = tensor_of(map, rank, true, what);
    const box_position p(d, coord, rank, what);
    check_grid_waited(d.base, true, what);
    for_each_row(d, p, 1, [&](u32, u32 first, u32 last, const u8* global) {
        check_read(global + first, last - first, {.kind = read_kind::copy}, what);
    });
    start_load(dst, {d.box_bytes(), d.chunk_data}, bar, mask, pairs, what, 128, [=](u8* image, u32 tile) {
        for_each_run(d, p, tile, 1, [&](u32 offset, const u8* global, u32 n) {
            std::memcpy(image + offset, global, n);
            if (d.type == dtype::tf32) round_to_tf32(image + offset, n);
        });
    });
}

/// The same for pairs of CTAs, counted on the barrier of the leader.
inline void tma_load_pair(const tensor_map& map, u32 dst, u32 bar, const i32* coord, int rank, u32 mask) {
    tma_load(map, dst, bar & 0xfeffffff, coord, rank, mask, true);
}
/// The same of two dimensions, for CTAs of cta_group `group`: with 1 the barrier is the CTA's own.
inline void tma_load_pair(u32 group, const tensor_map& map, u32 dst, u32 bar, const i32 (&coord)[2]) {
    if (group == 2) {
        tma_load_pair(map, dst, bar, coord, 2, 0);
    } else {
        tma_load(map, dst, bar, coord, 2, 0);
    }
}

inline void check_bulk(const void* global, u32 bytes, const char* what) {
    if (bytes == 0 || bytes % 16 != 0) fail("%s: %u bytes are not a positive multiple of 16", what, bytes);
    check_global(global, 16, what);
}

inline void bulk_load(u32 dst, const void* src, u32 bytes, u32 bar, u32 mask) {
    check_bulk(src, bytes, "bulk load");
    check_grid_waited(src, true, "bulk load");
    check_read(src, bytes, {.kind = read_kind::copy}, "bulk load");
    start_load(dst, {bytes}, bar, mask, false, "bulk load", 16,
               [=](u8* image, u32) { std::memcpy(image, src, bytes); });
}

/// st.async: 16 bytes to a CTA of the cluster, landing like a copy.
inline void st_async(u32 dst, const void* value, u32 bar) {
    std::array<u8, 16> bytes;
    std::memcpy(bytes.data(), value, bytes.size());
    start_load(dst, {u32(bytes.size())}, bar, 1u << cta_of(dst, "st.async").rank, false, "st.async", 16,
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
    if (d.chunk_data != 16) fail("%s: a tensor map of padded elements is for loads only", what);
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
