// SPDX-License-Identifier: MIT
// Cases of the benchmark that are single products: their suites, how they are written, their work and traffic; prenorms among
// them.
#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <string>

#include "ops/gemm/words.hpp"
#include "ops/hc_prenorm/words.hpp"
#include "refusal_test.hpp"

namespace gemm_cases_test_tests {

using namespace deepgemm::bench;

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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_shape(text); }); };
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
        CHECK(refusal(product) ==
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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_prenorm(text); }); };
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

}  // namespace gemm_cases_test_tests
