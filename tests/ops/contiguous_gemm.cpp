// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM as an operation on the simulator: through the engine and by every shipped kernel, planned,
// explained, refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/contiguous_gemm/contiguous_gemm.hpp>

#include <memory>
#include <numeric>
#include <set>

#include <sys/mman.h>

#include "../host/fakes.hpp"
#include "../kernel/grouped_runs.hpp"
#include "contiguous_gemm_sample.hpp"

namespace contiguous_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using fakes::moved;

namespace {

using contiguous_engine = engine_of<ops::contiguous_gemm>;

/// All shipped kernels of groups of rows.
std::span<const contiguous_handle> contiguous_kernels() { return instances::of<ops::contiguous_gemm>(); }

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const contiguous_engine& engine, contiguous_sample& sample, i64 expected_rows = 0,
                const grouped_options& options = {}) {
    const auto done = run_named(engine, sample.problem(expected_rows), options);
    return done ? sample.verdict() : done.failure().message;
}

contiguous_engine engine_on_simulator() { return {contiguous_kernels(), device_info::simulator()}; }

/// A problem at made-up addresses: 4 groups in A (1024, 1024), B (512, 1024) and D (1024, 512).
contiguous_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    const scaled_matrix a{row_major(static_cast<const e4m3*>(at(1)), 1024, 1024),
                          per_token_scales(at(2), scale_kind::fp32, 1024, 1024)},
        b{row_major(static_cast<const e4m3*>(at(3)), 512, 1024), per_block_scales(at(4), scale_kind::fp32, 512, 1024)};
    return {.a = a,
            .b = dense_stack(b, 4),
            .d = row_major(static_cast<bf16*>(at(5)), 1024, 512),
            .groups = groups_by_end(static_cast<const i32*>(at(6)))};
}
/// The same by the group of each row.
contiguous_problem made_up_by_row() {
    contiguous_problem p = made_up();
    p.groups.by = grouping::indexed;
    return p;
}
/// The same problem of BF16.
contiguous_problem made_up_half() {
    contiguous_problem p = made_up();
    for (scaled_matrix* operand : {&p.a, &p.b.first}) {
        *operand = unscaled(operand->matrix);
        operand->matrix.type = dtype::bf16;
    }
    return p;
}

/// The error of a problem after a change: its code and its sentence.
template <class Change>
std::string refused(Change change, contiguous_problem p = made_up()) {
    change(p);
    const auto found = checked<ops::contiguous_gemm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

/// Calls body(what) for each kind of operands and of groups, with names for them.
template <class Body>
void for_each_kind(const Body& body) {
    for (const gemm_traits& what : contiguous_sample::all_shipped()) {
        CAPTURE(name_of(what.a.type));
        CAPTURE((what.b.contiguous == major::k ? "nt" : "nn"));
        CAPTURE((what.groups == grouping::psum ? "by end" : "by row"));
        CAPTURE((what.a.gathered ? "gathered" : what.scattered ? "scattered" : ""));
        body(what);
    }
}

/// The kernel that an H200 would get for a workload.
const config& chosen(const gemm_traits& what, i32 groups, i32 rows, i32 n, i32 k) {
    const contiguous_workload work{groups, {groups * rows, n, k}, rows, what.groups, what.a, what.b,
                                   what.d, what.scattered};
    const auto best = choose(work, device_info::h200(), contiguous_kernels());
    REQUIRE(best);
    return best->kernel->info.cfg;
}

}  // namespace

TEST_CASE("contiguous gemm: random ragged groups, each on the kernel that an H200 would get") {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const contiguous_engine engine(contiguous_kernels(), device);
        for_each_kind([&](const gemm_traits& what) {
            const i32 n = i32(random.integer(1, 300)), k = i32(random.integer(1, 500));
            contiguous_sample sample(random, n, k, random_groups(random, 320), what);
            if (sample.rows() == 0) return;
            sim::options own = machine;
            CHECK(run(engine, sample, random.integer(0, 400), {.stream = &own}) == "");
        });
    });
}

TEST_CASE("contiguous gemm: every shipped kernel, whatever the hint says") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const contiguous_handle& kernel : contiguous_kernels()) {
        const config& cfg = kernel.info.cfg;
        CAPTURE(to_source(kernel.info));
        const group_rows rows{.counts = {5, cfg.block.m + 9, 0, 64, 3}, .alignment = 1, .more = 5};
        contiguous_sample sample(random, 2 * cfg.block.n + 8, 600, rows, kernel.info.traits);
        const i64 hints[] = {0, 1, 5000};
        CHECK(run(engine, sample, hints[random.integer(0, 2)], {.pin = cfg}) == "");
    }
}

TEST_CASE("contiguous gemm: empty groups at both ends and in the middle, all empty, one, hundreds") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    std::vector<i32> many(300);
    for (i32& count : many) count = i32(random.integer(0, 2));
    many[7] = 260;
    std::vector<i32> uneven(40, 0);
    uneven.front() = 4001;
    uneven.back() = 224;
    for (const auto& counts : {std::vector<i32>{0, 70, 0, 0, 200, 0}, {0, 0, 0}, {70}, {0}, many, uneven}) {
        for_each_kind([&](const gemm_traits& what) {
            const bool large = counts.size() > 10;
            contiguous_sample sample(random, large ? 16 : 200, large ? 130 : 300, {counts, 1, 3}, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("contiguous gemm: every alignment that is usual") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const i32 alignment : {128, 64, 32, 16, 8, 4, 1}) {
        CAPTURE(alignment);
        for_each_kind([&](const gemm_traits& what) {
            contiguous_sample sample(random, 72, 136, {{130, 0, 1, 63, 257}, alignment, 0, true}, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("contiguous gemm: as docs/ops/contiguous_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 n = 72, k = 500;
    const group_rows rows{.counts = {5, 0, 40}, .alignment = 8};
    contiguous_sample sample(random, n, k, rows, contiguous_sample::usual(grouping::psum));
    const contiguous_problem here = sample.problem();
    const contiguous_engine engine = engine_on_simulator();
    const i64 m = sample.rows(), a_pitch = sample.a()[0].row_stride, b_pitch = sample.b()[0].row_stride,
              d_pitch = sample.d().pitch();
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.first.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scales = here.b.first.scales.data;
    const i64 a_stride = here.a.scales.column_stride;
    auto* const d_data = sample.d().view<bf16>().data;
    const i32* const ends = here.groups.data;
    // [call]
    const scaled_matrix a{row_major(a_data, m, k, a_pitch),                               // (m, k), rows of all groups
                          per_token_scales(a_scales, scale_kind::fp32, m, k, a_stride)},  // 1 x 128, along rows
        b{row_major(b_data, n, k, b_pitch),                                               // (n, k), of the first group
          per_block_scales(b_scales, scale_kind::fp32, n, k)};                            // 128 x 128
    const output_matrix d = row_major(d_data, m, n, d_pitch);                             // (m, n)
    const auto done = m_grouped_fp8_gemm_nt_contiguous(engine, a, dense_stack(b, 3), d,
                                                       groups_by_end(ends, 8));  // (3), in device memory; every group
                                                                                 // starts at a multiple of 8 rows
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("contiguous gemm: BF16 by row, as docs/ops/contiguous_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 n = 72, k = 500;
    contiguous_sample sample(random, n, k, {.counts = {5, 0, 40}},
                             contiguous_sample::half(grouping::indexed, major::mn));
    const contiguous_problem here = sample.problem();
    const contiguous_engine engine = engine_on_simulator();
    const i64 m = sample.rows(), a_pitch = sample.a()[0].row_stride, b_pitch = sample.b()[0].k_stride,
              d_pitch = sample.d().pitch();
    const auto* const a_data = static_cast<const bf16*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const bf16*>(here.b.first.matrix.data);
    auto* const d_data = sample.d().view<bf16>().data;
    const i32* const of_row = here.groups.data;
    // [half]
    const input_matrix a = row_major(a_data, m, k, a_pitch),  // (m, k)
        b = row_major(b_data, k, n, b_pitch);                 // (k, n), of the first group
    const output_matrix d = row_major(d_data, m, n, d_pitch);
    const auto done = m_grouped_bf16_gemm_nn_contiguous(engine, a, dense_stack(b, 3), d,
                                                        groups_by_row(of_row, 1));  // (m): a group, or -1
    // [half]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

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

TEST_CASE("contiguous gemm: no K makes zeros of the rows of groups") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample sample(random, 200, 0, {{3, 0, 70}, 8, 5}, what);
        if (what.scattered) {
            CHECK(run(engine_on_simulator(), sample) == "K is 0; if rows of D are scattered it must be positive");
            return;
        }
        CHECK(run(engine_on_simulator(), sample) == "");
    });
}

TEST_CASE("contiguous gemm: nothing to do needs no memory") {
    const contiguous_engine engine = engine_on_simulator();
    for (const auto& [groups, m, n] : {std::tuple<i64, i64, i64>{0, 64, 64}, {3, 0, 64}, {3, 64, 0}}) {
        for (contiguous_problem p : {made_up(), made_up_by_row()}) {
            p.a.matrix.rows = p.d.rows = m;
            p.b.first.matrix.rows = p.d.columns = n;
            p.b.count = groups;
            p.groups.data = nullptr;
            p.a.matrix.data = p.b.first.matrix.data = p.d.data = nullptr;
            CHECK(engine.run(p));
            const auto plan = engine.plan(p);
            REQUIRE(plan);
            CHECK(plan->kernel() == nullptr);
            CHECK(plan->launch(p));
            CHECK(engine.supports(p));
        }
    }
}

TEST_CASE(
    "contiguous gemm: by row, tiles of 64 rows take more groups than a table holds, and taller ones up to as many") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for_each_kind([&](const gemm_traits& what) {
        if (what.groups != grouping::indexed) return;
        const operand_info& b = what.b;
        CAPTURE(b.type);
        for (const i32 more : {0, 1}) {
            std::vector<i32> counts(std::size_t(row_groups::most_tabled + more), 1);
            counts[1] = 0;
            counts.back() = 90;
            contiguous_sample sample(random, 16, 128, {counts, 1, 1}, what);
            const auto plan = engine.plan(sample.problem());
            REQUIRE_MESSAGE(plan, (plan ? "" : plan.failure().message));
            const contiguous_handle* tall = nullptr;  // of those that take the operands
            for (const contiguous_handle& kernel : contiguous_kernels()) {
                if (kernel.info.cfg.block.m <= 64 || ops::contiguous_gemm::why_not(kernel.info.traits, plan->work))
                    continue;
                const char* const why = ops::contiguous_gemm::why_not(kernel.info.cfg, plan->work);
                CHECK((why == nullptr) == (more == 0));
                tall = &kernel;
            }
            for (const auto& candidate : plan->ranked) CHECK((more == 0 || candidate.kernel->info.cfg.block.m <= 64));
            CHECK(run(engine, sample) == "");
            if (tall == nullptr) continue;
            const auto pinned = run_named(engine, sample.problem(), {.pin = tall->info.cfg});
            CHECK(bool(pinned) == (more == 0));
            if (more == 0) {
                CHECK(sample.verdict() == "");
            } else {
                CHECK_MESSAGE(pinned.failure().message.find("it takes up to 256 groups by the group of each row") !=
                                  std::string::npos,
                              pinned.failure().message);
            }
        }
    });
}

TEST_CASE("contiguous gemm: matrices of B may lie row by row among each other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 groups = 3, n = 64, k = 304;
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        contiguous_sample sample(random, n, k, {{70, 0, 5}, 1, 2}, contiguous_sample::half(by));
        contiguous_problem p = sample.problem();
        std::vector<bf16> mixed(std::size_t(n * groups * k));  // (n, group, k)
        for (i64 g = 0; g < groups; ++g) {
            for (i64 row = 0; row < n; ++row) {
                const auto* const from = static_cast<const bf16*>(sample.b()[g].data) + row * sample.b()[g].row_stride;
                std::copy_n(from, k, mixed.begin() + (row * groups + g) * k);
            }
        }
        p.b = unscaled(input_stack{row_major(std::as_const(mixed).data(), n, k, groups * k), groups, k});
        REQUIRE(run_named(engine_on_simulator(), p));
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("contiguous gemm: dependent launches wait for the kernel that makes the list, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample sample(random, 200, 300, {{3, 70, 0, 140}, 1, 9}, what);
        CHECK(run(engine_on_simulator(), sample, 0, {.ready = {true, true}, .dependent_launch = true}) == "");
    });
}

TEST_CASE("contiguous gemm: plans are made by the hint, explained, pinned and launched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        contiguous_sample sample(random, 264, 300, {{3, 170, 0}, 1, 127}, contiguous_sample::usual(by));
        const auto plan = engine.plan(sample.problem(20));
        REQUIRE(plan);
        const operand_info a = workload_of(sample.problem(20)).a;
        const auto fits = [&](const contiguous_handle& kernel) {
            const gemm_traits& what = kernel.info.traits;
            return what.a == a && what.groups == by && !what.scattered && !what.epilogue.any();
        };
        CHECK(i64(plan->ranked.size()) == std::ranges::count_if(contiguous_kernels(), fits));
        CHECK(plan->workspace_bytes() == 0);
        const std::string text = explain(*plan);
        CAPTURE(text);
        CHECK(
            text.find(concat("300 rows in 3 groups by ", by == grouping::psum ? "its end" : "row",
                             ", usually 20 each, n = 264, k = 300, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 128x128 "
                             "by fp32, D bf16")) == 0);
        CHECK(text.find(concat("predicted best of ", plan->ranked.size(), ": config{.block = {64, ")) !=
              std::string::npos);
        REQUIRE(plan->launch(sample.problem(20)));
        CHECK(sample.verdict() == "");
        const auto other = plan->launch(sample.problem(21));
        REQUIRE(!other);
        CHECK(other.failure().code == errc::shape_mismatch);

        const config& last = plan->ranked.back().kernel->info.cfg;
        const auto pinned = engine.plan(sample.problem(20), {.pin = last});
        REQUIRE(pinned);
        CHECK(pinned->chosen_by == choice::pinned);
        CHECK(pinned->kernel()->info.cfg == last);
        CHECK(pinned->kernel()->info.traits.groups == by);
    }
}

TEST_CASE("contiguous gemm: few rows get few rows of tiles, many rows large tiles") {
    for_each_kind([](const gemm_traits& what) {
        if (what.scattered) return;  // one tile serves all
        CHECK(chosen(what, 32, 20, 7168, 3072).block.m == 64);
        CHECK(chosen(what, 4, 8192, 6144, 7168).block.m * chosen(what, 4, 8192, 6144, 7168).block.n >= 192 * 128);
    });
}

TEST_CASE("contiguous gemm: an engine remembers by all that a plan depends on") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    contiguous_sample by_end(random, 40, 130, {{3, 70}}, contiguous_sample::usual(grouping::psum)),
        by_row(random, 40, 130, {{3, 70}}, contiguous_sample::usual(grouping::indexed));
    for (const i64 expected : {1, 37, 1, 37, 0}) {  // 0 is as 37, the mean of 73 rows
        CHECK(run(engine, by_end, expected) == "");
        CHECK(run(engine, by_row, expected) == "");
    }
    CHECK(engine.planned() == 4);
    CHECK(hash_of(workload_of(by_end.problem(1))) != hash_of(workload_of(by_end.problem(37))));
    CHECK(hash_of(workload_of(by_end.problem(1))) != hash_of(workload_of(by_row.problem(1))));
}

TEST_CASE("contiguous gemm: what no kernel runs is said, with the kernel to instantiate") {
    const contiguous_engine engine = engine_on_simulator();
    for (contiguous_problem p : {made_up(), made_up_by_row(), made_up_half()}) CHECK(engine.supports(p));
    const auto missing = [&](contiguous_problem p) {
        p.d = row_major(static_cast<float*>(p.d.data), 1024, 512);
        const auto found = engine.supports(p);
        REQUIRE(!found);
        CHECK(found.failure().code == errc::no_kernel);
        return found.failure().message;
    };
    const std::string by_end = missing(made_up()), by_row = missing(made_up_by_row());
    CHECK_MESSAGE(by_end.ends_with("instantiate gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, "
                                   "operand<e4m3, scale::per_block<scale::fp32>>, store<float>, config{.block = {128, "
                                   "128, 128}}, grouped<tile_shape{128, 128, 128}, cluster_shape{1, 1}, psum_groups>>"),
                  by_end);
    CHECK_MESSAGE(by_row.ends_with("config{.block = {128, 128, 128}}, indexed<tile_shape{128, 128, 128}, "
                                   "cluster_shape{1, 1}, 8>>"),
                  by_row);
}

TEST_CASE("contiguous gemm: each named operation refuses the types of the others") {
    const contiguous_engine engine = engine_on_simulator();
    contiguous_problem p = made_up();
    p.a.matrix.type = dtype::bf16;
    const auto fp8 = m_grouped_fp8_gemm_nt_contiguous(engine, p.a, p.b, p.d, p.groups);
    REQUIRE(!fp8);
    CHECK(fp8.failure().code == errc::unsupported_type);
    CHECK(fp8.failure().message == "A is bf16; an FP8 GEMM takes e4m3 or e5m2");
    const input_stack b{p.b.first.matrix, 4, p.b.matrix_stride};
    for (const auto& done : {m_grouped_bf16_gemm_nt_contiguous(engine, p.a.matrix, b, p.d, p.groups),
                             m_grouped_bf16_gemm_nn_contiguous(engine, p.a.matrix, b, p.d, p.groups)}) {
        REQUIRE(!done);
        CHECK(done.failure().code == errc::unsupported_type);
        CHECK(done.failure().message == "B is e4m3; a BF16 GEMM takes bf16");
    }
}

TEST_CASE("contiguous gemm: kernels say what they do not take") {
    const auto by = [](grouping groups) { return contiguous_sample::usual(groups); };
    const contiguous_workload ends = workload_of(made_up()), rows = workload_of(made_up_by_row());
    CHECK(ops::contiguous_gemm::why_not(by(grouping::psum), ends) == nullptr);
    CHECK(ops::contiguous_gemm::why_not(by(grouping::indexed), rows) == nullptr);
    CHECK(std::string(ops::contiguous_gemm::why_not(by(grouping::indexed), ends)) == "it takes the group of each row");
    CHECK(std::string(ops::contiguous_gemm::why_not(by(grouping::psum), rows)) == "it takes the end of each group");
    CHECK(std::string(ops::contiguous_gemm::why_not(by(grouping::masked), rows)) == "it has no groups of rows");
    CHECK(std::string(ops::gemm::why_not(by(grouping::psum), gemm_workload{})) == "it computes groups of products");
}

TEST_CASE("contiguous gemm: lists that break a promise trap, whichever kernel runs") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const contiguous_handle& kernel : contiguous_kernels()) {
        if (kernel.info.traits.groups != grouping::indexed) continue;
        CAPTURE(to_source(kernel.info));
        contiguous_sample sample(random, 40, 300, {{130, 0, 70, 60}, 1, 9}, kernel.info.traits);
        const auto refusal = [&](i32 row, i32 group, i64 alignment) {
            contiguous_sample broken = sample;
            broken.list()[std::size_t(row)] = group;
            contiguous_problem p = broken.problem();
            p.groups.alignment = alignment;
            const auto done = run_named(engine, p, {.pin = kernel.info.cfg});
            return done ? std::string() : done.failure().message;
        };
        const gemm_traits& what = kernel.info.traits;
        if (!what.a.gathered && !what.scattered)  // the entry for that row would be no row
            CHECK(refusal(268, 4, 1).find("row 268 has group 4, for which B has no matrix") != std::string::npos);
        CHECK(refusal(40, 1, 1).find("row 41 has group 0, whose rows do not follow each other") != std::string::npos);
        CHECK(refusal(130, 2, 10).find("a group starts at row 200, which is no") == std::string::npos);
        CHECK(refusal(130, 2, 20).find("a group starts at row 130, which is no multiple of the alignment, 20") !=
              std::string::npos);
    }
}

TEST_CASE("contiguous gemm: every rule broken once") {
    using p_ = contiguous_problem;
    CHECK(refused([](p_&) {}) == "");
    CHECK(refused([](p_&) {}, made_up_by_row()) == "");
    CHECK(refused([](p_&) {}, made_up_half()) == "");
    CHECK(refused([](p_& p) { p.b.count = -1; }) ==
          "bad_extent: the number of groups is -1; it must be from 0 to 2147479552");
    CHECK(
        refused([](p_& p) { p.groups.by = grouping::masked; }) ==
        "bad_option: the groups are given by number 2 of grouping; it must be psum, the end of each group, or indexed, "
        "the group of each row");
    CHECK(refused([](p_& p) { p.groups.alignment = 0; }) ==
          "bad_option: the alignment of groups is 0; it must be from 1 to 4096 rows");
    CHECK(refused([](p_& p) { p.groups.alignment = 4097; }, made_up_by_row()) ==
          "bad_option: the alignment of groups is 4097; it must be from 1 to 4096 rows");
    CHECK(refused([](p_& p) { p.groups.expected_rows = -1; }) ==
          "bad_option: expected_rows is -1; it must be 0, which says nothing, or the rows that a group usually has");
    CHECK(refused([](p_& p) { p.d.rows = 1023; }) ==
          "shape_mismatch: D is 1023 x 512; A with 1024 rows and B with 512 rows need 1024 x 512");
    CHECK(
        refused([](p_& p) { p.b.count = i64(1) << 25; }) ==
        "bad_extent: 1024 rows in 33554432 groups and 512 columns may have more than 2147483647 tiles of 64 x 8; tiles "
        "are counted in 31 bits");
    CHECK(refused([](p_& p) { p.b.matrix_stride = 0; }) ==
          "bad_layout: B has matrix stride 0; its 4 matrices must lie apart, which takes at least 524288 elements");
    CHECK(refused([](p_& p) { p.b.matrix_stride += 4; }, made_up_half()) ==
          "misaligned: B has matrix stride 524292; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(refused([](p_& p) { p.b.scale_stride = -1; }) ==
          "bad_scales: the scales of B have matrix stride -1; it must not be negative");
    CHECK(
        refused([](p_& p) { p.a.scales.column_stride = 1026; }) ==
        "bad_scales: the scales of A have column stride 1026; TMA needs a multiple of 4 words, at least M: 1024, say");
    CHECK(refused([](p_& p) { p.groups.data = nullptr; }) ==
          "null_pointer: the ends of groups have no data: their pointer is null");
    CHECK(refused([](p_& p) { p.groups.data = nullptr; }, made_up_by_row()) ==
          "null_pointer: the groups of rows have no data: their pointer is null");
    CHECK(refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.groups.data, 2)); }) ==
          "misaligned: the ends of groups start 2 bytes past a multiple of 4; they are 4-byte integers");
    // The last bytes of D: the ends of four groups that begin before them overlap it, and so do 1024 rows further before.
    const i64 last = 2 * 1024 * 512 - 4;
    CHECK(refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.d.data, last)); }) ==
          "bad_alias: D overlaps the ends of groups in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.d.data, -16)); }) == "");
    CHECK(
        refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.d.data, -16)); }, made_up_by_row()) ==
        "bad_alias: D overlaps the groups of rows in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.b.first.matrix.data = moved(p.d.data, -3 * 512 * 1024); }) ==
          "bad_alias: D overlaps B in memory; the result would be undefined");
    const auto some = reinterpret_cast<const i32*>(u64(7) << 40);
    CHECK(refused([&](p_& p) { p.a_rows = list_of_rows(some, 1024); }) == "");
    CHECK(refused([&](p_& p) { p.d_rows = list_of_rows(some, 1024); }, made_up_half()) == "");
    CHECK(
        refused([&](p_& p) { p.a_rows = list_of_rows(some, 1023); }) ==
        "shape_mismatch: D has 1024 rows and the list of rows of A has 1023 entries; there must be one for each row of "
        "D");
    CHECK(refused([&](p_& p) { p.d_rows = list_of_rows(some, 1023); }) ==
          "shape_mismatch: the product has 1024 rows and the list of rows of D has 1023 entries; there must be one for "
          "each row");
    CHECK(refused([&](p_& p) { p.d_rows = list_of_rows(some, 1024), p.groups.zero_padding = true; }) ==
          "bad_option: zero_padding is set; rows between groups have no place in a D whose rows are scattered");
    CHECK(
        refused([&](p_& p) { p.a_rows = list_of_rows(some, 1024), p.a.scales.column_stride = 1026; }) ==
        "bad_scales: the scales of A have column stride 1026; TMA needs a multiple of 4 words, at least M: 1024, say");
    CHECK(refused([&](p_& p) { p.a_rows = list_of_rows(static_cast<const i64*>(p.d.data), 1024); }) ==
          "bad_alias: D overlaps the entries of the list of rows of A in memory; the result would be undefined");
    // One group needs no strides.
    CHECK(refused([](p_& p) {
              p.b.count = 1;
              p.b.matrix_stride = p.b.scale_stride = -7;
          }) == "");
}

TEST_CASE("contiguous gemm: what a product asks of any kernel") {
    const contiguous_workload work = workload_of(made_up());  // 1024 rows in 4 groups
    const double weights = 4 * (512 * 1024 + 4 * 8 * 4), row = 1024 + 8 * 4 + 2 * 512;
    CHECK(work.expected_rows == 256);
    CHECK(demand_of(work).flops == 2.0 * 1024 * 512 * 1024);
    CHECK(demand_of(work).bytes == weights + 1024 * row);
    CHECK(demand_of(work, 7).flops == 2.0 * 7 * 512 * 1024);
    CHECK(demand_of(work, 7).bytes == weights + 7 * row);
    contiguous_problem fewer = made_up(), more = made_up();
    fewer.groups.expected_rows = 10;
    more.groups.expected_rows = 1000;
    CHECK(demand_of(workload_of(fewer)).flops == 2.0 * 40 * 512 * 1024);
    CHECK(demand_of(workload_of(more)).flops == 2.0 * 1024 * 512 * 1024);
}

TEST_CASE("contiguous gemm: a workload is checked as a problem is") {
    contiguous_workload work = workload_of(made_up());
    CHECK(validate(work));
    work.groups = -1;
    CHECK(validate(work).failure().message == "the number of groups is -1; it must be from 0 to 2147479552");
    work.groups = 4;
    work.by = grouping::none;
    CHECK(
        validate(work).failure().message.starts_with("the groups are given by number 0 of grouping; it must be psum"));
    work.by = grouping::indexed;
    work.shape = {2147479552, 2147479552, 128};
    CHECK(!validate(work));
    work.shape = {256, 512, -5};
    CHECK(validate(work).failure().message == "K is -5; it must be from 0 to 2147479552");
}

}  // namespace contiguous_gemm_tests
