// SPDX-License-Identifier: MIT
// Configurations print as the source that makes them: each line below is compiled and compared with its own text.
#include <doctest/doctest.h>

#include "fakes.hpp"

using namespace deepgemm;

#define CHECK_SOURCE(...) CHECK(to_source(__VA_ARGS__) == #__VA_ARGS__)

TEST_CASE("a configuration prints as its own source") {
    CHECK_SOURCE(config{.block = {128, 128, 128}, .stages = 5});
    CHECK_SOURCE(config{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}});
    CHECK_SOURCE(config{.block = {256, 128, 128}, .stages = 3, .cluster = {1, 2}, .raster_rows = 16});
    CHECK_SOURCE(config{.block = {192, 128, 128},
                        .stages = 4,
                        .cluster = {2, 1},
                        .raster_rows = 4,
                        .store_columns = 32,
                        .store_buffers = 2,
                        .trigger_dependents = trigger::always,
                        .extents = {0, 7168, 2048},
                        .sm90 = {.warpgroups = 3, .alternate = true, .promote = promotion::deferred},
                        .sm100 = {.ctas = 2, .accumulators = 3, .tiles = tile_source::claimed, .tc_util = 7}});
    CHECK_SOURCE(config{.block = {128, 256, 64}, .stages = 4, .sm90 = {.promote = promotion::never}});
}

// clang-format off
#define EVERY_MEMBER(Use)                                                                    \
    Use(config{.block = {64, 32, 128},                                                       \
               .stages = 5,                                                                  \
               .cluster = {2, 4},                                                            \
               .swap = true,                                                                 \
               .split_k = 2,                                                                 \
               .raster_rows = 4,                                                             \
               .store_rows = 16,                                                             \
               .store_columns = 32,                                                          \
               .store_buffers = 2,                                                           \
               .d_ahead = true,                                                              \
               .keeps_b = true,                                                              \
               .trigger_dependents = trigger::always,                                        \
               .extents = {1, 2, 3},                                                         \
               .sm90 = {.warpgroups = 3, .alternate = true, .promote = promotion::deferred}, \
               .sm100 = {.ctas = 2,                                                          \
                         .epilogue_warps = 8,                                                \
                         .accumulators = 3,                                                  \
                         .tiles = tile_source::claimed,                                      \
                         .tc_util = 60}})
// clang-format on

TEST_CASE("every member prints under the name by which the compiler knows it") {
    EVERY_MEMBER(CHECK_SOURCE);
    const auto itself = [](const config& value) { return value; };
    const config every = EVERY_MEMBER(itself);
    for_each_field<config>([&](const auto& field) {
        CAPTURE(field.name);
        CHECK(every.*field.member != config{}.*field.member);
    });
}

TEST_CASE("a tuned row prints as its own source") {
    CHECK_SOURCE(gemm_tuned_row{.m_max = 1, .n = 7168, .k = 16384, .cfg = config{.block = {128, 128, 128}}});
    CHECK_SOURCE(gemm_tuned_row{.m_max = 64,
                                .n = 8,
                                .k = 16,
                                .d = dtype::f32,
                                .accumulate = true,
                                .b = {2, 64},
                                .cfg = config{.block = {64, 96, 128}},
                                .type = dtype::bf16,
                                .a_contiguous = major::mn,
                                .b_contiguous = major::mn,
                                .in_place = true});
}

TEST_CASE("kernels and workloads in words") {
    constexpr config cfg{.block = {64, 64, 128}, .stages = 8, .sm90 = {.warpgroups = 1}};
    CHECK(to_source(fakes::kernel<cfg>().info) ==
          "gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, operand<e4m3, "
          "scale::per_block<scale::fp32>>, store<bf16>, "
          "config{.block = {64, 64, 128}, .stages = 8, .sm90 = {.warpgroups = 1}}>");
    CHECK(epilogue_source(fakes::kernel<cfg, dtype::f32, true>().info.traits) == "accumulate<float>");
    CHECK(epilogue_source(
              fakes::kernel<cfg, dtype::bf16, false, fakes::per_block, head_splits{128, 64, 128}>().info.traits) ==
          "store_heads<bf16, 128, 64, 128>");
    CHECK(to_source(operand_info{dtype::e5m2, scale_kind::ue8m0, {1, 128}}) ==
          "operand<e5m2, scale::per_token<scale::ue8m0>>");

    const operand_info rows{.type = dtype::e5m2, .format = scale_kind::ue8m0, .tile = {1, 128}, .gathered = true};
    CHECK(to_source(rows) == "gathered<operand<e5m2, scale::per_token<scale::ue8m0>>>");
    CHECK(describe(rows) == "e5m2 scaled 1x128 by ue8m0, rows gathered");
    CHECK(epilogue_source({.scattered = true}) == "scatter<bf16>");

    gemm_workload work = fakes::work(4096, 7168, 2048, dtype::f32, true);
    CHECK(describe(work) ==
          "m = 4096, n = 7168, k = 2048, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 128x128 by fp32, D f32 with C");
    work.heads = {128, 64, 128};
    CHECK(describe(work).ends_with(", heads 128+64+128"));
}

TEST_CASE("operands without scales in words") {
    CHECK(to_source(fakes::half()) == "operand<bf16>");
    CHECK(to_source(fakes::half(major::k, dtype::f16)) == "operand<f16>");
    CHECK(to_source(fakes::half(major::mn)) == "operand<bf16, scale::none, major::mn>");
    CHECK(describe(fakes::half(major::mn), "M") == "bf16 contiguous along M");
    CHECK(describe(fakes::half(major::k, dtype::f16), "M") == "f16 contiguous along K");
    CHECK(describe(fakes::half_work(4096, 7168, 2048, fakes::half(major::mn), fakes::half(major::mn))) ==
          "m = 4096, n = 7168, k = 2048, A bf16 contiguous along M, B bf16 contiguous along N, D bf16");
}
