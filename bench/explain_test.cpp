// SPDX-License-Identifier: MIT
// explain, called as the program calls it: products of every operation, pins, rules, tables, JSON.
#include <doctest/doctest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "command_test.hpp"
#include "files.hpp"
#include "planning.hpp"
#include "tuned_table.hpp"

namespace explain_test_tests {

using namespace deepgemm;
using namespace deepgemm::bench;

TEST_CASE("explain says what would run and why") {
    const said text = run(explain_command, {"4096,7168,2048", "64,512,512:bf16", "--gpu", "h100", "--sms=100"});
    CHECK(text.code == 0);
    CHECK(
        text.has("m = 4096, n = 7168, k = 2048, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 128x128 by fp32, D bf16\n"
                 "on 100 of 132 SMs of NVIDIA H100\npredicted best of "));
    CHECK(text.has("\n\nm = 64, n = 512, k = 512, A bf16 contiguous along K"));
    CHECK(text.has("% slower: "));
    CHECK(run(explain_command, {"--pin", "config{.block = {128, 128, 128}}", "4096,7168,2048"}).has("pinned of "));
    CHECK_THROWS_WITH_AS(run(explain_command, {}), "name a product, such as 4096,7168,2048; --help tells more",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(explain_command, {"--pin", "config"}),
                         doctest::Contains("--pin: \"config\" is no configuration"), std::invalid_argument);
}

TEST_CASE("explain plans Blackwell's kernels for Blackwell, and no others") {
    const said text = run(explain_command, {"--gpu", "b200", "4096,7168,2048", "16,7168,2048:mxf4",
                                            "4096,4096,7168:fp8xfp4-nn", "64,512,512:bf16-tt"});
    CHECK(text.code == 0);
    CHECK(
        text.has("m = 4096, n = 7168, k = 2048, A e4m3 scaled 1x128 by ue8m0, B e4m3 scaled 128x128 by ue8m0, D bf16\n"
                 "on 148 of 148 SMs of NVIDIA B200\npredicted best of 16: config{.block = {128, 224, 128}"));
    CHECK(text.has(".sm100 = {.ctas = 2}"));
    CHECK(text.has("A e2m1x2 scaled 1x32 by ue8m0, B e2m1x2 scaled 1x32 by ue8m0"));
    CHECK(text.has("predicted best of 2: config{.block = {128, 128, 128}"));
    CHECK(text.text.find(".sm90 = ") == std::string::npos);
    CHECK(
        run(explain_command, {"--gpu", "b300", "16,7168,2048:nvf4"}).has("SMs of NVIDIA B300\npredicted best of 9: "));
    const auto refusal = [](const std::vector<std::string>& given) {
        try {
            return run(explain_command, given).text;
        } catch (const std::runtime_error& why) {
            return std::string(why.what());
        }
    };
    CHECK(refusal({"16,7168,2048:mxf4"}).find("A is e2m1x2; kernels of Hopper multiply e4m3") != std::string::npos);
    const std::string groups = refusal({"--gpu", "b200", "32*4096,7168,3072:masked-20"});
    CAPTURE(groups);
    CHECK(groups.starts_with("NVIDIA B200 has compute capability 10.0; the "));
    CHECK(groups.ends_with(" kernels given are for 9.0"));
}

TEST_CASE("explain takes products in groups") {
    const said text = run(explain_command, {"32*4096,7168,3072:masked-20", "6*4096,4096,4096:masked-1024"});
    CHECK(text.code == 0);
    CHECK(text.has("32 groups of up to 4096 rows, usually 20, n = 7168, k = 3072"));
    CHECK(text.has("predicted best of 9: config{.block = {32, "));
    CHECK(text.has("\n\n6 groups of up to 4096 rows, usually 1024, n = 4096, k = 4096"));
    CHECK(run(explain_command, {"--json", "3*64,128,256:masked"}).has("\"product\": \"3*64,128,256:masked\""));
    const said half = run(explain_command, {"32*4096,7168,3072:bf16-masked-20", "--json"});
    CHECK(half.has("\"product\": \"32*4096,7168,3072:bf16-masked-20\""));
    CHECK(half.has("config{.block = {64, 128, 64}"));
    const std::pair<std::vector<std::string>, const char*> mistakes[] = {
        {{"3*64,128,256"}, "groups are written G*M,N,K:masked"},
        {{"3*64,128:masked"}, "the product '3*64,128:masked': groups are written G*M,N,K:masked"},
        {{"3*64,100,256:masked"},
         "the product '3*64,100,256:masked': of one group, the product '64,100,256': N must be"},
        {{"3*64,128,100:bf16-masked"},
         "the product '3*64,128,100:bf16-masked': of one group, the product '64,128,100:bf16': K must be a multiple of "
         "8"},
        {{"3*64,128,256:f16-masked"}, "E rows expected, G*M,N,K:masked-E; of BF16, :bf16-masked"},
        {{"3*64,128,256:bf16-masked-65"}, "the number of expected rows is 65; a group has 64"},
        {{"3*64,128,256:masked-65"}, "the number of expected rows is 65; a group has 64"},
        {{"0*64,128,256:masked"}, "the number of groups is 0"}};
    for (const auto& [given, what] : mistakes)
        CHECK_THROWS_WITH_AS(run(explain_command, given), doctest::Contains(what), std::invalid_argument);
}

TEST_CASE("explain takes products in groups of rows") {
    const said text = run(explain_command, {"4*35456,6144,7168:psum", "8*8192,4096,4096:bf16-nn-indexed-20", "--json"});
    CHECK(text.code == 0);
    CHECK(text.has("\"product\": \"4*35456,6144,7168:psum\""));
    CHECK(text.has("\"product\": \"8*8192,4096,4096:bf16-nn-indexed-20\""));
    const said words = run(explain_command, {"4*35456,6144,7168:psum", "8*8192,4096,4096:bf16-nn-indexed-20"});
    CHECK(words.has("35456 rows in 4 groups by its end, usually 8864 each, n = 6144, k = 7168"));
    CHECK(words.has("predicted best of 8: config{.block = {"));
    CHECK(words.has("8192 rows in 8 groups by row, usually 20 each, n = 4096, k = 4096"));
    CHECK(words.has("predicted best of 5: config{.block = {64, 128, 64}"));
    const said lists =
        run(explain_command, {"4*35456,6144,7168:gathered-psum", "64*8192,4096,7168:bf16-gathered-indexed-20"});
    CHECK(lists.has("A e4m3 scaled 1x128 by fp32, rows gathered, B"));
    CHECK(lists.has("predicted best of 2: config{.block = {192, 128, 128}"));
    CHECK(lists.has("predicted best of 2: config{.block = {64, 128, 64}"));
    const std::pair<std::vector<std::string>, const char*> mistakes[] = {
        {{"3*64,128:psum"}, "the product '3*64,128:psum': groups of rows are written G*M,N,K:psum"},
        {{"3*64,128,256:nn-psum"}, "groups of rows are written G*M,N,K:psum or G*M,N,K:indexed"},
        {{"3*64,128,256:psum20"}, "groups of rows are written G*M,N,K:psum or G*M,N,K:indexed"},
        {{"3*64,100,256:indexed"},
         "the product '3*64,100,256:indexed': of all groups, the product '64,100,256': N must be"},
        {{"3*64,128,256:psum-65"}, "the number of expected rows is 65; all groups have 64"},
        {{"0*64,128,256:psum"}, "the number of groups is 0"}};
    for (const auto& [given, what] : mistakes)
        CHECK_THROWS_WITH_AS(run(explain_command, given), doctest::Contains(what), std::invalid_argument);
}

TEST_CASE("explain takes products in groups of K") {
    const said text = run(explain_command, {"4*4096,7168,33536:along-k", "16*7168,2048,33152:concatenated",
                                            "4*4096,7168,32384:bf16-along-k-bf16"});
    CHECK(text.code == 0);
    CHECK(text.has(
        "33536 of K in 4 groups, m = 4096, n = 7168, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 1x128 by fp32, D "
        "f32 with C in place\n"));
    CHECK(text.has("33152 of K in 16 groups, concatenated, m = 7168, n = 2048, "));
    CHECK(text.has(
        "32384 of K in 4 groups, m = 4096, n = 7168, A bf16 contiguous along M, B bf16 contiguous along N, D bf16\n"));
    CHECK(run(explain_command, {"--json", "4*4096,7168,33536:along-k"})
              .has("\"product\": \"4*4096,7168,33536:along-k\""));
    const std::pair<std::vector<std::string>, const char*> mistakes[] = {
        {{"3*64,128:along-k"}, "the product '3*64,128:along-k': groups of K are written G*M,N,K:along-k or, of"},
        {{"3*64,128,256:bf16-concatenated"}, "groups of K are written G*M,N,K:along-k"},
        {{"3*64,128,256:bf16-along-k-ue8m0"}, "groups of K are written G*M,N,K:along-k"},
        {{"3*64,128,256:along-k-acc"}, "groups of K are written G*M,N,K:along-k"},
        {{"3*64,128,208:concatenated"}, "K is 208; concatenated groups have multiples of 128"},
        {{"0*64,128,256:along-k"}, "the number of groups is 0"}};
    for (const auto& [given, what] : mistakes)
        CHECK_THROWS_WITH_AS(run(explain_command, given), doctest::Contains(what), std::invalid_argument);
}

TEST_CASE("explain takes batches and their sums") {
    const said text = run(explain_command, {"8*4,1024,4096:heads-bf16", "129*128,384,128:sum-bf16"});
    CHECK(text.code == 0);
    CHECK(
        text.has("8 products of m = 4, n = 1024, k = 4096, A bf16 contiguous along K, B bf16 contiguous along K, D "
                 "bf16\non 132 "));
    CHECK(text.has("predicted best of 7: config{.block = {8, 64, 64}"));
    CHECK(text.has("the sum of 129 products of m = 128, n = 384, k = 128"));
    CHECK(text.has("predicted best of 5: config{.block = {128, "));
    CHECK(
        run(explain_command, {"--json", "8*4,1024,4096:heads-1d2d"}).has("\"product\": \"8*4,1024,4096:heads-1d2d\""));
    const said fp8 = run(explain_command, {"8*4,4096,1024:heads-1d2d-nn", "8*1024,4096,8192:gradient-1d1d-acc"});
    CHECK(fp8.has("B e4m3 scaled 128x128 by fp32, contiguous along N, D bf16\non 132 "));
    CHECK(fp8.has("predicted best of 3: config{.block = {8, 64, 128}"));
    CHECK(fp8.has("D f32 with C in place\non 132 "));
    CHECK(fp8.has("predicted best of 5: config{.block = {256, 96, 128}"));
    CHECK_THROWS_WITH_AS(
        run(explain_command, {"8*4,1024:batch-bf16"}),
        doctest::Contains("the product '8*4,1024:batch-bf16': batches are written S*M,N,K:batch-recipe"),
        std::invalid_argument);
}

TEST_CASE("explain takes prenorms, whose configuration is of another type") {
    const said text = run(explain_command, {"137,24,7168:prenorm", "137,24,7168:prenorm-16", "8192,100,7168:prenorm"});
    CHECK(text.code == 0);
    CHECK(text.has("prenorm of m = 137, n = 24, k = 7168, A bf16, B f32 as tf32, D f32\non 132 "));
    CHECK(text.has("predicted best of 12: hc_prenorm_config{.block = {16, 8, 64}, .warpgroups = 4, .split_k = 4}"));
    CHECK(text.has("D f32, sums in 16 parts of K\n"));
    CHECK(text.has("predicted best of 5: hc_prenorm_config{.block = {64, 24, 64}, .stages = "));
    CHECK(text.has("hc_prenorm_config{.block = {64, 128, 64}, .stages = "));
    const std::string pin = "hc_prenorm_config{.block = {64, 64, 64}, .warpgroups = 2, .split_k = 2}";
    CHECK(run(explain_command, {"--pin", pin, "137,24,7168:prenorm"})
              .has("pinned of 12: hc_prenorm_config{.block = {64, 64, "));
    CHECK(run(explain_command, {"--json", "137,24,7168:prenorm"}).has("\"config\": \"hc_prenorm_config{.block = "));
    CHECK_THROWS_WITH_AS(
        run(explain_command,
            {"--pin", "hc_prenorm_config{.block = {64, 40, 64}, .warpgroups = 2}", "137,24,7168:prenorm"}),
        doctest::Contains("}, .stages = 10, .warpgroups = 2}: block.n is 24, not 40"), std::runtime_error);
    const std::pair<std::vector<std::string>, const char*> mistakes[] = {
        {{"--pin", "hc_prenorm_config{.columns = 8}", "137,24,7168:prenorm"},
         "at character 20 there must be block, stages, warpgroups or split_k"},
        {{"137,24:prenorm"}, "prenorms are written M,N,K:prenorm or, in S parts of K, M,N,K:prenorm-S"}};
    for (const auto& [given, what] : mistakes)
        CHECK_THROWS_WITH_AS(run(explain_command, given), doctest::Contains(what), std::invalid_argument);
    // A pin of another operation is none for this one.
    CHECK_THROWS_WITH(run(explain_command, {"--pin", "config{.block = {128, 128, 128}}", "137,24,7168:prenorm"}),
                      doctest::Contains("is no configuration: at character 1 there must be 'hc_prenorm_config'"));
}

TEST_CASE("explain takes logits, whose kernels are for some heads and forms each") {
    const said text = run(explain_command, {"2048,8192,64,128:mqa", "2048,65536,64,32:mqa-compressed-bf16-shared"});
    CHECK(text.code == 0);
    CHECK(text.has("2048 queries of 64 heads of 128, 8192 keys, weights f32, full logits f32\non 132 "));
    CHECK(text.has("2048 queries of 64 heads of 32, 65536 keys, weights f32, compressed logits bf16\non 132 "));
    CHECK(text.has("predicted best of 1: mqa_logits_config{.warpgroups = "));
    CHECK(run(explain_command, {"--json", "2048,65536,64,32:mqa-compressed-bf16"})
              .has("\"product\": \"2048,65536,64,32:mqa-compressed-bf16\""));
    CHECK_THROWS_WITH_AS(run(explain_command, {"9,99,12,64:mqa-f16-by_bf16"}),
                         doctest::Contains("shipped::mqa_logits_kernel<stored_mqa_traits{.scores = mqa_logits_traits{"
                                           ".heads = 12, .depth = 64, .weights = dtype::bf16}, .logits = dtype::f16}"),
                         std::runtime_error);
    CHECK_THROWS_WITH_AS(run(explain_command, {"2048,8192,64:mqa"}),
                         doctest::Contains("logits are written M,N,H,D:mqa"), std::invalid_argument);
}

TEST_CASE("explain takes logits of paged keys, for any number of queries of a request") {
    const said text = run(explain_command, {"256*1,8192,64,128:paged", "256*4,8192,64,128:paged-full"});
    CHECK(text.code == 0);
    CHECK(
        text.has("256 queries, 1 a request, of 64 heads of 128, 8192 columns, pages of 64, weights f32, unclean logits "
                 "f32\non 132 "));
    CHECK(text.has("paged_mqa_config{.queries = 2, .query_groups = 2, .key_groups = 2, .keys = 128"));
    CHECK_THROWS_WITH_AS(run(explain_command, {"9*7,99,12,64:paged"}),
                         doctest::Contains("shipped::paged_mqa_logits_kernel<paged_mqa_traits{.stored = "),
                         std::runtime_error);
    CHECK_THROWS_WITH_AS(run(explain_command, {"256,8192,64,128:paged"}),
                         doctest::Contains("logits of paged keys are written B*T,N,H,D:paged"), std::invalid_argument);
}

TEST_CASE("explain takes cleanings of logits") {
    const said text = run(explain_command, {"2048,8192:clean", "7,99:clean-f16"});
    CHECK(text.code == 0);
    CHECK(text.has("minus infinity around ranges of 2048 queries, 8192 keys, logits f32\non 132 "));
    CHECK(text.has("minus infinity around ranges of 7 queries, 99 keys, logits f16\non 132 "));
    CHECK(text.has("predicted best of 1: clean_logits_config{"));
    CHECK(run(explain_command, {"--json", "7,99:clean-f16"}).has("\"smem_bytes\": 0"));
}

TEST_CASE("explain takes transpositions, and FP8 that is transposed on the way") {
    const said text = run(explain_command, {"4096,7168:transpose", "3*64,100:transpose", "64,7168,2048:1d2d-nn"});
    CHECK(text.code == 0);
    CHECK(text.has("1 matrix of 4096 x 7168 e4m3, transposed\non 132 "));
    CHECK(text.has("3 matrices of 64 x 100 e4m3, transposed\non 132 "));
    CHECK(text.has("predicted best of 3: transpose_config{"));
    CHECK(text.has("B e4m3 scaled 128x128 by fp32, contiguous along N, D bf16\non 132 "));
}

TEST_CASE("explain takes selections") {
    const said text = run(explain_command, {"64,65536,2048:topk", "7,99,5:topk-f16"});
    CHECK(text.code == 0);
    CHECK(text.has("the 2048 largest of 65536 logits f32 in each of 64 rows\non 132 "));
    CHECK(text.has("the 5 largest of 99 logits f16 in each of 7 rows\non 132 "));
    CHECK(text.has("predicted best of 1: topk_config{"));
}

TEST_CASE("explain reads a table for products in groups, and names the kernels nearest to a pin") {
    const scratch folder;
    const std::string path = (folder.path() / "table.json").string(), product = "32*4096,7168,3072:masked-20";
    const config wide{.block = {256, 128, 128}};
    write_table(path, tuned_table::of<ops::grouped_gemm>("NVIDIA H200",
                                                         {{bench::workload_of(parse_groups(product)), wide, 99.5}}));
    const said text = run(explain_command, {"--table", path, product, "32*4096,7168,3072:masked-21"});
    CHECK(text.has("the caller's table's choice of 9: config{.block = {256, 128, 128}"));
    CHECK(text.has("predicted best of 9: config{.block = {32, "));  // another product
    CHECK_THROWS_WITH_AS(run(explain_command, {"--pin", "config{.block = {128, 128, 96}}", product}),
                         doctest::Contains("}: block.k is 128, not 96, sm90.promote is"), std::runtime_error);
}

TEST_CASE("explain names the kernels nearest to a pin that is none of them, and the members that differ") {
    const auto refusal = [](const char* pin) {
        try {
            return run(explain_command, {"--pin", pin, "4096,7168,2048"}).text;
        } catch (const std::runtime_error& why) {
            return std::string(why.what());
        }
    };
    const std::string text = refusal("config{.block = {128, 128, 96}}");
    CAPTURE(text);
    CHECK(text.find("with the pinned config{.block = {128, 128, 96}};") != text.npos);
    const std::size_t list =
        text.find("\nThe nearest kernels that run it:\n  config{.block = {128, 128, 128}, .stages = ");
    REQUIRE(list != text.npos);
    CHECK(text.find("}: block.k is 128, not 96\n", list) != text.npos);
    CHECK(std::count(text.begin() + std::ptrdiff_t(list) + 1, text.end(), '\n') == 3);
    CHECK(refusal("config{.block = {128, 128, 128}, .stages = 99}").find(", not 99") != std::string::npos);
}

TEST_CASE("explain plans under rules of the split and limits of tiles") {
    const auto best = [](std::vector<std::string> given) {
        given.insert(given.end(), {"--json", "1,7168,2048"});
        return parse_json(run(explain_command, given).text)[0].at("ranked");
    };
    const auto is_split = [](const json& kernel) {
        return kernel.at("config").get<std::string>().find(".split_k") != std::string::npos;
    };
    const auto free = best({}), unsplit = best({"--split", "never"});
    CHECK(std::any_of(free.begin(), free.end(), is_split));
    CHECK(std::none_of(unsplit.begin(), unsplit.end(), is_split));
    const auto planned = [](std::vector<std::string> given) {
        given.insert(given.end(), {"--json", "4096,7168,2048"});
        return parse_json(run(explain_command, given).text)[0];
    };
    CHECK(planned({}).at("objective") == "latency");
    CHECK(planned({"--objective", "sustained"}).at("objective") == "sustained");
    CHECK_THROWS_WITH_AS(best({"--objective", "power"}), "--objective: 'power' is not one of latency, sustained",
                         std::invalid_argument);
    const auto narrow = best({"--largest-n", "64"});
    CHECK(narrow.size() < free.size());
    CHECK(!narrow.empty());
    CHECK_THROWS_WITH_AS(best({"--split", "always"}), "--split: 'always' is not one of fastest, never, as_one_row",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(best({"--largest-m", "0"}), "--largest-m: '0' is not a whole number from 1 to 65536",
                         std::invalid_argument);
}

TEST_CASE("explain as JSON ranks what explain as text says") {
    const json all = parse_json(run(explain_command, {"--json", "4096,7168,2048"}).text);
    REQUIRE(all.size() == 1);
    const json& made = all[0];
    CHECK(made.at("product").get<std::string>() == "4096,7168,2048");
    CHECK(made.at("gpu").get<std::string>() == "NVIDIA H200");
    const auto& ranked = made.at("ranked");
    CHECK(ranked.size() > 10);
    CHECK(run(explain_command, {"4096,7168,2048"})
              .has(" of " + std::to_string(ranked.size()) + ": " + ranked[0].at("config").get<std::string>()));
}

TEST_CASE("a table that tune has made decides what explain says") {
    const scratch folder;
    const std::string path = (folder.path() / "made" / "table.json").string();
    const config odd{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}};
    write_table(path, tuned_table::of<ops::gemm>("NVIDIA H200", {row_of(parse_shape("4096,7168,2048"), odd, false)}));
    const said text = run(explain_command, {"--table", path, "4096,7168,2048"});
    CHECK(text.has("the caller's table's choice of "));
    CHECK(text.has(": config{.block = {64, 64, 128}, .stages = "));
    write_file(path, "{\"schema\": \"x\"}");
    CHECK_THROWS_WITH_AS(run(explain_command, {"--table", path, "4096,7168,2048"}),
                         doctest::Contains(("--table: " + path + ": \"schema\" is \"x\"").c_str()),
                         std::invalid_argument);
    CHECK_THROWS_AS(run(explain_command, {"--table", path + "x", "4096,7168,2048"}), std::runtime_error);
}

}  // namespace explain_test_tests
