// SPDX-License-Identifier: MIT
// Groups of rows that are gathered or scattered by a list, on the simulator: results, wrong lists, which kernel takes which.
#include <deepgemm/host/explain.hpp>

#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include <sys/mman.h>

#include "contiguous_gemm_calls.hpp"

namespace contiguous_gemm_lists_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using namespace deepgemm::test::contiguous_calls;

TEST_CASE("contiguous gemm: gathered and scattered rows, as docs/ops/contiguous_gemm.md shows them") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 n = 72, k = 500;
    const contiguous_engine engine = engine_on_simulator();
    {
        contiguous_sample sample(random, n, k, {.counts = {5, 0, 40}, .alignment = 8},
                                 contiguous_sample::gathering(contiguous_sample::usual(grouping::psum)));
        const contiguous_problem here = sample.problem();
        const auto& [a, b, d, groups, epilogue, ready, a_rows, d_rows] = here;
        const auto* const tokens = static_cast<const i32*>(a_rows.data);
        const i64 m = sample.rows();
        // [gathered]
        // a: (tokens, k) and scales of its rows; tokens: (m), in device memory; d: (m, n)
        const auto done = m_grouped_fp8_gemm_nt_contiguous_gathered(engine, a, list_of_rows(tokens, m), b, d, groups);
        // [gathered]
        CHECK_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(sample.verdict() == "");
    }
    {
        contiguous_sample sample(random, n, k, {.counts = {5, 0, 40}},
                                 contiguous_sample::scattering(contiguous_sample::usual(grouping::indexed)));
        const contiguous_problem here = sample.problem();
        const auto& [a, b, d, groups, epilogue, ready, a_rows, d_rows] = here;
        const auto* const slots = static_cast<const i64*>(d_rows.data);
        const i64 m = sample.rows();
        // [scattered]
        // a: (m, k); d: (any number of rows, n); slots: (m), in device memory, here of 64 bits
        const auto done = m_grouped_fp8_gemm_nt_contiguous_scattered(engine, a, b, d, list_of_rows(slots, m), groups);
        // [scattered]
        CHECK_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("contiguous gemm: gathered rows have the bits of rows that were gathered before") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i32 n = 72, k = 500;
    const contiguous_engine engine = engine_on_simulator();
    for (const auto& what : {contiguous_sample::usual(grouping::psum), contiguous_sample::half(grouping::indexed)}) {
        contiguous_sample sample(random, n, k, {.counts = {70, 0, 5, 130}, .alignment = 1},
                                 contiguous_sample::gathering(what), numbers::normal);
        contiguous_problem p = sample.problem();
        REQUIRE(run_named(engine, p));
        const matrix_view<bf16> d = sample.d().view<bf16>();
        const gathered_operand copy(sample.a()[0], sample.rows_of_a());
        std::vector<bf16> before(std::size_t(d.rows * d.columns));
        // TMA takes rows at multiples of 16 bytes, and scales of rows side by side.
        const i64 m = copy.view.rows, pitch = align_up(i64(k), i64(16)), size = size_of(copy.view.type),
                  row_words = copy.view.scale.stride_mn, scale_pitch = align_up(m, i64(4));
        std::vector<u8> rows(std::size_t(m * pitch * size));
        std::vector<u32> words(std::size_t(row_words * scale_pitch));
        for (i64 row = 0; row < m; ++row) {
            std::copy_n(&copy.bytes[std::size_t(row * k * size)], k * size, &rows[std::size_t(row * pitch * size)]);
            for (i64 w = 0; w < row_words; ++w)
                words[std::size_t(w * scale_pitch + row)] = copy.words[std::size_t(row * row_words + w)];
        }
        p.a_rows = {};
        p.a.matrix = {rows.data(), copy.view.type, m, k, pitch, 1};
        if (p.a.scales.kind != scale_kind::none)
            p.a.scales = per_token_scales(words.data(), p.a.scales.kind, m, k, scale_pitch);
        p.d = row_major(before.data(), d.rows, d.columns);
        const auto done = run_named(engine, p);
        REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
        for (i64 row = 0; row < d.rows; ++row)
            CHECK(std::memcmp(&before[std::size_t(row * d.columns)], &d(row, 0), std::size_t(d.columns) * 2) == 0);
    }
}

TEST_CASE("contiguous gemm: gathered and scattered rows lie gigabytes apart, and so do scales") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 apart = i64(1) << 26;  // elements; a few pages of this are ever touched
    const auto memory = [](i64 bytes) {
        void* const block = mmap(nullptr, std::size_t(bytes), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        REQUIRE(block != MAP_FAILED);
        return std::shared_ptr<u8>(static_cast<u8*>(block), [=](u8* p) { munmap(p, std::size_t(bytes)); });
    };
    const contiguous_engine engine = engine_on_simulator();
    for (const gemm_traits& what : contiguous_sample::all_shipped()) {
        if (!what.a.gathered && !what.scattered) continue;
        contiguous_sample sample(random, 40, 130, {{70, 0, 9}, 1, 9}, what);
        contiguous_problem p = sample.problem();
        const i64 size = size_of(p.a.matrix.type), rows = p.a.matrix.rows;
        const auto a = memory(rows * apart * size), scales = memory(rows * apart * 4), d = memory(p.d.rows * apart * 2);
        if (what.a.gathered) {
            const auto* const from = static_cast<const u8*>(p.a.matrix.data);
            for (i64 row = 0; row < rows; ++row)
                std::copy_n(from + row * p.a.matrix.row_stride * size, 130 * size, a.get() + row * apart * size);
            p.a.matrix.data = a.get();
            p.a.matrix.row_stride = apart;
            if (scale_argument& words = p.a.scales; words.kind != scale_kind::none) {
                for (i64 row = 0; row < rows; ++row) {
                    for (i64 k = 0; k < 2; ++k) {
                        reinterpret_cast<u32*>(scales.get())[row * apart + k] =
                            static_cast<const u32*>(words.data)[row * words.row_stride + k * words.column_stride];
                    }
                }
                words = k_major_scales(scales.get(), words.kind, rows, 130, apart);
            }
        } else {
            p.d.data = d.get();
            p.d.row_stride = apart;
        }
        const auto done = run_named(engine, p);
        REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
        if (what.scattered) {
            const matrix_view<bf16> to = sample.d().view<bf16>();
            std::set<i64> named;
            for (i64 row = 0; row < 79; ++row) named.insert(sample.stored_row(row));
            for (const i64 row : named) {
                if (row < 0) continue;
                for (i64 column = 0; column < 40; ++column)
                    to(row, column) = reinterpret_cast<const bf16*>(d.get())[row * apart + column];
            }
        }
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("contiguous gemm: a wrong entry of a list of rows is named") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const contiguous_handle& kernel : contiguous_kernels()) {
        const gemm_traits& what = kernel.info.traits;
        if (!what.a.gathered && !what.scattered) continue;
        CAPTURE(to_source(kernel.info));
        contiguous_sample sample(random, 40, 130, {{70, 0, 9}, 1, 9}, what);
        contiguous_problem p = sample.problem();
        std::vector<i32> wrong(std::size_t(sample.rows()), 5000);
        (what.a.gathered ? p.a_rows : p.d_rows) = list_of_rows(wrong.data(), sample.rows());
        const auto done = run_named(engine, p, {.pin = kernel.info.cfg});
        REQUIRE(!done);
        CHECK(done.failure().message.find("of a list of rows is 5000, which is no row of the matrix") !=
              std::string::npos);
    }
}

TEST_CASE("contiguous gemm: a list of no rows is a list: nothing is computed, and nothing without it") {
    static_assert(list_of_rows(static_cast<const std::int64_t*>(nullptr), 0).wide &&
                  list_of_rows(static_cast<const long long*>(nullptr), 0).wide &&
                  !list_of_rows(static_cast<const std::int32_t*>(nullptr), 0).wide);
    const contiguous_engine engine = engine_on_simulator();
    for (contiguous_problem p : {made_up(), made_up_by_row()}) {
        const row_list none = list_of_rows(static_cast<const i64*>(nullptr), 0), by_hand{};
        // Rows of D, and none that the list names: never the product without a list.
        for (const row_list& rows : {none, by_hand}) {
            const auto gathered = m_grouped_fp8_gemm_nt_contiguous_gathered(engine, p.a, rows, p.b, p.d, p.groups),
                       scattered = m_grouped_fp8_gemm_nt_contiguous_scattered(engine, p.a, p.b, p.d, rows, p.groups);
            REQUIRE(!gathered);
            CHECK(gathered.failure().message ==
                  "D has 1024 rows and the list of rows of A has 0 entries; there must be one for each row of D");
            REQUIRE(!scattered);
            CHECK(scattered.failure().message ==
                  "the product has 1024 rows and the list of rows of D has 0 entries; there must be one for each row");
        }
        // A rank that gets no tokens: A or D has rows, the product has none.
        contiguous_problem gathers = p, scatters = p;
        gathers.a_rows = scatters.d_rows = none;
        gathers.d.rows = scatters.a.matrix.rows = scatters.a.scales.rows = 0;
        for (const contiguous_problem& empty : {gathers, scatters}) {
            const auto done = run_named(engine, empty);
            CHECK_MESSAGE(done, (done ? "" : done.failure().message));
            const auto plan = engine.plan(empty);
            REQUIRE(plan);
            CHECK(plan->kernel() == nullptr);
        }
    }
}

TEST_CASE("contiguous gemm: lists of rows are part of a workload, and no kernel does without or beside them") {
    const auto at = reinterpret_cast<const i32*>(u64(7) << 40);
    contiguous_problem gathers = made_up(), scatters = made_up();
    gathers.a_rows = list_of_rows(at, 1024);
    scatters.d_rows = list_of_rows(at, 1024);
    gathers.a.matrix.rows = gathers.a.scales.rows = 1000;  // fewer than the product has
    scatters.d.rows = 5000;
    const contiguous_engine engine = engine_on_simulator();
    for (const contiguous_problem& p : {gathers, scatters}) {
        const auto plan = engine.plan(p);
        REQUIRE_MESSAGE(plan, (plan ? "" : plan.failure().message));
        CHECK(hash_of(workload_of(p)) != hash_of(workload_of(made_up())));
        CHECK(!(workload_of(p) == workload_of(made_up())));
        CHECK(workload_of(p).shape.m == 1024);
    }
    CHECK(describe(workload_of(gathers)).find("A e4m3 scaled 1x128 by fp32, rows gathered, B") != std::string::npos);
    CHECK(describe(workload_of(scatters)).ends_with("D bf16, rows scattered"));
    const gemm_traits plain = contiguous_sample::usual(grouping::psum), gather = contiguous_sample::gathering(plain),
                      scatter = contiguous_sample::scattering(plain);
    const auto why = [](const gemm_traits& kernel, const contiguous_problem& p) {
        return std::string(ops::contiguous_gemm::why_not(kernel, workload_of(p)));
    };
    CHECK(ops::contiguous_gemm::why_not(gather, workload_of(gathers)) == nullptr);
    CHECK(ops::contiguous_gemm::why_not(scatter, workload_of(scatters)) == nullptr);
    CHECK(why(plain, gathers) == "it does not gather rows of A");
    CHECK(why(gather, made_up()) == "it gathers rows of A");
    CHECK(why(plain, scatters) == "it does not scatter rows of D");
    CHECK(why(scatter, made_up()) == "it scatters rows of D");
    // K-major scales are gathered by the same kernel.
    contiguous_problem along_k = gathers;
    along_k.a.scales = k_major_scales(along_k.a.scales.data, scale_kind::fp32, 1000, 1024, 8);
    CHECK(workload_of(along_k) == workload_of(gathers));
    // No kernel does both.
    contiguous_problem both = gathers;
    both.d_rows = scatters.d_rows;
    both.d.rows = 5000;
    const auto none = engine.supports(both);
    REQUIRE(!none);
    CHECK(none.failure().code == errc::no_kernel);
    CHECK(none.failure().message.find(
              "instantiate gemm<arch::sm90, gathered<operand<e4m3, scale::per_token<scale::fp32>>>, "
              "operand<e4m3, scale::per_block<scale::fp32>>, scatter<bf16>, ") != std::string::npos);
}

}  // namespace contiguous_gemm_lists_tests
