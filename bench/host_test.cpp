// SPDX-License-Identifier: MIT
// Tests of what the benchmark does without a GPU: its cases, command line, statistics and table.
#include <doctest/doctest.h>

#include <map>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "command_line.hpp"
#include "energy.hpp"
#include "memory.hpp"
#include "ops/batched_gemm/words.hpp"
#include "ops/clean_logits/words.hpp"
#include "ops/contiguous_gemm/words.hpp"
#include "ops/grouped_gemm/words.hpp"
#include "ops/hc_prenorm/words.hpp"
#include "ops/k_grouped_gemm/words.hpp"
#include "ops/mqa_logits/words.hpp"
#include "ops/paged_mqa_logits/words.hpp"
#include "ops/topk/words.hpp"
#include "ops/transpose/words.hpp"
#include "options.hpp"
#include "result.hpp"

namespace host_test_tests {

using namespace deepgemm::bench;

namespace {

options parsed(const std::vector<std::string>& arguments) {
    options o;
    std::ostringstream help;
    parse(arguments, o, help);
    return o;
}

case_result example() {
    case_result r{suite_fp8_42()[22], "config{.stages = 5}", "model", {}, {}};
    r.ours.name = "deepgemm";
    r.ours.us = {100, 90, 130};
    r.ours.diff = 1.5e-6;
    r.ours.sustained_us = 125;
    r.ours.joules = 0.08;
    measurement fast, absent;
    fast.name = "fast";
    fast.us = {80};
    fast.sustained_us = 150;
    fast.joules = 0.09;
    absent.name = "absent";
    absent.failure = "says \"no\"\n";
    r.peers = {fast, absent};
    return r;
}

}  // namespace

TEST_CASE("power is taken between movements of the counter alone") {
    energy_meter meter;
    // 700 W; the counter moves every 0.1 s, from 0.05 s on, and is looked at every 10 ms.
    for (int i = 0; i <= 120; ++i) meter.look(0.01 * i, 1000 + 70 * ((i + 5) / 10));
    CHECK(meter.watts() == doctest::Approx(700));
    // A first look is no movement: at whole steps it would count energy that was spent before.
    energy_meter late;
    late.look(0.09, 70);
    late.look(0.10, 140);
    late.look(0.20, 210);
    late.look(0.29, 210);
    CHECK(late.watts() == doctest::Approx(700));
}

TEST_CASE("power is unknown without a counter, or without two movements that are far enough apart") {
    energy_meter meter;
    CHECK(std::isnan(meter.watts()));
    for (int i = 0; i < 100; ++i) meter.look(i, not_measured);
    CHECK(std::isnan(meter.watts()));
    for (int i = 0; i < 100; ++i) meter.look(i, 5);
    CHECK(std::isnan(meter.watts()));
    meter.look(100, 6);
    CHECK(std::isnan(meter.watts()));
    meter.look(100.05, 7);
    CHECK(std::isnan(meter.watts()));
    meter.look(101, 500);
    CHECK(meter.watts() == doctest::Approx(494));
}

TEST_CASE("the suite is 21 forward, 7 dgrad and 14 wgrad cases") {
    const auto cases = suite_fp8_42();
    CHECK(cases.size() == 42);
    std::map<std::string, int> passes;
    for (const gemm_case& c : cases) ++passes[c.pass];
    CHECK(passes == std::map<std::string, int>{{"forward", 21}, {"dgrad", 7}, {"wgrad", 14}});
    CHECK(cases[0].name() == "forward 1x2112x7168 1d2d bf16");
    CHECK(cases[21].name() == "dgrad 4096x7168x2112 1d2d bf16");
    CHECK(cases[22].name() == "wgrad 2112x4096x7168 1d1d f32 acc");
    CHECK(cases[41].name() == "wgrad 7168x4096x2048 1d2d bf16");
    CHECK(suite_fp8_25().size() == 25);
    CHECK(filtered(cases, "acc").size() == 7);
}

TEST_CASE("the BF16 suite is 48 forward, 9 dgrad and 18 wgrad cases in the peers' order") {
    const auto cases = suite_bf16_75();
    CHECK(cases.size() == 75);
    std::map<std::string, int> passes, layouts;
    for (const gemm_case& c : cases) {
        ++passes[c.pass];
        ++layouts[std::string(c.layout()) + " " + c.d_type() + (c.accumulate ? " acc" : "")];
    }
    CHECK(passes == std::map<std::string, int>{{"forward", 48}, {"dgrad", 9}, {"wgrad", 18}});
    CHECK(layouts ==
          std::map<std::string, int>{
              {"nt bf16", 21}, {"nt bf16 acc", 21}, {"nt f32", 6}, {"nn bf16", 9}, {"tn f32 acc", 9}, {"tn bf16", 9}});
    CHECK(cases[0].name() == "forward 1x2112x7168 bf16 nt bf16");
    CHECK(cases[1].name() == "forward 1x2112x7168 bf16 nt bf16 acc");
    CHECK(cases[15].name() == "forward 1x129280x7168 bf16 nt f32");
    CHECK(cases[48].name() == "dgrad 4096x7168x2112 bf16 nn bf16");
    CHECK(cases[49].name() == "wgrad 2112x4096x7168 bf16 tn f32 acc");
    CHECK(cases[72].name() == "dgrad 4096x7168x129280 bf16 nn bf16");
    CHECK(cases[74].name() == "wgrad 129280x4096x7168 bf16 tn bf16");
}

TEST_CASE("the masked suites are the same 16 products, with the rows that were drawn") {
    const auto fp8 = suite_masked(), half = suite_masked_bf16();
    REQUIRE(fp8.size() == 16);
    REQUIRE(half.size() == 16);
    for (std::size_t i = 0; i < fp8.size(); ++i) {
        CHECK(half[i].name() == fp8[i].name() + " bf16");
        for (const grouped_case& c : {fp8[i], half[i]}) {
            const std::vector<deepgemm::i32> counts = c.counts();
            CHECK(std::accumulate(counts.begin(), counts.end(), 0) == c.rows);
            const double weights = double(c.groups) * c.n * c.k;
            CHECK(c.bytes() >= c.one().operand_bytes() * (weights + double(c.rows) * c.k) + 2.0 * c.rows * c.n);
            const std::string written = words<deepgemm::ops::grouped_gemm>::text_of(workload_of(c));
            CHECK(workload_of(parse_groups(written)) == workload_of(c));
            CHECK((written.find(":bf16-masked-") != written.npos) == !c.is_fp8());
        }
    }
    // 82 TFLOPS and 4180 GB/s in 678 us.
    CHECK(half[8].flops() / 678e6 == doctest::Approx(82).epsilon(0.01));
    CHECK(half[8].bytes() / 678e3 == doctest::Approx(4180).epsilon(0.001));
    CHECK(std::string(half[8].family()) == "bf16_masked");
    CHECK(std::string(half[8].one().recipe()) == "bf16");
}

TEST_CASE("the contiguous suites are the peer's cases, with groups of our own that fill as many rows") {
    const auto fp8 = suite_contiguous(), half = suite_contiguous_bf16();
    CHECK(fp8.size() == 16);
    CHECK(half.size() == 32);
    std::map<std::string, int> layouts;
    for (const auto& suite : {fp8, half}) {
        std::map<std::string, int> names;
        for (const contiguous_case& c : suite) {
            ++names[c.name()];
            ++layouts[std::string(c.op()) + " " + c.pass()];
            deepgemm::i32 end = 0;
            for (const deepgemm::i32 count : c.counts()) end = deepgemm::align_up(end + count, c.alignment);
            CHECK(end == c.rows);
            const std::string written = words<deepgemm::ops::contiguous_gemm>::text_of(workload_of(c));
            CHECK(workload_of(parse_contiguous(written)) == workload_of(c));
        }
        CHECK(names.size() == suite.size());
    }
    CHECK(layouts == std::map<std::string, int>{{"m_grouped_fp8_gemm_nt_contiguous psum", 8},
                                                {"m_grouped_fp8_gemm_nt_contiguous indexed", 8},
                                                {"m_grouped_bf16_gemm_nt_contiguous psum", 8},
                                                {"m_grouped_bf16_gemm_nt_contiguous indexed", 8},
                                                {"m_grouped_bf16_gemm_nn_contiguous psum", 8},
                                                {"m_grouped_bf16_gemm_nn_contiguous indexed", 8}});
    // 1420 TFLOPS in 2200 us, and 762 in 4175.
    CHECK(fp8[0].flops() / 2200e6 == doctest::Approx(1420).epsilon(0.001));
    CHECK(half[1].flops() / 4175e6 == doctest::Approx(762).epsilon(0.001));
    CHECK(fp8[0].bytes() / 2200e3 == doctest::Approx(397).epsilon(0.01));
    CHECK(fp8[0].name() == "4x35456 6144x7168 psum");
    CHECK(half[17].name() == "4x36096 6144x7168 indexed bf16 nn");
    CHECK(std::string(half[0].family()) == "bf16_contiguous");
    CHECK(fp8[8].peer_name() == "num_groups=4 m=35456 n=6144 k=7168 1D2D layout=NT psum=False zero_pad=False");
    CHECK(half[1].peer_name() == "num_groups=4 m=36096 n=6144 k=7168 layout=NN psum=True zero_pad=False");
}

TEST_CASE("the suites of groups of K are the peer's cases, with groups of our own that have as much of K") {
    const auto fp8 = suite_k_grouped(), half = suite_k_grouped_bf16();
    REQUIRE(fp8.size() == 12);
    REQUIRE(half.size() == 6);
    for (const auto& suite : {fp8, half}) {
        for (const k_grouped_case& c : suite) {
            const std::vector<deepgemm::i32> sizes = c.sizes();
            CHECK(sizes.size() == std::size_t(c.groups));
            CHECK(std::accumulate(sizes.begin(), sizes.end(), 0) == c.k);
            for (const deepgemm::i32 size : sizes) CHECK((size > 0 && size % 128 == 0));
            const std::string written = words<deepgemm::ops::k_grouped_gemm>::text_of(workload_of(c));
            CHECK(words<deepgemm::ops::k_grouped_gemm>::takes(written));
            CHECK_FALSE(words<deepgemm::ops::grouped_gemm>::takes(written));
            CHECK(workload_of(parse_k_groups(written)) == workload_of(c));
        }
    }
    // 998 TFLOPS in 1973 us, and 713 in 2666.
    CHECK(fp8[0].flops() / 1973e6 == doctest::Approx(998).epsilon(0.001));
    CHECK(half[0].flops() / 2666e6 == doctest::Approx(713).epsilon(0.001));
    CHECK(fp8[0].bytes() / 1973e3 == doctest::Approx(674).epsilon(0.01));
    CHECK(fp8[0].name() == "4x33536 4096x7168 concatenated");
    CHECK(fp8[6].name() == "4x33536 4096x7168 one pitch");
    CHECK(half[5].name() == "16x35072 7168x2048 one pitch bf16");
    CHECK(std::string(fp8[6].family()) == "fp8_k_grouped");
    CHECK(fp8[0].peer_name() == "num_groups=4 m=4096 n=7168 k=33536 gran_k=128 k_alignment=128 psum=0");
    CHECK(half[0].peer_name() == "num_groups=4 m=4096 n=7168 k=32384 align=128 psum=0");
    for (const char* const text :
         {"3*64,128,256:along-k-f32", "3*64,128,256:concatenated-bf16", "3*64,128,200:bf16-along-k-bf16",
          "3*64,128,256:along-k-ue8m0", "3*64,128,256:concatenated-ue8m0-f32", "3*64,128,256:along-k-ue8m0-bf16"})
        CHECK(words<deepgemm::ops::k_grouped_gemm>::text_of(workload_of(parse_k_groups(text))) == text);
}

TEST_CASE("the suite of lists has gathered and scattered rows, each beside a kernel of its own that moves them") {
    const auto cases = suite_lists();
    CHECK(cases.size() == 24);
    std::map<std::string, int> names, ops;
    for (const contiguous_case& c : cases) {
        ++names[c.name()];
        ++ops[c.op()];
        CHECK(workload_of(c).a.gathered == (c.order == listed::gathered));
        CHECK(workload_of(c).scattered == (c.order == listed::scattered));
        const std::string written = words<deepgemm::ops::contiguous_gemm>::text_of(workload_of(c));
        CHECK(workload_of(parse_contiguous(written)) == workload_of(c));
    }
    CHECK(names.size() == cases.size());
    CHECK(ops == std::map<std::string, int>{{"m_grouped_fp8_gemm_nt_contiguous_gathered", 3},
                                            {"m_grouped_fp8_gemm_nt_contiguous_scattered", 3},
                                            {"m_grouped_fp8_gemm_nt_contiguous", 6},
                                            {"m_grouped_bf16_gemm_nt_contiguous_gathered", 3},
                                            {"m_grouped_bf16_gemm_nt_contiguous_scattered", 3},
                                            {"m_grouped_bf16_gemm_nt_contiguous", 6}});
    CHECK(cases[1].name() == "4x35456 6144x7168 psum gathered before");
    CHECK(std::string(cases[1].family()) == "fp8_lists");
    CHECK(words<deepgemm::ops::contiguous_gemm>::text_of(workload_of(cases[0])) == "4*35456,6144,7168:gathered-psum");
}

TEST_CASE("the suite of a router has each list as it is and filled up in two ways, in both forms") {
    const auto cases = suite_router();
    CHECK(cases.size() == 60);
    std::map<std::string, int> names;
    for (const contiguous_case& c : cases) {
        ++names[c.name()];
        deepgemm::i32 end = 0, sum = 0, real = 0;
        for (const deepgemm::i32 count : c.counts()) {
            CHECK(count >= 1);
            end = deepgemm::align_up(end + count, c.alignment), sum += count;
        }
        for (const deepgemm::i32 count : c.dealt) real += count;
        CHECK(end == c.rows);
        CHECK(sum == (c.counted ? c.rows : real));
        CHECK(c.flops() == 2.0 * real * c.n * c.k);
        CHECK(std::string(c.family()) == "fp8_router");
        if (c.alignment == 1) CHECK(real == c.rows);
    }
    CHECK(names.size() == cases.size());
    CHECK(cases[0].name() == "zipf_32 4096x7168 psum 1");
    CHECK(cases[19].name() == "many_16 4096x7168 psum 128");
    CHECK(cases[59].name() == "many_16 4096x7168 indexed 128 counted");
}

TEST_CASE("suites by name hold each case once, FP8 first") {
    CHECK(suite("fp8_42").size() == 42);
    CHECK(suite("bf16_75").size() == 75);
    const auto fp8 = suite("fp8"), all = suite("all");
    CHECK(fp8.size() == 42 + 25 - 14);
    CHECK(all.size() == fp8.size() + 84 + 75);
    std::map<std::string, int> names;
    for (const gemm_case& c : all) ++names[c.name()];
    CHECK(names.size() == all.size());
    CHECK(all.front().is_fp8());
    CHECK(std::string(all.front().family()) == "fp8_dense");
    CHECK(std::string(all.back().family()) == "bf16_dense");
    const auto sustained = suite("sustained");
    REQUIRE(sustained.size() == 12);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(sustained[i].recipe() == std::string("1d2d"));
        CHECK(sustained[i + 6].recipe() == std::string("tensor"));
        CHECK(sustained[i].flops() == sustained[i + 6].flops());
        CHECK(sustained[i].flops() > 5e11);
        for (const gemm_case& c : {sustained[i], sustained[i + 6]}) {
            CHECK(c.family() == std::string("sustained"));
            for (const gemm_case& other : suite("all")) CHECK(other.name() != c.name());
        }
    }
    const auto layouts = suite("fp8_layouts");
    CHECK(layouts.size() == 12);
    for (const gemm_case& c : layouts) CHECK(std::string(c.family()) == "fp8_layouts");
    CHECK(layouts[1].name() == "- 4096x4096x7168 1d2d tn bf16");
}

TEST_CASE("the suites of Blackwell are the products of docs/sm100-times.md") {
    using namespace deepgemm;
    const auto fp8 = suite("fp8_63"), fp4 = suite("fp4");
    CHECK(fp8.size() == 63);
    REQUIRE(fp4.size() == 63 + 42);
    std::map<std::string, int> names;
    for (const auto& cases : {fp8, fp4}) {
        for (const gemm_case& c : cases) ++names[c.name()];
    }
    CHECK(names.size() == 63 + 105);
    CHECK(fp8[1].name() == "forward 1x2112x7168 1d1d bf16 acc");
    CHECK(fp8[43].name() == "wgrad 2112x4096x7168 1d1d tn f32 acc");
    CHECK(fp4[42].name() == "dgrad 4096x7168x2112 fp8xfp4 nn bf16");
    CHECK(fp4[104].name() == "forward 4096x7168x2048 nvf4 nt bf16");
    for (const gemm_case& c : fp4) {
        CHECK(std::string(c.family()) == "fp4_dense");
        CHECK((c.is_fp4() && !c.is_fp8()));
    }
    const gemm_workload mixed = workload_of(fp4[43]), nv = workload_of(fp4[104]);
    CHECK(mixed.a == operand_info{dtype::e4m3, scale_kind::ue8m0, {1, 128}, major::mn});
    CHECK(mixed.b == operand_info{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}, major::mn});
    CHECK(mixed.d == dtype::f32);
    CHECK(nv.a == operand_info{dtype::e2m1x2, scale_kind::ue4m3, {1, 16}});
    CHECK(nv.a == nv.b);
    // Half a byte an element, and a byte for each 16.
    CHECK(fp4[104].bytes() == (4096 + 7168) * (2048 / 2 + 2048 / 16) + 2.0 * 4096 * 7168);
    // FP8 has packed scales on Blackwell, and lies as the case says; on Hopper it is transposed first.
    const gemm_workload there = workload_of(fp8[43], device_info::b300()),
                        here = workload_of(fp8[43], device_info::h200());
    CHECK(there.a == operand_info{dtype::e4m3, scale_kind::ue8m0, {1, 128}, major::mn});
    CHECK(there.b == there.a);
    CHECK(here == workload_of(fp8[43]));
    CHECK(here.a == operand_info{dtype::e4m3, scale_kind::fp32, {1, 128}});
    const gemm_case rows = parse_shape("64,64,256:row");
    CHECK(workload_of(rows, device_info::b200()) == workload_of(rows));
}

TEST_CASE("shapes of the command line") {
    const auto name = [](const char* text) { return parse_shape(text).name(); };
    CHECK(name("1,8,16") == "- 1x8x16 1d2d bf16");
    CHECK(name("1,8,16:1d2d") == "- 1x8x16 1d2d bf16");
    CHECK(name("1,8,16:1d1d") == "- 1x8x16 1d1d bf16");
    CHECK(name("1,8,16:1d1d-acc") == "- 1x8x16 1d1d f32 acc");
    CHECK(name("16,8,16:1d2d-tt") == "- 16x8x16 1d2d tt bf16");
    CHECK(name("1,16,16:1d1d-nn-acc") == "- 1x16x16 1d1d nn f32 acc");
    CHECK_THROWS_AS(name("8,8,16:1d2d-tt"), std::invalid_argument);
    CHECK_THROWS_AS(name("16,8,16:1d2d-nn"), std::invalid_argument);
    CHECK(name("1,8,16:row") == "- 1x8x16 row bf16");
    CHECK(name("1,8,16:tensor-acc") == "- 1x8x16 tensor f32 acc");
    CHECK_THROWS_AS(name("1,8,16:row-f32"), std::invalid_argument);
    CHECK(name("16,16,16:row-tn-acc") == "- 16x16x16 row tn f32 acc");
    CHECK(name("3,8,24:bf16") == "- 3x8x24 bf16 nt bf16");
    CHECK_THROWS_AS(name("3,8,5:bf16-nn"), std::invalid_argument);
    CHECK(name("8,16,5:bf16-tn-f32-acc") == "- 8x16x5 bf16 tn f32 acc");
    CHECK(name("8,4,8:f16-tt-f32") == "- 8x4x8 f16 tt f32");
    CHECK(name("8,8,8:f16-acc") == "- 8x8x8 f16 nt f16 acc");
    CHECK(name("3,8,256:fp8xfp4-acc") == "- 3x8x256 fp8xfp4 nt bf16 acc");
    CHECK(name("16,128,16:fp8xfp4-tn-f32") == "- 16x128x16 fp8xfp4 tn f32");
    CHECK(name("3,8,96:mxf4-acc-f32") == "- 3x8x96 mxf4 nt f32 acc");
    CHECK(name("3,8,32:nvf4") == "- 3x8x32 nvf4 nt bf16");
    for (const char* text : {"3,8,64:fp8xfp4", "16,64,16:fp8xfp4-tn", "8,128,16:fp8xfp4-tn", "3,8,48:mxf4",
                             "3,4,32:nvf4", "16,16,32:mxf4-tn", "16,16,32:nvf4-nn", "8,8,32:fp4"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(name(text), std::invalid_argument);
    }
    const gemm_case tn = parse_shape("8,16,5:bf16-tn"), nn = parse_shape("3,16,8:bf16-nn");
    CHECK((tn.a_mn_major() && tn.b_mn_major()));
    CHECK((!nn.a_mn_major() && nn.b_mn_major()));
    CHECK_THROWS_WITH_AS(
        name("1,8,16:bf16-nx"),
        "the product '1,8,16:bf16-nx' is not M,N,K with an optional :1d2d, :1d1d, :row, :tensor, :bf16, "
        ":f16 or :fp8xfp4, with any of -nn, -tn, -tt, all but the first with -acc, the last three with -f32, too; or "
        ":mxf4 or :nvf4, with -acc, -f32",
        std::invalid_argument);
    for (const char* text : {"", "1,8", "1,8,16:", "1,8,16bf16", "1,8,16:bf16-", "1,8,16:1d2d-acc", "1,8,16:-nn"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(name(text), std::invalid_argument);
    }
    CHECK_THROWS_WITH_AS(name("1,8,24"), "the product '1,8,24': N must be a multiple of 8, K a multiple of 16",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(name("9,8,8:bf16-tn"), "the product '9,8,8:bf16-tn': M must be a multiple of 8",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(name("9,4,8:bf16"), "the product '9,4,8:bf16': N must be a multiple of 8",
                         std::invalid_argument);
}

TEST_CASE("sizes of the command line do not wrap around: 64 bits, judged by the library") {
    const auto refusal = [](const char* text) {
        try {
            return parse_shape(text).name();
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
    };
    CHECK(parse_shape("2147479552,8,16").m == 2147479552);  // deepgemm::max_extent
    CHECK(parse_shape("1,8,2147479552").bytes() == 9 * 2147479552.0 + 4 * 2.0 * 2147479552 / 128 + 16);
    CHECK(refusal("2147479553,8,16") ==
          "the product '2147479553,8,16': M is 2147479553; it must be from 1 to 2147479552");
    CHECK(refusal("4294967424,128,128") ==
          "the product '4294967424,128,128': M is 4294967424; it must be from 1 to 2147479552");
    CHECK(refusal("1,99999999999,16") ==
          "the product '1,99999999999,16': N is 99999999999; it must be from 1 to 2147479552");
    CHECK(refusal("0,8,16") == "the product '0,8,16': M is 0; it must be from 1 to 2147479552");
    CHECK(refusal("1,8,-16") == "the product '1,8,-16': K is -16; it must be from 1 to 2147479552");
    CHECK(refusal("99999999999999999999,8,16") ==
          "the product '99999999999999999999,8,16': M is \"99999999999999999999\"; it must be a whole number from 1 to "
          "2147479552");
    for (const char* text : {"1e2", "12x", "0x10", " 5", "5 ", "+5", "", "1.0", "1'000", "one"}) {
        const std::string product = std::string(text) + ",8,16";
        CHECK(refusal(product.c_str()) ==
              "the product '" + product + "': M is \"" + text + "\"; it must be a whole number from 1 to 2147479552");
    }
}

TEST_CASE("work and traffic of a case") {
    const gemm_case plain{"-", 256, 384, 200}, added{"-", 256, 384, 200, b_scales::token, output::f32, true};
    CHECK(plain.flops() == 2.0 * 256 * 384 * 200);
    CHECK(plain.bytes() == 256 * 200 + 384 * 200 + 4 * 2 * (256 + 3) + 256 * 384 * 2);
    CHECK(added.bytes() == 256 * 200 + 384 * 200 + 4 * 2 * (256 + 384) + 256 * 384 * 8);
    CHECK(parse_shape("256,384,200:bf16-tn").bytes() == 2 * (256 * 200 + 384 * 200) + 256 * 384 * 2);
    // More bytes than 32 bits count.
    CHECK(suite_bf16_75().back().bytes() == 2 * (129280.0 * 7168 + 4096.0 * 7168 + 129280.0 * 4096));
}

TEST_CASE("the command line") {
    CHECK(parsed({}).reps == 30);
    const options o = parsed({"--reps=5", "--filter", "dgrad", "--no-sustained", "--peers", "off", "--flush", "1e9",
                              "--out", "somewhere.json", "--shape", "1,8,16", "--shape", "2,8,16:1d1d"});
    CHECK(o.reps == 5);
    CHECK(o.filter == "dgrad");
    CHECK(o.sustained_seconds == 0);
    CHECK_FALSE(o.peers);
    CHECK(o.flush_bytes == 1'000'000'000);
    CHECK(o.shapes.size() == 2);
    CHECK(
        o.command ==
        "./dg bench --filter dgrad --shape 1,8,16 --shape 2,8,16:1d1d --reps 5 --flush 1e9 --no-sustained --peers off");
    CHECK_THROWS_WITH_AS(parsed({"--rep"}), "unknown option '--rep'; did you mean --reps? --help lists them",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--reps"}), "--reps: 1 required N missing", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"4096,8,16"}), "'4096,8,16' is one argument too many; --help tells what is taken",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--table", "x"}), "--table is for --tune, which makes it", std::invalid_argument);
    CHECK(parsed({"--tune", "--table", "x"}).command == "./dg bench --tune");
    CHECK(parsed({}).objective == deepgemm::objective_kind::latency);
    CHECK(parsed({"--tune", "--objective", "sustained"}).objective == deepgemm::objective_kind::sustained);
    CHECK(parsed({"--tune", "--objective", "sustained"}).command == "./dg bench --tune --objective sustained");
    CHECK_THROWS_WITH_AS(parsed({"--objective", "both"}), "--objective: 'both' is not one of latency, sustained",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune", "--objective", "sustained", "--no-sustained"}),
                         "--objective sustained with --tune times kernels back to back, for longer than 0 s",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune=1"}), "tune was given a disallowed flag override", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune", "--sim"}), doctest::Contains("--sim is for 'bench'"), std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        parsed({"--suite", "x"}),
        "--suite: 'x' is not one of fp8_42, fp8_25, fp8, fp8_layouts, fp8_row_scales, sustained, bf16_75, all, fp8_63, "
        "fp4, masked, "
        "masked_bf16, contiguous, contiguous_bf16, router, lists, k_grouped, k_grouped_bf16, einsum, einsum_bf16, "
        "einsum_bmk, "
        "einsum_fp8, hc_prenorm, mqa_logits, clean_logits, paged_mqa_logits, topk, topk_logits, transpose",
        std::invalid_argument);
}

TEST_CASE("numbers of options: digits, in a range, or a sentence") {
    const auto refusal = [](const std::string& option, const std::string& value) {
        try {
            parsed({option, value});
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    for (const char* text : {"two", "1e2", "12x", "0x10", " 5", "5 ", "+5", "", "-5", "0", "1.0", "1000001",
                             "4294967297", "99999999999999999999"})
        CHECK(refusal("--reps", text) == std::string("--reps: '") + text + "' is not a whole number from 1 to 1000000");
    for (const char* text : {"", "inf", "nan", "0x1p3", "-1", "+1", " 1", "1 ", "1e400", "1e13", "1e9x", "e9"})
        CHECK(refusal("--flush", text) == std::string("--flush: '") + text + "' is not a number from 0 to 1e+12");
    CHECK_THROWS_WITH_AS(parsed({"--reps=", "5"}), "--reps: '' is no value", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--reps", "5", "--reps", "6"}), doctest::Contains("--reps: "), std::invalid_argument);
    CHECK(parsed({"--reps", "010"}).reps == 10);
    CHECK(parsed({"--warmups", "0"}).warmups == 0);
    CHECK(parsed({"--sustained", "0.25"}).sustained_seconds == 0.25);
}

TEST_CASE("a misspelt word is answered with the nearest that is known") {
    CHECK(nearest("--resp", {"--help", "--reps", "--results"}) == "--reps");
    CHECK(nearest("explian", {"bench", "explain"}) == "explain");
    CHECK(nearest("--frobnicate", {"--help", "--reps"}) == "");
}

TEST_CASE("memory that is not free is refused before it is taken") {
    CHECK(free_host_bytes() > 1e6);
    CHECK_NOTHROW(check_memory("the product", 1e9, 1e9, "on the host"));
    CHECK_THROWS_WITH_AS(check_memory("the product", 2.5e9, 1e9, "on the host"),
                         "the product needs 2.5 GB of memory on the host; 1.0 GB are free", std::runtime_error);
}

TEST_CASE("the suites of einsums are the peer's cases, as the peer spells them") {
    const auto all = suite_einsum("einsum");
    REQUIRE(all.size() == 53);
    CHECK(suite_einsum("einsum_bf16").size() == 20);
    CHECK(suite_einsum("einsum_bmk").size() == 18);
    CHECK(suite_einsum("einsum_fp8").size() == 15);
    CHECK(all[0].peer == "b=4 h=128 r=512 d=128");
    CHECK(all[0].name() == "bhr,hdr->bhd b=4 h=128 r=512 d=128");
    CHECK(all[15].name() == "bhd,hdr->bhr b=4 h=8 r=4096 d=1024");
    CHECK(all[20].name() == "bmk,bnk->mn b=129 m=128 n=384 k=128 FP32");
    CHECK(all[37].name() == "bmk,bnk->mn b=8192 m=384 n=128 k=384 BF16");
    CHECK(all[42].name() == "bhr,hdr->bhd b=8192 h=8 r=4096 d=1024");
    CHECK(all[42].op() == "fp8_einsum");
    CHECK(all[43].name() == "bhd,hdr->bhr b=4 h=8 r=4096 d=1024");
    CHECK(workload_of(all[45]).one.b.contiguous == deepgemm::major::mn);  // transposed on the way
    CHECK(workload_of(all[46]).one.b.contiguous == deepgemm::major::k);
    CHECK(all[46].turns_first());
    CHECK(all[52].name() == "bhd,bhr->hdr b=8192 h=8 r=4096 d=1024");
    CHECK(workload_of(all[52]).one.in_place);
    CHECK(words<deepgemm::ops::batched_gemm>::text_of(workload_of(all[48])) == "8*1024,4096,4:gradient-1d1d-acc");
    // 767 TFLOPS in 359 us, 4126 GB/s in 260 us.
    CHECK(all[8].flops() / 359e6 == doctest::Approx(767).epsilon(0.01));
    CHECK(all[28].bytes() / 260e3 == doctest::Approx(4126).epsilon(0.01));
    for (const batched_case& c : all) {
        const std::string written = words<deepgemm::ops::batched_gemm>::text_of(workload_of(c));
        CAPTURE(written);
        CHECK(workload_of(parse_batch(written)) == workload_of(c));
        CHECK(words<deepgemm::ops::batched_gemm>::takes(written));
        CHECK(!words<deepgemm::ops::grouped_gemm>::takes(written));
        CHECK(!words<deepgemm::ops::contiguous_gemm>::takes(written));
    }
    CHECK_THROWS_WITH_AS(suite_einsum("x"), "no suite is called x", std::invalid_argument);
}

TEST_CASE("batches are written S*M,N,K:batch-recipe, and errors say so") {
    const batched_case heads = parse_batch("8*32,1024,4096:heads-bf16-nn");
    CHECK(heads.count == 8);
    CHECK(heads.rows == 32);
    CHECK(heads.form == batch_form::heads);
    CHECK(heads.each.b_mn_major());
    CHECK(parse_batch("2*8,16,24:sum-bf16-f32-acc").each.accumulate);
    CHECK(parse_batch("2*8,16,24:batch-f16").name() == "2*8,16,24:batch-f16");
    const auto refusal = [](const std::string& text) -> std::string {
        try {
            parse_batch(text);
        } catch (const std::invalid_argument& wrong) {
            return wrong.what();
        }
        return "";
    };
    for (const char* text : {"2*8,16:batch-bf16", "2*8,16,24:batch", "2*8,16,24:batch-", "2*8,16,24:batches-bf16"})
        CHECK(refusal(text).find("batches are written S*M,N,K:batch-recipe") != std::string::npos);
    CHECK(refusal("0*8,16,24:batch-bf16").find("the number of products is 0") != std::string::npos);
    CHECK(refusal("2*8,16,20:batch-bf16").find("of one product, the product '8,16,20:bf16': K must be") !=
          std::string::npos);
    CHECK(refusal("2*8,16,128:sum-1d2d").find("batches in FP8 are scaled as 1d2d, and are not summed up") !=
          std::string::npos);
    CHECK(refusal("2*8,16,128:batch-1d1d").find("batches in FP8") != std::string::npos);
    CHECK(refusal("2*16,16,128:gradient-1d2d").find("gradients are 1d1d or 1d1d-acc") != std::string::npos);
    CHECK(refusal("2*16,16,128:batch-1d2d-nn").find("heads have B (k,n), written heads-1d2d-nn") != std::string::npos);
    CHECK(parse_batch("2*16,32,5:gradient-1d1d-acc").form == batch_form::gradient);
    CHECK(parse_batch("2*16,32,128:heads-1d2d-nn").each.stored == orientation::nn);
}

TEST_CASE("the prenorm suite is the peer's cases, as the peer spells them") {
    const auto cases = suite_hc_prenorm();
    CHECK(cases.size() == 24);
    CHECK(cases[0].name() == "m=13 n=24 k=28672 num_splits=0");
    CHECK(cases[9].name() == "m=137 n=24 k=7680 num_splits=16");
    CHECK(cases[23].name() == "m=8192 n=24 k=7168 num_splits=16");
    CHECK(cases[9].flops() == 2.0 * 137 * 24 * 7680);
    CHECK(cases[9].bytes() == 2.0 * 137 * 7680 + 4.0 * 24 * 7680 + 16 * 4.0 * 137 * 25);
    for (const hc_prenorm_case& c : cases) {
        const std::string written = words<deepgemm::ops::hc_prenorm>::text_of(workload_of(c));
        CHECK(workload_of(parse_prenorm(written)) == workload_of(c));
    }
}

TEST_CASE("prenorms are written M,N,K:prenorm, and errors say so") {
    const hc_prenorm_case made = parse_prenorm("137,24,7168:prenorm-16");
    CHECK(made.rows == 137);
    CHECK(made.n == 24);
    CHECK(made.k == 7168);
    CHECK(made.parts == 16);
    CHECK(parse_prenorm("1,1,1:prenorm").parts == 1);
    const auto refusal = [](const std::string& text) {
        try {
            parse_prenorm(text);
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    const std::string form = "': prenorms are written M,N,K:prenorm or, in S parts of K, M,N,K:prenorm-S";
    for (const std::string text :
         {"137,24:prenorm", "137,24,7168:prenorms", "137,24,7168", "1,2,3,4:prenorm", "1,2:prenorm,3"})
        CHECK(refusal(text) == "the product '" + text + form);
    CHECK(refusal("0,24,64:prenorm") == "the product '0,24,64:prenorm': M is 0; it must be from 1 to 2147479552");
    CHECK(refusal("1,x,64:prenorm") ==
          "the product '1,x,64:prenorm': N is \"x\"; it must be a whole number from 1 to 2147479552");
    CHECK(refusal("1,8,64:prenorm-0") ==
          "the product '1,8,64:prenorm-0': the number of parts is 0; it must be from 1 to 2147479552");
    CHECK(refusal("2147479552,2147479552,64:prenorm").find("tiles are counted in 31 bits") != std::string::npos);
}

TEST_CASE("the suite of logits is the peer's cases, as the peer spells and counts them, and 16 heads") {
    const auto cases = suite_mqa_logits();
    CHECK(cases.size() == 16);
    CHECK(cases[0].name() == "FP4=0 Logits=FP32 Reduce=FP32 CMP=0 SQ=2048 SK=8192 H=64 D=128 CP=0");
    CHECK(cases[7].name() == "FP4=0 Logits=BF16 Reduce=FP32 CMP=1 SQ=2048 SK=65536 H=64 D=32 CP=1");
    CHECK(cases[7].columns() == 55295);
    for (const mqa_logits_case& c : cases) {
        CAPTURE(c.name());
        double pairs = 0;
        for (int i = 0; i < c.rows; ++i) {
            pairs += c.last(i);
            CHECK_UNARY(0 <= c.last(i) && c.last(i) < c.keys &&
                        (i % (c.rows / 2) == 0 || c.last(i) == c.last(i - 1) + 1));
        }
        CHECK(c.flops() == 2 * pairs * c.heads * c.depth);
        const double written = c.form == deepgemm::logits_form::full ? double(c.rows) * c.keys : pairs;
        CHECK(c.bytes() == double(c.rows) * c.heads * (c.depth + 4) + 8.0 * c.rows + c.keys * (c.depth + 4.0) +
                               written * (c.logits == deepgemm::dtype::f32 ? 4 : 2));
        const auto work = workload_of(c);
        CHECK(workload_of(parse_mqa_logits(words<deepgemm::ops::mqa_logits>::text_of(work))) == work);
    }
    // What the peer printed of cases 0, 2 and 7: its rate, over the microseconds that it took.
    CHECK(cases[0].flops() / 224e6 == doctest::Approx(1076).epsilon(0.005));
    CHECK(cases[2].flops() / 509e6 == doctest::Approx(1080).epsilon(0.005));
    CHECK(cases[7].flops() / 725e6 == doctest::Approx(379).epsilon(0.005));
}

TEST_CASE("logits are written M,N,H,D:mqa, and errors say so") {
    const mqa_logits_case made = parse_mqa_logits("32,8192,36,64:mqa-compressed-f16-by_bf16-shared"),
                          usual = parse_mqa_logits("1,2,4,32:mqa");
    CHECK(workload_of(made) ==
          deepgemm::mqa_logits_workload{
              32, 8192, {{36, 64, deepgemm::dtype::bf16}, deepgemm::dtype::f16, deepgemm::logits_form::compressed}});
    CHECK(made.ranges == mqa_ranges::shared);
    CHECK(words<deepgemm::ops::mqa_logits>::text_of(workload_of(made)) == "32,8192,36,64:mqa-compressed-f16-by_bf16");
    CHECK(workload_of(usual) == deepgemm::mqa_logits_workload{1, 2, {{4, 32}}});
    CHECK(usual.ranges == mqa_ranges::causal);
    CHECK(parse_mqa_logits("3,1,4,32:mqa").last(0) == 0);  // keys begin after the first two queries
    const auto refusal = [](const std::string& text) {
        try {
            parse_mqa_logits(text);
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    const std::string form =
        "': logits are written M,N,H,D:mqa[-unclean|-compressed][-bf16|-f16][-by_bf16|-by_f16][-shared]";
    for (const std::string text : {"40,8192,36:mqa", "1,2,4,32,5:mqa", "1,2,4,32:mqas", "1,2,4,32:mqa-",
                                   "1,2,4,32:mqa--bf16", "1,2,4,32:mqa-f32", "1,2,4:mqa,32", "1,2,4,32"})
        CHECK(refusal(text) == "the product '" + text + form);
    CHECK(refusal("0,2,4,32:mqa") ==
          "the product '0,2,4,32:mqa': the number of queries is 0; it must be from 1 to 2147479552");
    CHECK(refusal("1,x,4,32:mqa") ==
          "the product '1,x,4,32:mqa': the number of keys is \"x\"; it must be a whole number from 1 to 2147479552");
    CHECK(refusal("1,2,6,32:mqa").ends_with("a query has 6 heads; it must have a multiple of 4 from 4 to 128"));
    CHECK(refusal("1,2,4,48:mqa").ends_with("the depth of a head is 48; it must be 32, 64 or 128"));
    for (const std::string text : {"3,12,4,32:mqa-shared", "4,10,4,32:mqa-shared"})
        CHECK(refusal(text) ==
              "the product '" + text + "': of shared queries there are an even number, and a multiple of that of keys");
}

TEST_CASE("the suite of paged logits is the peer's cases, as the peer spells and counts them, and four queries") {
    const auto cases = suite_paged_mqa_logits();
    CHECK(cases.size() == 16);
    CHECK(cases[0].name() == "FP4=0 Logits=BF16 Reduce=FP32 VAR=0 PAGE_KV=64 BSZ=256 NextN=1 H=64 D=128 L=8192");
    CHECK(cases[12].name() == "FP4=0 Logits=FP32 Reduce=FP32 VAR=0 PAGE_KV=64 BSZ=256 NextN=2 H=64 D=128 L=65536");
    for (const paged_mqa_logits_case& c : cases) {
        CAPTURE(c.name());
        double keys = 0;
        for (int i = 0; i < c.requests; ++i) {
            CHECK_UNARY(c.columns * 7 / 13 <= c.length(i) && c.length(i) <= c.columns);
            keys += c.length(i);
        }
        CHECK(c.flops() == 2 * keys * c.next_n * c.heads * c.depth);
        CHECK(c.bytes() ==
              double(c.rows) * c.heads * 132 + keys * (132 + c.next_n * (c.logits == deepgemm::dtype::f32 ? 4 : 2)));
        CHECK(keys / c.requests == doctest::Approx(c.columns * 10.0 / 13).epsilon(0.03));
        const auto work = workload_of(c);
        CHECK(workload_of(parse_paged_mqa_logits(words<deepgemm::ops::paged_mqa_logits>::text_of(work))) == work);
    }
    // What the peer printed of cases 5 and 12: its rates, over the microseconds that it took.
    CHECK(cases[5].flops() / 1208e6 == doctest::Approx(910).epsilon(0.02));
    CHECK(cases[5].bytes() / 1208e3 == doctest::Approx(3890).epsilon(0.02));
    CHECK(cases[12].bytes() / 602e3 == doctest::Approx(4004).epsilon(0.03));
}

TEST_CASE("paged logits are written B*T,N,H,D:paged, and errors say so") {
    const paged_mqa_logits_case made = parse_paged_mqa_logits("32*3,8192,36,64:paged-128-full-f16-by_bf16");
    CHECK(
        workload_of(made) ==
        deepgemm::paged_mqa_logits_workload{
            96, 3, 8192, {{{36, 64, deepgemm::dtype::bf16}, deepgemm::dtype::f16, deepgemm::logits_form::full}, 128}});
    CHECK(words<deepgemm::ops::paged_mqa_logits>::text_of(workload_of(made)) ==
          "32*3,8192,36,64:paged-128-full-f16-by_bf16");
    const auto refusal = [](const std::string& text) {
        try {
            parse_paged_mqa_logits(text);
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    const std::string form =
        "': logits of paged keys are written "
        "B*T,N,H,D:paged[-32|-128][-full][-bf16|-f16][-by_bf16|-by_f16]";
    for (const std::string text :
         {"40,8192,36,64:paged", "4*1,2,4:paged", "1,2*3,4,32:paged", "1*1,2,4,32,5:paged", "1*1,2,4,32:pages",
          "1*1,2,4,32:paged-", "1*1,2,4,32:paged-64", "1*1,2,4,32:paged-unclean", "1*1*1,2,4,32:paged"})
        CHECK(refusal(text) == "the product '" + text + form);
    CHECK(refusal("0*1,2,4,32:paged") ==
          "the product '0*1,2,4,32:paged': the number of requests is 0; it must be from 1 to 2147479552");
    CHECK(refusal("65536*65536,2,4,32:paged").find("the number of queries is 4294967296") != std::string::npos);
    CHECK(refusal("1*1,2,6,32:paged").ends_with("a query has 6 heads; it must have a multiple of 4 from 4 to 128"));
}

TEST_CASE("transpositions are written M,N:transpose, with a number before for a stack") {
    for (const transpose_case& c : suite_transpose()) {
        const auto work = workload_of(c);
        CHECK(workload_of(parse_transpose(words<deepgemm::ops::transpose>::text_of(work))) == work);
        CHECK(c.bytes() == 2.0 * c.rows * c.columns * c.matrices);
    }
    CHECK(suite_transpose()[5].name() == "8 of 7168x4096");
    CHECK(workload_of(parse_transpose("3*4,12:transpose")) == deepgemm::transpose_workload{4, 12, 3});
    const auto refusal = [](const std::string& text) {
        try {
            parse_transpose(text);
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    for (const std::string text : {"4:transpose", "4,5,6:transpose", "4,5:transposed", "4,5"})
        CHECK(refusal(text) == "the product '" + text + "': transpositions are written [B*]M,N:transpose");
    CHECK(refusal("4,0:transpose").ends_with("the number of columns is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("0*4,1:transpose").ends_with("the number of matrices is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("x*4,1:transpose").ends_with("it must be a whole number from 1 to 2147479552"));
}

TEST_CASE("the suite of cleanings has the ranges of the logits, and is written M,N:clean") {
    const auto cases = suite_clean_logits();
    CHECK(cases.size() == 5);
    CHECK(cases[2].name() == "SQ=2048 SK=8192 Logits=bf16 CP=1");
    CHECK(cases[0].bytes() == 8.0 * 2048 + 4 * (2048.0 * 8192 - suite_mqa_logits()[0].pairs()));
    CHECK(cases[2].bytes() == 8.0 * 2048 + 2 * (2048.0 * 8192 - suite_mqa_logits()[1].pairs()));
    for (const clean_logits_case& c : cases) {
        const auto work = workload_of(c);
        CHECK(workload_of(parse_clean_logits(words<deepgemm::ops::clean_logits>::text_of(work))) == work);
    }
    const clean_logits_case made = parse_clean_logits("4,12:clean-f16-shared");
    CHECK(workload_of(made) == deepgemm::clean_logits_workload{4, 12, deepgemm::dtype::f16});
    CHECK(made.ranges == mqa_ranges::shared);
    const auto refusal = [](const std::string& text) {
        try {
            parse_clean_logits(text);
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    for (const std::string text : {"4:clean", "4,5,6:clean", "4:clean,5", "4,5:cleaned", "4,5:clean-shared-f16", "4,5"})
        CHECK(refusal(text) == "the product '" + text + "': cleanings are written M,N:clean[-bf16|-f16][-shared]");
    CHECK(refusal("4,0:clean").ends_with("the number of keys is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("4,10:clean-shared").ends_with("an even number, and a multiple of that of keys"));
}

TEST_CASE("the suite of the best keys scores contexts as long as a row in decode, and causal ranges in prefill") {
    const auto cases = suite_topk_logits();
    REQUIRE(cases.size() == 4);
    for (const topk_case& c : cases) {
        CAPTURE(c.name());
        CHECK(c.is_fp8());
        CHECK(c.family() == std::string("topk_logits"));
        CHECK(workload_of(c) == deepgemm::topk_workload{c.rows, c.columns, 2048, deepgemm::dtype::f32});
        CHECK(c.memory() > c.bytes());
    }
    const topk_case& decode = cases[0];
    CHECK(decode.name() == "decode requests=32 next_n=2 keys=65536 k=2048");
    CHECK(decode.rows == 64);
    for (int i = 0; i < 32; ++i) CHECK(decode.decode().length(i) == 65536);
    CHECK(decode.flops() == 2.0 * 64 * 65536 * 64 * 128);
    // Queries with weights, keys with scales, indices.
    CHECK(decode.bytes() == 64.0 * 64 * (128 + 4) + 32.0 * 65536 * (128 + 4) + 4.0 * 64 * 2048);
    const topk_case& prefill = cases[3];
    CHECK(prefill.name() == "prefill queries=8192 keys=65536 k=2048");
    double pairs = 0;
    for (int i = 0; i < 8192; ++i) pairs += prefill.prefill().last(i);
    CHECK(pairs == 8192.0 * 57344 + 8191.0 * 4096);
    CHECK(prefill.flops() == 2 * pairs * 64 * 128);
    const double ranges = 8192.0 * 8;
    CHECK(prefill.bytes() == 8192.0 * 64 * (128 + 4) + ranges + 65536.0 * (128 + 4) + 4.0 * 8192 * 2048);
    CHECK(suite_topk()[0].family() == std::string("topk"));
}

TEST_CASE("selections are written M,N,K:topk, and errors say so") {
    for (const topk_case& c : suite_topk()) {
        const auto work = workload_of(c);
        CHECK(workload_of(parse_topk(words<deepgemm::ops::topk>::text_of(work))) == work);
    }
    CHECK(suite_topk()[2].name() == "rows=64 columns=65536 k=2048 Logits=bf16");
    CHECK(suite_topk()[2].bytes() == 64.0 * (65536 * 2 + 4 * 2048));
    CHECK(workload_of(parse_topk("4,12,3:topk-f16")) == deepgemm::topk_workload{4, 12, 3, deepgemm::dtype::f16});
    const auto refusal = [](const std::string& text) {
        try {
            parse_topk(text);
        } catch (const std::invalid_argument& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    for (const std::string text : {"4,5:topk", "4,5,6,7:topk", "4,5:topk,6", "4,5,6:topks", "4,5,6:topk-e4m3", "4,5,6"})
        CHECK(refusal(text) == "the product '" + text + "': selections are written M,N,K:topk[-bf16|-f16]");
    CHECK(refusal("4,0,1:topk").ends_with("the number of columns is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("4,5000,2049:topk").ends_with("k is 2049; it must be from 1 to 2048"));
}

TEST_CASE("statistics ignore what was not measured") {
    CHECK(median({3, 1, 2}) == 2);
    CHECK(median({4, 1, 2, 3}) == 2.5);
    CHECK(std::isnan(median({})));
    CHECK(geometric_mean({2, 8, not_measured}) == doctest::Approx(4));
    CHECK(std::isnan(geometric_mean({})));
}

TEST_CASE("a row of the result file and a line of the table") {
    const case_result r = example();
    CHECK(r.ratio(0) == doctest::Approx(0.8));
    CHECK(r.sustained_ratio(0) == doctest::Approx(1.2));
    const std::string row = text_of(r.row(), 0);
    for (const char* part :
         {R"("op": "fp8_gemm")", R"("m": 2112, "n": 4096, "k": 7168, "groups": 1, "layout": "nt")",
          R"("d_type": "f32", "accumulate": true, "config": "config{.stages = 5}", "chosen_by": "model")",
          R"("chosen_by": "model", "us": 100, "us_mean": 106.666667)", R"("error": 1.5e-06)", R"("joules": 0.08)",
          R"("peers_joules": {"fast": 0.09, "absent": null})", R"("peers": {"fast": 80, "absent": null})",
          R"("failure": "says \"no\"\n")"}) {
        CAPTURE(std::string(part));
        CHECK(row.find(part) != std::string::npos);
    }
    CHECK(r.line().find("0.80  1.20") != std::string::npos);
    const std::string bf16_row = text_of(case_result{suite_bf16_75()[49], "", "", {}, {}}.row(), 0);
    CAPTURE(bf16_row);
    CHECK(bf16_row.starts_with(R"({"op": "bf16_gemm", "pass": "wgrad", "m": 2112, "n": 4096, "k": 7168, "groups": 1, )"
                               R"("layout": "tn", "recipe": "bf16", "d_type": "f32", "accumulate": true, )"));
    CHECK(table_foot({r, r}).find("geometric mean: 0.800 over 2 cases; sustained 1.200 over 2") != std::string::npos);
}

}  // namespace host_test_tests
