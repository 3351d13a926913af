// SPDX-License-Identifier: MIT
// Small kernels with places for bugs, each bug the change of one line, and what must hold of them: without a bug the kernel is
// clean and right under every policy and 50 seeds; with it the machine says what is wrong, naming the memory and both threads.
#pragma once

#include <deepgemm/sim/devices.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support.hpp"

namespace deepgemm::test {

/// Clusters of one warp-specialised kernel that are all resident together.
inline sim::geometry grid_of(u32 ctas, u32 threads) {
    sim::geometry g = block(threads);
    g.grid.x = ctas;
    g.cluster.x = 1;
    return g;
}

/// Lazy, eager and 50 random machines, on which the whole grid is resident.
inline std::vector<sim::options> machines(std::span<const sim::memory_region> regions) {
    std::vector<sim::options> all(52);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].policy = i == 0 ? sim::policy::lazy : i == 1 ? sim::policy::eager : sim::policy::random;
        all[i].seed = i;
        all[i].resident_clusters = 0;
        all[i].regions = regions;
    }
    return all;
}

/// Runs a kernel with a bug, on one device or, if it has launches(bug), on several; the error it ends with, or "". If the
/// kernel has resident_clusters, that many are resident.
template <class Kernel, class Bug>
std::string run_seeded(Kernel& kernel, Bug bug, sim::options o) {
    kernel.reset();
    if constexpr (requires { kernel.resident_clusters; }) o.resident_clusters = kernel.resident_clusters;
    return error_of([&] {
        if constexpr (requires { kernel.launches(bug); }) {
            sim::launch_together(o, kernel.launches(bug));
        } else {
            sim::launch(o, kernel.geometry, [&] { kernel.run(bug); });
        }
    });
}

/// True if a message holds the words, or one of several alternatives: "one | other".
inline bool says(const std::string& message, std::string_view words) {
    for (;;) {
        const std::size_t bar = words.find(" | ");
        if (message.find(words.substr(0, bar)) != std::string::npos) return true;
        if (bar == std::string_view::npos) return false;
        words.remove_prefix(bar + 3);
    }
}

/// Requires that a kernel without a bug is clean and right on every machine.
template <class Kernel, class Bug>
void expect_clean(Kernel& kernel, Bug none) {
    for (const sim::options& o : machines(kernel.regions)) {
        const std::string message = run_seeded(kernel, none, o);
        CAPTURE(o.seed);
        CAPTURE(message);
        REQUIRE(message.empty());
        REQUIRE(kernel.right());
    }
}

/// Requires that the bug is found, under the lazy policy or one of the seeds, with all of `words` in the message, see says();
/// and that every machine that does not find it says nothing else. Returns how many machines found it.
template <class Kernel, class Bug>
std::size_t expect_found(Kernel& kernel, Bug bug, const std::vector<const char*>& words) {
    std::size_t found = 0;
    for (const sim::options& o : machines(kernel.regions)) {
        const std::string message = run_seeded(kernel, bug, o);
        if (message.empty()) continue;
        CAPTURE(o.seed);
        CAPTURE(message);
        for (const char* word : words) REQUIRE(says(message, word));
        ++found;
    }
    CHECK(found != 0);
    return found;
}

/// A bug of a kernel: one line of it is another.
template <class Bug>
struct seeded_bug {
    Bug bug;
    std::string line;                  ///< what is wrong with the line
    std::vector<const char*> words{};  ///< of the message, see says()
    bool always = false;               ///< every machine finds it, not only the lazy one or some seeds
};
inline constexpr bool always = true;

/// A kernel's bugs, each with the message of the first machine that finds it, as docs/how-to/seeded-bugs.md shows them.
struct bug_table {
    struct row {
        std::string line, message;
    };
    const char* title;
    std::vector<row> rows;
};
/// What makes the tables of all kernels of this program.
inline std::vector<std::function<bug_table()>>& bug_tables() {
    static std::vector<std::function<bug_table()>> all;
    return all;
}

/// The bugs of a kernel, and what must hold of them. The kernel has reset() of its memory, regions of it, run(bug) for a thread
/// with a geometry or launches(bug), and right(), which looks at its results; Bug::none is none.
template <class Kernel, class Bug>
class seeded_bugs {
public:
    seeded_bugs(const char* title, std::vector<seeded_bug<Bug>> bugs) : title_(title), bugs_(std::move(bugs)) {
        bug_tables().push_back([this] { return table(); });
    }
    seeded_bugs(const seeded_bugs&) = delete;
    seeded_bugs& operator=(const seeded_bugs&) = delete;

    /// Without a bug the kernel is clean and right on every machine.
    void expect_clean() const {
        Kernel kernel;
        test::expect_clean(kernel, Bug::none);
    }

    /// Each bug is found, by all machines if it says so.
    void expect_found() const {
        Kernel kernel;
        for (const seeded_bug<Bug>& b : bugs_) {
            CAPTURE(b.line);
            const std::size_t found = test::expect_found(kernel, b.bug, b.words);
            if (b.always) CHECK(found == machines(kernel.regions).size());
        }
    }

private:
    bug_table table() const {
        bug_table made{title_, {}};
        Kernel kernel;
        for (const seeded_bug<Bug>& b : bugs_) {
            std::string message;
            for (const sim::options& o : machines(kernel.regions)) {
                if (message.empty()) message = run_seeded(kernel, b.bug, o);
            }
            made.rows.push_back({b.line, message});
        }
        return made;
    }
    const char* title_;
    std::vector<seeded_bug<Bug>> bugs_;
};

}  // namespace deepgemm::test
