// SPDX-License-Identifier: MIT
// deepgemm aot --fatbin: one file with every kernel of the manifest; and what is said where it cannot be made.
// Compiles a few kernels with NVRTC; needs no GPU.
#include <doctest/doctest.h>

#include <deepgemm/rtc/resources.hpp>

#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "command_test.hpp"
#include "fat_binary.hpp"
#include "files.hpp"
#include "json.hpp"

using namespace deepgemm;
using namespace deepgemm::bench;
namespace fs = std::filesystem;

namespace {

/// A directory for temporary files, while it lives.
class own_temporaries {
public:
    own_temporaries() { ::setenv("TMPDIR", folder_.path().c_str(), 1); }
    ~own_temporaries() { before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1); }
    bool are_gone() const { return fs::is_empty(folder_.path()); }

private:
    const std::string before_ = std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "";
    const scratch folder_;
};

/// False where there is NVRTC but no `fatbinary`; the test then says so and ends.
bool has_fatbinary() {
    const scratch folder;
    try {
        check_fat_binary((folder.path() / "x").string(), fatbinary_program());
        return true;
    } catch (const std::runtime_error& why) {
        MESSAGE("not tested: ", std::string(why.what()));
        return false;
    }
}

/// A list of products in a folder, for one kernel or a few.
std::string list_in(const scratch& folder, const std::string& lines = "64,32,256:1d1d-acc\n") {
    const std::string path = (folder.path() / "products.txt").string();
    write_file(path, lines);
    return path;
}

/// A shell script with that body, which stands in for `fatbinary`.
std::string script_in(const scratch& folder, const std::string& body) {
    const std::string path = (folder.path() / "script").string();
    write_file(path, "#!/bin/sh\n" + body + "\n");
    fs::permissions(path, fs::perms::owner_all);
    return path;
}

}  // namespace

TEST_CASE("a fat binary holds every kernel of the manifest, under the same name, and none spills") {
    if (!has_fatbinary()) return;
    const scratch folder;
    const own_temporaries temporaries;
    const fs::path packed = folder.path() / "packed", file = folder.path() / "made" / "kernels.fatbin";
    const said text = run(aot_command, {"--problems", list_in(folder, "64,32,256:1d1d-acc\n64,32,256\n1,64,256:bf16\n"),
                                        "--out", packed.string(), "--fatbin", file.string()});
    CHECK(text.has("manifest.json, " + file.string() + "\n"));
    CHECK(temporaries.are_gone());
    CHECK(rtc::test::files_below(file.parent_path()) == std::vector{file});

    const json manifest = parse_json(read_text((packed / "manifest.json").string()));
    const json& told = manifest.at("fatbin");
    CHECK(told.at("file").get<std::string>() == "../made/kernels.fatbin");
    const std::string bytes = read_text(file.string());
    CHECK(told.at("bytes").get<int>() == int(bytes.size()));

    CHECK(bytes.starts_with("\x50\xed\x55\xba"));
    const std::size_t begin = bytes.find(
        "\x7f"
        "ELF");
    REQUIRE(begin != bytes.npos);
    CHECK(bytes.find("\x7f"
                     "ELF",
                     begin + 1) == bytes.npos);
    const std::string_view cubin = std::string_view(bytes).substr(begin);
    const auto& images = told.at("images");
    REQUIRE(images.size() == 1);
    CHECK(images[0].at("arch").get<std::string>() == "sm_90a");
    const auto &kernels = manifest.at("kernels"), &held = images[0].at("kernels");
    REQUIRE(kernels.size() == 3);
    REQUIRE(held.size() == 3);
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        const std::string entry = held[i].at("entry").get<std::string>();
        CAPTURE(entry);
        CHECK(entry == kernels[i].at("entry").get<std::string>());
        const auto resources = rtc::resources_of(cubin, entry);
        REQUIRE(resources);
        CHECK(int(resources->registers) == held[i].at("registers").get<int>());
        CHECK(int(resources->stack_bytes) == held[i].at("stack_bytes").get<int>());
        CHECK(resources->stack_bytes == 0);
    }

    // Without the option the manifest speaks of none. The same cubin gives the same file.
    CHECK(run(aot_command, {"--problems", list_in(folder), "--out", packed.string()}).code == 0);
    CHECK_FALSE(parse_json(read_text((packed / "manifest.json").string())).contains("fatbin"));
    const cubin_for again[] = {{"sm_90a", std::string(cubin)}};
    CHECK((fat_binary(again) == bytes));
}

TEST_CASE("what is said where a fat binary cannot be made; nothing is left of it") {
    const scratch folder;
    const own_temporaries temporaries;
    const std::string file = (folder.path() / "kernels.fatbin").string(), none = (folder.path() / "none").string();
    const cubin_for junk[] = {{"sm_90a", "no cubin"}};
    const auto refused = [&](const std::string& program, const std::string& why) {
        CAPTURE(program);
        CHECK_THROWS_WITH_AS(write_fat_binary(file, junk, program), doctest::Contains(why.c_str()), std::runtime_error);
        CHECK(!fs::exists(file));
        CHECK(temporaries.are_gone());
    };
    refused(none, "cannot run " + none + ": No such file or directory");
    refused(script_in(folder, "echo this is wrong >&2; exit 3"), "script failed with exit code 3: this is wrong\n");
    refused(script_in(folder, "kill -9 $$"), "script failed with exit code 137: ");
    refused(script_in(folder, "echo nothing done"), "script made no fat binary: nothing done\n");
    refused(script_in(folder, "echo text >fatbin"), "script made no fat binary: ");
    if (has_fatbinary()) refused(fatbinary_program(), "failed with exit code 1: ");
    write_file(file, "the old one");
    CHECK_THROWS_AS(write_fat_binary(file, junk, none), std::runtime_error);
    CHECK(read_text(file) == "the old one");
}

TEST_CASE("a fat binary is put into place in one step") {
    const scratch folder;
    const own_temporaries temporaries;
    const std::string stand_in = script_in(folder, "printf '\\120\\355\\125\\272%s' \"$*\" >fatbin");
    const cubin_for cubins[] = {{"sm_90a", "one"}, {"sm_100a", "two"}};
    const fs::path file = folder.path() / "made" / "kernels.fatbin";
    CHECK_THROWS_WITH_AS(write_fat_binary(file.string(), cubins, stand_in),
                         doctest::Contains(("cannot write " + file.string() + ": creation of ").c_str()),
                         std::runtime_error);
    fs::create_directory(file.parent_path());
    write_file(file.string(), "the old one");
    const std::size_t bytes = write_fat_binary(file.string(), cubins, stand_in);
    const std::string made = read_text(file.string());
    CHECK(bytes == made.size());
    CHECK(made.substr(4) ==
          "-64 --create=fatbin --image3=kind=elf,sm=90a,file=sm_90a --image3=kind=elf,sm=100a,file=sm_100a");
    CHECK(rtc::test::files_below(file.parent_path()) == std::vector{file});
    CHECK(temporaries.are_gone());
}

TEST_CASE("aot finds out before it compiles") {
    const scratch folder;
    const std::string list = list_in(folder), out = (folder.path() / "out").string();
    const auto refused = [&](const std::string& file, const std::string& program, const std::string& why) {
        CAPTURE(file);
        CAPTURE(program);
        CHECK_THROWS_WITH_AS(
            run(aot_command, {"--problems", list, "--out", out, "--fatbin", file, "--fatbinary", program}),
            doctest::Contains(why.c_str()), std::runtime_error);
        CHECK(!fs::exists(out));
    };
    const std::string file = (folder.path() / "x.fatbin").string(), none = (folder.path() / "none").string();
    refused(folder.path().string(), fatbinary_program(), folder.path().string() + ": it is there and is no plain file");
    refused(list + "/x.fatbin", fatbinary_program(), "cannot write " + list + "/x.fatbin: Not a directory");
    refused(file, none, "no fat binary can be made: cannot run " + none + ": No such file or directory\n");
    refused(file, none, "fatbinary comes with the CUDA toolkit, beside nvcc; --fatbinary PROGRAM says where it is");
    refused(file, "deepgemm-no-such-program", "cannot run deepgemm-no-such-program: ");
    refused(file, script_in(folder, "exit 0"), "script is another program");
    CHECK(!fs::exists(file));
}
