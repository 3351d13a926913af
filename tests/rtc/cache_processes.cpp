// SPDX-License-Identifier: MIT
// The cache under many processes: a cold start of sixteen, writers that are killed, a lock whose holder is slow or dead. Bytes
// are made by functions that leave a mark; one test compiles a tiny kernel for real.
#include <deepgemm/rtc/compiler.hpp>

#include <fcntl.h>

#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "support.hpp"
#include "tiny.cuh"

namespace cache_processes_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

constexpr int processes = 16;

std::string key(int i) { return sha256_of("key " + std::to_string(i)); }
std::string value(int i) { return std::string(300000, char('a' + i)).append(key(i)); }

/// Appends one byte to a file, which many processes may do at once.
void mark(const std::filesystem::path& path) {
    const rtc::detail::file_descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (::write(file.get(), "x", 1) != 1) std::abort();
}

/// Whether value(i) comes out of a cache; where it is made, that takes a while and leaves a mark.
bool right(cache& from, int i, const std::filesystem::path& marks, int milliseconds) {
    const auto found = from.get(key(i), "note", [&] {
        mark(marks / std::to_string(i));
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        return result<std::string>(value(i));
    });
    return found && **found == value(i);
}

bool all_end_well(const std::vector<pid_t>& children) {
    bool well = true;
    for (const pid_t child : children) well &= test::ended_well(child);
    return well;
}

}  // namespace

TEST_CASE("sixteen processes on a cold cache make each entry once") {
    const test::scratch root, marks;
    constexpr int keys = 6;
    std::vector<pid_t> children;
    for (int child = 0; child < processes; ++child) {
        children.push_back(test::start_process([&] {
            bool damaged = false, well = true;
            cache shared({.roots = {root.path()}, .report = [&](const std::string&) { damaged = true; }});
            for (int i = 0; i < keys; ++i) well &= right(shared, (i + child) % keys, marks.path(), 20);
            return well && !damaged;
        }));
    }
    CHECK(all_end_well(children));
    CHECK(test::files_below(root.path()).size() == keys);
    for (int i = 0; i < keys; ++i) CHECK(std::filesystem::file_size(marks.path() / std::to_string(i)) == 1);
}

TEST_CASE("sixteen processes on a cold cache compile each kernel once") {
    const test::scratch root;
    const std::string text = test::text_of(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh");
    std::vector<pid_t> children;
    for (int child = 0; child < processes; ++child) {
        children.push_back(test::start_process([&] {
            const compiler own(header_set(test::headers()).add("tiny.cuh", text), {.cache = {.roots = {root.path()}}});
            const auto built = child % 2 == 0 ? own.get<tiny::kernel<0>>({}, {"tiny.cuh"})
                                              : own.get<tiny::kernel<1>>({}, {"tiny.cuh"});
            // Who compiled says so by ending differently.
            if (!built || built->launch.smem_bytes != 64) return false;
            if (own.counts().made == 1) mark(root.path() / ("made" + std::to_string(child % 2)));
            return own.counts().made + own.counts().disk_hits == 1;
        }));
    }
    CHECK(all_end_well(children));
    CHECK(std::filesystem::file_size(root.path() / "made0") == 1);
    CHECK(std::filesystem::file_size(root.path() / "made1") == 1);
}

TEST_CASE("writers killed at any moment leave no entry that is not whole, and no lock") {
    const test::scratch root, marks;
    std::mt19937 random(std::random_device{}());
    for (int round = 0; round < 40; ++round) {
        const pid_t child = test::start_process([&] {
            for (int i = round % 8;; i = (i + 1) % 8) {
                std::error_code ignored;
                std::filesystem::remove(root.path() / key(i).substr(0, 2) / key(i), ignored);
                cache fresh({.roots = {root.path()}});
                if (!right(fresh, i, marks.path(), 0)) return false;
            }
        });
        // The first eight begin to write, however long a busy machine lets them wait; others may be killed before.
        const auto begun = marks.path() / std::to_string(round);
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (round < 8 && !std::filesystem::exists(begun) && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 15000));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
    }
    for (int i = 0; i < 8; ++i) REQUIRE(std::filesystem::exists(marks.path() / std::to_string(i)));  // they did write
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::string> said;
    cache after({.roots = {root.path()}, .report = [&](const std::string& what) { said.push_back(what); }});
    for (int i = 0; i < 8; ++i) CHECK(right(after, i, marks.path(), 0));
    CHECK(said.empty());
    CHECK(std::chrono::steady_clock::now() - start <
          cache_options{}.patience);  // so long it waits for a lock that is left
}

TEST_CASE("who waits too long for another process makes the entry itself") {
    const test::scratch root, marks;
    std::filesystem::create_directories(scratch_path(root.path()));
    const file_lock held(lock_path(root.path(), key(0)), std::chrono::milliseconds(0));
    REQUIRE(held.holds());
    cache impatient({.roots = {root.path()}, .patience = std::chrono::milliseconds(30)});
    CHECK(right(impatient, 0, marks.path(), 0));
    CHECK(impatient.counts().made == 1);
    cache next({.roots = {root.path()}});
    CHECK(right(next, 0, marks.path(), 0));
    CHECK(next.counts().disk_hits == 1);  // found before anybody asks for the lock
}

TEST_CASE("a lock excludes threads, and leaves no file behind") {
    const test::scratch root;
    const auto path = root.path() / "lock";
    std::atomic<int> inside{0}, most{0}, taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int turn = 0; turn < 20; ++turn) {
                const file_lock lock(path, std::chrono::seconds(20));
                if (!lock.holds()) continue;
                ++taken;
                const int now = ++inside;
                if (now > most) most = now;
                --inside;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(most == 1);
    CHECK(taken == 160);
    CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a lock ends with its holder, though a child of the holder's lives on") {
    const test::scratch root;
    const auto path = root.path() / "lock";
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t holder = test::start_process([&] {
        const file_lock lock(path, std::chrono::seconds(1));
        if (!lock.holds()) return false;
        const pid_t child = test::start_process([&] {
            std::this_thread::sleep_for(std::chrono::seconds(30));
            return true;
        });
        if (::write(ends[1], &child, sizeof child) != sizeof child) return false;
        std::this_thread::sleep_for(std::chrono::seconds(30));
        return true;
    });
    pid_t child = 0;
    REQUIRE(::read(ends[0], &child, sizeof child) == sizeof child);
    CHECK(!file_lock(path, std::chrono::milliseconds(0)).holds());
    ::kill(holder, SIGKILL);
    int status = 0;
    ::waitpid(holder, &status, 0);
    REQUIRE(::kill(child, 0) == 0);  // the child is there
    CHECK(file_lock(path, std::chrono::milliseconds(100)).holds());
    ::kill(child, SIGKILL);
    for (const int end : ends) ::close(end);
}

TEST_CASE("a child has none of its parent's locks, and its end takes none from the parent") {
    const test::scratch root;
    const auto path = root.path() / "lock";
    const file_lock lock(path, std::chrono::seconds(1));
    REQUIRE(lock.holds());
    const auto still_held = [&] { return !file_lock(path, std::chrono::milliseconds(0)).holds(); };
    CHECK(test::ended_well(test::start_process([&] {
        const bool none = !lock.holds();
        const file_lock own(root.path() / "other", std::chrono::seconds(1));
        lock.~file_lock();
        return none && own.holds() && std::filesystem::exists(path) && still_held();
    })));
    CHECK(still_held());
}

TEST_CASE("children that are made while threads take locks hold none of them") {
    const test::scratch root;
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, path = root.path() / std::to_string(i)] {
            while (!done) const file_lock lock(path, std::chrono::seconds(1));
        });
    }
    bool none = true;
    for (int round = 0; round < 100; ++round) {
        none &= test::ended_well(test::start_process([&] {
            // What this process holds open below the directory.
            for (const auto& open : std::filesystem::directory_iterator("/proc/self/fd")) {
                std::error_code status;
                const std::string target = std::filesystem::read_symlink(open.path(), status).string();
                if (target.starts_with(root.path().string())) return false;
            }
            return true;
        }));
    }
    done = true;
    for (auto& thread : threads) thread.join();
    CHECK(none);
}

}  // namespace cache_processes_tests
