// SPDX-License-Identifier: MIT
// deepgemm aot: what it packs is what a program looks up. Compiles a few kernels with NVRTC; needs no GPU.
#include <doctest/doctest.h>

#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/resources.hpp>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "command_test.hpp"
#include "files.hpp"
#include "json.hpp"

using namespace deepgemm;
using namespace deepgemm::bench;
namespace fs = std::filesystem;

namespace {

/// Compiles, or finds, the shipped kernels of a list that a configuration names; returns how many those are.
template <class... Kernels>
int ask_for(const rtc::compiler& compiler, const std::string& cfg, shipped::kernels<Kernels...>,
            static_extents extents = {}) {
    const auto ask = [&]<class K>(std::type_identity<K>) {
        config named = K::info.cfg;
        named.extents = extents;
        if (to_source(named) != cfg) return 0;
        CHECK(compiler.get<K>(extents));
        return 1;
    };
    return (ask(std::type_identity<Kernels>{}) + ... + 0);
}

}  // namespace

TEST_CASE("a packed directory serves a program that asks by type, as a second, read-only one") {
    const scratch folder;
    const fs::path list = folder.path() / "products.txt", packed = folder.path() / "packed";
    write_file(list.string(), "# two lines, a kernel in common\n64,32,256:1d1d-acc\n<=9,32,256:1d1d-acc\n");
    const std::vector<std::string> command{"--problems", list.string(), "--out", packed.string(), "--jobs", "2"};
    CHECK(run(aot_command, command).has(" compiled, 0 were there; "));

    const json manifest = parse_json(read_text((packed / "manifest.json").string()));
    CHECK(manifest.at("schema").get<std::string>() == "deepgemm kernels 1");
    CHECK(manifest.at("arch").get<std::string>() == "sm_90a");
    CHECK(manifest.at("headers").get<std::string>() == rtc::embedded_headers().hash());
    const auto& kernels = manifest.at("kernels");
    REQUIRE(!kernels.empty());
    REQUIRE(manifest.at("problems").size() == 2);
    for (const json& problem : manifest.at("problems")) {
        for (const json& served : problem.at("kernels")) {
            const auto is_it = [&](const json& kernel) { return kernel.at("key") == served.at("key"); };
            CHECK(std::any_of(kernels.begin(), kernels.end(), is_it));
        }
    }

    const fs::path own = folder.path() / "own";
    const rtc::compiler program(rtc::embedded_headers(), {.cache = {.roots = {own, packed}}});
    int asked = 0;
    for (const json& kernel : kernels) {
        CHECK(fs::is_regular_file(packed / kernel.at("file").get<std::string>()));
        CHECK(kernel.at("stack_bytes").get<int>() == 0);
        CHECK(kernel.at("registers").get<int>() >= 24);
        const std::string cfg = kernel.at("config").get<std::string>();
        asked += ask_for(program, cfg, shipped::gradients_in_place{}) + ask_for(program, cfg, shipped::gradients{});
    }
    CHECK(asked >= int(kernels.size()));
    CHECK(program.counts().disk_hits == kernels.size());
    CHECK(program.counts().made == u64(asked) - kernels.size());  // twins in the other list, which were not packed

    // Again: everything is there. And the cache command knows what lies there.
    CHECK(run(aot_command, command).has(" 0 compiled, "));
    const json entries = parse_json(run(cache_command, {"list", "--json", packed.string()}).text);
    REQUIRE(entries.size() == kernels.size());
    for (const json& entry : entries) {
        CHECK(entry.at("whole").get<bool>());
        CHECK(entry.at("compiler").get<std::string>().starts_with("NVRTC "));
        CHECK(entry.at("kernel").get<std::string>().starts_with("gemm<arch::sm90, operand<e4m3, "));
    }
    fs::resize_file(packed / kernels[0].at("file").get<std::string>(), 1000);
    const said check = run(cache_command, {"check", packed.string()});
    CHECK(check.code == 1);
    CHECK(check.has(": damaged\n"));
    CHECK(run(cache_command, {"clear", packed.string()}).has(" removed"));
    CHECK(parse_json(run(cache_command, {"list", "--json", packed.string()}).text).empty());
    CHECK(fs::exists(packed / "manifest.json"));
}

TEST_CASE("kernels with N and K as constants are those that a program asks for so; plain cubins lie beside them") {
    const scratch folder;
    const fs::path list = folder.path() / "products.txt", packed = folder.path() / "packed";
    write_file(list.string(), "4096,4096,512\n");
    CHECK(run(aot_command, {"--problems", list.string(), "--out", packed.string(), "--fixed", "--cubins"})
              .has("1 kernels for 1 lines: 1 compiled"));
    const json manifest = parse_json(read_text((packed / "manifest.json").string()));
    const json& kernel = manifest.at("kernels")[0];
    CHECK(kernel.at("config").get<std::string>().find(", .extents = {0, 4096, 512}") != std::string::npos);
    const std::string cubin =
        read_text((packed / "cubins" / (kernel.at("key").get<std::string>() + ".cubin")).string());
    CHECK(int(cubin.size()) == kernel.at("cubin_bytes").get<int>());
    const auto resources = rtc::resources_of(cubin, kernel.at("entry").get<std::string>());
    REQUIRE(resources);
    CHECK(int(resources->registers) == kernel.at("registers").get<int>());

    // Whichever of the lists the planner's choice is in, asked for by type.
    const rtc::compiler program(rtc::embedded_headers(), {.cache = {.roots = {folder.path() / "own", packed}}});
    const std::string cfg = kernel.at("config").get<std::string>();
    const int asked = ask_for(program, cfg, shipped::weights_bf16_short{}, {0, 4096, 512}) +
                      ask_for(program, cfg, shipped::weights_bf16_medium{}, {0, 4096, 512}) +
                      ask_for(program, cfg, shipped::weights_bf16_wide{}, {0, 4096, 512}) +
                      ask_for(program, cfg, shipped::weights_bf16_widest{}, {0, 4096, 512});
    CHECK(asked == 1);
    CHECK(program.counts().disk_hits == 1);
    CHECK(program.counts().made == 0);
}

TEST_CASE("a dry run names kernels and writes nothing") {
    const scratch folder;
    const std::string list = (folder.path() / "products.txt").string();
    write_file(list, "4096,7168,2048\n");
    const std::string text = run(aot_command, {"--problems", list, "--dry-run", "--gpu", "h100"}).text;
    CHECK(text.starts_with("gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, "));
    CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("kernels of Blackwell are packed for the device's architecture, and asked for by type") {
    const scratch folder;
    const fs::path list = folder.path() / "products.txt", packed = folder.path() / "packed";
    write_file(list.string(), "4096,4096,512:mxf4\n16,4096,512:bf16\n");
    for (const std::string gpu : {"b200", "b300"}) {
        const fs::path out = packed / gpu;
        CHECK(run(aot_command, {"--problems", list.string(), "--gpu", gpu, "--out", out.string()})
                  .has("2 kernels for 2 lines: 2 compiled"));
        const json manifest = parse_json(read_text((out / "manifest.json").string()));
        const std::string arch = manifest.at("arch").get<std::string>();
        CHECK(arch == (gpu == "b200" ? "sm_100a" : "sm_103a"));
        const rtc::compiler program(rtc::embedded_headers(),
                                    {.arch = arch, .cache = {.roots = {folder.path() / "own", out}}});
        int asked = 0;
        for (const json& kernel : manifest.at("kernels")) {
            CHECK(kernel.at("stack_bytes").get<int>() == 0);
            const std::string cfg = kernel.at("config").get<std::string>();
            asked += ask_for(program, cfg, shipped::sm100::fp4_pair<shipped::sm100::mx4<>, store<bf16>>::type{}) +
                     ask_for(program, cfg,
                             shipped::sm100::few_and_many<shipped::sm100::half<bf16>, shipped::sm100::half<bf16>,
                                                          store<bf16>, 64, 256>::type{}) +
                     ask_for(program, cfg,
                             shipped::sm100::sharing_k<shipped::sm100::half<bf16>, shipped::sm100::half<bf16>,
                                                       store<bf16>, 64>::type{});
        }
        CHECK(asked == 2);
        CHECK(program.counts().disk_hits == 2);
    }
}

TEST_CASE("what aot refuses") {
    const scratch folder;
    const std::string list = (folder.path() / "products.txt").string(), out = (folder.path() / "out").string();
    const auto aot = [&](const std::vector<std::string>& given) { return run(aot_command, given).code; };
    CHECK_THROWS_WITH_AS(aot({}), "--problems FILE is missing; --help tells what is in it", std::invalid_argument);
    CHECK_THROWS_WITH_AS(aot({"--problems", list}), "--out DIR is missing", std::invalid_argument);
    CHECK_THROWS_WITH_AS(aot({"--problems", list, "--out", out}),
                         ("cannot read " + list + ": No such file or directory").c_str(), std::runtime_error);
    write_file(list, "1,2,3\n");
    CHECK_THROWS_WITH_AS(aot({"--problems", list, "--out", out}), doctest::Contains((list + ": line 1: ").c_str()),
                         std::invalid_argument);
    write_file(list, "64,32,256\n");
    write_file(out, "a file where the directory should be");
    CHECK_THROWS_WITH_AS(aot({"--problems", list, "--out", out}), doctest::Contains((out + " is no directory").c_str()),
                         std::runtime_error);
}

TEST_CASE("a list may have products in groups beside single ones") {
    const scratch folder;
    const fs::path list = folder.path() / "products.txt";
    write_file(list.string(),
               "64,32,256\n3*64,128,256:masked-20\n3*64,128,256:along-k\n3*64,128,256:concatenated\n"
               "3*64,128,256:along-k-ue8m0\n9*64,128,256:sum-bf16\n");
    const said dry = run(aot_command, {"--problems", list.string(), "--dry-run"});
    CHECK(dry.code == 0);
    CHECK(dry.has(", grouped<tile_shape{32, "));
    CHECK(dry.has(", masked_groups>>\n"));
    CHECK(dry.has(", k_groups>>\n"));
    CHECK(dry.has(", concatenated_k_groups>>\n"));
    CHECK(dry.has(", with_packed_scales<k_groups>>>\n"));
    CHECK(dry.has(", summed<tile_shape{128, "));
    write_file(list.string(), "3*64,128,256:nothing\n");
    CHECK_THROWS_WITH_AS(run(aot_command, {"--problems", list.string(), "--dry-run"}),
                         doctest::Contains("line 1: the product '3*64,128,256:nothing': groups are written"),
                         std::invalid_argument);
}
