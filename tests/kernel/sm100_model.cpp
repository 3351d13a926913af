// SPDX-License-Identifier: MIT
// The model's tiles of Blackwell against its kernels: what the planner counts is what a kernel takes.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>
#include <deepgemm/ops/gemm/sm100_plan.hpp>
#include <deepgemm/reference/random.hpp>
#include <deepgemm/schedule/persistent.cuh>
#include <deepgemm/sim/launch.hpp>

#include <vector>

namespace sm100_model_tests {

using namespace deepgemm;

namespace {

using half = operand<bf16, scale::none>;
using turned = operand<bf16, scale::none, major::mn>;
using token = operand<e4m3, scale::per_token<scale::ue8m0>>;
using block = operand<e4m3, scale::per_block<scale::ue8m0>>;
using fine = operand<e4m3, scale::mx<scale::ue8m0>>;
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;
using single = operand<tf32, scale::none>;

/// The kind of multiply of a kernel's operands, and the one that the model names.
template <class A, class B>
constexpr ptx::tcgen05_kind kernel_kind = sm100::kind_of<A, B>;
ptx::tcgen05_kind kind_named(const std::string& name) {
    using enum ptx::tcgen05_kind;
    return name == "f16"        ? f16
           : name == "tf32"     ? tf32
           : name == "f8f6f4"   ? f8f6f4
           : name == "mxf8f6f4" ? mxf8f6f4
           : name == "mxf4"     ? mxf4
                                : mxf4nvf4;
}

/// The columns of tensor memory that a kernel's multiply uses; of a swapped kernel those of the kernel behind it.
template <class K>
constexpr u32 columns_of() {
    if constexpr (requires { typename K::columns; }) {
        return K::columns::used;
    } else {
        return columns_of<typename K::product>();
    }
}

/// What a kernel is and takes.
struct facts {
    gemm_info info;
    int columns;  ///< of tensor memory
    ptx::tcgen05_kind kind;
};
/// Of a kernel's type, which tells its operands.
template <class Kernel>
struct facts_of;
template <class A, class B, class Epilogue, config Config, class Tiles,
          template <int, int, cluster_shape, int> class Pipeline>
struct facts_of<gemm<arch::sm100, A, B, Epilogue, Config, Tiles, Pipeline>> {
    using kernel = gemm<arch::sm100, A, B, Epilogue, Config, Tiles, Pipeline>;
    static_assert(columns_of<kernel>() <= arch::sm100::tmem_columns);
    static constexpr facts value{kernel::info, int(columns_of<kernel>()), kernel_kind<A, B>};
};

/// A kernel whose stages are left to it has as many as the model says, or one more, since the model rounds what lies beside
/// them up to 2 KB; no more shared memory, and as many columns of tensor memory.
void check(const facts& kernel) {
    const auto& [info, columns, kind] = kernel;
    const sm100_product how = sm100_product_of(info.traits.a, info.traits.b);
    REQUIRE(how.known);
    sm100_tile tile = sm100_tile_of(info.cfg);
    CAPTURE(to_source(info));
    CHECK(how.block_k() == info.cfg.block.k);
    CHECK(config_of(tile, how).block == info.cfg.block);
    CHECK(config_of(tile, how).cluster == info.cfg.cluster);
    CHECK(config_of(tile, how).split_k == info.cfg.split_k);
    CHECK(tile.cluster_ctas() == int(info.launch.cluster_ctas));
    CHECK(sm100_tmem_columns(tile, how) == columns);
    CHECK(int(kind) == int(kind_named(how.kind)));
    const i64 bytes = sm100_other_bytes(tile, info.traits.d) + tile.stages * sm100_stage_bytes(tile, how);
    CHECK(i64(info.launch.smem_bytes) <= bytes);
    CHECK(i64(info.launch.smem_bytes) > bytes - 2048);
    const int stages = tile.stages;
    tile.stages = 0;
    const int modelled = sm100_stages(tile, how, info.traits.d);
    CHECK(modelled <= stages);
    CHECK(modelled >= stages - 1);
    const gemm_workload work{.shape = {4096, 4096, 4096}, .a = info.traits.a, .b = info.traits.b, .d = info.traits.d};
    CHECK(check_sm100_tile(tile, work));
}
template <class A, class B, class D, config Config>
void check_kernel() {
    check(facts_of<gemm<arch::sm100, A, B, store<D>, Config>>::value);
}
template <class... Kernels>
std::vector<facts> facts_of_list(shipped::kernels<Kernels...>) {
    return {facts_of<Kernels>::value...};
}

}  // namespace

TEST_CASE("kernels of Blackwell take what the planner's tiles take") {
    check_kernel<half, half, bf16, config{.block = {128, 256, 64}}>();
    check_kernel<half, half, float, config{.block = {128, 128, 64}}>();
    check_kernel<half, turned, bf16, config{.block = {128, 64, 64}}>();
    check_kernel<half, half, bf16, config{.block = {128, 32, 64}, .cluster = {2, 1}}>();
    check_kernel<half, half, bf16, config{.block = {128, 256, 64}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}>();
    check_kernel<token, block, bf16, config{.block = {128, 224, 128}}>();
    check_kernel<fine, fine, bf16, config{.block = {128, 128, 128}}>();
    check_kernel<token, token, float, config{.block = {128, 128, 128}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}>();
    check_kernel<token, block, bf16,
                 config{.block = {224, 128, 128}, .cluster = {1, 2}, .swap = true, .sm100 = {.ctas = 2}}>();
    check_kernel<token, block, bf16, config{.block = {16, 128, 128}, .swap = true}>();
    check_kernel<half, half, bf16, config{.block = {48, 128, 64}, .swap = true}>();
    check_kernel<single, single, float, config{.block = {128, 128, 32}}>();
    check_kernel<mx4, mx4, bf16, config{.block = {128, 224, 256}}>();
    check_kernel<nv4, nv4, bf16, config{.block = {128, 208, 256}}>();
    check_kernel<nv4, nv4, bf16, config{.block = {128, 160, 256}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}>();
    check_kernel<mx4, mx4, bf16, config{.block = {64, 128, 256}, .swap = true}>();
    // With K in parts: a warp takes a batch of columns, which depends on D and on the tile.
    check_kernel<half, half, bf16, config{.block = {128, 256, 64}, .split_k = 2}>();
    check_kernel<half, half, float, config{.block = {128, 64, 64}, .split_k = 3}>();
    check_kernel<half, half, float, config{.block = {128, 128, 64}, .split_k = 8}>();
    check_kernel<half, turned, bf16, config{.block = {128, 96, 64}, .split_k = 5}>();
    check_kernel<token, block, bf16, config{.block = {16, 128, 128}, .swap = true, .split_k = 8}>();
    check_kernel<token, block, bf16, config{.block = {176, 128, 128}, .swap = true, .split_k = 4}>();
    check_kernel<token, block, float,
                 config{
                     .block = {64, 128, 128}, .cluster = {1, 2}, .swap = true, .split_k = 4, .sm100 = {.ctas = 2}}>();
    check_kernel<nv4, nv4, bf16,
                 config{.block = {128, 160, 256}, .cluster = {2, 1}, .split_k = 2, .sm100 = {.ctas = 2}}>();
}

TEST_CASE("shipped kernels of Blackwell take what the planner's tiles take") {
    const auto all = facts_of_list(shipped::sm100_of<ops::gemm>());
    CHECK(all.size() >= 337);
    for (const facts& kernel : all) check(kernel);
    CHECK(same_as<decltype(shipped::sm100_of<ops::transpose>()), shipped::kernels<>>);
}

namespace {

/// A random product that a kernel computes, with extents of every order of magnitude.
gemm_workload random_work(random_source& random, const gemm_traits& what) {
    const auto extent = [&] { return i32(random.integer(1, i64(40000) >> random.integer(0, 12))); };
    gemm_workload work{.shape = {extent(), extent(), extent()},
                       .a = what.a,
                       .b = what.b,
                       .d = what.d,
                       .accumulate = what.accumulate,
                       .in_place = what.in_place || (what.accumulate && random.integer(0, 1) == 1),
                       .heads = what.heads,
                       .epilogue = what.epilogue};
    if (work.heads.any()) work.shape.n = align_up(work.shape.n, work.heads.left + work.heads.right);
    return work;
}

}  // namespace

TEST_CASE("random products of every shipped kind are planned, and no prediction is faster than the machine") {
    std::vector<gemm_handle> kernels;
    for (const facts& kernel : facts_of_list(shipped::sm100_of<ops::gemm>())) kernels.push_back({kernel.info, {}, {}});
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (int i = 0; i < 200; ++i) {
        const auto& like = kernels[std::size_t(random.integer(0, i64(kernels.size()) - 1))];
        const gemm_workload work = random_work(random, like.info.traits);
        const device_info device = random.integer(0, 1) == 0 ? device_info::b200() : device_info::b300();
        CAPTURE(describe(work));
        const auto made = plan(work, device, kernels);
        REQUIRE_MESSAGE(made, made.failure().message);
        const gemm_info& kernel = made->kernel()->info;
        CAPTURE(to_source(kernel));
        CHECK(ops::gemm::why_not(kernel.traits, work) == nullptr);
        const cost predicted = made->predicted();
        for (const auto& other : made->ranked) CHECK(predicted.total_us <= other.predicted.total_us);
        const demand needs = demand_of(work);
        const double operations_per_us =
            2.0 * sm100_product_of(work.a, work.b).macs * device.sm_count * device.clock_mhz;
        CHECK(predicted.total_us > needs.flops / operations_per_us);
        CHECK(predicted.total_us > needs.bytes / (device.hbm_gb_per_s * 1000));
        const i64 along_m = ceil_div(work.shape.m, kernel.cfg.block.m * kernel.cfg.cluster.m) * kernel.cfg.cluster.m,
                  along_n = ceil_div(work.shape.n, kernel.cfg.block.n * kernel.cfg.cluster.n) * kernel.cfg.cluster.n;
        CHECK(predicted.tiles == along_m * along_n);
        CHECK(explain(*made).find(to_source(kernel.cfg)) != std::string::npos);
    }
}

}  // namespace sm100_model_tests
