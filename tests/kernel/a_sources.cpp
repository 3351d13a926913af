// SPDX-License-Identifier: MIT
// The main loop with A by way of registers: as it lies, contiguous along M (which wgmma reads of 16-bit elements only), and
// BF16 and FP16 widened to TF32. Sums are those of loops, exactly, under every promotion.
#include <doctest/doctest.h>

#include <deepgemm/kernel/main_loop.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/sim/launch.hpp>

#include <vector>

namespace a_sources_tests {

using namespace deepgemm;

namespace {

/// An operand that need not be one of gemm's: any element, any order.
template <class Element, class Scale, major Contiguous = major::k>
struct raw {
    using element = Element;
    using scale = Scale;
    static constexpr major contiguous = Contiguous;
    static constexpr operand_info info{};  // of which storage asks whether rows are gathered
};

/// What the main loop asks of a kernel, for one tile in one CTA. `Multiplied` is what A's elements become in registers.
template <class A, class B, class Multiplied, config Config>
struct parts {
    using storage = gemm_storage<gemm_sizes<A, B, store<float>, Config>>;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using a_scale = typename A::scale;
    using b_scale = typename B::scale;
    using pipeline = tma_pipeline<storage::stages, 4 * Config.sm90.warpgroups, cluster_shape{}, 1>;
    using mma = sm90::wgmma<Multiplied, typename B::element, Config.block.n, major::k, B::contiguous, Config.block.k>;
    struct tiles {
        static constexpr bool bounded = false;
    };
    static constexpr tile_shape block = Config.block;
    static constexpr promotion promote = Config.sm90.promote;
    static constexpr int waves = fragments_per_warpgroup(Config), column_parts = 1;
    using totals = float[waves][mma::registers];
    static constexpr bool holds_scales = false, keeps_products = true, unrolls_ring = false, shares_fragment = false;
    struct params {};
};

template <class A, class B, class Multiplied, config Config>
struct one_tile {
    using set = parts<A, B, Multiplied, Config>;
    using storage = typename set::storage;
    using a_tile = typename set::a_tile;
    using b_tile = typename set::b_tile;
    using source = sm90::in_registers<a_tile, Multiplied>;
    static constexpr int m = Config.block.m, n = Config.block.n, blocks = 6, k = blocks * Config.block.k;
    static constexpr bool scaled = !same_as<typename A::scale, scale::none>;

    template <class Tile>
    static void load(const tensor_map& map, u32 to, u32 full, int block) {
        constexpr int rows = Tile::rows / Tile::copies;
        for (int i = 0; i < Tile::copies; ++i) {
            const copy_place at = Tile::place(i * rows, block * Config.block.k);
            ptx::tma_load<2>(map, to + u32(i * rows) * Tile::bytes_per_row, full, {at.inner, at.outer});
        }
    }

    template <class Tile>
    static tensor_map map(const std::vector<typename Tile::element>& from) {
        const i64 pitch = Tile::contiguous == major::k ? k : Tile::rows;
        return sim::encode_tensor_map(Tile::map(from.data(), Tile::rows, k, pitch, Tile::rows));
    }
    static std::size_t index(major order, int rows, int row, int depth) {
        return order == major::k ? std::size_t(row * k + depth) : std::size_t(depth * rows + row);
    }

    /// Elements of D that are wrong.
    static int wrong(sim::policy policy) {
        std::vector<typename A::element> a(std::size_t(m * k));
        std::vector<typename B::element> b(std::size_t(n * k));
        std::vector<float> sa(std::size_t(m * blocks)), sb(std::size_t(n * blocks)), d(std::size_t(m * n), -1e30f);
        for (std::size_t i = 0; i < a.size(); ++i) a[i] = A::element::from_float(float(int(i * 7 % 13) - 6));
        for (std::size_t i = 0; i < b.size(); ++i) b[i] = B::element::from_float(float(int(i * 5 % 11) - 5));
        for (std::size_t i = 0; i < sa.size(); ++i) sa[i] = float(1 << i % 3);
        for (std::size_t i = 0; i < sb.size(); ++i) sb[i] = float(1 << i % 2);
        const tensor_map a_map = map<a_tile>(a), b_map = map<b_tile>(b);
        const auto scales = [](const std::vector<float>& from, int rows) {
            return sim::encode_tensor_map(
                matrix_map(from.data(), dtype::f32, blocks, rows, rows * 4, 1, rows, swizzle_mode::none));
        };
        const tensor_map sa_map = scales(sa, m), sb_map = scales(sb, n);
        sim::launch({.policy = policy}, {.threads = 128 * (1 + Config.sm90.warpgroups), .smem_bytes = storage::bytes},
                    [&] {
                        const storage smem{{}, ptx::dynamic_smem()};
                        const typename set::pipeline pipe{smem.at(regions::barriers{}), {0}};
                        if (ptx::thread_index() == 0) pipe.initialise();
                        ptx::sync_cta();
                        using cta = gemm_roles<Config.sm90.warpgroups>;
                        if (!cta::is(roles::math{})) {
                            if (ptx::thread_index() != 0) return;
                            typename set::pipeline::cursor at;
                            for (int block = 0; block < blocks; ++block, at.advance()) {
                                const u32 full = pipe.acquire(at);
                                pipe.commit(at, a_tile::bytes + b_tile::bytes + (scaled ? 4 * (m + n) : 0));
                                load<a_tile>(a_map, smem.a(at.stage), full, block);
                                load<b_tile>(b_map, smem.b(at.stage), full, block);
                                if constexpr (scaled) {
                                    ptx::tma_load<2>(sa_map, smem.sa(at.stage), full, {0, block});
                                    ptx::tma_load<2>(sb_map, smem.sb(at.stage), full, {0, block});
                                }
                            }
                            return;
                        }
                        const int first_row = int(cta::warpgroup(roles::math{})) * set::waves * 64;
                        auto loop = main_loop<set, source>::of(smem, pipe, first_row);
                        typename set::totals total;
                        loop.sum(total, {0, blocks}, set::waves, [](i32) {});
                        const auto place = fragment_place<typename set::mma::fragment>::here();
                        for (int wave = 0; wave < set::waves; ++wave) {
                            for (int i = 0; i < set::mma::registers; ++i) {
                                const int row = first_row + wave * 64 + place.row_of(i);
                                d[std::size_t(row * n + place.column_of(i))] = total[wave][i];
                            }
                        }
                    });
        int bad = 0;
        for (int row = 0; row < m; ++row) {
            for (int column = 0; column < n; ++column) {
                float sum = 0;
                for (int i = 0; i < k; ++i) {
                    const int block = i / Config.block.k;
                    const float factor =
                        scaled ? sa[std::size_t(block * m + row)] * sb[std::size_t(block * n + column)] : 1;
                    sum += factor * float(a[index(A::contiguous, m, row, i)]) *
                           float(b[index(B::contiguous, n, column, i)]);
                }
                bad += d[std::size_t(row * n + column)] != sum;
            }
        }
        return bad;
    }
};

template <class Tile>
void check() {
    for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        CHECK(Tile::wrong(policy) == 0);
    }
}

using token = scale::per_token<scale::fp32>;
using fp8 = raw<e4m3, token>;
using fp8_along_m = raw<e4m3, token, major::mn>;
template <class T, major Order = major::k>
using half = raw<T, scale::none, Order>;

constexpr config at_once{.block = {128, 64, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
constexpr config deferred{
    .block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}};
constexpr config in_place{.block = {256, 32, 64}, .stages = 3, .sm90 = {.promote = promotion::never}};
constexpr config widened{.block = {128, 64, 32}, .stages = 3, .sm90 = {.promote = promotion::never}};

}  // namespace

TEST_CASE("A goes through registers as it lies") {
    check<one_tile<fp8, fp8, e4m3, at_once>>();
    check<one_tile<fp8, fp8, e4m3, deferred>>();
    check<one_tile<half<bf16>, half<bf16>, bf16, in_place>>();
}

TEST_CASE("A goes through registers where wgmma could not read it: FP8 along M") {
    check<one_tile<fp8_along_m, fp8, e4m3, at_once>>();
    check<one_tile<fp8_along_m, fp8, e4m3, deferred>>();
    check<one_tile<half<f16, major::mn>, half<f16>, f16, in_place>>();
}

TEST_CASE("16-bit elements are widened to TF32 on the way") {
    check<one_tile<half<bf16>, half<tf32>, tf32, widened>>();
    check<one_tile<half<f16>, half<tf32>, tf32, widened>>();
}

}  // namespace a_sources_tests
