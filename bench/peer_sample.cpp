// SPDX-License-Identifier: MIT
// The smallest peer for `deepgemm bench --peer-library`: it says that it has kernels for groups by their ends, and launches none.
// A real one would make tensor maps and choose a kernel in prepare(). peer_test.cpp opens it.
#include "peer.hpp"

namespace {

using namespace deepgemm;

struct sample : bench::peer {
    using peer::prepare;  // for products of other operations it has nothing

    std::string name() const override { return "sample"; }
    std::string version() const override { return "1.0"; }
    launcher prepare(const contiguous_problem& problem) override {
        if (problem.groups.by != grouping::psum) return {};
        return [this](void*) { ++launches; };
    }
    int launches = 0;
};

}  // namespace

extern "C" bench::peer* deepgemm_bench_peer() {
    static sample only;
    return &only;
}
