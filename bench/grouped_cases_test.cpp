// SPDX-License-Identifier: MIT
// Cases of the benchmark that are groups of products: with slots, of rows, of K. Their suites, and how they are written.
#include <doctest/doctest.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "ops/contiguous_gemm/words.hpp"
#include "ops/grouped_gemm/words.hpp"
#include "ops/k_grouped_gemm/words.hpp"

namespace grouped_cases_test_tests {

using namespace deepgemm::bench;

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

}  // namespace grouped_cases_test_tests
