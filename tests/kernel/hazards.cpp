// SPDX-License-Identifier: MIT
// Bugs seeded into the parts of a GEMM: a pipeline or a staging that is wrong in one way is plugged into gemm, and the
// simulator must stop it with the error that names the mistake. The same kernel with the real parts is right.
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>

#include "launching.hpp"

namespace hazards_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using by_token = operand<e4m3, scale::per_token<scale::fp32>>;
constexpr config small{.block = {64, 64, 128},
                       .stages = 2,
                       .store_rows = 16,
                       .store_columns = 32,
                       .store_buffers = 2,
                       .sm90 = {.warpgroups = 1}};

/// gemm with a pipeline and an epilogue of the caller's choice.
template <template <int, int, cluster_shape, int> class Pipeline, class Epilogue = store<bf16>>
using small_kernel = gemm<arch::sm90, by_token, by_token, Epilogue, small, default_tiles<small>, Pipeline>;

/// Gives a stage back as soon as it has arrived, while wgmma still reads it.
template <int Stages, int Warps, cluster_shape Cluster, int Producers>
struct hasty_pipeline : tma_pipeline<Stages, Warps, Cluster, Producers> {
    using right = tma_pipeline<Stages, Warps, Cluster, Producers>;
    using cursor = typename right::cursor;
    bool landed(cursor) const { return false; }  // so that all wait
    void wait(cursor at) const {
        right::wait(at);
        right::release(at);
    }
    void release(cursor) const {}
};
/// Forgets that the scales of one operand land in a stage too.
template <int Stages, int Warps, cluster_shape Cluster, int Producers>
struct forgetful_pipeline : tma_pipeline<Stages, Warps, Cluster, Producers> {
    using right = tma_pipeline<Stages, Warps, Cluster, Producers>;
    void commit(typename right::cursor at, u32 bytes) const {
        right::commit(at, ptx::warp_index() == 0 ? bytes - 256 : bytes);
    }
};
/// Announces more bytes than anybody copies.
template <int Stages, int Warps, cluster_shape Cluster, int Producers>
struct greedy_pipeline : tma_pipeline<Stages, Warps, Cluster, Producers> {
    using right = tma_pipeline<Stages, Warps, Cluster, Producers>;
    void commit(typename right::cursor at, u32 bytes) const { right::commit(at, bytes + 8); }
};
/// Never gives a stage back.
template <int Stages, int Warps, cluster_shape Cluster, int Producers>
struct keeping_pipeline : tma_pipeline<Stages, Warps, Cluster, Producers> {
    void release(typename tma_pipeline<Stages, Warps, Cluster, Producers>::cursor) const {}
};

/// Stages as gemm does, in short, with one buffer for both halves of the columns; `Fence` and `Drain` leave out a line of it.
template <bool Fence, bool Drain>
struct short_store : store<bf16> {
    template <class Shape>
    struct staging : store<bf16>::staging<Shape> {
        template <bool Ragged>
        void put(const tensor_map& d, const ragged_edge<bf16>&, float (&value)[2][16], i32 row, i32 column,
                 i32 /*matrix*/) {
            for (int i = 0; i < 2; ++i) {
                if (Drain && ptx::lane_index() == 0) ptx::bulk_wait_read<0>();
                ptx::sync_warp();
                typename store<bf16>::staging<Shape>::buffer{this->address}.write(value[i]);
                if (Fence) ptx::fence_proxy_async();
                ptx::sync_warp();
                if (ptx::lane_index() != 0) continue;
                ptx::tma_store<2>(d, this->address, {column + i * 32, row});
                ptx::bulk_commit();
            }
        }
    };
};
/// Ends while its last stores still read shared memory.
struct leaving_store : store<bf16> {
    template <class Shape>
    struct staging : store<bf16>::staging<Shape> {
        static void finish() {}
    };
};

/// Every tile of D, and the first one once more.
struct repeating_tiles : dense_schedule<small.block> {
    problem_shape shape;

    static constexpr repeating_tiles of(problem_shape shape, no_arguments) { return {{}, shape}; }
    constexpr repeating_tiles started(problem_shape, u32) const { return *this; }
    constexpr i32 rows() const { return ceil_div(shape.m, small.block.m); }
    constexpr i32 count() const { return rows() * ceil_div(shape.n, small.block.n); }
    static constexpr i32 clusters(problem_shape shape, no_arguments) { return of(shape, {}).count() + 1; }

    struct sentinel {};
    struct iterator {
        const repeating_tiles& tiles;
        i32 index;
        dense_tile<small.block> operator*() const {
            const auto& [m, n, k] = tiles.shape;
            const i32 tile = index % tiles.count();
            return {tile % tiles.rows() * small.block.m,
                    tile / tiles.rows() * small.block.n,
                    {0, ceil_div(k, small.block.k)},
                    {m, n}};
        }
        void operator++() { index += i32(ptx::cta_count()); }
        bool operator!=(sentinel) const { return index <= tiles.count(); }
    };
    iterator begin() const { return {*this, i32(ptx::cta_index())}; }
    sentinel end() const { return {}; }
};

/// Runs a kernel on three tiles of five K blocks. Returns the error's text, or what is wrong with D.
template <class Kernel>
std::string outcome(const sim::options& machine) {
    gemm_sample p(Kernel::info, {130, 64, 640}, 5);
    try {
        sim::launch<Kernel>(arguments_for<Kernel>(arguments_of(p.problem())), machine);
    } catch (const sim::error& e) {
        return e.what();
    }
    return p.verdict();
}

/// Expects all of `words` in the error, on a lazy machine and on `Seeds` random ones that keep copies in flight for long.
template <class Kernel, u64 Seeds = 4>
void expect_error(std::initializer_list<const char*> words) {
    for (u64 seed = 0; seed <= Seeds; ++seed) {
        sim::options machine = seed == 0 ? sim::options{} : random_machine(seed);
        machine.max_delay = 1 << 20;
        const std::string message = outcome<Kernel>(machine);
        CAPTURE(message);
        for (const char* const word : words) CHECK(message.find(word) != std::string::npos);
    }
}

}  // namespace

TEST_CASE("the small kernel with the real parts is right") {
    using plain = small_kernel<tma_pipeline>;
    CHECK(outcome<plain>({}) == "");
    CHECK(outcome<small_kernel<tma_pipeline, short_store<true, true>>>({}) == "");
    for (u64 i = 1; i < 5; ++i) CHECK(outcome<plain>(random_machine(fresh_seed() + i)) == "");
}

TEST_CASE("a stage given back before its multiply has ended") {
    expect_error<small_kernel<hasty_pipeline>>(
        {"role producer", "TMA load overwrites", "while wgmma", "released too early"});
}
TEST_CASE("a stage whose bytes are counted short") {
    // At random the copies may also be done in time, and then one more byte count than announced comes to light.
    expect_error<small_kernel<forgetful_pipeline>, 0>({"role math", "still in flight", "was not waited for"});
}
TEST_CASE("a stage that waits for bytes nobody copies") {
    expect_error<small_kernel<greedy_pipeline>>(
        {"DEADLOCK", "math: full stage parity 0", "tx-count 16", "announced more bytes than arrived"});
}
TEST_CASE("a stage that is never given back") {
    expect_error<small_kernel<keeping_pipeline>>(
        {"DEADLOCK", "producer: empty stage parity 0", "pending 4 of 4 arrivals"});
}
TEST_CASE("staged results without a proxy fence") {
    expect_error<small_kernel<tma_pipeline, short_store<false, true>>>(
        {"role math", "TMA store reads", "missing fence.proxy.async"});
}
TEST_CASE("staged results overwritten while they are copied out") {
    expect_error<small_kernel<tma_pipeline, short_store<true, false>>>(
        {"role math", "overwrites", "TMA store", "still reads"});
}
TEST_CASE("an end before results have been read from shared memory") {
    expect_error<small_kernel<tma_pipeline, leaving_store>>(
        {"role math", "the thread ends while", "missing cp.async.bulk.wait_group.read"});
}
TEST_CASE("a tile computed twice, which no result shows") {
    using repeating = gemm<arch::sm90, by_token, by_token, store<bf16>, small, repeating_tiles, tma_pipeline>;
    for (const int sms : {1, 2, 4}) {  // by one CTA, or by two
        sim::options machine;
        machine.num_sms = sms;
        const std::string message = outcome<repeating>(machine);
        CAPTURE(message);
        const auto words = {"role math", "TMA store writes tensor ", "which CTA (0,0,0)", "two stores of one element"};
        for (const char* const word : words) CHECK(message.find(word) != std::string::npos);
        machine.check_global = false;
        CHECK(outcome<repeating>(machine) == "");
    }
}

}  // namespace hazards_tests
