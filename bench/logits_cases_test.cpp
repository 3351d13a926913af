// SPDX-License-Identifier: MIT
// Cases of the benchmark that are logits, or that clean them or select among them: their suites, and how they are written.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "ops/clean_logits/words.hpp"
#include "ops/mqa_logits/words.hpp"
#include "ops/paged_mqa_logits/words.hpp"
#include "ops/topk/words.hpp"
#include "refusal_test.hpp"

namespace logits_cases_test_tests {

using namespace deepgemm::bench;

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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_mqa_logits(text); }); };
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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_paged_mqa_logits(text); }); };
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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_clean_logits(text); }); };
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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_topk(text); }); };
    for (const std::string text : {"4,5:topk", "4,5,6,7:topk", "4,5:topk,6", "4,5,6:topks", "4,5,6:topk-e4m3", "4,5,6"})
        CHECK(refusal(text) == "the product '" + text + "': selections are written M,N,K:topk[-bf16|-f16]");
    CHECK(refusal("4,0,1:topk").ends_with("the number of columns is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("4,5000,2049:topk").ends_with("k is 2049; it must be from 1 to 2048"));
}

}  // namespace logits_cases_test_tests
