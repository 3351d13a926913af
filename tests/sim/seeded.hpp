// SPDX-License-Identifier: MIT
// Small kernels with places for bugs, each bug the change of one line, and what must hold of them: without a bug the kernel is
// clean and right under every policy and 50 seeds; with it the machine says what is wrong, naming the memory and both threads.
#pragma once

#include <deepgemm/sim/devices.hpp>

#include <string>
#include <string_view>
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

/// Runs a kernel with a bug, on one device or, if it has launches(bug), on several; the error it ends with, or "".
template <class Kernel, class Bug>
std::string run_seeded(Kernel& kernel, Bug bug, const sim::options& o) {
    kernel.reset();
    try {
        if constexpr (requires { kernel.launches(bug); }) {
            sim::launch_together(o, kernel.launches(bug));
        } else {
            sim::launch(o, kernel.geometry, [&] { kernel.run(bug); });
        }
    } catch (const sim::error& e) {
        return e.what();
    }
    return "";
}

/// A kernel under test has reset() of its memory, regions of it, run(bug) for a thread with a geometry or launches(bug), and
/// right(), which looks at its results.
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

/// True if a message holds the words, or one of several alternatives: "one | other".
inline bool says(const std::string& message, std::string_view words) {
    for (;;) {
        const std::size_t bar = words.find(" | ");
        if (message.find(words.substr(0, bar)) != std::string::npos) return true;
        if (bar == std::string_view::npos) return false;
        words.remove_prefix(bar + 3);
    }
}

/// Requires that the bug is found, under the lazy policy or one of the seeds, with all of `words` in the message, see says();
/// and that every machine that does not find it says nothing else.
template <class Kernel, class Bug>
void expect_found(Kernel& kernel, Bug bug, std::initializer_list<const char*> words) {
    int found = 0;
    for (const sim::options& o : machines(kernel.regions)) {
        const std::string message = run_seeded(kernel, bug, o);
        if (message.empty()) continue;
        CAPTURE(o.seed);
        CAPTURE(message);
        for (const char* word : words) REQUIRE(says(message, word));
        ++found;
    }
    CAPTURE(int(bug));
    CHECK(found != 0);
}

}  // namespace deepgemm::test
