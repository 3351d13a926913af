// SPDX-License-Identifier: MIT
// The commands that need neither GPU nor NVRTC, called as the program calls them: pages of help, what makes no sense, bench --sim.
// explain_test.cpp and cache_command_test.cpp have explain and cache.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include <nlohmann/json.hpp>

#include "command_test.hpp"
#include "files.hpp"
#include "json.hpp"

namespace command_test_tests {

using namespace deepgemm;
using namespace deepgemm::bench;
namespace fs = std::filesystem;

TEST_CASE("each command has a page of help with an example") {
    const struct {
        int (*command)(arguments, std::ostream&);
        const char* example;
    } pages[] = {{explain_command, "  deepgemm explain "},
                 {cache_command, "  deepgemm cache list "},
                 {aot_command, "  deepgemm aot --problems "},
                 {simulate_command, "  deepgemm bench --sim "}};
    for (const auto& [command, example] : pages) {
        const said page = run(command, {"--help"});
        CHECK(page.code == 0);
        CHECK(page.text.starts_with("usage: deepgemm "));
        CHECK(page.has(example));
        std::istringstream lines(page.text);
        for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 120);
    }
}

TEST_CASE("sizes and options that make no sense, by command") {
    const char* const beyond = "M is 4294967424; it must be from 1 to 2147479552";
    CHECK_THROWS_WITH_AS(run(explain_command, {"4294967424,128,128"}), doctest::Contains(beyond),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(simulate_command, {"--shape", "4294967424,128,128"}), doctest::Contains(beyond),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(explain_command, {"-5,8,16"}), doctest::Contains("M is -5"), std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(explain_command, {"--sms", "1e2", "1,8,16"}),
                         "--sms: '1e2' is not a whole number from 1 to 65535", std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(explain_command, {"--gpu", "", "1,8,16"}),
                         "--gpu: '' is not one of h200, h100, b200, b300", std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(simulate_command, {"--seed", "0x10"}), doctest::Contains("--seed: '0x10' is not a whole"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(run(cache_command, {"list", "--jsno"}),
                         "unknown option '--jsno'; did you mean --json? --help lists them", std::invalid_argument);
}

TEST_CASE("matrices that do not fit memory are refused, not allocated") {
    CHECK_THROWS_WITH_AS(run(simulate_command, {"--shape", "4,8,16", "--shape", "2000000000,2000000000,16"}),
                         doctest::Contains("the product 2000000000,2000000000,16 needs 80"), std::runtime_error);
}

TEST_CASE("places that cannot be written are named before anything runs") {
    const scratch folder;
    const std::string here = folder.path().string(), file = (folder.path() / "file").string();
    write_file(file, "");
    CHECK_THROWS_WITH_AS(run(simulate_command, {"--out", here}),
                         ("cannot write '" + here + "': it names a directory, not a file").c_str(), std::runtime_error);
    CHECK_THROWS_WITH_AS(run(simulate_command, {"--out", file + "/deeper/x.json"}),
                         ("cannot write to the folder " + file + "/deeper: " + file + " is no directory").c_str(),
                         std::runtime_error);
    CHECK_THROWS_WITH_AS(write_file(file + "/x", ""), doctest::Contains(("cannot make the folder " + file).c_str()),
                         std::runtime_error);
    CHECK_THROWS_WITH_AS(read_text(here), ("cannot read " + here + ": it is a directory").c_str(), std::runtime_error);
    CHECK_THROWS_WITH_AS(read_text(file + "x"), ("cannot read " + file + "x: No such file or directory").c_str(),
                         std::runtime_error);
    fs::create_directory(folder.path() / "locked");
    fs::permissions(folder.path() / "locked", fs::perms::owner_read | fs::perms::owner_exec);
    if (::geteuid() != 0)  // to whom everything is open
        CHECK_THROWS_WITH_AS(check_output(here + "/locked/x"), doctest::Contains("Permission denied"),
                             std::runtime_error);
    CHECK_NOTHROW(check_output(here + "/new/folder/x"));
    CHECK(!fs::exists(folder.path() / "new"));
}

TEST_CASE("the simulator runs every kernel of its list, exactly") {
    const scratch folder;
    const std::string file = (folder.path() / "simulated.json").string();
    const said text = run(simulate_command, {"--shape", "12,64,256", "--shape", "64,64,128:bf16", "--all", "--policy",
                                             "random", "--seed", "5", "--out", file});
    CHECK(text.code == 0);
    CHECK(text.has("\n6 of 6 results are exact\n"));
    const json rows = parse_json(read_text(file)).at("rows");
    REQUIRE(rows.size() == 6);
    for (const json& row : rows) {
        CHECK(row.at("correct").get<bool>());
        CHECK(row.at("macs").get<int>() >= 12 * 64 * 256);
        CHECK(row.at("loads").get<int>() > 0);
    }
    CHECK_THROWS_WITH_AS(run(simulate_command, {"--policy", "late"}),
                         "--policy: 'late' is not one of lazy, random, eager", std::invalid_argument);
}

TEST_CASE("the simulator runs products in groups, exactly") {
    const said text = run(simulate_command, {"--shape", "3*80,72,304:masked-20", "--all"});
    CHECK(text.code == 0);
    CHECK(text.has("\n2 of 2 results are exact\n"));
    CHECK(
        run(simulate_command, {"--shape", "3*80,72,304:bf16-masked-20", "--all"}).has("\n2 of 2 results are exact\n"));
}

TEST_CASE("the simulator runs products in groups of rows, exactly") {
    for (const char* product : {"3*80,72,304:psum-20", "3*80,72,304:indexed"})
        CHECK(run(simulate_command, {"--shape", product, "--all"}).has("\n2 of 2 results are exact\n"));
    for (const char* product : {"3*80,72,304:bf16-psum", "3*80,72,304:bf16-nn-indexed-20"})
        CHECK(run(simulate_command, {"--shape", product, "--all"}).has("\n1 of 1 results are exact\n"));
}

TEST_CASE("the simulator runs products in groups of K, exactly") {
    for (const char* product : {"3*80,72,512:along-k", "3*80,72,512:along-k-ue8m0", "3*80,72,768:concatenated",
                                "3*80,72,304:bf16-along-k", "3*80,72,304:bf16-along-k-bf16"})
        CHECK(run(simulate_command, {"--shape", product, "--all"}).has("\n1 of 1 results are exact\n"));
}

TEST_CASE("the simulator runs batches and their sums, exactly") {
    for (const char* const product :
         {"3*72,128,200:batch-bf16", "3*72,128,256:heads-1d2d", "9*72,128,200:sum-bf16-f32"})
        CHECK(run(simulate_command, {"--shape", product, "--all"}).has("\n2 of 2 results are exact\n"));
}

TEST_CASE("the simulator runs prenorms, exactly") {
    CHECK(run(simulate_command, {"--shape", "72,24,500:prenorm", "--all"}).has("\n2 of 2 results are exact\n"));
    CHECK(run(simulate_command, {"--shape", "72,24,500:prenorm-3", "--all"}).has("\n1 of 1 results are exact\n"));
}

TEST_CASE("the simulator runs logits of paged keys, exactly") {
    for (const char* const product :
         {"9*1,300,64,128:paged", "5*2,200,32,32:paged-full", "3*5,250,32,128:paged-32-bf16"})
        CHECK(run(simulate_command, {"--shape", product, "--all"}).has("\n1 of 1 results are exact\n"));
}

}  // namespace command_test_tests
