// SPDX-License-Identifier: MIT
// Bugs seeded into the parts of a GEMM: a pipeline or a staging that is wrong in one way is plugged into a small kernel, and the
// simulator must stop it with the error that names the mistake. The same kernel with the real parts is right.
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>

#include "launching.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using a_operand = operand<e4m3, scale::per_token<scale::fp32>>;
using b_operand = operand<e4m3, scale::per_token<scale::fp32>>;
constexpr config shape_of_kernel{.block = {64, 64, 128},
                                 .stages = 2,
                                 .math_warpgroups = 1,
                                 .store_rows = 16,
                                 .store_columns = 32,
                                 .store_buffers = 2};
using kernel_parts = gemm<arch::sm90, a_operand, b_operand, store<bf16>, shape_of_kernel>;
using real_pipeline = kernel_parts::pipeline;
using real_output = kernel_parts::output;

/// One CTA computes all of its tiles with a pipeline and a staging of the caller's choice; otherwise it is gemm without the parts
/// that do not matter here: clusters, C, steps, register reallocation.
template <class Pipeline, class Output>
struct small_kernel {
    using parts = kernel_parts;
    using mma = parts::mma;
    using storage = parts::storage;

    static void run(const parts::params& p) {
        const storage smem{{}, ptx::dynamic_smem()};
        const Pipeline pipe{{smem.barriers(), {0}}};
        if (ptx::thread_index() == 0) pipe.initialise();
        ptx::sync_cta();
        const auto tiles = p.tiles.started(p.shape, 0);
        if (is_producer()) {
            ptx::role("producer");
            if (ptx::warp_index() == 0 && ptx::elect_one()) load(p, smem, pipe, tiles);
        } else {
            ptx::role("math");
            multiply(p, smem, pipe, tiles);
        }
    }

    static void load(const parts::params& p, const storage& smem, const Pipeline& pipe, const parts::tiles& tiles) {
        typename Pipeline::cursor at;
        for (const auto tile : tiles) {
            for (i32 block = 0; block < tile.blocks().count; ++block, at.advance()) {
                const u32 full = pipe.acquire(at);
                pipe.commit(at, parts::a_stream::landing_bytes);  // two producers commit in gemm
                pipe.commit(at, parts::b_stream::landing_bytes);
                ptx::tma_load<2>(p.a.map, smem.a(at.stage), full, {block * 128, tile.m});
                ptx::tma_load<2>(p.b.map, smem.b(at.stage), full, {block * 128, tile.n});
                ptx::tma_load<2>(p.a.scale.map, smem.sa(at.stage), full, {tile.m, block});
                ptx::tma_load<2>(p.b.scale.map, smem.sb(at.stage), full, {tile.n, block});
            }
        }
    }

    static void multiply(const parts::params& p, const storage& smem, const Pipeline& pipe, const parts::tiles& tiles) {
        const auto place = fragment_place<sm90::wgmma_rows>::here();
        Output out{{smem.output_of(Output::owner_index()), 0, Output::owner_index()}};
        typename Pipeline::cursor at;
        for (const auto tile : tiles) {
            float total[1][mma::registers] = {};
            for (i32 block = 0; block < tile.blocks().count; ++block, at.advance()) {
                typename mma::accumulator partial;
                pipe.wait(at);
                mma::multiply(sm90::k_major_descriptor(smem.a(at.stage), swizzle_mode::b128),
                              sm90::k_major_descriptor(smem.b(at.stage), swizzle_mode::b128), partial);
                const u32 row = smem.sa(at.stage) + 4 * u32(place.row);
                const sm90::row_scales sa{{ptx::ld_shared<float>(row), ptx::ld_shared<float>(row + 32)}};
                const sm90::column_scales<scale::fp32> sb{smem.sb(at.stage) + 4 * u32(place.column), block};
                const auto products = sb.times<mma::registers>(sa);
                mma::wait(partial);
                pipe.release(at);
                products.promote(total[0], partial);
            }
            float value[2][16];
            for (int i = 0; i < 32; ++i) value[i / 16][i % 16] = total[0][i];
            out.template put<false>(p.d, ragged_edge<bf16>{p.d_elements, {p.d_pitch}, tile.end()}, value,
                                    tile.m + place.row / 16 * 16, tile.n, 0);
        }
        out.finish();
    }
};

struct good_pipeline : real_pipeline {};
struct good_output : real_output {};

/// Gives a stage back as soon as it has arrived, while wgmma still reads it.
struct hasty_pipeline : real_pipeline {
    void wait(cursor at) const {
        real_pipeline::wait(at);
        real_pipeline::release(at);
    }
    void release(cursor) const {}
};
/// Forgets that scales land in a stage too.
struct forgetful_pipeline : real_pipeline {
    void commit(cursor at, u32 bytes) const { real_pipeline::commit(at, bytes - 256); }
};
/// Announces more bytes than anybody copies.
struct greedy_pipeline : real_pipeline {
    void commit(cursor at, u32 bytes) const { real_pipeline::commit(at, bytes + 8); }
};
/// Never gives a stage back.
struct keeping_pipeline : real_pipeline {
    void release(cursor) const {}
};
/// The staging of gemm in short, with one buffer for both halves of the columns; `Fence` and `Drain` leave out a line of it.
template <bool Fence, bool Drain>
struct short_output : real_output {
    template <bool Ragged>
    void put(const tensor_map& d, const ragged_edge<bf16>&, float (&value)[2][16], i32 row, i32 column,
             i32 /*matrix*/) {
        for (int i = 0; i < 2; ++i) {
            if (Drain && ptx::lane_index() == 0) ptx::bulk_wait_read<0>();
            ptx::sync_warp();
            buffer{address}.write(value[i]);
            if (Fence) ptx::fence_proxy_async();
            ptx::sync_warp();
            if (ptx::lane_index() != 0) continue;
            ptx::tma_store<2>(d, address, {column + i * 32, row});
            ptx::bulk_commit();
        }
    }
};
/// Ends while its last stores still read shared memory.
struct leaving_output : real_output {
    static void finish() {}
};

/// Runs the small kernel on three tiles of five K blocks. Returns the error's text, or what is wrong with D.
template <class Pipeline, class Output>
std::string outcome(const sim::options& machine) {
    product p(kernel_parts::info, {130, 64, 640}, 5);
    const auto params = sim::parameters_of<kernel_parts>(arguments_for<kernel_parts>(arguments_of(p.problem())));
    sim::geometry g;
    g.threads = kernel_parts::launch.threads;
    g.smem_bytes = kernel_parts::launch.smem_bytes;
    try {
        sim::launch(machine, g, [&params] { small_kernel<Pipeline, Output>::run(params); });
    } catch (const sim::error& e) {
        return e.what();
    }
    return p.verdict();
}

/// Expects all of `words` in the error, on a lazy machine and on `Seeds` random ones that keep copies in flight for long.
template <class Pipeline, class Output = good_output, u64 Seeds = 4>
void expect_error(std::initializer_list<const char*> words) {
    for (u64 seed = 0; seed <= Seeds; ++seed) {
        sim::options machine = seed == 0 ? sim::options{} : random_machine(seed);
        machine.max_delay = 1 << 20;
        const std::string message = outcome<Pipeline, Output>(machine);
        CAPTURE(message);
        for (const char* const word : words) CHECK(message.find(word) != std::string::npos);
    }
}

}  // namespace

TEST_CASE("the small kernel with the real parts is right") {
    CHECK(outcome<good_pipeline, good_output>({}) == "");
    CHECK(outcome<good_pipeline, short_output<true, true>>({}) == "");
    for (u64 seed = 1; seed < 5; ++seed) CHECK(outcome<good_pipeline, good_output>(random_machine(seed)) == "");
}

TEST_CASE("a stage given back before its multiply has ended") {
    expect_error<hasty_pipeline>({"role producer", "TMA load overwrites", "while wgmma", "released too early"});
}
TEST_CASE("a stage whose bytes are counted short") {
    // At random the copies may also be done in time, and then one more byte count than announced comes to light.
    expect_error<forgetful_pipeline, good_output, 0>({"role math", "still in flight", "was not waited for"});
}
TEST_CASE("a stage that waits for bytes nobody copies") {
    expect_error<greedy_pipeline>(
        {"DEADLOCK", "math: full stage parity 0", "tx-count 16", "announced more bytes than arrived"});
}
TEST_CASE("a stage that is never given back") {
    expect_error<keeping_pipeline>({"DEADLOCK", "producer: empty stage parity 0", "pending 4 of 4 arrivals"});
}
TEST_CASE("staged results without a proxy fence") {
    expect_error<good_pipeline, short_output<false, true>>(
        {"role math", "TMA store reads", "missing fence.proxy.async"});
}
TEST_CASE("staged results overwritten while they are copied out") {
    expect_error<good_pipeline, short_output<true, false>>({"role math", "overwrites", "TMA store", "still reads"});
}
TEST_CASE("an end before results have been read from shared memory") {
    expect_error<good_pipeline, leaving_output>(
        {"role math", "the thread ends while", "missing cp.async.bulk.wait_group.read"});
}
