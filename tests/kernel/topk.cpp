// SPDX-License-Identifier: MIT
// The largest elements of rows against a stable sort: every kind of row that is hard, all types, ranges, any k, on machines of
// every policy.
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/topk.cuh>

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include "machines.hpp"
#include "topk_rows.hpp"

namespace topk_tests {

using namespace deepgemm;
using test::any_kind;
using test::on_machines;
using test::row_kind;
using test::topk_rows;

namespace {

template <class T, topk_config Config = topk_config{}>
using kernel_of = topk_selector<arch::sm90, topk_traits{dtype_of<T>}, Config>;

template <class T, topk_config Config = topk_config{}>
std::string outcome_of_topk(topk_rows<T>& on, const sim::options& machine) {
    const auto done =
        sim::try_launch<kernel_of<T, Config>>(on.arguments(), {.dependent_launch = machine.dependent_launch}, machine);
    return done ? on.verdict() : done.failure().message;
}

/// Rows of one kind of up to `most` columns.
template <class T, topk_config Config = topk_config{}>
void check_topk(random_source& random, const sim::options& machine, row_kind kind, i32 most, bool ranges) {
    const i32 columns = i32(random.integer(1, most));
    const i32 k = i32(random.integer(0, 2) != 0 ? random.integer(1, 2048) : random.integer(1, min(columns, 2048)));
    CAPTURE(int(kind));
    CAPTURE(columns);
    CAPTURE(k);
    topk_rows<T> made(
        random, {i32(random.integer(1, 4)), columns, k, ranges, random.integer(0, 3) != 0, i32(random.integer(1, 3))},
        kind);
    CHECK(outcome_of_topk<T, Config>(made, machine) == "");
}

}  // namespace

TEST_CASE("topk: every kind of row") {
    on_machines(1, [](random_source& random, sim::options machine) {
        machine.num_sms = int(random.integer(1, 3));
        machine.dependent_launch = random.integer(0, 1) != 0;
        for (int kind = 0; kind < int(row_kind::count); ++kind) {
            check_topk<float>(random, machine, row_kind(kind), 12000, false);
            check_topk<bf16>(random, machine, row_kind(kind), 12000, false);
            check_topk<f16>(random, machine, row_kind(kind), 12000, false);
        }
    });
}

TEST_CASE("topk: ragged ranges, and NaN outside of them") {
    on_machines(3, [](random_source& random, const sim::options& machine) {
        check_topk<float>(random, machine, any_kind(random), 9000, true);
        check_topk<bf16>(random, machine, any_kind(random), 9000, true);
        check_topk<f16>(random, machine, any_kind(random), 9000, true);
        check_topk<float>(random, machine, any_kind(random), 40, true);
        check_topk<bf16>(random, machine, any_kind(random), 40, true);
    });
}

TEST_CASE("topk: any k") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 k : {1, 2, 3, 31, 32, 33, 511, 512, 513, 1023, 1024, 1025, 2047, 2048}) {
        for (const i32 columns : {k, k + 1, max(k - 1, 1), 5000}) {
            CAPTURE(k);
            CAPTURE(columns);
            topk_rows<float> made(random, {2, columns, k}, any_kind(random));
            CHECK(outcome_of_topk(made, {}) == "");
        }
    }
}

TEST_CASE("topk: lengths around those at which the way changes") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 columns : {1, 1023, 1024, 1025, 2048, 2049, 4095, 4096, 4097, 8192}) {
        CAPTURE(columns);
        topk_rows<float> made(random, {1, columns, 2048}, any_kind(random));
        CHECK(outcome_of_topk(made, {}) == "");
        topk_rows<bf16> halves(random, {1, columns, i32(random.integer(1, 100))}, any_kind(random));
        CHECK(outcome_of_topk(halves, {}) == "");
    }
}

TEST_CASE("topk: no configuration changes a result") {
    on_machines(1, [](random_source& random, const sim::options& machine) {
        check_topk<float, topk_config{1, 1, 1}>(random, machine, any_kind(random), 9000, true);
        check_topk<float, topk_config{3, 64, 2}>(random, machine, any_kind(random), 9000, false);
        check_topk<bf16, topk_config{1, 4, 3}>(random, machine, any_kind(random), 9000, true);
    });
}

TEST_CASE("topk: nothing outside of a range is read") {
    const auto page = std::size_t(sysconf(_SC_PAGESIZE)), pages = 6 * page;
    void* const block = mmap(nullptr, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(block != MAP_FAILED);
    auto* const readable = static_cast<unsigned char*>(block) + page;
    REQUIRE(mprotect(readable, pages, PROT_READ | PROT_WRITE) == 0);
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto check = [&]<class T>(T, bool at_end, i32 columns) {
        topk_rows<T> made(random, {1, columns, 100}, any_kind(random));
        const std::size_t bytes = std::size_t(columns) * sizeof(T);
        auto* const to = reinterpret_cast<T*>(at_end ? readable + pages - bytes : readable);
        std::copy_n(made.logits.data(), columns, to);
        // Columns before and behind the range lie in pages that fault.
        const i32 first = 1000, last = first + columns;
        topk_arguments args = made.arguments();
        args.columns = last + 1000;
        args.logits = to - first;
        args.first = &first;
        args.last = &last;
        const auto done = sim::try_launch<kernel_of<T>>(args);
        CHECK(done);
        for (i32& index : made.indices) index -= index >= first && index != made.untouched ? first : 0;
        CHECK(made.verdict() == "");
    };
    for (const bool at_end : {false, true}) {
        for (const i32 columns : {1, 3, 1021, i32(pages / 4)}) check(0.0f, at_end, columns);
        for (const i32 columns : {1, 5, 1023, i32(pages / 2)}) check(bf16{}, at_end, columns);
    }
    munmap(block, pages + 2 * page);
}

TEST_CASE("topk: rows further apart than 2^31 elements, and no rows") {
    random_source random(fresh_seed());
    topk_rows<float> made(random, {1, 300, 7}, row_kind::normal);
    topk_arguments args = made.arguments();
    args.rows = 0;
    CHECK(sim::try_launch<kernel_of<float>>(args));
    CHECK(made.indices[0] == made.untouched);
    const std::size_t apart = std::size_t(3) << 30, bytes = 4 * (apart + 300);
    void* const block =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(block != MAP_FAILED);
    auto* const rows = static_cast<float*>(block);
    std::copy_n(made.logits.data(), 300, rows + apart);
    std::vector<i32> two(14);
    args = made.arguments();
    args.rows = 2;
    args.logits = rows;
    args.pitch = i64(apart);
    args.indices = two.data();
    args.indices_pitch = 7;
    args.scores = nullptr;
    CHECK(sim::try_launch<kernel_of<float>>(args));
    std::copy_n(two.data() + 7, 7, made.indices.data());
    made.size.scores = false;
    CHECK(made.verdict() == "");
    CHECK(std::vector<i32>(two.begin(), two.begin() + 7) == std::vector<i32>{0, 1, 2, 3, 4, 5, 6});
    munmap(block, bytes);
}

}  // namespace topk_tests
