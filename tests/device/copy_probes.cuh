// SPDX-License-Identifier: MIT
// Probes of TMA and bulk copies: tensors of 1 to 5 dimensions in every swizzle, boxes that stick out of them, stores,
// reductions, plain bulk copies, multicast. Shared memory is written out as it is after a load.
#pragma once

#include "probe.cuh"

namespace deepgemm::probes {

/// A tensor and a box that sticks out of it, low and high. Rows have a pitch larger than themselves.
template <u32 Rank, class T, swizzle_mode Swizzle>
struct probe_tensor {
    static constexpr u32 row_bytes = Swizzle == swizzle_mode::none ? 48 : swizzle_span_bytes(Swizzle);
    static constexpr u32 box[5] = {row_bytes / u32(sizeof(T)), 5, 3, 2, 2};
    static constexpr u32 extent[5] = {2 * box[0] - 5, 9, 5, 4, 3};
    /// Coordinate `i` of a box to load: dimensions 0, 2 and 4 stick out at the end, 1 and 3 at the beginning; and of a box to
    /// store, which may not begin before the tensor: all stick out at the end.
    static DEEPGEMM_BOTH constexpr i32 at(int i, bool store) {
        constexpr i32 first = i32((row_bytes - 16) / sizeof(T));  // TMA wants this in whole units of 16 bytes
        constexpr i32 past_1 = i32(extent[1] - box[1]) + 1, past_3 = i32(extent[3] - box[3]) + 1;
        if (store && i % 2 != 0) return i == 1 ? past_1 : past_3;
        return i == 0 ? first : i % 2 != 0 ? -2 + i / 2 : 4 - i / 2;
    }
    static constexpr u32 pitch_bytes = 2 * row_bytes + 16;

    static constexpr u32 product(u32 from, const u32 (&x)[5]) {
        u32 p = 1;
        for (u32 i = from; i < Rank; ++i) p *= x[i];
        return p;
    }
    static constexpr u32 bytes = pitch_bytes * product(1, extent), box_bytes = row_bytes * product(1, box);

    static tensor_map_request map(const void* base) {
        tensor_map_request r;
        r.base = base;
        r.type = dtype_of<T>;
        r.rank = Rank;
        for (u32 i = 0; i < Rank; ++i) {
            r.extent[i] = extent[i];
            r.box[i] = box[i];
            if (i > 0) r.stride_bytes[i - 1] = i == 1 ? pitch_bytes : r.stride_bytes[i - 2] * extent[i - 1];
        }
        r.swizzle = Swizzle;
        return r;
    }
    /// Calls f with the coordinates as an array of Rank.
    template <bool Store = false, class F>
    static DEEPGEMM_DEVICE void with_coordinates(F&& f) {
        i32 coord[Rank];
        for (u32 i = 0; i < Rank; ++i) coord[i] = at(int(i), Store);
        f(coord);
    }
};

struct copy_probe_base {
    static constexpr dtype a_type = dtype::i32, b_type = dtype::i32, output_type = dtype::i32;
    static constexpr u32 threads = 64, cluster = 1, b_bytes = 64;
    static constexpr u32 barrier_offset = 16384, smem_bytes = barrier_offset + 16;
};

template <int Rank, class T, swizzle_mode Swizzle>
struct tensor_load_probe : copy_probe_base {
    using tensor = probe_tensor<Rank, T, Swizzle>;
    static constexpr u32 a_bytes = tensor::bytes, output_bytes = tensor::box_bytes;

    static void maps(const void* a, const void*, void*, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = tensor::map(a);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), bar = smem + barrier_offset;
        make_barrier(bar);
        if (ptx::thread_index() == 0) {
            ptx::prefetch_tensor_map(p.map[0]);
            ptx::mbarrier_arrive_expect_tx(bar, output_bytes);
            tensor::with_coordinates([&](const i32(&coord)[Rank]) {
                ptx::tma_load<Rank>(p.map[0], smem, bar, coord, ptx::cache_hint::evict_first);
            });
        }
        ptx::mbarrier_wait(bar, 0, "box");
        dump_shared(p.output, smem, output_bytes);
    }
};

template <int Rank, class T, swizzle_mode Swizzle>
struct tensor_store_probe : copy_probe_base {
    using tensor = probe_tensor<Rank, T, Swizzle>;
    static constexpr u32 a_bytes = 64, output_bytes = tensor::bytes;

    static void maps(const void*, const void*, void* output, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = tensor::map(output);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem();
        fill_shared(smem, tensor::box_bytes, [](u32 i) { return hash(i); });
        if (ptx::thread_index() == 0) {
            tensor::template with_coordinates<true>(
                [&](const i32(&coord)[Rank]) { ptx::tma_store<Rank>(p.map[2], smem, coord); });
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    }
};

/// Word `i` of a source of sums: small integers of type T, a float or two bf16.
template <class T>
DEEPGEMM_BOTH u32 summand_word(u32 i) {
    if constexpr (sizeof(T) == 4) {
        return bit_cast<u32>(small_integer(7, i));
    } else {
        const u32 low = bf16::from_float(small_integer(7, 2 * i)).bits;
        return low | u32(bf16::from_float(small_integer(7, 2 * i + 1)).bits) << 16;
    }
}

/// Adds small integers of type T (f32 or bf16) to a tensor.
template <int Rank, class T, swizzle_mode Swizzle>
struct tensor_reduce_probe : copy_probe_base {
    using tensor = probe_tensor<Rank, T, Swizzle>;
    static constexpr dtype output_type = dtype_of<T>;
    static constexpr u32 a_bytes = 64, output_bytes = tensor::bytes;

    static void maps(const void*, const void*, void* output, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = tensor::map(output);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem();
        fill_shared(smem, tensor::box_bytes, [](u32 i) { return summand_word<T>(i); });
        if (ptx::thread_index() == 0) {
            tensor::template with_coordinates<true>(
                [&](const i32(&coord)[Rank]) { ptx::tma_reduce_add<Rank>(p.map[2], smem, coord); });
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    }
};

/// Plain bytes in and out, not aligned to more than 16.
struct bulk_copy_probe : copy_probe_base {
    static constexpr u32 a_bytes = 2048, output_bytes = 2048;
    static void maps(const void* a, const void* b, void* output, tensor_map_request (&requests)[3]) {
        tensor_load_probe<1, float, swizzle_mode::none>::maps(a, b, output, requests);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), bar = smem + barrier_offset;
        make_barrier(bar);
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(bar, 1056);
            ptx::bulk_load(smem + 48, p.a + 16, 1040, bar);
            ptx::bulk_load(smem + 32, p.a + 1600, 16, bar, ptx::cache_hint::evict_last);
            ptx::mbarrier_wait(bar, 0, "bytes");
            ptx::bulk_store(p.output + 64, smem + 32, 1056);
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    }
};

/// Adds small integers of type T (f32 or bf16) to plain bytes.
template <class T>
struct bulk_reduce_probe : copy_probe_base {
    static constexpr dtype output_type = dtype_of<T>;
    static constexpr u32 a_bytes = 256, output_bytes = 2048;
    static void maps(const void* a, const void* b, void* output, tensor_map_request (&requests)[3]) {
        bulk_copy_probe::maps(a, b, output, requests);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem();
        fill_shared(smem, 1024, [](u32 i) { return summand_word<T>(i); });
        if (ptx::thread_index() == 0) {
            if constexpr (sizeof(T) == 4) {
                ptx::bulk_reduce_add_f32(p.output + 32, smem + 16, 992);
            } else {
                ptx::bulk_reduce_add_bf16(p.output + 32, smem + 16, 992);
            }
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    }
};

/// Two CTAs, each of which loads half a tile (and some plain bytes) for both.
struct multicast_probe : copy_probe_base {
    static constexpr u32 cluster = 2, a_bytes = 64 * 128, tile_bytes = 64 * 128, output_bytes = 2 * (tile_bytes + 512);
    static void maps(const void* a, const void*, void*, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = matrix_map(a, dtype::e4m3, 64, 128, 128, 32, 128, swizzle_mode::b128);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), bar = smem + barrier_offset, rank = ptx::cluster_rank();
        make_barrier(bar);
        ptx::cluster_sync();
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_arrive_expect_tx(bar, tile_bytes + 512);
            ptx::tma_load_multicast<2>(p.map[0], smem + rank * tile_bytes / 2, bar, {0, i32(rank * 32)}, 3);
            ptx::bulk_load_multicast(smem + tile_bytes + rank * 256, p.a + 1024 * rank, 256, bar, 3);
        }
        ptx::mbarrier_wait(bar, 0, "both halves");
        dump_shared(p.output + rank * (tile_bytes + 512), smem, tile_bytes + 512);
        ptx::cluster_sync();
    }
};

/// cp.async of each size, whole, in part or of zeros, by 64 threads; one of them waits, fences and has all stored by a bulk
/// copy.
struct thread_copy_probe : copy_probe_base {
    static constexpr u32 a_bytes = 64 * 16 + 16, output_bytes = 64 * 64;
    static void maps(const void* a, const void* b, void* output, tensor_map_request (&requests)[3]) {
        tensor_load_probe<1, float, swizzle_mode::none>::maps(a, b, output, requests);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), bar = smem + barrier_offset, thread = ptx::thread_index();
        if (thread == 0) {
            ptx::mbarrier_init(bar, threads);
            ptx::fence_mbarrier_init();
        }
        ptx::sync_cta();
        const u32 to = smem + thread * 64;
        const u8* const from = p.a + thread * 16;
        ptx::cp_async<16>(to, from, thread % 3 != 0);
        ptx::cp_async_part<16>(to + 16, from + 16, thread % 17);
        ptx::cp_async<8>(to + 32, from + 8, thread % 5 != 0);
        ptx::cp_async_part<8>(to + 40, from + 8, thread % 9);
        ptx::cp_async<4>(to + 48, from + 4);
        ptx::cp_async<4>(to + 52, from + 12, false);
        ptx::cp_async_part<4>(to + 56, from + 4, thread % 5);
        ptx::cp_async<4>(to + 60, from, thread % 2 == 0);
        ptx::cp_async_arrive(bar);
        if (thread == 33) {
            ptx::mbarrier_wait(bar, 0, "copies");
            ptx::fence_proxy_async();
            ptx::bulk_store(p.output, smem, output_bytes);
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    }
};

template <swizzle_mode S>
using tensor_copy_probes =
    probe_list<tensor_load_probe<1, float, S>, tensor_load_probe<2, e4m3, S>, tensor_load_probe<2, float, S>,
               tensor_load_probe<3, bf16, S>, tensor_load_probe<4, e4m3, S>, tensor_load_probe<5, bf16, S>,
               tensor_store_probe<1, bf16, S>, tensor_store_probe<2, e4m3, S>, tensor_store_probe<2, float, S>,
               tensor_store_probe<3, bf16, S>, tensor_store_probe<4, float, S>, tensor_store_probe<5, e4m3, S>,
               tensor_reduce_probe<2, float, S>, tensor_reduce_probe<2, bf16, S>>;
using other_copy_probes =
    probe_list<tensor_reduce_probe<1, float, swizzle_mode::none>, tensor_reduce_probe<3, bf16, swizzle_mode::b128>,
               tensor_reduce_probe<4, float, swizzle_mode::b64>, tensor_reduce_probe<5, bf16, swizzle_mode::b32>,
               bulk_copy_probe, bulk_reduce_probe<float>, bulk_reduce_probe<bf16>, multicast_probe, thread_copy_probe>;

}  // namespace deepgemm::probes
