// SPDX-License-Identifier: MIT
// Shared libraries of peers: one that is right, and files that are none.
#include <doctest/doctest.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "options.hpp"
#include "peer_library.hpp"

namespace peer_test_tests {

using namespace deepgemm;
using namespace deepgemm::bench;

/// What open_peer() says of a file; empty if it opens.
std::string refusal(const std::string& file) {
    try {
        open_peer(file);
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return {};
}

TEST_CASE("a library's peer makes the products ready that it has kernels for") {
    peer& sample = open_peer(BENCH_PEER_SAMPLE);
    CHECK(sample.name() == "sample");
    CHECK(sample.version() == "1.0");
    CHECK(&open_peer(BENCH_PEER_SAMPLE) == &sample);
    CHECK(bool(sample.prepare(contiguous_problem{.groups = {.by = grouping::psum}})));
    CHECK_FALSE(bool(sample.prepare(contiguous_problem{.groups = {.by = grouping::indexed}})));
    CHECK_FALSE(bool(sample.prepare(grouped_problem{})));
    CHECK_FALSE(bool(sample.prepare(k_grouped_problem{})));
    CHECK_FALSE(bool(sample.prepare(batched_problem{})));
}

TEST_CASE("a file that is no peer's library is refused with its name") {
    CHECK(refusal("/nowhere/peer.so").find("--peer-library: /nowhere/peer.so: ") == 0);
    CHECK(refusal("peer.so").find("--peer-library: ./peer.so: ") == 0);
    CHECK(refusal(__FILE__).find("--peer-library: " __FILE__ ": ") == 0);
    CHECK(refusal(BENCH_NO_PEER) == "--peer-library: " BENCH_NO_PEER " does not export deepgemm_bench_peer()");
}

TEST_CASE("the option names a file, which stands in the record of the command, and needs peers") {
    std::ostringstream out;
    const std::vector<std::string> with = {"--suite", "contiguous", "--peer-library", "here/peer.so"};
    options o;
    REQUIRE(parse(with, o, out));
    CHECK(o.peer_library == "here/peer.so");
    CHECK(o.command == "./dg bench --suite contiguous --peer-library here/peer.so");
    const std::vector<std::string> without = {"--peer-library", "here/peer.so", "--peers", "off"};
    options other;
    CHECK_THROWS_WITH_AS(parse(without, other, out),
                         "--peer-library names a peer, and --peers off leaves all of them out", std::invalid_argument);
}

}  // namespace peer_test_tests
