// SPDX-License-Identifier: MIT
// tcgen05 on the simulator: a block-scaled GEMM by one CTA and by pairs of CTAs, the unscaled kinds alone, tensor memory,
// and seeded bugs that must be errors with a name.
#include <cmath>

#include "mx_kernel.cuh"
#include "support.hpp"

namespace {

using namespace deepgemm;

u32 random_word(u32& state) { return state = state * 1664525u + 1013904223u, state >> 8; }

/// The operands of D(256,256) = A x B over K = 512, and what D must be.
struct problem {
    static constexpr u32 m = 256, n = 256, k = 512, blocks = k / 128;
    std::vector<u8> a, b, sa, sb;
    std::vector<float> d;

    problem() : a(m * k), b(n * k), sa(m * k / 32), sb(n * k / 32), d(m * n, -7.0f) {
        u32 state = 3;
        for (auto* operand : {&a, &b}) {
            for (u8& x : *operand) x = e4m3::from_float(float(int(random_word(state) % 7) - 3)).bits;
        }
        for (auto* scales : {&sa, &sb}) {
            for (u8& x : *scales) x = u8(125 + random_word(state) % 5);
        }
    }
    /// Byte of the scale of row `row` and K group `group`: blocks of 128 rows x 4 groups, 16 bytes for rows 32 apart.
    static u32 scale_index(u32 row, u32 group) {
        return (row / 128 * blocks + group / 4) * 512 + row % 32 * 16 + row % 128 / 32 * 4 + group % 4;
    }
    u32 mismatches() const {
        u32 bad = 0;
        for (u32 row = 0; row < m; ++row) {
            for (u32 column = 0; column < n; ++column) {
                double sum = 0;
                for (u32 i = 0; i < k; ++i) {
                    const int exponent = sa[scale_index(row, i / 32)] + sb[scale_index(column, i / 32)] - 254;
                    sum += std::ldexp(double(float(e4m3{a[row * k + i]}) * float(e4m3{b[column * k + i]})), exponent);
                }
                bad += d[row * n + column] != float(sum);
            }
        }
        return bad;
    }
    template <int Group, mx::bug Seeded = mx::bug::none>
    void run(sim::policy policy = sim::policy::lazy, u64 seed = 1) {
        using kernel = mx::kernel<Group, Seeded>;
        auto operand = [](const std::vector<u8>& x, u32 rows, int box_rows) {
            return sim::encode_tensor_map(
                matrix_map(x.data(), dtype::e4m3, rows, k, k, box_rows, 128, swizzle_mode::b128));
        };
        auto scales = [](const std::vector<u8>& x, u32 rows) {
            return sim::encode_tensor_map(
                matrix_map(x.data(), dtype::ue8m0x4, rows / 128 * blocks, 128, 512, 1, 128, swizzle_mode::none));
        };
        const mx::kernel_params p{
            operand(a, m, 128), operand(b, n, 128 / Group), scales(sa, m), scales(sb, n), d.data(), i32(n),
            i32(blocks)};
        sim::options options;
        options.policy = policy;
        options.seed = seed;
        sim::launch(options, {{m / 128, n / 128, 1}, {Group, 1, 1}, kernel::threads, kernel::smem_bytes},
                    [&p] { kernel::run(p); });
    }
};

template <int Group, mx::bug Seeded>
std::string failure(sim::policy policy) {
    problem x;
    return test::error_of([&] { x.run<Group, Seeded>(policy); });
}

#define CHECK_SAYS(text, one, other) \
    CHECK_MESSAGE(((text).find(one) != std::string::npos || (text).find(other) != std::string::npos), text)
#define CHECK_CONTAINS(text, part) CHECK_MESSAGE((text).find(part) != std::string::npos, text)

TEST_CASE("a block-scaled GEMM is right under every policy") {
    problem x;
    x.run<1>();
    CHECK(x.mismatches() == 0);
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        problem one, two;
        one.run<1>(policy, 2);
        CHECK(one.d == x.d);
        two.run<2>(policy, 3);
        CHECK(two.d == x.d);
        problem late;
        late.run<1, mx::bug::late_load_wait>(policy, 4);
        CHECK(late.d == x.d);
    }
}

TEST_CASE("a bug seeded in the block-scaled GEMM is named") {
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random}) {
        // Without the wait the operands are still on their way, or nobody has sent them yet.
        CHECK_SAYS((failure<1, mx::bug::no_full_wait>(policy)), "was not waited for", "was never written");
        CHECK_SAYS((failure<2, mx::bug::no_full_wait>(policy)), "was not waited for", "was never written");
        CHECK_CONTAINS((failure<1, mx::bug::no_done_wait>(policy)), "follows tcgen05.");
        CHECK_CONTAINS((failure<1, mx::bug::no_fence_after>(policy)),
                       "tcgen05.ld after a barrier wait without tcgen05.fence::after_thread_sync");
        CHECK_CONTAINS((failure<1, mx::bug::no_mma_fence_after>(policy)),
                       "tcgen05.cp after a barrier wait without tcgen05.fence::after_thread_sync");
        CHECK_CONTAINS((failure<1, mx::bug::no_load_wait>(policy)),
                       "missing tcgen05.wait::ld before tcgen05.fence::before_thread_sync");
        CHECK_CONTAINS((failure<1, mx::bug::no_free>(policy)), "without tcgen05.dealloc of columns [0,256)");
        CHECK_CONTAINS((failure<1, mx::bug::early_release>(policy)), "released too early");
    }
}

// ---- one product of the unscaled kinds: 128 bytes of K, tensor memory written out as it is

enum class misuse { none, no_commit_wait, no_fence, lane_zero, wrong_lane, not_allocated, two_groups };

template <class T, int Group, u32 M, u32 N, bool MnMajor = false, misuse Wrong = misuse::none>
struct product {
    static constexpr u32 k = 128 / sizeof(T), columns = 64;
    static constexpr u32 a_rows = M / Group, b_rows = N / Group;
    static constexpr u32 b_offset = 128 * 128, bar = b_offset + 64 * 128, smem_bytes = bar + 32;
    tensor_map a, b;
    u32* out;  ///< (CTA, lane, column)

    /// K-major tiles are (rows, k). MN-major ones are (k, 64) per 64 rows.
    static DEEPGEMM_DEVICE void load(const tensor_map& map, u32 to, u32 barrier, u32 rows, u32 rank) {
        if (MnMajor) {
            for (u32 i = 0; i < rows; i += 64) ptx::tma_load_pair<Group>(map, to + i * 128, barrier, {i32(i), 0});
        } else {
            ptx::tma_load_pair<Group>(map, to, barrier, {0, i32(rank * rows)});
        }
    }
    template <u32 Rows>
    static DEEPGEMM_DEVICE u64 descriptor(u32 address, u32 step) {
        using tile = operand_tile<T, int(align_up(Rows, MnMajor ? 64u : 8u)), int(k), MnMajor ? major::mn : major::k>;
        return sm100::advance(sm100::descriptor_of<tile>(address), step * sm100::step_bytes<tile>);
    }
    static DEEPGEMM_DEVICE void multiply(u32 smem, u32 tmem) {
        constexpr bool half = sizeof(T) == 2;
        constexpr major order = MnMajor ? major::mn : major::k;
        constexpr u32 instruction = sm100::instruction<T, T, order, order>(M, N);
        for (u32 step = 0; step < 4; ++step) {
            ptx::tcgen05_mma<Group, half ? ptx::tcgen05_kind::f16 : ptx::tcgen05_kind::f8f6f4>(
                Wrong == misuse::not_allocated ? tmem + 64 : tmem, descriptor<a_rows>(smem, step),
                descriptor<b_rows>(smem + b_offset, step), instruction, step != 0);
        }
        if (Group == 2) {
            ptx::tcgen05_commit_multicast<Group>(smem + bar + 8, 3);
        } else {
            ptx::tcgen05_commit<Group>(smem + bar + 8);
        }
    }
    DEEPGEMM_DEVICE void run() const {
        const u32 smem = ptx::dynamic_smem(), rank = ptx::cluster_rank(), warp = ptx::warp_index();
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_init(smem + bar, Group);
            ptx::mbarrier_init(smem + bar + 8, 1);
            ptx::fence_mbarrier_init();
        }
        if (warp == 0) ptx::tmem_allocate<Group>(smem + bar + 16, columns);
        ptx::cluster_sync();
        const u32 tmem = ptx::ld_shared<u32>(smem + bar + 16);
        if (ptx::thread_index() == 0) {
            if (rank == 0) {
                ptx::mbarrier_arrive_expect_tx(smem + bar, Group * (a_rows + b_rows) * 128);
            } else {
                ptx::mbarrier_arrive_remote(smem + bar, 0);
            }
            load(a, smem, smem + bar, a_rows, rank);
            load(b, smem + b_offset, smem + bar, b_rows, rank);
            if (rank == 0) {
                ptx::mbarrier_wait(smem + bar, 0, "operands");
                ptx::tcgen05_fence_after();
                multiply(smem, tmem);
            }
        }
        ptx::sync_cta();
        if (Wrong != misuse::no_commit_wait) ptx::mbarrier_wait(smem + bar + 8, 0, "product");
        if (Wrong != misuse::no_fence) ptx::tcgen05_fence_after();
        for (u32 column = 0; column < columns; column += 32) {
            u32 r[32];
            const u32 lane = Wrong == misuse::lane_zero ? 0 : Wrong == misuse::wrong_lane ? 32 : warp * 32;
            ptx::tcgen05_load(r, tmem + (lane << 16) + column);
            ptx::tcgen05_wait_load();
            u32* row = out + (rank * 128 + warp * 32 + ptx::lane_index()) * columns + column;
            for (u32 i = 0; i < 32; ++i) row[i] = r[i];
        }
        ptx::cluster_sync();
        if (warp == 0) ptx::tmem_free<Wrong == misuse::two_groups ? 3 - Group : Group>(tmem, columns);
    }

    /// Runs it on small integers; the number of elements of D that are wrong.
    static u32 mismatches(sim::policy policy = sim::policy::lazy, bool strict = false) {
        constexpr u32 stored_n = MnMajor ? 64 : N;
        std::vector<T> a(M * k), b(stored_n * k);
        u32 state = 5;
        for (auto* operand : {&a, &b}) {
            for (T& x : *operand) x = T::from_float(float(int(random_word(state) % 7) - 3));
        }
        std::vector<u32> out(2 * 128 * columns);
        auto map = [](const std::vector<T>& x, u32 rows, u32 box) {
            return MnMajor ? sim::encode_tensor_map(matrix_map(x.data(), T::type, k, rows, rows * sizeof(T), int(k), 64,
                                                               swizzle_mode::b128))
                           : sim::encode_tensor_map(
                                 matrix_map(x.data(), T::type, rows, k, 128, int(box), int(k), swizzle_mode::b128));
        };
        const product p{map(a, M, a_rows), map(b, stored_n, b_rows), out.data()};
        sim::options options;
        options.policy = policy;
        options.check_tensor_quarter = strict;
        sim::launch(options, {{Group, 1, 1}, {Group, 1, 1}, 128, smem_bytes}, [&p] { p.run(); });
        u32 bad = 0;
        for (u32 row = 0; row < M; ++row) {
            for (u32 column = 0; column < N; ++column) {
                float sum = 0;
                for (u32 i = 0; i < k; ++i) {
                    sum += MnMajor ? float(a[i * M + row]) * float(b[i * stored_n + column])
                                   : float(a[row * k + i]) * float(b[column * k + i]);
                }
                u32 cta = row / a_rows, lane = row % a_rows, at = column;
                if (Group == 1 && M == 64) lane = row / 16 * 32 + row % 16;
                if (Group == 2 && M == 128) {
                    lane += column / (N / 2) * 64;
                    at = column % (N / 2);
                }
                bad += bit_cast<float>(out[(cta * 128 + lane) * columns + at]) != sum;
            }
        }
        return bad;
    }
};

TEST_CASE("the unscaled kinds multiply, in every layout of D") {
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        CHECK(product<bf16, 1, 128, 64>::mismatches(policy) == 0);
        CHECK(product<f16, 1, 64, 24>::mismatches(policy) == 0);
        CHECK(product<e4m3, 1, 128, 40>::mismatches(policy) == 0);
        CHECK(product<e5m2, 1, 64, 64>::mismatches(policy) == 0);
        CHECK(product<bf16, 2, 256, 64>::mismatches(policy) == 0);
        CHECK(product<e4m3, 2, 256, 48>::mismatches(policy) == 0);
        CHECK(product<f16, 2, 128, 32>::mismatches(policy) == 0);
        CHECK(product<e5m2, 2, 128, 64>::mismatches(policy) == 0);
        CHECK(product<bf16, 1, 128, 64, true>::mismatches(policy) == 0);
    }
}

template <class P>
std::string failure_of(sim::policy policy = sim::policy::lazy, bool strict = false) {
    return test::error_of([=] { P::mismatches(policy, strict); });
}

TEST_CASE("loads may leave the warp's quarter out of the address, unless an option forbids it") {
    using lane_zero = product<bf16, 1, 128, 64, false, misuse::lane_zero>;
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        CHECK(lane_zero::mismatches(policy) == 0);
        CHECK_CONTAINS(failure_of<lane_zero>(policy, true), "lane 0 in the address 0x00000000; warp");
        CHECK(product<bf16, 1, 128, 64>::mismatches(policy, true) == 0);
    }
}

TEST_CASE("misuse of tensor memory is named") {
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random}) {
        CHECK_CONTAINS((failure_of<product<bf16, 1, 128, 64, false, misuse::no_commit_wait>>(policy)),
                       "the mbarrier of its commit was not waited for");
        CHECK_CONTAINS((failure_of<product<bf16, 1, 128, 64, false, misuse::no_fence>>(policy)),
                       "without tcgen05.fence::after_thread_sync");
        CHECK_CONTAINS((failure_of<product<bf16, 1, 128, 64, false, misuse::wrong_lane>>(policy)),
                       "lane 32 in the address");
        CHECK_CONTAINS((failure_of<product<bf16, 1, 128, 64, false, misuse::not_allocated>>(policy)),
                       "columns [64,128) of tensor memory are not allocated");
        CHECK_CONTAINS((failure_of<product<bf16, 2, 256, 64, false, misuse::two_groups>>(policy)), "one cta_group");
    }
}

template <class F>
std::string failure_of_body(F body) {
    return test::error_of({}, test::block(32), body);
}

TEST_CASE("allocation rules of tensor memory") {
    CHECK_CONTAINS(failure_of_body([] { ptx::tmem_allocate<1>(ptx::dynamic_smem(), 48); }), "power of two");
    CHECK_CONTAINS(failure_of_body([] { ptx::tmem_free<1>(0, 32); }), "no allocation");
    CHECK_CONTAINS(failure_of_body([] { ptx::tmem_allocate<2>(ptx::dynamic_smem(), 32); }), "pair");
    CHECK_CONTAINS(failure_of_body([] {
                       ptx::tmem_relinquish<1>();
                       ptx::tmem_allocate<1>(ptx::dynamic_smem(), 32);
                   }),
                   "after tcgen05.relinquish");
    CHECK_CONTAINS(failure_of_body([] {
                       for (u32 i = 0; i < 3; ++i) ptx::tmem_allocate<1>(ptx::dynamic_smem(), 256);
                   }),
                   "no room");
    CHECK_CONTAINS(failure_of_body([] { ptx::tmem_allocate<1>(ptx::dynamic_smem() + ptx::lane_index() * 4, 32); }),
                   "disagree");
    CHECK_CONTAINS(failure_of_body([] {
                       ptx::tmem_allocate<1>(ptx::dynamic_smem(), 32);
                       ptx::tmem_free<1>(0, 32);
                       ptx::tmem_allocate<1>(ptx::dynamic_smem(), 64);
                   }),
                   "tcgen05.alloc of 64 columns after one of 32: the sizes of a CTA's allocations must not increase");
    // Freed columns are found again, the first gap that fits.
    CHECK(failure_of_body([] {
              const u32 smem = ptx::dynamic_smem();
              const u32 wanted[] = {128, 64, 64, 64}, expected[] = {0, 128, 192, 128};
              for (u32 i = 0; i < 4; ++i) {
                  if (i == 3) ptx::tmem_free<1>(128, 64);
                  ptx::tmem_allocate<1>(smem, wanted[i]);
                  ptx::sync_warp();
                  if (ptx::ld_shared<u32>(smem) != expected[i]) throw sim::error("unexpected column");
                  ptx::sync_warp();
              }
              ptx::tmem_free<1>(0, 128);
              ptx::tmem_free<1>(128, 64);
              ptx::tmem_free<1>(192, 64);
          }) == "");
}

}  // namespace
