// SPDX-License-Identifier: MIT
// What decides on a kernel's code decides on its key: headers, options, architecture, compiler, unit; and nothing else does.
// Caches that differ in any of them live side by side in one directory.
#include <deepgemm/rtc/compiler.hpp>

#include <set>

#include "support.hpp"
#include "tiny.cuh"

namespace keys_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

const std::string tiny_text = test::text_of(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh");

header_set with(const std::string& text) { return header_set(test::headers()).add("tiny.cuh", text); }

/// What a compiler over a directory makes of the tiny kernel, and whether it had to compile.
struct outcome {
    std::string cubin;
    bool compiled;
};
outcome build(const std::filesystem::path& root, header_set headers, std::vector<std::string> options = {},
              const std::string& arch = "sm_90a") {
    const compiler all(std::move(headers), {.arch = arch, .options = std::move(options), .cache = {.roots = {root}}});
    const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh"});
    REQUIRE_MESSAGE(built, (built ? "" : built.failure().message));
    return {std::string(built->cubin()), all.counts().made == 1};
}

}  // namespace

TEST_CASE("the key names headers, options in their order, architecture and unit") {
    const program unit{.text = "text", .arch = "sm_90a", .options = {"-a", "-b"}};
    const auto key = [](const header_set& headers, const program& of) { return compiler(headers).key_of(of); };
    const header_set one = header_set().add("a.cuh", "int x;"), other = header_set().add("a.cuh", "int y;");
    CHECK(key(one, unit) == key(one, unit));
    std::set<std::string> keys{key(one, unit), key(other, unit)};
    for (const program& changed : {program{.text = "other", .arch = "sm_90a", .options = {"-a", "-b"}},
                                   program{.text = "text", .arch = "sm_100a", .options = {"-a", "-b"}},
                                   program{.text = "text", .arch = "sm_90a", .options = {"-a"}},
                                   program{.text = "text", .arch = "sm_90a", .options = {"-a", "-b", "-c"}},
                                   program{.text = "text", .arch = "sm_90a", .options = {"-b", "-a"}},
                                   program{.text = "text", .arch = "sm_90a", .options = {"-a-b"}}})
        keys.insert(key(one, changed));
    CHECK(keys.size() == 8);
    CHECK(key(one, unit).size() == 64);
}

TEST_CASE("options keep the order that was given: words in pairs, and a definition before it is taken back") {
    const header_set asks =
        with(tiny_text + "\n#if !defined(FIRST) || FIRST != 1 || defined(SECOND)\n#error torn\n#endif\n");
    const compiler pairs(asks, {.options = {"-D", "SECOND=2", "-U", "SECOND", "-D", "FIRST=1", "-lineinfo"}});
    const auto built = pairs.get<tiny::kernel<5>>({}, {"tiny.cuh"});
    CHECK_MESSAGE(built, (built ? "" : built.failure().message));
}

// Observed with NVRTC 13.0.88: it asks getenv() for NVRTC_APPEND_FLAGS whenever it compiles, and follows no option in it. With
// -D, -I, --use_fast_math, -G and an unknown option, cubin and log stay the same. That holds where the variable is set before
// the process starts, and where it is set inside of it. A later version may follow the options, so the value is in the key.
// inputs.cpp shows that options which name files are refused there.
TEST_CASE("the environment that NVRTC reads is in the key") {
    const compiler all{header_set()};
    const std::string before = all.key_of(program{});
    for (const char* const name : {"NVRTC_APPEND_FLAGS", "NV_NVVM_VERSION"}) {
        CAPTURE(name);
        ::setenv(name, "nvvm70", 1);
        CHECK(all.key_of(program{}) != before);
        ::unsetenv(name);
        CHECK(all.key_of(program{}) == before);
    }
}

TEST_CASE("changed headers, changed options, two versions of the library, another architecture, in one directory") {
    const test::scratch root;
    const std::string version = *test::headers().find("deepgemm/version.cuh");
    std::string next_version = version;
    const std::string line = "#define DEEPGEMM_VERSION_PATCH ";
    REQUIRE(next_version.find(line) != std::string::npos);
    next_version.insert(next_version.find(line) + line.size(), "7");
    header_set next = with(tiny_text);
    next.add("deepgemm/version.cuh", next_version);
    std::string other_text = tiny_text;
    other_text.replace(other_text.find("Value + int(thread)"), 5, "Value * 3");

    const auto build_all = [&] {
        return std::vector{build(root.path(), with(tiny_text)), build(root.path(), with(other_text)),
                           build(root.path(), with(tiny_text), {"-lineinfo"}), build(root.path(), next),
                           build(root.path(), with(tiny_text), {}, "sm_100a")};
    };
    const auto cold = build_all(), warm = build_all();
    for (std::size_t i = 0; i < cold.size(); ++i) {
        CAPTURE(i);
        CHECK(cold[i].compiled);
        CHECK(!warm[i].compiled);
        CHECK((cold[i].cubin == warm[i].cubin));
    }
    CHECK((cold[0].cubin != cold[1].cubin));
    CHECK((cold[0].cubin != cold[4].cubin));
    CHECK(test::files_below(root.path()).size() == cold.size());
}

TEST_CASE("where headers lie and when they were read does not matter") {
    const test::scratch root, copy;
    std::filesystem::copy(DEEPGEMM_SOURCE_DIR "/include", copy.path(), std::filesystem::copy_options::recursive);
    header_set elsewhere = *header_set::from_directory(copy.path());
    elsewhere.add("tiny.cuh", tiny_text);
    CHECK(build(root.path(), with(tiny_text)).compiled);
    CHECK(!build(root.path(), elsewhere).compiled);
}

TEST_CASE("an entry tells people what it holds") {
    const test::scratch root;
    CHECK(build(root.path(), with(tiny_text), {"-lineinfo"}).compiled);
    const std::string entry = test::text_of(test::files_below(root.path()).at(0));
    test::expect(entry.substr(0, 2000),
                 "NVRTC " + nvrtc_version() + " build " + nvrtc_build() + " -arch=sm_90a -default-device -lineinfo\n");
    test::expect(entry.substr(0, 2000), "tiny::kernel<5>");
}

TEST_CASE("an entry that is whole but holds no kernel is compiled again and told of") {
    const test::scratch root;
    const outcome first = build(root.path(), with(tiny_text));
    const auto path = test::files_below(root.path()).at(0);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << write_entry(path.filename().string(), "note", "text");
    std::vector<std::string> said;
    const compiler all(with(tiny_text), {.cache = {.roots = {root.path()},
                                                   .report = [&](const std::string& what) { said.push_back(what); }}});
    const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh"});
    REQUIRE(built);
    CHECK((built->cubin() == first.cubin));
    CHECK(all.counts().made == 1);
    REQUIRE(said.size() == 1);
    test::expect(said[0], path.string());
    CHECK(!build(root.path(), with(tiny_text)).compiled);
}

}  // namespace keys_tests
