// SPDX-License-Identifier: MIT
// The model of Blackwell against figures worked out by hand, the rules of tiles, and how predictions change with work and tile.
// None of it was measured on a machine.
#include <doctest/doctest.h>

#include <cstring>

#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/ops/gemm/sm100_plan.hpp>

namespace sm100_cost_tests {

using namespace deepgemm;

namespace {

constexpr operand_info half{dtype::bf16, scale_kind::none, {}}, wide{dtype::tf32, scale_kind::none, {}},
    plain{dtype::e4m3, scale_kind::none, {}}, token{dtype::e4m3, scale_kind::ue8m0, {1, 128}},
    block{dtype::e4m3, scale_kind::ue8m0, {128, 128}}, fine{dtype::e4m3, scale_kind::ue8m0, {1, 32}},
    mx{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}}, nv{dtype::e2m1x2, scale_kind::ue4m3, {1, 16}};
constexpr device_info b200 = device_info::b200();

constexpr operand_info turned(operand_info x) {
    x.contiguous = major::mn;
    return x;
}
gemm_workload work(operand_info a, operand_info b, i32 m = 4096, i32 n = 4096, i32 k = 8192, dtype d = dtype::bf16) {
    return {.shape = {m, n, k}, .a = a, .b = b, .d = d};
}
std::string message(const sm100_tile& tile, const gemm_workload& of) {
    const auto verdict = check_sm100_tile(tile, of);
    return verdict ? "valid" : verdict.failure().message;
}

}  // namespace

TEST_CASE("devices: facts of B200 and B300") {
    CHECK(std::strcmp(b200.name, "NVIDIA B200") == 0);
    CHECK(std::strcmp(device_info::b300().name, "NVIDIA B300") == 0);
    CHECK(b200.arch == 100);
    CHECK(device_info::b300().arch == 103);
    CHECK(b200.l2_bytes == 132644864);
    // Both run kernels for Blackwell, and none for Hopper.
    for (const device_info& device : {b200, device_info::b300()}) {
        CHECK(runs_on({.arch = 100}, device));
        CHECK(!runs_on({.arch = 90}, device));
        CHECK(device.sm_count == 148);
    }
    // The peaks of parts lists, in PFLOPS, follow from the rate of a multiprocessor at 1.86 GHz.
    const auto peak = [](const sm100_product& how) { return 2e-15 * how.macs * 148 * 1.86e9; };
    CHECK(peak(sm100_product_of(half, half)) == doctest::Approx(2.25).epsilon(0.01));
    CHECK(peak(sm100_product_of(token, token)) == doctest::Approx(4.5).epsilon(0.01));
    CHECK(peak(sm100_product_of(mx, mx)) == doctest::Approx(9).epsilon(0.01));
}

TEST_CASE("which kind multiplies which operands") {
    const auto kind = [](const operand_info& a, const operand_info& b) {
        const auto how = sm100_product_of(a, b);
        return how.known ? std::string(how.kind) : "none";
    };
    CHECK(kind(half, half) == "f16");
    CHECK(kind(wide, wide) == "tf32");
    CHECK(kind(plain, plain) == "f8f6f4");
    CHECK(kind(token, block) == "mxf8f6f4");
    CHECK(kind(fine, token) == "mxf8f6f4");  // each side its own
    CHECK(kind(token, mx) == "mxf8f6f4");
    CHECK(kind(mx, mx) == "mxf4");
    CHECK(kind(nv, nv) == "mxf4nvf4");
    CHECK(kind(turned(mx), mx) == "mxf8f6f4");  // the kinds of FP4 take operands along K only
    CHECK(kind({dtype::e2m1x2, scale_kind::ue8m0, {32, 32}}, mx) == "mxf8f6f4");  // and scales of single rows
    CHECK(kind(nv, turned(nv)) == "none");
    CHECK(kind(nv, mx) == "none");
    CHECK(kind(half, token) == "none");
    CHECK(kind(plain, token) == "none");
    CHECK(kind({dtype::e4m3, scale_kind::ue8m0, {1, 64}}, token) == "none");
    CHECK(sm100_product_of(half, half).block_k() == 64);
    CHECK(sm100_product_of(wide, wide).block_k() == 32);
    CHECK(sm100_product_of(token, mx).block_k() == 128);
    CHECK(sm100_product_of(nv, nv).block_k() == 256);
}

TEST_CASE("tiles whose results no epilogue stores, and lines that no swizzle has, are told apart") {
    gemm_workload steps = work(half, half);
    steps.epilogue.alpha = true;
    CHECK(message({.n = 64}, steps) == "valid");
    CHECK(message({.m = 64, .swap = true}, steps) ==
          "a tile swaps A and B, and D has an epilogue; only D itself is stored transposed");
    gemm_workload heads = work(token, block);
    heads.heads = {128, 64, 128};
    CHECK(message({.m = 64, .swap = true}, heads) ==
          "a tile swaps A and B, and D has head splits; only D itself is stored transposed");
    gemm_workload cast = work(half, half, 4096, 4096, 8192, dtype::e4m3);
    cast.epilogue.cast.columns = 128;
    CHECK(message({.n = 128}, cast) == "valid");
    CHECK(message({.n = 96}, cast) ==
          "a tile leaves 96 columns of D; a scale of D covers 128, so it must leave a multiple of that");
    cast.epilogue.activation = activation_kind::swiglu;
    CHECK(message({.n = 128}, cast) ==
          "a tile leaves 64 columns of D; a scale of D covers 128, so it must leave a multiple of that");
    CHECK(message({.n = 256, .split_k = 2}, cast) ==
          "K has 2 parts, and swiglu makes one column of two; the model has no figures for both together");
    CHECK(message({.n = 32}, work(wide, turned(wide))) == "valid");
    CHECK(message({.n = 16}, work(wide, turned(wide))) ==
          "a CTA has 16 rows of tf32 that do not lie along K; TMA copies 32 at a time");
    for (const gemm_workload& one : {steps, heads, cast, work(turned(wide), turned(wide), 64)}) {
        const auto made = choose_sm100(one, b200);
        REQUIRE(made);
        CHECK(check_sm100_tile(made->best.tile, one));
        if (one.epilogue.any() || one.heads.any()) CHECK(!made->best.tile.swap);
    }
}

TEST_CASE("clocks of a K block and of an epilogue") {
    // BF16, 128 x 128 x 16 takes 64 clocks, and four of them are a block of 64. Both tiles have 16 KB, read at 128 bytes a
    // clock.
    auto one = clocks_of({.m = 128, .n = 128}, work(half, half));
    CHECK(one.multiply == 4 * 64);
    CHECK(one.port == 256);
    CHECK(one.scales == 0);
    CHECK(one.totals == 64);  // 128 lanes x 128 columns x 4 bytes at 1024 a clock
    CHECK(one.store == 128 * 128 * 2 / 64);
    CHECK(one.fill == doctest::Approx(32768 / 58.1));
    // Half as many columns: multiplying takes half, but all of A is read again. Twice as many: the tensor cores decide.
    one = clocks_of({.m = 128, .n = 64}, work(half, half));
    CHECK(one.multiply == 128);
    CHECK(one.port == 192);
    one = clocks_of({.m = 128, .n = 256}, work(half, half));
    CHECK(one.multiply == 512);
    CHECK(one.port == 384);
    CHECK(one.totals == 128);
    // A pair has half of B's tile in each CTA.
    one = clocks_of({.m = 128, .n = 256, .ctas = 2}, work(half, half));
    CHECK(one.multiply == 512);
    CHECK(one.port == 256);
    CHECK(one.fill == doctest::Approx(32768 / 58.1));
    // Other kinds: elements of K in 128 bytes, and the rate.
    CHECK(clocks_of({.m = 128, .n = 128}, work(wide, wide)).multiply == 256);
    CHECK(clocks_of({.m = 128, .n = 128}, work(token, token)).multiply == 256);
    CHECK(clocks_of({.m = 128, .n = 128}, work(mx, mx)).multiply == 256);
    CHECK(clocks_of({.m = 128, .n = 256}, work(nv, nv)).multiply == 512);

    // FP8, swapped 224 x 128 in pairs: A has the columns of the multiply. Scales: 128 rows and 256 rows, a byte for 128 of K.
    one = clocks_of({.m = 224, .n = 128, .swap = true, .ctas = 2}, work(token, block));
    CHECK(one.multiply == 448);
    CHECK(one.port == 128 + 112 + 3 * 384 / 128);
    CHECK(one.scales == 6);
    CHECK(one.store == 224 * 128 * 2 / 64);
    CHECK(one.fill == doctest::Approx(((128 + 112) * 128 + 384) / 58.1));
    // NV: 16 bytes of scales for each of 128 + 256 rows in a block of 256.
    one = clocks_of({.m = 128, .n = 224}, work(nv, nv));
    CHECK(one.scales == 384 * 16 / 64);
    CHECK(one.port == 128 + 224 + 3 * 384 * 16 / 128);
    // FP4 beside FP8 fills a byte in shared memory, and half of one in L2.
    one = clocks_of({.m = 128, .n = 128}, work(token, mx));
    CHECK(one.multiply == 256);
    CHECK(one.port == 256 + 3 * (128 + 512) / 128);
    CHECK(one.fill == doctest::Approx((128 * 128 + 128 * 64 + 640) / 58.1));
    // Rows that the product does not have are not loaded; few working multiprocessors find more of L2, up to a limit.
    CHECK(clocks_of({.m = 128, .n = 128}, work(half, half, 1)).fill == doctest::Approx((8 + 128) * 128 / 58.1));
    CHECK(clocks_of({.m = 128, .n = 128}, work(half, half), 0.5).fill == doctest::Approx(32768 / 116.2));
    CHECK(clocks_of({.m = 128, .n = 128}, work(half, half), 0.1).fill == 256);
    CHECK(clocks_of({.m = 128, .n = 128, .stages = 5}, work(half, half)).latency == 320);
}

TEST_CASE("which part of a K block binds") {
    const auto binds = [](const sm100_tile& tile, const gemm_workload& of) {
        return clocks_of(tile, of, 0.4).block_bound();
    };
    CHECK(binds({.m = 128, .n = 256, .ctas = 2}, work(half, half)) == bound::tensor_cores);
    CHECK(binds({.m = 128, .n = 64, .stages = 16}, work(half, half)) == bound::port);
    CHECK(clocks_of({.m = 128, .n = 128}, work(half, half)).block_bound() == bound::fill);
    CHECK(binds({.m = 128, .n = 32, .stages = 2}, work(half, half)) == bound::latency);
    CHECK(binds({.m = 128, .n = 224, .stages = 4}, work(nv, nv)) == bound::port);  // scales at the port
}

TEST_CASE("columns of tensor memory and bytes of shared memory") {
    const auto columns = [](const sm100_tile& tile, const operand_info& a, const operand_info& b) {
        return sm100_tmem_columns(tile, sm100_product_of(a, b));
    };
    CHECK(columns({.m = 224, .n = 128, .swap = true, .ctas = 2}, token, block) == 460);
    CHECK(columns({.m = 128, .n = 256}, token, block) == 524);
    CHECK(columns({.m = 128, .n = 256}, half, half) == 512);
    CHECK(columns({.m = 128, .n = 256, .accumulators = 1}, token, block) == 268);
    CHECK(columns({.m = 128, .n = 224}, mx, mx) == 448 + 2 * 12);
    CHECK(columns({.m = 128, .n = 224}, nv, nv) == 448 + 4 * 12);
    CHECK(message({.m = 224, .n = 128, .swap = true, .ctas = 2}, work(token, block)) == "valid");
    CHECK(message({.m = 128, .n = 256}, work(token, block)) ==
          "a tile takes 524 columns of tensor memory; there are 512");
    CHECK(message({.m = 128, .n = 256}, work(half, half)) == "valid");
    CHECK(message({.m = 128, .n = 240}, work(nv, nv)) == "a tile takes 528 columns of tensor memory; there are 512");

    const auto bytes = [](const sm100_tile& tile, const operand_info& a, const operand_info& b) {
        return sm100_stage_bytes(tile, sm100_product_of(a, b));
    };
    CHECK(bytes({.m = 128, .n = 256}, half, half) == 49152);
    CHECK(bytes({.m = 128, .n = 256, .ctas = 2}, half, half) == 32768);
    CHECK(bytes({.m = 128, .n = 128}, token, mx) == 32768 + 1024);
    CHECK(bytes({.m = 128, .n = 128}, nv, nv) == 32768 + 4 * 1024);
    CHECK(sm100_stages({.m = 128, .n = 256}, sm100_product_of(half, half), dtype::bf16) ==
          4);  // (232448 - 34816) / 49152
    CHECK(sm100_stages({.m = 128, .n = 256, .ctas = 2}, sm100_product_of(half, half), dtype::bf16) == 6);
    CHECK(sm100_stages({.m = 128, .n = 16}, sm100_product_of(half, half), dtype::bf16) == 12);
    CHECK(message({.m = 128, .n = 256, .stages = 5}, work(half, half)) ==
          "a tile takes 280576 bytes of shared memory; there are 232448");
}

TEST_CASE("rules of tiles") {
    CHECK(message({.m = 64, .n = 128}, work(half, half)) ==
          "a tile has 64 rows of the multiply; it must be 128, the lanes of tensor memory");
    CHECK(message({.m = 64, .n = 64, .swap = true}, work(half, half)) ==
          "a tile has 64 rows of the multiply; it must be 128, the lanes of tensor memory");
    CHECK(message({.m = 128, .n = 264}, work(half, half)) ==
          "a tile has 264 columns of the multiply; it must be a multiple of 8 up to 256");
    CHECK(message({.m = 128, .n = 24, .ctas = 2}, work(half, half)) ==
          "a tile has 24 columns of the multiply; it must be a multiple of 16 up to 256");
    CHECK(message({.m = 128, .n = 24}, work(half, half)) == "valid");
    CHECK(message({.m = 128, .n = 32}, work(half, turned(half))) == "valid");
    CHECK(message({.m = 128, .n = 32, .ctas = 2}, work(half, turned(half))) ==
          "a CTA has 16 rows of bf16 that do not lie along K; TMA copies 32 at a time");
    CHECK(message({.m = 128, .n = 32}, work(token, turned(block))) ==
          "a CTA has 32 rows of e4m3 that do not lie along K; TMA copies 64 at a time");
    CHECK(message({.m = 128, .n = 24}, work(token, turned(block))) ==
          "a tile has 24 columns of 8-bit elements that are not contiguous along K; it must be a multiple of 16");
    CHECK(message({.m = 128, .n = 48, .ctas = 2}, work(token, turned(block))) ==
          "a tile has 48 columns of 8-bit elements that are not contiguous along K; it must be a multiple of 32");
    CHECK(message({.m = 128, .n = 192}, work(token, turned(mx))) ==
          "a CTA has 192 rows of e2m1x2 that do not lie along K; TMA copies 128 at a time");
    CHECK(message({.m = 128, .n = 128, .ctas = 2}, work(token, turned(mx))) ==
          "a CTA has 64 rows of e2m1x2 that do not lie along K; TMA copies 128 at a time");
    CHECK(message({.m = 192, .n = 128, .swap = true}, work(token, turned(mx))) == "valid");  // B has the rows
    CHECK(message({.ctas = 3}, work(half, half)) == "3 CTAs multiply together; it must be 1 or 2");
    CHECK(message({.accumulators = 1}, work(half, half)) == "a tile has 1 accumulators; it must have from 2 to 16");
    CHECK(message({.n = 8, .accumulators = 17}, work(half, half)) ==
          "a tile has 17 accumulators; it must have from 2 to 16");
    CHECK(message({}, work(half, token)) ==
          "no tensor core of Blackwell multiplies bf16 with scales of kind none by e4m3 with scales of kind ue8m0");
}

TEST_CASE("tiles, waves and bytes of a prediction") {
    const auto made = predict({.m = 128, .n = 256, .ctas = 2}, work(half, half, 4096, 4096, 8192), b200, 148);
    CHECK(made.tiles == 32 * 16);
    CHECK(made.waves == 4);
    CHECK(made.wave_efficiency == doctest::Approx(512.0 / (4 * 148)));
    CHECK(made.tile_efficiency == 1);
    CHECK(made.memory_us == doctest::Approx((2 * 2.0 * 4096 * 8192 + 2.0 * 4096 * 4096) / (0.908 * 7672e3)));
    // Pairs take two tiles along M, or along N if swapped.
    CHECK(predict({.m = 128, .n = 128, .ctas = 2}, work(half, half, 300, 128), b200, 148).tiles == 4);
    CHECK(predict({.m = 16, .n = 128, .swap = true, .ctas = 2}, work(half, half, 33, 300), b200, 148).tiles == 3 * 4);
    // FP4 has half the bytes of FP8, and scales: those of 32 elements a byte, those of 16 one for each.
    const auto bytes = [](const operand_info& a, const operand_info& b) {
        return demand_of(work(a, b, 128, 4096, 4096)).bytes;
    };
    const double d = 2.0 * 128 * 4096, rows = 128 + 4096;
    CHECK(bytes(mx, mx) == rows * 2048 + rows * 128 + d);
    CHECK(bytes(nv, nv) == rows * 2048 + rows * 256 + d);
    CHECK(bytes(plain, plain) == rows * 4096 + d);
}

TEST_CASE("K in parts: rules, memory and clocks") {
    CHECK(message({.n = 64, .split_k = 8}, work(half, half)) == "valid");
    CHECK(message({.n = 64, .split_k = 9}, work(half, half)) ==
          "K has 9 parts of 1 CTA, which are one cluster of at most 8 CTAs; there must be from 1 to 8 parts");
    CHECK(message({.n = 64, .split_k = 0}, work(half, half)) ==
          "K has 0 parts of 1 CTA, which are one cluster of at most 8 CTAs; there must be from 1 to 8 parts");
    CHECK(message({.n = 64, .ctas = 2, .split_k = 4}, work(half, half)) == "valid");
    CHECK(message({.n = 64, .ctas = 2, .split_k = 5}, work(half, half)) ==
          "K has 5 parts of 2 CTAs, which are one cluster of at most 8 CTAs; there must be from 1 to 4 parts");
    CHECK(message({.n = 64, .cluster = {2, 1}, .split_k = 2}, work(half, half)) ==
          "K has 2 parts, and 2 CTAs share tiles; a cluster does one of the two");

    // Rows of a warp meet in one CTA, which has a batch of columns from each other part. Of four warps, two are in each of two
    // parts, and one, or none, in each of four or eight.
    CHECK(sm100_parts_bytes({.n = 64, .split_k = 2}, dtype::bf16) == 1 * 2 * 32 * 64 * 4);
    CHECK(sm100_parts_bytes({.n = 256, .split_k = 4}, dtype::bf16) == 3 * 1 * 32 * 64 * 4);
    CHECK(sm100_parts_bytes({.n = 256, .split_k = 4}, dtype::f32) == 3 * 1 * 32 * 32 * 4);
    CHECK(sm100_parts_bytes({.m = 16, .n = 128, .swap = true, .split_k = 8}, dtype::bf16) == 7 * 32 * 16 * 4);
    CHECK(sm100_parts_bytes({.m = 240, .n = 128, .swap = true, .split_k = 8}, dtype::bf16) == 7 * 32 * 48 * 4);
    CHECK(sm100_parts_bytes({.n = 64}, dtype::bf16) == 0);

    // All columns of a tile cross the cluster, and a CTA stores the rows that it collects.
    const auto whole = clocks_of({.n = 64}, work(half, half)),
               four = clocks_of({.n = 64, .split_k = 4}, work(half, half)),
               eight = clocks_of({.n = 64, .split_k = 8}, work(half, half));
    CHECK(whole.exchange == 0);
    CHECK(four.exchange == doctest::Approx(1726 + 3 * 32 * 64 * 4 / 20.0));
    CHECK(eight.exchange == doctest::Approx(1726 + 7 * 32 * 64 * 4 / 20.0));
    CHECK(four.store == whole.store / 4);
    CHECK(clocks_of({.n = 64, .split_k = 2}, work(half, half)).store == whole.store / 2);
    CHECK(four.multiply == whole.multiply);
    CHECK(four.epilogue() == doctest::Approx(std::max(four.store, four.totals) + four.exchange));
}

TEST_CASE("K in parts: predictions and choices") {
    const auto few = work(token, block, 64, 576, 7168);
    const sm100_tile whole{.m = 64, .n = 128, .swap = true}, parts{.m = 64, .n = 128, .swap = true, .split_k = 4};
    const auto one = predict(whole, few, b200, 148), four = predict(parts, few, b200, 148);
    CHECK(one.tiles == 5);
    CHECK(four.tiles == 5);
    CHECK(four.waves == 1);
    CHECK(four.wave_efficiency == doctest::Approx(20.0 / 148));
    CHECK(four.memory_us == one.memory_us);
    CHECK(four.main_loop_us < 0.3 * one.main_loop_us);
    CHECK(four.epilogue_us > one.epilogue_us);
    CHECK(four.total_us < one.total_us);
    // 58 blocks in four parts: the longest has 15.
    CHECK(predict(parts, work(token, block, 64, 576, 58 * 128), b200, 148).main_loop_us ==
          doctest::Approx(predict(parts, work(token, block, 64, 576, 60 * 128), b200, 148).main_loop_us).epsilon(0.01));

    // Few tiles and much K are shared; not where tiles suffice, nor where an exchange costs more than a short K.
    const auto parts_of = [](i32 m, i32 n, i32 k, int sms = 0) {
        return choose_sm100(work(token, block, m, n, k), b200, sms)->best.tile.split_k;
    };
    CHECK(parts_of(16, 576, 7168) > 1);
    CHECK(parts_of(64, 576, 7168) > 1);
    CHECK(parts_of(64, 2112, 7168) > 1);
    CHECK(parts_of(1, 256, 7168) == 8);
    CHECK(parts_of(1, 256, 7168, 7) < 8);  // a cluster of eight CTAs would not run
    CHECK(parts_of(64, 24576, 1536) == 1);
    CHECK(parts_of(4096, 4096, 7168) == 1);
    CHECK(parts_of(64, 576, 512) == 1);
    for (const i32 k : {128, 256, 512, 1024}) CHECK(parts_of(1, 128, k) <= ceil_div(k, 128));
    const auto chosen = choose_sm100(work(token, block, 16, 576, 7168), b200);
    CHECK(chosen->best.predicted.waves == 1);
    const std::string text = explain(*chosen);
    CAPTURE(text);
    const int n = chosen->best.tile.split_k;
    CHECK(text.find(concat("swapped 16 x 128, K in ", n, " parts\n")) != std::string::npos);
    CHECK(text.find(concat(".split_k = ", n)) != std::string::npos);
    CHECK(text.find("totals of other parts of K ") != std::string::npos);
    CHECK(explain(*choose_sm100(work(token, block), b200)).find("parts") == std::string::npos);
}

TEST_CASE("predictions change as they should") {
    const sm100_tile pair{.m = 128, .n = 256, .ctas = 2};
    double before = 0;
    for (i32 k = 64; k <= 1 << 15; k *= 2) {
        const double now = predict(pair, work(half, half, 4096, 4096, k), b200, 148).total_us;
        CHECK(now > before);
        before = now;
    }
    // An epilogue under the next tile costs nothing, unless it is longer; alone it is always in the way.
    const sm100_tile alone{.m = 128, .n = 128, .accumulators = 1}, hidden{.m = 128, .n = 128};
    const auto shallow = work(half, half, 8192, 8192, 64, dtype::f32), deep = work(half, half, 8192, 8192, 4096);
    CHECK(predict(hidden, deep, b200, 148).total_us < predict(alone, deep, b200, 148).total_us);
    CHECK(predict(hidden, deep, b200, 148).epilogue_us < 0.1 * predict(alone, deep, b200, 148).epilogue_us);
    device_info fast = b200;
    fast.hbm_gb_per_s = 1 << 20;
    CHECK(predict(hidden, shallow, fast, 148).limit == bound::epilogue);
    CHECK(predict(hidden, shallow, b200, 148).limit == bound::memory);
    // Twice the rate of multiplies, and half the bytes.
    CHECK(choose_sm100(work(token, block, 8192, 8192, 8192), b200)->best.predicted.total_us <
          0.6 * choose_sm100(work(half, half, 8192, 8192, 8192), b200)->best.predicted.total_us);
    // Fewer multiprocessors, more time; and faster memory, less.
    const auto rows = work(token, block, 8, 7168, 16384);
    CHECK(choose_sm100(rows, b200, 30)->best.predicted.total_us > choose_sm100(rows, b200)->best.predicted.total_us);
    CHECK(choose_sm100(rows, device_info::b300())->best.predicted.memory_us <
          choose_sm100(rows, b200)->best.predicted.memory_us);
}

TEST_CASE("no prediction is faster than the hardware's peaks") {
    for (const auto& [a, b] : {std::pair{half, half}, {wide, wide}, {token, block}, {token, mx}, {mx, mx}, {nv, nv}}) {
        for (const i32 m : {1, 128, 4096}) {
            for (const auto& [n, k] : {std::pair{576, 7168}, {24576, 1536}, {7168, 16384}}) {
                const auto of = work(a, b, m, n, k);
                const auto made = choose_sm100(of, b200);
                REQUIRE(made);
                const double macs = double(m) * n * k,
                             most = sm100_product_of(a, b).macs * 148 * double(b200.clock_mhz);  // in a microsecond
                CHECK(made->best.predicted.total_us > macs / most);
                CHECK(made->best.predicted.total_us > demand_of(of).bytes / (7672e3 * 0.95));
                CHECK(check_sm100_tile(made->best.tile, of));
                CHECK(made->best.predicted.total_us <= made->next.predicted.total_us);
                CHECK(made->best.tile.stages >= 2);
            }
        }
    }
}

TEST_CASE("kernels of Blackwell are predicted by their tiles") {
    const auto of = work(half, half);
    gemm_info info{.launch = {.arch = 100}, .cfg = {.block = {128, 256, 64}, .stages = 4}};
    const sm100_tile tile{.m = 128, .n = 256, .stages = 4};
    CHECK(sm100_tile_of(info.cfg) == tile);
    CHECK(predict(info, of, b200, 148).total_us == predict(tile, of, b200, 148).total_us);
    info.launch.arch = 90;
    CHECK(predict(info, of, b200, 148).total_us != predict(tile, of, b200, 148).total_us);
    // Multicast: the CTAs of a cluster along M share tiles of B, those along N tiles of A; clusters are counted whole.
    info.cfg.cluster = {2, 1};
    sm100_tile shared = tile;
    shared.cluster = {2, 1};
    CHECK(sm100_tile_of(info.cfg) == shared);
    // And back: a configuration from a tile.
    const auto how = sm100_product_of(half, half);
    CHECK(config_of(shared, how) == info.cfg);
    const sm100_tile pair{.m = 48, .swap = true, .ctas = 2, .stages = 3};
    CHECK(config_of(pair, how) ==
          config{.block = {48, 128, 64}, .stages = 3, .cluster = {1, 2}, .swap = true, .sm100 = {.ctas = 2}});
    CHECK(sm100_tile_of(config_of(pair, how)) == pair);
    CHECK(clocks_of(shared, of).fill == doctest::Approx((128 + 128) * 128 / 58.1));
    CHECK(clocks_of(shared, of).port == clocks_of(tile, of).port);
    CHECK(predict(shared, work(half, half, 129, 256), b200, 148).tiles == 2);
    CHECK(predict(shared, work(half, half, 257, 256), b200, 148).tiles == 4);
    shared.cluster = {1, 2};
    CHECK(clocks_of(shared, of).fill == doctest::Approx((64 + 256) * 128 / 58.1));
    CHECK(predict(shared, work(half, half, 129, 256), b200, 148).tiles == 4);
    // A swapped kernel has its cluster along the other axis.
    const sm100_tile swapped{.m = 64, .n = 128, .swap = true, .cluster = {1, 2}};
    CHECK(clocks_of(swapped, of).fill == doctest::Approx((128 + 32) * 128 / 58.1));
}

TEST_CASE("choices") {
    // Much of everything: pairs of wide tiles. One row: B has the rows of the multiply, or tiles of few rows.
    auto made = choose_sm100(work(token, block, 4096, 7168, 16384), b200);
    REQUIRE(made);
    CHECK(made->best.tile.ctas == 2);
    CHECK(made->best.tile.columns() >= 192);
    made = choose_sm100(work(token, block, 1, 7168, 16384), b200);
    REQUIRE(made);
    CHECK(made->best.tile.columns() * made->best.tile.m <= 64 * 128);
    CHECK(made->best.predicted.limit == bound::memory);
    const std::string text = explain(*made);
    CHECK(text.find("m = 1, n = 7168, k = 16384") != std::string::npos);
    CHECK(text.find("148 of 148 SMs of NVIDIA B200, by tcgen05.mma of kind mxf8f6f4; predicted, never measured") !=
          std::string::npos);
    CHECK(text.find("bound by device memory") != std::string::npos);
    CHECK(text.find("of 512 columns of tensor memory") != std::string::npos);
    CHECK(text.find("next: ") != std::string::npos);

    const auto error = [](const gemm_workload& of, const device_info& device, int sms = 0) {
        const auto choice = choose_sm100(of, device, sms);
        return choice ? std::string("none") : choice.failure().message;
    };
    CHECK(error(work(half, half), device_info::h200()) ==
          "NVIDIA H200 has compute capability 9.0; tiles of Blackwell run on 10.x");
    CHECK(error(work(half, half, 0), b200) == "M is 0; it must be from 1 to 2147479552");
    CHECK(error(work(half, half), b200, 149) == "num_sms is 149; it must be from 0, for all, to 148");
    CHECK(error(work(half, token), b200) ==
          "no tensor core of Blackwell multiplies bf16 with scales of kind none by e4m3 with scales of kind ue8m0");
    CHECK(choose_sm100(work(half, half), b200, 1)->best.tile.ctas == 1);
}

}  // namespace sm100_cost_tests
