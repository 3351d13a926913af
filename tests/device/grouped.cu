// SPDX-License-Identifier: MIT
// Grouped kernels on a GPU: the products of tests/kernel/grouped_products.hpp, whose integers have exact results, bit by bit.
// Sizes of groups lie in device memory, where the host may change them between replays of a graph, or a kernel right before.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/kernel/swapped.cuh>

#include "../kernel/grouped_products.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::grouped_product;

namespace grouped_device_test {

using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;
using words = operand<e4m3, scale::per_token<scale::ue8m0>>;
using columns = operand<bf16, scale::none, major::mn>;

constexpr config few_rows{
    .block = {64, 64, 128}, .stages = 8, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}};
constexpr config exchanged_rows{
    .block = {24, 128, 128}, .stages = 6, .swap = true, .sm90 = {.promote = promotion::deferred}};
constexpr config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}, .store_rows = 64};
constexpr config tall{.block = {256, 128, 128}, .stages = 4, .store_columns = 32, .store_buffers = 3};
constexpr config alternating{.block = {64, 64, 128}, .stages = 4, .sm90 = {.warpgroups = 2, .alternate = true}};
constexpr config adding{.block = {128, 64, 128}, .stages = 4};
constexpr config half{.block = {128, 128, 64}, .stages = 4, .sm90 = {.promote = promotion::never}};
constexpr config half_adding{.block = {128, 64, 64}, .stages = 4, .sm90 = {.promote = promotion::never}};
constexpr config half_pair{
    .block = {128, 128, 64}, .stages = 3, .cluster = {1, 2}, .sm90 = {.promote = promotion::never}};

template <class A, class B, class Epilogue, config Config, class Groups>
using kernel_of = test::grouped_kernel<A, B, Epilogue, Config, Groups>;
// Structs, since nvcc 13 loses configurations in aliases of some depth, and names that a profile can show.
struct masked_few : kernel_of<tokens, blocks, store<bf16>, few_rows, masked_groups> {};
struct masked_exchanged : kernel_of<tokens, blocks, store<bf16>, exchanged_rows, masked_groups> {};
struct masked_pair : kernel_of<tokens, blocks, store<bf16>, pair, masked_groups> {};
struct masked_tall : kernel_of<tokens, blocks, store<bf16>, tall, masked_groups> {};
struct masked_words : kernel_of<words, words, store<float>, alternating, masked_groups> {};
struct masked_adding : kernel_of<tokens, blocks, accumulate<float>, adding, masked_groups> {};
struct masked_half : kernel_of<operand<bf16>, operand<bf16>, store<bf16>, half, masked_groups> {};
struct batched_pair : kernel_of<tokens, blocks, store<bf16>, pair, uniform_groups> {};
struct psum_pair : kernel_of<tokens, blocks, store<bf16>, pair, psum_groups> {};
struct psum_half : kernel_of<operand<bf16>, columns, store<bf16>, half, psum_groups> {};
struct index_tall : test::indexed_kernel<tokens, blocks, store<bf16>, tall> {};
struct index_half : test::indexed_kernel<operand<bf16>, columns, store<bf16>, half_pair> {};
struct k_adding : kernel_of<columns, columns, accumulate<float>, half_adding, k_groups> {};
struct k_in_place : kernel_of<columns, columns, add_in_place, half_pair, k_groups> {};
struct parts_few : kernel_of<tokens, blocks, store<float>, few_rows, k_parts> {};

/// Device memory for a grouped product of kernel `K`.
template <class K>
class device_groups {
public:
    explicit device_groups(grouped_product<K>& host)
        : a_(i64(host.a.bytes().size())),
          b_(i64(host.b.bytes().size())),
          c_(i64(host.c.bytes().size())),
          d_(i64(host.d.memory().bytes().size())),
          sa_(i64(host.a.words().size())),
          sb_(i64(host.b.words().size())),
          table_(i64(host.table.size())) {
        load(host);
    }

    /// Copies a product into it whose tensors have the sizes of the first one's.
    void load(grouped_product<K>& host) const {
        a_.write(host.a.bytes().data());
        b_.write(host.b.bytes().data());
        c_.write(host.c.bytes().data());
        d_.write(host.d.memory().bytes().data());
        sa_.write(host.a.words().data());
        sb_.write(host.b.words().data());
        table_.write(host.table.data());
        check(cudaDeviceSynchronize());
    }
    test::grouped_memory there() const {
        return {a_.get(), sa_.get(), b_.get(), sb_.get(), c_.get(), d_.get(), table_.get()};
    }
    const device_array<u8>& d() const { return d_; }
    const device_array<i32>& table() const { return table_; }

    /// Waits for the device, brings D back and judges it: "" or what is wrong.
    std::string verdict(grouped_product<K>& host) const {
        check(cudaDeviceSynchronize());
        d_.read(host.d.memory().bytes().data());
        return host.d.verdict();
    }

private:
    device_array<u8> a_, b_, c_, d_;
    device_array<u32> sa_, sb_;
    device_array<i32> table_;
};

/// Launches kernel `K` on a product: "", the launcher's error or what is wrong.
template <class K>
std::string outcome(grouped_product<K> product) {
    const device_groups<K> memory(product);
    const auto done = cuda::launch<K>(product.arguments(memory.there()));
    return done ? memory.verdict(product) : done.failure().message;
}

/// Calls `test` with data of a few seeds.
template <class Test>
void on_seeds(int runs, const Test& test) {
    for (int i = 0; i < runs; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        test(random);
    }
}

i32 extent(random_source& random, i32 most) { return i32(random.integer(1, most)); }

template <class K>
void check_masked() {
    on_seeds(4, [](random_source& random) {
        const problem_shape shape{4 * extent(random, 80), extent(random, 900), extent(random, 1100)};
        CHECK(outcome(test::masked_product<K>(random, shape, test::random_counts(random, shape.m))) == "");
    });
}

template <class K>
void check_psum() {
    on_seeds(4, [](random_source& random) {
        const i32 alignment = extent(random, random.integer(0, 1) == 0 ? 8 : 200);
        const i32 n = extent(random, 900), k = extent(random, 1100);
        INFO("alignment ", alignment);
        CHECK(outcome(test::psum_product<K>(random, n, k, test::random_counts(random, 400), alignment, 5)) == "");
    });
}

template <class K>
void check_k() {
    on_seeds(4, [](random_source& random) {
        std::vector<i32> sizes = test::random_counts(random, 20);
        for (i32& size : sizes) size *= 64;
        sizes.push_back(0);
        sizes.insert(sizes.begin() + i64(sizes.size() / 2), 128);  // K is not 0
        CHECK(outcome(test::k_product<K>(random, extent(random, 600), extent(random, 600), sizes)) == "");
    });
}

/// Lets its dependent start, and only then, some microseconds later, writes the sizes that it reads.
__global__ void write_late(i32* to, const i32* from, i32 count) {
    ptx::grid_dependency_wait();
    ptx::grid_dependency_trigger();
    __nanosleep(20000);
    if (i32(threadIdx.x) < count) to[threadIdx.x] = from[threadIdx.x];
}

}  // namespace grouped_device_test

using namespace grouped_device_test;

TEST_CASE("grouped: masked groups, ragged or empty, in tiles of all kinds") {
    check_masked<masked_few>();
    check_masked<masked_exchanged>();
    check_masked<masked_pair>();
    check_masked<masked_tall>();
    check_masked<masked_words>();
    check_masked<masked_adding>();
    check_masked<masked_half>();
}

TEST_CASE("grouped: every count about the edges of fragments and tiles, between other groups and alone") {
    on_seeds(1, [](random_source& random) {
        for (const i32 count :
             {0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 79, 80, 127, 128, 129, 191, 255, 256, 257, 300}) {
            INFO("count ", count);
            for (const auto& counts : {std::vector<i32>{3, count, 5}, {0, count, 0}}) {
                CHECK(outcome(test::masked_product<masked_few>(random, {300, 200, 260}, counts)) == "");
                CHECK(outcome(test::masked_product<masked_tall>(random, {300, 200, 260}, counts)) == "");
                CHECK(outcome(test::masked_product<masked_exchanged>(random, {300, 200, 260}, counts)) == "");
                CHECK(outcome(test::masked_product<masked_pair>(random, {300, 200, 260}, counts)) == "");
            }
        }
        for (const auto& counts : {std::vector<i32>{0, 0, 0}, {-1, 141, -200}})  // -1 and -200 are as 0, 141 as 140
            CHECK(outcome(test::masked_product<masked_pair>(random, {140, 200, 260}, counts)) == "");
    });
}

TEST_CASE("grouped: very uneven groups, more groups than CTAs, and none") {
    on_seeds(1, [](random_source& random) {
        const std::vector<i32> uneven{4001, 0, 0, 0, 0, 0, 0, 224};
        CHECK(outcome(test::masked_product<masked_pair>(random, {4096, 256, 256}, uneven)) == "");
        std::vector<i32> many(400, 0);
        for (i32& count : many) count = random.integer(0, 2) == 0 ? i32(random.integer(0, 12)) : 0;
        CHECK(outcome(test::masked_product<masked_few>(random, {12, 70, 130}, many)) == "");
        CHECK(outcome(test::masked_product<masked_few>(random, {12, 70, 130}, std::vector<i32>(400, 0))) == "");
    });
    masked_few::arguments nothing{{.shape = {64, 64, 128}}};
    CHECK(cuda::launch<masked_few>(nothing));
}

TEST_CASE("grouped: batches") {
    on_seeds(4, [](random_source& random) {
        const problem_shape shape{4 * extent(random, 80), extent(random, 900), extent(random, 1100)};
        const std::vector<i32> all(std::size_t(extent(random, 7)), shape.m);
        CHECK(outcome(test::masked_product<batched_pair>(random, shape, all)) == "");
    });
}

TEST_CASE("grouped: groups by their ends, whatever they are aligned to") {
    check_psum<psum_pair>();
    check_psum<psum_half>();
}

TEST_CASE("grouped: groups by the group of each row; rows of none become zero") {
    on_seeds(4, [](random_source& random) {
        const i32 alignment = extent(random, random.integer(0, 1) == 0 ? 8 : 200), n = extent(random, 900),
                  k = extent(random, 1100);
        INFO("alignment ", alignment);
        std::vector<i32> counts = test::random_counts(random, 400);
        for (i32& count : counts) {
            if (random.integer(0, 3) == 0) count = -count;
        }
        counts.push_back(1);  // M is not 0
        CHECK(outcome(test::index_product<index_tall>(random, n, k, counts, alignment)) == "");
        CHECK(outcome(test::index_product<index_half>(random, n, k, counts, alignment)) == "");
    });
}

TEST_CASE("grouped: groups along K, added to C or to D in place") {
    check_k<k_adding>();
    check_k<k_in_place>();
}

TEST_CASE("grouped: parts of K") {
    on_seeds(2, [](random_source& random) {
        for (const i32 parts : {1, 2, 3, 7}) {
            const problem_shape shape{extent(random, 300), extent(random, 300), extent(random, 3000)};
            CHECK(outcome(test::parts_product<parts_few>(random, shape, parts)) == "");
        }
    });
}

TEST_CASE("grouped: one graph is replayed with other counts in the same memory, written by a kernel of the graph") {
    using kernel = masked_pair;
    constexpr problem_shape shape{260, 1000, 520};
    const stream on;
    for (const bool dependent : {false, true}) {
        INFO("dependent launch: ", dependent);
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const std::vector<i32> all(6, shape.m);
        auto first = test::masked_product<kernel>(random, shape, all);
        const device_groups<kernel> memory(first);
        const device_array<i32> next(i64(all.size()));
        or_throw(cuda::prepare<kernel>());
        const captured graph(on, [&] {
            write_late<<<1, 32, 0, on.handle>>>(memory.table().get(), next.get(), i32(all.size()));
            check(cudaGetLastError());
            or_throw(cuda::launch<kernel>(first.arguments(memory.there()),
                                          {.stream = on.handle, .dependent_launch = dependent}));
        });
        CHECK(graph.nodes() == 2);
        std::vector<i32> before = all;
        for (const std::vector<i32>& counts : {std::vector<i32>{0, 260, 1, 64, 0, 130},
                                               {260, 0, 0, 0, 0, 7},
                                               all,
                                               std::vector<i32>(6, 0),
                                               {17, 255, 129, 260, 3, 0}}) {
            auto product = test::masked_product<kernel>(random, shape, counts);
            std::swap(product.table, before);  // what the last replay left, for the graph to overwrite
            memory.load(product);
            next.write(counts.data());
            check(cudaDeviceSynchronize());
            graph.run(on);
            CHECK(memory.verdict(product) == "");
            before = counts;
        }
    }
}

TEST_CASE("grouped: a thousand launches give the same bits") {
    using kernel = masked_tall;
    on_seeds(1, [](random_source& random) {
        constexpr problem_shape shape{512, 1024, 1024};
        const std::vector<i32> counts{300, 0, 512, 17, 129, 0, 64, 511};
        auto product = test::masked_product<kernel>(random, shape, counts, test::numbers::normal);
        const device_groups<kernel> memory(product);
        const auto arguments = product.arguments(memory.there());
        CHECK(words_that_change(memory.d(), [&] { or_throw(cuda::launch<kernel>(arguments)); }) == 0);
        std::vector<u8> written(memory.d().bytes());
        memory.d().read(written.data());
        CHECK(std::count(written.begin(), written.end(), u8(0xff)) < i64(written.size()));
    });
}
