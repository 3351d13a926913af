// SPDX-License-Identifier: MIT
// Tensor and bulk copies on the simulator: every rank, swizzle, corner and reduction against plain loops, and each misuse.
#include "support.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// A dense tensor of floats in which every element is its own index.
struct tensor {
    std::vector<ptx::vec4<float>> storage;
    u64 extent[5];
    int rank;
    tensor(int r, std::initializer_list<u64> extents) : extent{1, 1, 1, 1, 1}, rank(r) {
        std::copy(extents.begin(), extents.end(), extent);
        storage.resize(extent[0] * extent[1] * extent[2] * extent[3] * extent[4] / 4);
        for (u64 i = 0; i < storage.size() * 4; ++i) data()[i] = float(i);
    }
    float* data() { return &storage[0].x; }
    tensor_map map(std::initializer_list<u32> box, swizzle_mode swizzle) {
        tensor_map_request r;
        r.base = data();
        r.rank = u32(rank);
        r.swizzle = swizzle;
        std::copy(extent, extent + rank, r.extent);
        std::copy(box.begin(), box.end(), r.box);
        u64 stride = 4;
        for (int i = 0; i < rank - 1; ++i) r.stride_bytes[i] = stride *= extent[i];
        return sim::encode_tensor_map(r);
    }
    /// The element at a position, 0 outside.
    float at(const i64 (&p)[5]) {
        u64 index = 0;
        for (int i = 4; i >= 0; --i) {
            if (p[i] < 0 || p[i] >= i64(extent[i])) return 0;
            index = index * extent[i] + u64(p[i]);
        }
        return float(index);
    }
};

/// Loads a box at `coord` of a tensor of rank `Rank` and returns it as a plain row-major tile, the swizzle undone.
template <int Rank>
std::vector<float> load(const sim::options& o, const tensor_map& map, const i32 (&coord)[Rank], u32 bytes,
                        swizzle_mode swizzle) {
    std::vector<float> out(bytes / 4);
    sim::launch(o, block(32), [&] {
        const u32 tile = ptx::dynamic_smem(), bar = tile + 49152;
        make_barriers(bar);
        if (ptx::elect_one()) {
            ptx::prefetch_tensor_map(map);
            ptx::mbarrier_arrive_expect_tx(bar, bytes);
            ptx::tma_load(map, tile, bar, coord, ptx::cache_hint::evict_last);
        }
        ptx::mbarrier_wait(bar, 0, "full");
        for (u32 i = ptx::lane_index(); i < bytes / 4; i += 32) {
            out[i] = ptx::ld_shared<float>(tile + swizzled(4 * i, swizzle));
        }
    });
    return out;
}

}  // namespace

TEST_CASE("tensor loads of every rank and swizzle, with corners out of bounds") {
    for (swizzle_mode swizzle : {swizzle_mode::none, swizzle_mode::b32, swizzle_mode::b64, swizzle_mode::b128}) {
        const u32 w = swizzle == swizzle_mode::none ? 12 : swizzle_span_bytes(swizzle) / 4;
        for (i32 x : {-4, 4, 40}) {
            for (i32 y : {-2, 1, 13}) {
                auto check = [&](const std::vector<float>& tile, tensor& t, std::initializer_list<u32> box,
                                 std::initializer_list<i32> origin) {
                    u32 b[5] = {1, 1, 1, 1, 1};
                    i32 c[5] = {};
                    std::copy(box.begin(), box.end(), b);
                    std::copy(origin.begin(), origin.end(), c);
                    u32 wrong = 0;
                    for (u32 i = 0; i < tile.size(); ++i) {
                        i64 p[5];
                        for (u32 d = 0, rest = i; d < 5; rest /= b[d++]) p[d] = c[d] + i64(rest % b[d]);
                        wrong += tile[i] != t.at(p);
                    }
                    CHECK(wrong == 0);
                };
                tensor t1(1, {48}), t2(2, {48, 15}), t3(3, {48, 15, 4}), t4(4, {48, 15, 4, 3}),
                    t5(5, {48, 15, 4, 3, 2});
                check(load<1>({}, t1.map({w}, swizzle), {x}, w * 4, swizzle), t1, {w}, {x});
                check(load<2>({}, t2.map({w, 5}, swizzle), {x, y}, w * 20, swizzle), t2, {w, 5}, {x, y});
                check(load<3>({}, t3.map({w, 5, 2}, swizzle), {x, y, 3}, w * 40, swizzle), t3, {w, 5, 2}, {x, y, 3});
                check(load<4>({}, t4.map({w, 5, 2, 3}, swizzle), {x, y, -1, 1}, w * 120, swizzle), t4, {w, 5, 2, 3},
                      {x, y, -1, 1});
                check(load<5>({}, t5.map({w, 5, 2, 3, 2}, swizzle), {x, y, 1, 0, 1}, w * 240, swizzle), t5,
                      {w, 5, 2, 3, 2}, {x, y, 1, 0, 1});
            }
        }
    }
}

TEST_CASE("tensor stores and reductions drop what is out of bounds") {
    for (const sim::options& o : all_policies()) {
        for (swizzle_mode swizzle : {swizzle_mode::none, swizzle_mode::b64, swizzle_mode::b128}) {
            for (bool add : {false, true}) {
                const u32 w = swizzle == swizzle_mode::b128 ? 32 : 16, h = 8;
                tensor t(2, {40, 20});
                const tensor_map map = t.map({w, h}, swizzle);
                const i32 x = 28, y = 16;
                sim::launch(o, block(64), [&] {
                    const u32 tile = ptx::dynamic_smem();
                    for (u32 i = ptx::thread_index(); i < w * h; i += 64) {
                        ptx::st_shared(tile + swizzled(4 * i, swizzle), 1000.0f + float(i));
                    }
                    ptx::fence_proxy_async();
                    ptx::sync_cta();
                    if (ptx::warp_index() == 0 && ptx::elect_one()) {
                        if (add) {
                            ptx::tma_reduce_add(map, tile, {x, y});
                        } else {
                            ptx::tma_store(map, tile, {x, y});
                        }
                        ptx::bulk_commit();
                        ptx::bulk_wait_read<0>();
                        ptx::bulk_wait<0>();
                        CHECK(t.data()[y * 40 + x] == 1000.0f + (add ? float(y * 40 + x) : 0));
                    }
                });
                u32 wrong = 0;
                for (i32 r = 0; r < 20; ++r) {
                    for (i32 c = 0; c < 40; ++c) {
                        const bool inside = c >= x && c < x + i32(w) && r >= y && r < y + i32(h);
                        const float before = float(r * 40 + c), put = 1000.0f + float((r - y) * i32(w) + c - x);
                        wrong += t.data()[r * 40 + c] != (inside ? put + (add ? before : 0) : before);
                    }
                }
                CHECK(wrong == 0);
            }
        }
    }
}

TEST_CASE("a store ends a row with the 16 bytes in which the tensor ends") {
    tensor t(2, {40, 20});
    tensor_map_request r = matrix_map(t.data(), dtype::f32, 20, 34, 160, 8, 16, swizzle_mode::none);
    const tensor_map map = sim::encode_tensor_map(r);
    sim::launch({}, block(32), [&] {
        const u32 tile = ptx::dynamic_smem();
        for (u32 i = ptx::thread_index(); i < 16 * 8; i += 32) ptx::st_shared(tile + 4 * i, -1.0f);
        ptx::fence_proxy_async();
        ptx::sync_warp();
        if (ptx::lane_index() == 0) {
            ptx::tma_store(map, tile, {32, 0});
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    });
    for (int c = 32; c < 36; ++c) CHECK(t.data()[c] == -1.0f);  // two of the tensor, two more of the unit
    CHECK(t.data()[36] == 36.0f);
}

TEST_CASE("bf16 reduction rounds to nearest even") {
    alignas(16) bf16 global[8], plain[8];
    for (int i = 0; i < 8; ++i) global[i] = plain[i] = bf16::from_float(256.0f);
    tensor_map_request r;
    r.base = global;
    r.type = dtype::bf16;
    r.rank = 1;
    r.extent[0] = r.box[0] = 8;
    const tensor_map map = sim::encode_tensor_map(r);
    sim::launch({}, block(32), [&] {
        if (ptx::lane_index() < 8) {
            ptx::st_shared(ptx::dynamic_smem() + 2 * ptx::lane_index(), bf16::from_float(float(ptx::lane_index())));
        }
        ptx::fence_proxy_async();
        ptx::sync_warp();
        if (ptx::elect_one()) {
            ptx::tma_reduce_add(map, ptx::dynamic_smem(), {0});
            ptx::bulk_reduce_add_bf16(plain, ptx::dynamic_smem(), 16);
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    });
    const float expected[8] = {256, 256, 258, 260, 260, 260, 262, 264};
    for (int i = 0; i < 8; ++i) {
        CHECK(float(global[i]) == expected[i]);
        CHECK(float(plain[i]) == expected[i]);
    }
}

TEST_CASE("multicast reaches the masked CTAs at one offset, each with its own barrier") {
    for (const sim::options& o : all_policies()) {
        tensor t(2, {32, 64});
        const tensor_map map = t.map({32, 4}, swizzle_mode::b128);
        sim::launch(o, block(32, 4), [&] {
            const u32 tile = ptx::dynamic_smem(), bar = tile + 8192, rank = ptx::cluster_rank();
            make_barriers(bar);
            ptx::cluster_sync();
            if (ptx::elect_one()) {
                if (rank != 3) ptx::mbarrier_arrive_expect_tx(bar, rank == 2 ? 512 : 1024);
                if (rank == 0) ptx::tma_load_multicast(map, tile, bar, {0, 8}, 0b0111);
                if (rank == 3) ptx::bulk_load_multicast(tile + 512, t.data(), 512, bar, 0b0011);
            }
            if (rank != 3) {
                ptx::mbarrier_wait(bar, 0, "full");
                for (u32 i = ptx::lane_index(); i < 128; i += 32) {
                    CHECK(ptx::ld_shared<float>(tile + swizzled(4 * i, swizzle_mode::b128)) == float(256 + i));
                    if (rank < 2) CHECK(ptx::ld_shared<float>(tile + 512 + 4 * i) == float(i));
                }
            }
            ptx::cluster_sync();
        });
    }
}

TEST_CASE("bulk copies and groups") {
    for (const sim::options& o : all_policies()) {
        alignas(16) float in[64], out[128] = {};
        for (int i = 0; i < 64; ++i) in[i] = float(i);
        sim::launch(o, block(32), [&] {
            const u32 data = ptx::dynamic_smem(), bar = data + 1024;
            make_barriers(bar);
            if (ptx::elect_one()) {
                ptx::mbarrier_arrive_expect_tx(bar, 256);
                ptx::bulk_load(data, in, 256, bar, ptx::cache_hint::evict_first);
                ptx::mbarrier_wait(bar, 0);
                ptx::bulk_store(out, data, 256);
                ptx::bulk_commit();
                ptx::bulk_store(out + 64, data, 128);
                ptx::bulk_commit();
                ptx::bulk_wait<1>();
                CHECK(out[63] == 63.0f);
                ptx::bulk_reduce_add_f32(out, data, 256);
                ptx::bulk_commit();
                ptx::bulk_wait<0>();
            }
        });
        for (int i = 0; i < 64; ++i) CHECK(out[i] == float(2 * i));
        CHECK(out[95] == 31.0f);
        CHECK(out[96] == 0.0f);
    }
}

TEST_CASE("tensor maps that a driver would refuse are refused with a reason") {
    alignas(16) static float data[256];
    auto message = [](auto change) -> std::string {
        tensor_map_request r = matrix_map(data, dtype::f32, 8, 32, 128, 8, 32, swizzle_mode::b128);
        change(r);
        return error_of([&] { sim::encode_tensor_map(r); });
    };
    CHECK(message([](auto&) {}) == "");
    CHECK(message([](auto& r) { r.rank = 6; }) == "tensor map: rank 6 is not in 1..5");
    CHECK(message([](auto& r) { r.base = nullptr; }) == "tensor map: the global address is null");
    CHECK(message([](auto& r) { r.base = data + 1; }).find("is not 16-byte aligned") != std::string::npos);
    CHECK(message([](auto& r) { r.extent[1] = 0; }) == "tensor map: extent 0 of dimension 1 is not in 1..2^32");
    CHECK(message([](auto& r) { r.box[1] = 257; }) == "tensor map: box extent 257 of dimension 1 is not in 1..256");
    CHECK(message([](auto& r) { r.stride_bytes[0] = 136; }) ==
          "tensor map: stride 136 of dimension 1 is not a multiple of 16 bytes below 2^40");
    CHECK(message([](auto& r) { r.box[0] = 3; }) == "tensor map: box rows of 12 bytes are not a multiple of 16 bytes");
    CHECK(message([](auto& r) { r.box[0] = 64; }) ==
          "tensor map: box rows of 256 bytes exceed the swizzle span of 128 bytes");
    CHECK(message([](auto& r) { r.box[0] = 16; }) ==
          "tensor map: box rows of 64 bytes are shorter than the swizzle span of 128 bytes; the simulator models only "
          "rows that fill the span");
}

TEST_CASE("misuse of copies is an error") {
    tensor t(2, {32, 64});
    const tensor_map map = t.map({32, 8}, swizzle_mode::b128);
    auto with_barrier = [](auto body) {
        return [body] {
            make_barriers(ptx::dynamic_smem() + 32768);
            if (ptx::elect_one()) body(ptx::dynamic_smem(), ptx::dynamic_smem() + 32768);
        };
    };
    expect_error(block(32), {"TMA load", "not aligned to 128 bytes"}, with_barrier([&](u32 s, u32 bar) {
                     ptx::tma_load(map, s + 64, bar, {0, 0});
                 }));
    expect_error(block(32), {"1 coordinates for a tensor map of rank 2"},
                 with_barrier([&](u32 s, u32 bar) { ptx::tma_load(map, s, bar, {0}); }));
    expect_error(block(32), {"contiguous coordinate 2 of 4-byte elements is not at a multiple of 16 bytes"},
                 with_barrier([&](u32 s, u32 bar) {
                     ptx::tma_load(map, s, bar, {2, 0});
                 }));
    expect_error(block(32), {"TMA store: coordinate 1 is -1; a store may not start before the tensor"},
                 with_barrier([&](u32 s, u32) {
                     ptx::tma_store(map, s, {0, -1});
                 }));
    expect_error(block(32), {"not made by sim::encode_tensor_map"}, with_barrier([&](u32 s, u32 bar) {
                     ptx::tma_load(tensor_map{}, s, bar, {0, 0});
                 }));
    expect_error(block(32), {"CTA mask 0x3 exceeds the cluster"}, with_barrier([&](u32 s, u32 bar) {
                     ptx::tma_load_multicast(map, s, bar, {0, 0}, 3);
                 }));
    expect_error(block(32), {"overwrites the mbarrier"}, with_barrier([&](u32 s, u32 bar) {
                     ptx::tma_load(map, s + 32768, bar, {0, 0});
                 }));
    expect_error(block(32), {"24 bytes are not a positive multiple of 16"},
                 with_barrier([&](u32 s, u32 bar) { ptx::bulk_load(s, t.data(), 24, bar); }));
    expect_error(block(32), {"global address", "not aligned to 16 bytes"},
                 with_barrier([&](u32 s, u32 bar) { ptx::bulk_load(s, t.data() + 1, 32, bar); }));
    expect_error(block(32), {"elements of type f16"}, with_barrier([&](u32 s, u32) {
                     const tensor_map half = sim::encode_tensor_map(
                         matrix_map(t.data(), dtype::f16, 8, 64, 128, 8, 64, swizzle_mode::b128));
                     ptx::tma_reduce_add(half, s, {0, 0});
                 }));
    expect_error(block(32), {"async proxy or a peer CTA before fence.mbarrier_init"}, [&] {
        if (ptx::elect_one()) {
            ptx::mbarrier_init(ptx::dynamic_smem() + 32768, 1);
            ptx::tma_load(map, ptx::dynamic_smem(), ptx::dynamic_smem() + 32768, {0, 0});
        }
    });
}
