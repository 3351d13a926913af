// SPDX-License-Identifier: MIT
// Cases of the benchmark that are batches of products or transpositions: their suites, and how they are written.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "ops/batched_gemm/words.hpp"
#include "ops/contiguous_gemm/words.hpp"
#include "ops/grouped_gemm/words.hpp"
#include "ops/transpose/words.hpp"
#include "refusal_test.hpp"

namespace batch_cases_test_tests {

using namespace deepgemm::bench;

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
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_batch(text); }); };
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

TEST_CASE("transpositions are written M,N:transpose, with a number before for a stack") {
    for (const transpose_case& c : suite_transpose()) {
        const auto work = workload_of(c);
        CHECK(workload_of(parse_transpose(words<deepgemm::ops::transpose>::text_of(work))) == work);
        CHECK(c.bytes() == 2.0 * c.rows * c.columns * c.matrices);
    }
    CHECK(suite_transpose()[5].name() == "8 of 7168x4096");
    CHECK(workload_of(parse_transpose("3*4,12:transpose")) == deepgemm::transpose_workload{4, 12, 3});
    const auto refusal = [](const std::string& text) { return refusal_of([&] { parse_transpose(text); }); };
    for (const std::string text : {"4:transpose", "4,5,6:transpose", "4,5:transposed", "4,5"})
        CHECK(refusal(text) == "the product '" + text + "': transpositions are written [B*]M,N:transpose");
    CHECK(refusal("4,0:transpose").ends_with("the number of columns is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("0*4,1:transpose").ends_with("the number of matrices is 0; it must be from 1 to 2147479552"));
    CHECK(refusal("x*4,1:transpose").ends_with("it must be a whole number from 1 to 2147479552"));
}

}  // namespace batch_cases_test_tests
