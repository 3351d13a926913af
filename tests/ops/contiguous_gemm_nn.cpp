// SPDX-License-Identifier: MIT
// Groups of rows by FP8 matrices (k,n) of B, transposed into a workspace first, on the simulator.
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/contiguous_gemm/explain_fp8.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "../kernel/machines.hpp"
#include "contiguous_gemm_sample.hpp"

namespace contiguous_gemm_nn_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using nn_engine = engine_of<ops::contiguous_gemm, ops::transpose>;

nn_engine engine_on_simulator() {
    nn_engine made(instances::of<ops::contiguous_gemm>(), device_info::simulator());
    made.with(instances::of<ops::transpose>());
    return made;
}

/// FP8 by block, B turned.
gemm_traits turned(grouping by) {
    gemm_traits made;
    made.a = {dtype::e4m3, scale_kind::fp32, {1, 128}};
    made.b = {dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
    made.groups = by;
    return made;
}

scaled_stack stored_of(const contiguous_problem& p) {
    return {transposed(p.b.first), p.b.count, p.b.matrix_stride, p.b.scale_stride};
}
std::string message_of(const result<void>& done) { return done ? "" : done.failure().message; }

}  // namespace

TEST_CASE("contiguous nn: groups by end and by row, FP8 along N") {
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        on_machines(2, [&](random_source& random, sim::options machine) {
            group_rows rows{.counts = {}, .alignment = 128, .more = 128};
            for (i64 g = random.integer(1, 4); g > 0; --g) rows.counts.push_back(i32(random.integer(0, 150)));
            const i32 n = i32(8 * random.integer(1, 30)), k = i32(random.integer(1, 500));
            CAPTURE(n);
            CAPTURE(k);
            contiguous_sample sample(random, n, k, rows, turned(by));
            const contiguous_problem p = sample.problem();
            const scaled_stack b = stored_of(p);
            const u64 bytes = m_grouped_fp8_gemm_nn_workspace_bytes(b);
            CHECK(bytes == u64(p.b.count) * u64(n) * u64(align_up(k, 128)));
            std::vector<ptx::vec4<u32>> memory(bytes / 16 + 1, {~0u, ~0u, ~0u, ~0u});
            const auto done = m_grouped_fp8_gemm_nn_contiguous(engine_on_simulator(), p.a, b, p.d, p.groups,
                                                               {memory.data(), bytes}, {.stream = &machine});
            if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return;
            CHECK(message_of(done) == "");
            CHECK(sample.verdict() == "");
            CHECK(memory.back().x == ~0u);
        });
    }
}

TEST_CASE("contiguous nn: the first product of a gated layer, whose D is FP8 with scales") {
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        random_source random(fresh_seed());
        CAPTURE(random.seed());
        gemm_traits what = turned(by);
        what.d = dtype::e4m3;
        what.epilogue = {.activation = activation_kind::swiglu, .cast = {128}};
        contiguous_sample sample(random, 288, 300, {.counts = {70, 0, 5}, .alignment = 16, .more = 3}, what);
        const contiguous_problem p = sample.problem();
        const u64 bytes = m_grouped_fp8_gemm_nn_workspace_bytes(stored_of(p));
        std::vector<ptx::vec4<u32>> memory(bytes / 16);
        const auto done = m_grouped_fp8_gemm_nn_contiguous(engine_on_simulator(), p.a, stored_of(p), p.d, p.groups,
                                                           {memory.data(), bytes}, {.epilogue = p.epilogue});
        if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return;
        CHECK(message_of(done) == "");
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("contiguous nn: what is refused before anything is launched") {
    random_source random(fresh_seed());
    contiguous_sample sample(random, 64, 300, {.counts = {100, 30}, .alignment = 128}, turned(grouping::psum));
    const contiguous_problem p = sample.problem();
    const nn_engine engine = engine_on_simulator();
    std::vector<ptx::vec4<u32>> memory(2 * 64 * 384 / 16, {~0u, ~0u, ~0u, ~0u});
    const auto refused = [&](const scaled_stack& b, const workspace_memory& workspace) {
        const auto done = m_grouped_fp8_gemm_nn_contiguous(engine, p.a, b, p.d, p.groups, workspace);
        CHECK_FALSE(done);
        CHECK(memory[0].x == ~0u);
        return message_of(done);
    };
    CHECK(refused(stored_of(p), {memory.data(), 100}) ==
          "the workspace has 100 bytes; it must have at least 49152 to transpose 2 matrices of B, which are not "
          "contiguous along K");
    CHECK(refused(stored_of(p), {nullptr, 49152}) == "the workspace has no data: its pointer is null");
    scaled_stack odd = stored_of(p);
    odd.matrix_stride += 8;
    CHECK(refused(odd, {memory.data(), 49152}).find("B has matrix stride") == 0);
}

TEST_CASE("contiguous nn: what is done is explained, and B along N is refused by groups without a workspace") {
    random_source random(fresh_seed());
    const nn_engine engine = engine_on_simulator();
    contiguous_sample sample(random, 64, 300, {.counts = {100, 30}, .alignment = 128}, turned(grouping::psum));
    const contiguous_problem p = sample.problem();
    const auto text = explain_m_grouped_fp8_gemm(engine, p);
    if (DEEPGEMM_TEST_SAMPLE == 1) REQUIRE_MESSAGE(text, (text ? "" : text.failure().message));
    if (text) {
        CHECK(text->find("B is transposed first: ") == 0);
        CHECK(text->find("\n256 rows in 2 groups by its end, usually 128 each, n = 64, k = 300, A e4m3 scaled 1x128 by "
                         "fp32, B e4m3 scaled 128x128 by fp32, D bf16\n") != std::string::npos);
    }
    const auto done = m_grouped_fp8_gemm_nt_contiguous(engine, p.a, p.b, p.d, p.groups);
    REQUIRE(!done);
    CHECK(done.failure().code == errc::no_kernel);
    CHECK(
        done.failure().message.ends_with("; B is e4m3 and contiguous along N; groups of rows are multiplied by FP8 "
                                         "along K, as m_grouped_fp8_gemm_nn_contiguous transposes it"));
}

}  // namespace contiguous_gemm_nn_tests
