// SPDX-License-Identifier: MIT
// The sink signal_tiles: words count finished tiles, whatever the configuration; and a reader that polls them, beside the
// product or on another device, sees whole tiles and nothing that the machine's shadow of global memory objects to. Variants
// with one line changed are found.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/signal.cuh>
#include <deepgemm/epilogue/swiglu.cuh>

#include "../sim/seeded.hpp"
#include "epilogue_runs.hpp"

namespace signals_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using half = operand<bf16>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config one{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config wide{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}};
constexpr config by_warpgroup{
    .block = {256, 64, 64}, .stages = 3, .store_rows = 64, .sm90 = {.promote = promotion::never}};
constexpr config pair{.block = {64, 64, 64}, .cluster = {2, 2}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config in_turns{.block = {128, 64, 64}, .sm90 = {.alternate = true, .promote = promotion::never}};
constexpr config in_parts{.block = {64, 64, 64}, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config quantised{.block = {128, 64, 128}};

/// The words of a product by kernel `K`, whose signals have the arguments signals_of(arguments): "" or what is wrong with one.
/// Each of `launches` launches adds to them.
template <class K, class SignalsOf>
std::string words_outcome(const sim::options& machine, const epilogue_product<K>& product, i32 d_columns, int launches,
                          const SignalsOf& signals_of) {
    const i64 rows = ceil_div(product.shape.m, K::block.m), columns = ceil_div(product.shape.n, K::block.n);
    // Schedules of groups start tiles at any row, so that the words of groups count all their rows.
    const i64 row_stride = K::info.traits.groups == grouping::none ? columns + 1 : 0;
    const tile_words strides{nullptr, row_stride, 1, rows * (columns + 1) + 2};
    written_memory<u32> words(std::size_t(product.d_matrices * strides.matrix_stride), 1000);
    for (const product_part& part : product.parts) {
        for (i64 i = part.first / K::block.m; i < ceil_div(part.first + part.count, K::block.m); ++i) {
            const i64 height = min(part.first + part.count - i * K::block.m, i64(K::block.m));
            for (i64 j = 0; j < columns; ++j)
                words.after[std::size_t(part.d * strides.matrix_stride + i * strides.row_stride + j)] +=
                    u32(launches * height);
        }
    }
    std::vector<u32> there = words.before;
    std::vector<u8> d(std::size_t(product.d_matrices * product.shape.m * align_up(i64(d_columns), i64(16))) * 4);
    for (int i = 0; i < launches; ++i) {
        const std::string failure =
            run_product(simulated{machine}, product, d.data(), align_up(i64(d_columns), i64(16)), [&](auto& arguments) {
                signals_of(arguments) = strides;
                signals_of(arguments).data = there.data();
            });
        if (failure != "") return failure;
    }
    return words.difference("word", there);
}

template <class Epilogue, config Config>
using dense_kernel = gemm<arch::sm90, half, half, Epilogue, Config>;

}  // namespace

TEST_CASE("signals: each finished tile adds its rows to its word, and tiles beyond D to none") {
    const auto check = []<class Epilogue, config Config>(int shrinks, const auto& signals_of) {
        using kernel = dense_kernel<Epilogue, Config>;
        on_machines(1, [&](random_source& random, const sim::options& machine) {
            for (const problem_shape& shape :
                 {problem_shape{128, 256, 128}, {77, 176, 200}, {330, 16, 64}, {5, 65, 0}}) {
                CAPTURE(shape.m);
                CAPTURE(shape.n);
                CHECK(words_outcome(machine, dense_product<kernel>(random, shape), shape.n / shrinks, 2, signals_of) ==
                      "");
            }
        });
    };
    const auto alone = [](auto& arguments) -> auto& { return arguments.epilogue.words; };
    const auto last = [](auto& arguments) -> auto& { return arguments.epilogue.rest.words; };
    check.operator()<signal_tiles<store<bf16>>, one>(1, alone);
    check.operator()<signal_tiles<store<float>>, by_warpgroup>(1, alone);
    check.operator()<signal_tiles<store<bf16>>, pair>(1, alone);
    check.operator()<signal_tiles<store<bf16>>, in_turns>(1, alone);
    check.operator()<signal_tiles<store<float>>, in_parts>(1, alone);
    check.operator()<then<relu, signal_tiles<store<bf16>, memory_scope::sys>>, wide>(1, last);
}

TEST_CASE("signals of groups: as many rows as a group has") {
    const auto check = []<class A, class B, class Epilogue, config Config>(int shrinks, const auto& signals_of) {
        using slots = grouped_kernel<A, B, Epilogue, Config, masked_groups>;
        using rows = grouped_kernel<A, B, Epilogue, Config, psum_groups>;
        on_machines(1, [&](random_source& random, const sim::options& machine) {
            const problem_shape shape{i32(4 * random.integer(1, 80)), i32(16 * random.integer(1, 20)), 130};
            const std::vector<i32> counts = several_counts(random, shape.m);
            CAPTURE(shape.m);
            CAPTURE(shape.n);
            CHECK(words_outcome(machine, slots_product<slots>(random, shape, counts), shape.n / shrinks, 1,
                                signals_of) == "");
            CHECK(words_outcome(machine, rows_product<rows>(random, shape.n, shape.k, counts, Config.block.m),
                                shape.n / shrinks, 1, signals_of) == "");
        });
    };
    const auto alone = [](auto& arguments) -> auto& { return arguments.epilogue.words; };
    const auto last = [](auto& arguments) -> auto& { return arguments.epilogue.rest.words; };
    check.operator()<half, half, signal_tiles<store<bf16>>, by_warpgroup>(1, alone);
    check.operator()<half, half, signal_tiles<store<float>>, in_turns>(1, alone);
    check.operator()<tokens, blocks, then<swiglu<>, signal_tiles<store<bf16>>>, quantised>(2, last);
}

namespace {

/// Bugs of what signals, each of one line.
enum class fault { none, hasty, lonely, relaxed };

/// signal_tiles<store<bf16>> with a bug.
template <fault Fault>
struct faulty : signal_tiles<store<bf16>> {
    using base = signal_tiles<store<bf16>>;
    template <class Shape>
    struct staging : base::staging<Shape> {
        using good = base::staging<Shape>;
        DEEPGEMM_DEVICE bool complete() const {
            if (Fault != fault::lonely) ptx::barrier_sync(this->barrier, good::threads);
            if (ptx::thread_index() % good::threads != 0) return false;
            if (Fault == fault::hasty) {
                ptx::bulk_wait_read<0>();
            } else {
                ptx::bulk_wait<0>();
            }
            return true;
        }
    };
    DEEPGEMM_DEVICE static void signal(const base::params& p, const finished_tile& tile, u32 rows) {
        if (Fault != fault::relaxed) return base::signal(p, tile, rows);
        ptx::atomic_add_relaxed<memory_scope::gpu>(
            p.words.data + tile.row * p.words.row_stride + tile.column * p.words.column_stride, rows);
    }
};

/// How a reader learns of a tile and loads it; two ways are wrong.
enum class reading { loads, copies, copies_unfenced, polls_relaxed };

/// A product of (m, k) by (n, k), and readers, one for each tile, that poll its word, copy the tile to `out` and are CTAs of
/// the same grid behind those of the product, or another device.
template <class K, memory_scope Scope, bool Devices>
struct product_and_readers {
    static constexpr i32 m = 100, k = 96, block_m = K::block.m, block_n = K::block.n, rows = 2, columns = 2, tiles = 4;
    i32 n;
    i64 pitch;
    std::vector<bf16> a, b, d, out;
    std::vector<u32> words = std::vector<u32>(tiles);
    typename K::arguments arguments{};
    typename K::params params{};
    std::vector<sim::memory_region> regions;
    sim::geometry geometry = grid_of(Devices ? tiles : 2 * tiles, K::launch.threads);
    reading how = reading::loads;

    explicit product_and_readers(i32 columns_of_d) : n(columns_of_d), pitch(align_up(n, 8) + 8) {
        for (i32 i = 0; i < m * k; ++i) a.push_back(bf16::from_float(float(i * 7 % 5 - 2)));
        for (i32 i = 0; i < n * k; ++i) b.push_back(bf16::from_float(float(i * 3 % 7 - 3)));
        d.resize(std::size_t(rows * block_m * pitch));
        out.resize(d.size());
        arguments.shape = {m, n, k};
        arguments.a = {.data = a.data(), .pitch = k};
        arguments.b = {.data = b.data(), .pitch = k};
        arguments.d = {d.data(), pitch};
        arguments.epilogue.words = {words.data(), columns, 1, 0};
        std::vector<sim::memory_region> of_maps;
        params = sim::parameters_of<K>(arguments, of_maps);
        regions = {{.name = "D", .first = d.data(), .bytes = d.size() * 2},
                   {.name = "out", .first = out.data(), .bytes = out.size() * 2},
                   {.name = "words", .first = words.data(), .bytes = words.size() * 4}};
        geometry.smem_bytes = max(K::launch.smem_bytes, u32(block_m * block_n * 2 + 8));
    }

    void reset() {
        std::fill(d.begin(), d.end(), bf16::from_float(-77));
        out = d;
        std::fill(words.begin(), words.end(), 0u);
    }
    bool right() const {
        for (i32 row = 0; row < m; ++row) {
            for (i32 column = 0; column < n; ++column) {
                float sum = 0;
                for (i32 i = 0; i < k; ++i)
                    sum += float(a[std::size_t(row * k + i)]) * float(b[std::size_t(column * k + i)]);
                const auto at = std::size_t(row * pitch + column);
                if (out[at] != bf16::from_float(sum) || d[at] != out[at]) return false;
            }
        }
        return true;
    }

    /// One CTA: waits for tile `tile` and copies it.
    void read(i32 tile) {
        ptx::role("reader");
        const i32 row = tile / columns * block_m, column = tile % columns * block_n;
        const u32 height = u32(min(block_m, m - row));
        const u32 threads = K::launch.threads, barrier = ptx::dynamic_smem() + u32(block_m * block_n * 2);
        const bool copies = how == reading::copies || how == reading::copies_unfenced;
        const u32 units = u32(min(block_n, i32(pitch) - column)) / 8;  // of 16 bytes, in a row
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_init(barrier, 1);
            ptx::fence_mbarrier_init();
            const u32* const word = &words[std::size_t(tile)];
            if (how == reading::polls_relaxed) {
                while (ptx::ld_relaxed<Scope>(word) < height) {
                }
            } else {
                while (ptx::ld_acquire<Scope>(word) < height) {
                }
            }
            if (copies) {
                if (how == reading::copies) ptx::fence_proxy_async_global();
                ptx::mbarrier_arrive_expect_tx(barrier, u32(block_m) * units * 16);
                for (i32 i = 0; i < block_m; ++i) {
                    ptx::bulk_load(ptx::dynamic_smem() + u32(i * block_n * 2),
                                   &d[std::size_t((row + i) * pitch + column)], units * 16, barrier);
                }
            }
        }
        ptx::sync_cta();
        if (copies) ptx::mbarrier_wait(barrier, 0, "tile");
        for (u32 i = ptx::thread_index(); i < u32(block_m * block_n); i += threads) {
            const i32 y = i32(i) / block_n, x = i32(i) % block_n;
            if (row + y >= m || column + x >= n) continue;
            const auto at = std::size_t((row + y) * pitch + column + x);
            ptx::st_global(&out[at],
                           copies ? ptx::ld_shared<bf16>(ptx::dynamic_smem() + 2 * i) : ptx::ld_global(&d[at]));
        }
    }

    void run(reading with) requires(!Devices) {
        how = with;
        if (ptx::cta_index() < u32(tiles)) return K::run(params);
        read(i32(ptx::cta_index()) - tiles);
    }
    std::vector<sim::device_launch> launches(reading with) requires(Devices) {
        how = with;
        return {{0, geometry, [this] { K::run(params); }}, {1, geometry, [this] { read(i32(ptx::cta_index())); }}};
    }
};

constexpr config whole_warpgroup{
    .block = {64, 64, 64}, .store_rows = 64, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
template <fault Fault>
using signalling = dense_kernel<faulty<Fault>, whole_warpgroup>;
constexpr memory_scope gpu = memory_scope::gpu, sys = memory_scope::sys;

}  // namespace

TEST_CASE("a reader beside the product sees whole tiles, by loads and by copies") {
    for (const i32 n : {128, 127, 100}) {  // whole units of 16 bytes, and not
        CAPTURE(n);
        product_and_readers<dense_kernel<signal_tiles<store<bf16>>, one>, gpu, false> both(n);
        expect_clean(both, reading::loads);
        expect_clean(both, reading::copies);
    }
}

TEST_CASE("a reader on another device does, if the scope is the system's") {
    product_and_readers<dense_kernel<signal_tiles<store<bf16>, sys>, one>, sys, true> both(100);
    expect_clean(both, reading::loads);
    expect_clean(both, reading::copies);
    product_and_readers<dense_kernel<signal_tiles<store<bf16>>, one>, sys, true> narrow(100);
    expect_found(narrow, reading::loads, {"words+0x", "at scope gpu | one has gpu | was released at scope gpu", "sys"});
}

TEST_CASE("signals with a bug are found, and readers with one") {
    product_and_readers<signalling<fault::none>, gpu, false> good(100);
    expect_clean(good, reading::loads);
    product_and_readers<signalling<fault::hasty>, gpu, false> hasty(100);
    expect_found(hasty, reading::loads, {"D+0x", "role reader"});
    product_and_readers<signalling<fault::relaxed>, gpu, false> relaxed(100);
    expect_found(relaxed, reading::loads, {"D+0x", "role reader"});
    product_and_readers<signalling<fault::lonely>, gpu, false> lonely(99);  // threads store elements themselves
    expect_found(lonely, reading::loads, {"D+0x", "role reader"});
    expect_found(good, reading::copies_unfenced, {"D+0x", "role reader"});
    expect_found(good, reading::polls_relaxed, {"D+0x", "role reader"});
}

}  // namespace signals_tests
