// SPDX-License-Identifier: MIT
// The cache in one process: memory and disk, several directories, entries that are not whole, directories that take nothing. No
// compiler: bytes are made by functions that count. cache_processes.cpp has the tests with many processes.
#include <deepgemm/rtc/cache.hpp>

#include <sys/resource.h>

#include <csignal>
#include <map>
#include <optional>
#include <thread>

#include "support.hpp"

namespace cache_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

/// A key: hexadecimal digits.
std::string key(int i) { return sha256_of("key " + std::to_string(i)); }
/// What is made for a key: long enough for several writes, and no text.
std::string value(int i) { return std::string(100000, char(i)).append(1, '\0').append(key(i)); }

/// A cache and what it said.
struct observed {
    std::vector<std::string> said;
    cache store;
    explicit observed(std::vector<std::filesystem::path> roots)
        : store({.roots = std::move(roots), .report = [this](const std::string& what) { said.push_back(what); }}) {}

    /// Whether value(i) comes out.
    bool right(int i) {
        const auto found = store.get(key(i), "note", [&] { return result<std::string>(value(i)); });
        return found && **found == value(i);
    }
};

std::filesystem::path path_of(const std::filesystem::path& root, int i) { return root / key(i).substr(0, 2) / key(i); }

void overwrite(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("an entry reads as what was written, under its own key only") {
    const std::string payload("a\0b\n", 4), file = write_entry(key(1), "two\nlines", payload);
    CHECK(read_entry(file, key(1)) == payload);
    CHECK(read_entry(write_entry(key(1), "", ""), key(1)) == "");
    CHECK(!read_entry(file, key(2)));
    test::expect(file, "two\nlines");
    for (std::size_t i = 0; i < file.size(); ++i) {
        CHECK(!read_entry(file.substr(0, i), key(1)));
        std::string changed = file;
        changed[i] ^= 1;
        CHECK(!read_entry(changed, key(1)));
    }
    CHECK(!read_entry(file + "x", key(1)));
}

TEST_CASE("memory only: made once, also by threads at once; a failure is not remembered") {
    observed cache({});
    std::atomic<int> made{0};
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            const auto found = cache.store.get(key(1), "", [&]() -> result<std::string> {
                ++made;
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                return value(1);
            });
            right += found && **found == value(1);
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(made == 1);
    CHECK(right == 8);
    CHECK(cache.store.counts().memory_hits == 7);

    const auto failed =
        cache.store.get(key(2), "", [] { return result<std::string>(fail(errc::compile_failure, "no")); });
    REQUIRE(!failed);
    CHECK(failed.failure().message == "no");
    CHECK_THROWS_AS(static_cast<void>(cache.store.get(key(2), "", []() -> result<std::string> { throw 1; })), int);
    CHECK(cache.right(2));
    CHECK(cache.said.empty());
}

TEST_CASE("what one cache has made another finds on disk") {
    const test::scratch root;
    CHECK(observed({root.path()}).right(1));
    observed second({root.path()});
    CHECK(second.right(1));
    CHECK(second.right(1));
    const cache_counts counts = second.store.counts();
    CHECK(counts.disk_hits == 1);
    CHECK(counts.memory_hits == 1);
    CHECK(counts.made == 0);
    CHECK(test::files_below(root.path()) == std::vector{path_of(root.path(), 1)});  // neither locks nor temporary files
}

TEST_CASE("a directory that does not exist yet is made") {
    const test::scratch root;
    CHECK(observed({root.path() / "a" / "b"}).right(1));
    CHECK(std::filesystem::exists(path_of(root.path() / "a" / "b", 1)));
}

TEST_CASE("damaged entries are made again and told of once") {
    const test::scratch root;
    CHECK(observed({root.path()}).right(1));
    const auto path = path_of(root.path(), 1);
    const std::string whole = test::text_of(path);
    std::string flipped = whole;
    flipped[whole.size() / 2] ^= 4;
    for (const std::string& bytes :
         {std::string(), whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1), flipped,
          std::string("something else"), write_entry(key(2), "note", value(2))}) {
        overwrite(path, bytes);
        observed reader({root.path()});
        CHECK(reader.right(1));
        CHECK(reader.store.counts().corrupt == 1);
        REQUIRE(reader.said.size() == 1);
        test::expect(reader.said[0], path.string());
        CHECK(test::text_of(path) == whole);  // mended
        CHECK(observed({root.path()}).store.get(key(1), "", [] {
            return result<std::string>(fail(errc::compile_failure, "made again"));
        }));
    }
}

TEST_CASE("a directory in an entry's place") {
    const test::scratch root;
    std::filesystem::create_directories(path_of(root.path(), 1) / "x");
    observed cache({root.path()});
    CHECK(cache.right(1));
    CHECK(cache.store.counts().not_written == 1);
    CHECK(cache.said.size() == 1);
    CHECK(test::files_below(root.path()).empty());  // no temporary file stays
}

TEST_CASE("two directories: both are searched, the first is written to") {
    const test::scratch first, second;
    CHECK(observed({second.path()}).right(1));
    observed both({first.path(), second.path()});
    CHECK(both.right(1));
    CHECK(both.right(2));
    CHECK(both.store.counts().disk_hits == 1);
    CHECK(test::files_below(first.path()) == std::vector{path_of(first.path(), 2)});
    CHECK(test::files_below(second.path()) == std::vector{path_of(second.path(), 1)});
    // A damaged entry of the second directory is mended in the first.
    overwrite(path_of(second.path(), 1), "damaged");
    observed again({first.path(), second.path()});
    CHECK(again.right(1));
    CHECK(again.said.size() == 1);
    CHECK(std::filesystem::exists(path_of(first.path(), 1)));
    CHECK(test::text_of(path_of(second.path(), 1)) == "damaged");
}

TEST_CASE("a read-only directory is read, and what it does not take stays in memory") {
    const test::scratch root;
    CHECK(observed({root.path()}).right(1));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root.path()))
        std::filesystem::permissions(entry.path(), std::filesystem::perms(entry.is_directory() ? 0555 : 0444));
    std::filesystem::permissions(root.path(), std::filesystem::perms(0555));
    CHECK(test::ended_well(test::start_process([&] {
        if (::geteuid() == 0 && ::seteuid(65534) != 0) return false;  // root may write everywhere
        observed cache({root.path()});
        const bool right = cache.right(1) && cache.right(2) && cache.right(3) && cache.right(2);
        const cache_counts counts = cache.store.counts();
        return right && counts.disk_hits == 1 && counts.made == 2 && counts.memory_hits == 1 &&
               counts.not_written == 2 && cache.said.size() == 1 &&
               cache.said[0].find(root.path().string()) != std::string::npos;
    })));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root.path()))
        std::filesystem::permissions(entry.path(), std::filesystem::perms(0755));
    std::filesystem::permissions(root.path(), std::filesystem::perms(0755));
    CHECK(test::files_below(root.path()).size() == 1);
}

TEST_CASE("a disk that is full in the middle of a write") {
    const test::scratch root;
    CHECK(test::ended_well(test::start_process([&] {
        // Files may not grow beyond 5000 bytes: writing fails halfway, as it does on a full disk.
        const rlimit limit{5000, 5000};
        std::signal(SIGXFSZ, SIG_IGN);
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
        observed cache({root.path()});
        return cache.right(1) && cache.right(2) && cache.right(1) && cache.store.counts().not_written == 2 &&
               cache.said.size() == 1;
    })));
    CHECK(test::files_below(root.path()).empty());  // nothing half-written stays
    CHECK(observed({root.path()}).right(1));
    CHECK(observed({root.path()}).store.get(key(1), "", [] {
        return result<std::string>(fail(errc::compile_failure, "made again"));
    }));
}

TEST_CASE("unfinished files of dead writers go after a day, and nothing else does") {
    const test::scratch root, elsewhere;
    const auto last_week = std::filesystem::file_time_type::clock::now() - std::chrono::hours(7 * 24);
    const std::string name = "deepgemm-unfinished-12-345-6789";
    std::vector<std::filesystem::path> kept;
    const auto put = [&](const std::filesystem::path& path, bool keep = true) {
        std::filesystem::create_directories(path.parent_path());
        overwrite(path, "x");
        std::filesystem::last_write_time(path, last_week);
        if (keep) kept.push_back(path);
    };
    // A user's files, in folders that earlier versions of the cache used, too.
    for (const char* const of_user : {"tmp/letters.txt", "lock/x", "deepgemm-unfinished-1-2-3", "ab/notes", "letter"})
        put(root.path() / of_user);
    put(root.path() / "tmp" / name);
    // In the cache's own folder: other names, a folder, a link.
    const auto scratch = root.path() / "deepgemm-scratch";
    for (const char* const other :
         {"letters.txt", "deepgemm-unfinished-", "deepgemm-unfinished-1-2-3.txt", "deepgemm-unfinished-1-2"})
        put(scratch / other);
    put(scratch / "deepgemm-unfinished-1-1-1" / name);
    put(elsewhere.path() / "target");
    std::filesystem::create_symlink(elsewhere.path() / "target", scratch / "deepgemm-unfinished-2-2-2");
    put(scratch / name, false);
    overwrite(scratch / "deepgemm-unfinished-3-3-3", "x");  // a writer that is alive
    kept.push_back(scratch / "deepgemm-unfinished-3-3-3");

    CHECK(observed({root.path()}).right(1));
    CHECK(!std::filesystem::exists(scratch / name));
    for (const auto& path : kept) {
        CAPTURE(path.string());
        CHECK(std::filesystem::exists(path));
    }
    CHECK(std::filesystem::is_symlink(scratch / "deepgemm-unfinished-2-2-2"));
}

TEST_CASE("a link in place of the cache's folder is not cleaned up") {
    const test::scratch root, elsewhere;
    const auto old = elsewhere.path() / "deepgemm-unfinished-12-345-6789";
    overwrite(old, "x");
    std::filesystem::last_write_time(old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
    std::filesystem::create_directory_symlink(elsewhere.path(), root.path() / "deepgemm-scratch");
    CHECK(observed({root.path()}).right(1));
    CHECK(std::filesystem::exists(old));
    CHECK(std::filesystem::exists(path_of(root.path(), 1)));
}

TEST_CASE("a directory that only a shell could name is told of and not used") {
    const auto here = std::filesystem::current_path();
    for (const char* const name : {"~", "~/kernels", "~somebody/kernels", "$HOME/kernels", "${HOME}/kernels"}) {
        CAPTURE(name);
        observed cache({name});
        CHECK(cache.right(1));
        CHECK(cache.store.counts().not_written == 0);
        REQUIRE(cache.said.size() == 1);
        test::expect(cache.said[0], std::string("the cache directory ") + name + " is not used: no shell has replaced");
        CHECK(!std::filesystem::exists(here / name));
    }
    const test::scratch root;
    observed second({"~/kernels", root.path()});  // the next one is the first then
    CHECK(second.right(1));
    CHECK(std::filesystem::exists(path_of(root.path(), 1)));
    CHECK(!check_root(""));
    CHECK(check_root("./~/kernels"));
    CHECK(check_root(root.path() / "~"));
}

TEST_CASE("the environment gives default directories") {
    const auto set = [](const char* name, const char* to) {
        return to != nullptr ? ::setenv(name, to, 1) : ::unsetenv(name);
    };
    const auto roots_with = [&](const char* own, const char* xdg, const char* home) {
        set("DEEPGEMM_CACHE_DIR", own);
        set("XDG_CACHE_HOME", xdg);
        set("HOME", home);
        return cache_options::from_environment().roots;
    };
    using paths = std::vector<std::filesystem::path>;
    std::map<const char*, std::optional<std::string>> before;
    for (const char* const name : {"DEEPGEMM_CACHE_DIR", "XDG_CACHE_HOME", "HOME"}) {
        const char* const value = std::getenv(name);
        before[name] = value != nullptr ? std::optional<std::string>(value) : std::nullopt;
    }
    CHECK(roots_with("/a:/b/c", "/x", "/h") == paths{"/a", "/b/c"});
    CHECK(roots_with("", "/x", "/h").empty());
    CHECK(roots_with(":", "/x", "/h").empty());
    CHECK(roots_with(nullptr, "/x", "/h") == paths{"/x/deepgemm"});
    CHECK(roots_with(nullptr, nullptr, "/h") == paths{"/h/.cache/deepgemm"});
    CHECK(roots_with(nullptr, nullptr, nullptr).empty());
    // The XDG base directory specification has relative paths ignored.
    CHECK(roots_with(nullptr, "x", "/h") == paths{"/h/.cache/deepgemm"});
    CHECK(roots_with(nullptr, "~/x", "/h") == paths{"/h/.cache/deepgemm"});
    CHECK(roots_with(nullptr, "", "/h") == paths{"/h/.cache/deepgemm"});
    CHECK(roots_with(nullptr, "x", "h").empty());
    CHECK(roots_with("~/a", "/x", "/h") == paths{"~/a"});  // which the cache reports
    for (const auto& [name, value] : before) set(name, value ? value->c_str() : nullptr);
}

}  // namespace cache_tests
