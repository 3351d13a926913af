// SPDX-License-Identifier: MIT
// cache, called as the program calls it: which entries it lists and removes, and where it looks for them.
#include <doctest/doctest.h>

#include <deepgemm/rtc/cache.hpp>

#include <cstdlib>
#include <filesystem>

#include "command_test.hpp"
#include "files.hpp"

namespace cache_command_test_tests {

using namespace deepgemm;
using namespace deepgemm::bench;
namespace fs = std::filesystem;

TEST_CASE("cache tells whole entries from damaged ones, and removes nothing else") {
    const scratch folder;
    const fs::path root = folder.path() / "cache";
    // Bytes that a cache wrote, but no kernel: the checksum is right and there is no cubin.
    rtc::cache writer({.roots = {root}});
    const std::string key = rtc::sha256_of("a key");
    REQUIRE(writer.get(key, "note", [] { return result<std::string>("no cubin"); }));
    write_file((root / "manifest.json").string(), "{}");
    write_file((root / "ab" / "notes").string(), "mine");
    const said list = run(cache_command, {"list", root.string()});
    CHECK(list.code == 0);
    CHECK(list.has(key.substr(0, 12)));
    CHECK(list.has("damaged"));
    CHECK(list.has("1 entry, "));
    const said check = run(cache_command, {"check", root.string()});
    CHECK(check.code == 1);
    CHECK(check.has(rtc::entry_path(root, key).string() + ": damaged\n"));
    CHECK(run(cache_command, {"clear", "--damaged", root.string()}).has("1 removed"));
    CHECK(!fs::exists(rtc::entry_path(root, key)));
    CHECK(fs::exists(root / "manifest.json"));
    CHECK(fs::exists(root / "ab" / "notes"));
    CHECK(run(cache_command, {"check", root.string()}).code == 0);
}

TEST_CASE("cache clear leaves what no cache has written, though it has the place of an entry") {
    const scratch folder, elsewhere;
    const fs::path root = folder.path();
    const auto made = [](const fs::path& directory, const char* of) {
        const std::string key = rtc::sha256_of(of);
        rtc::cache writer({.roots = {directory}});
        REQUIRE(writer.get(key, "note", [] { return result<std::string>("no cubin"); }));
        return rtc::entry_path(directory, key);
    };
    // A file of another program that names files by SHA-256; an entry behind a link, and one in a folder behind a link.
    const std::string foreign_key = rtc::sha256_of("foreign");
    const fs::path foreign = rtc::entry_path(root, foreign_key);
    write_file(foreign.string(), "foreign");
    const fs::path own = made(root, "own"), other = made(elsewhere.path(), "other"),
                   third = made(elsewhere.path(), "x");
    fs::create_directories(rtc::entry_path(root, other.filename()).parent_path());
    fs::create_symlink(other, rtc::entry_path(root, other.filename()));
    REQUIRE(third.parent_path().filename() != other.parent_path().filename());
    fs::create_directory_symlink(third.parent_path(), root / third.parent_path().filename());
    const said check = run(cache_command, {"check", root.string()});
    CHECK(check.code == 1);
    CHECK(check.has(foreign.string() + ": no entry: it does not begin as one, so that clear leaves it\n"));
    CHECK(run(cache_command, {"clear", root.string()}).has("2 entries, 0 KiB, 1 removed"));
    CHECK_FALSE(fs::exists(own));
    CHECK(fs::exists(foreign));
    CHECK(fs::is_symlink(rtc::entry_path(root, other.filename())));
    CHECK(fs::exists(other));
    CHECK(fs::exists(third));
}

TEST_CASE("cache takes no directory that only a shell could name") {
    CHECK_THROWS_WITH_AS(
        run(cache_command, {"list", "~/kernels"}),
        "the cache directory ~/kernels is not used: no shell has replaced \"~\"; write the path out, or "
        "./~/kernels for a directory that is called so",
        std::invalid_argument);
}

TEST_CASE("cache looks where programs look") {
    const scratch folder;
    const std::string before = std::getenv("DEEPGEMM_CACHE_DIR") ? std::getenv("DEEPGEMM_CACHE_DIR") : "";
    ::setenv("DEEPGEMM_CACHE_DIR", (folder.path().string() + ":" + (folder.path() / "absent").string()).c_str(), 1);
    const said list = run(cache_command, {"list"}), clear = run(cache_command, {"clear"});
    ::setenv("DEEPGEMM_CACHE_DIR", "", 1);
    CHECK(list.has(folder.path().string() + ": 0 entries, 0 KiB\n"));
    CHECK(list.has("absent: not there yet\n"));
    CHECK_FALSE(clear.has("absent"));  // only the first directory is cleared
    CHECK_THROWS_WITH_AS(run(cache_command, {"list"}), "no directory is given, and the environment names none",
                         std::invalid_argument);
    ::setenv("DEEPGEMM_CACHE_DIR", before.c_str(), 1);
    CHECK_THROWS_WITH_AS(run(cache_command, {"list", (folder.path() / "absent").string()}),
                         doctest::Contains("is no directory"), std::runtime_error);
    CHECK_THROWS_WITH_AS(run(cache_command, {"empty"}), "action: 'empty' is not one of list, check, clear",
                         std::invalid_argument);
}

}  // namespace cache_command_test_tests
