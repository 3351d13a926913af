// SPDX-License-Identifier: MIT
// Stand-ins for host tests: kernels that only note that they were called, addresses nobody reads, problems without faults.
#pragma once

#include <deepgemm/ops.hpp>

#include <cstdint>
#include <vector>

namespace deepgemm::fakes {

/// What the last call of a fake kernel was asked for, in this thread.
struct record {
    int launches = 0, preparations = 0;
    config cfg{};
    dense_arguments arguments{};
    launch_options options{};
};
inline record& last() {
    thread_local record r;
    return r;
}

inline constexpr operand_info per_token{dtype::e4m3, scale_kind::fp32, {1, 128}};
inline constexpr operand_info per_block{dtype::e4m3, scale_kind::fp32, {128, 128}};

/// A 16-bit operand.
constexpr operand_info half(major contiguous = major::k, dtype type = dtype::bf16) {
    return {type, scale_kind::none, {}, contiguous};
}

/// Shared memory of a kernel, about as much as the real kernel has.
constexpr u32 smem_bytes(const config& cfg, dtype d) {
    return u32(cfg.stages * ((cfg.block.m + cfg.block.n) * 128 + 4 * cfg.block.m) +
               64 * cfg.sm90.warpgroups * cfg.block.n * int(size_of(d)));
}

/// A kernel that takes per-token A and per-block B, both E4M3, unless told otherwise, and notes its calls.
template <config Config, dtype D = dtype::bf16, bool Accumulate = false, operand_info B = per_block,
          head_splits Heads = head_splits{}, operand_info A = per_token>
constexpr gemm_handle kernel() {
    gemm_info info{.launch = {.arch = 90,
                              .threads = u32(128 * (1 + Config.sm90.warpgroups)),
                              .smem_bytes = smem_bytes(Config, D),
                              .cluster_ctas = Config.cluster_ctas()},
                   .traits = {.a = A, .b = B, .d = D, .accumulate = Accumulate, .heads = Heads},
                   .cfg = Config};
    return {info,
            [] {
                ++last().preparations;
                return result<void>{};
            },
            [](const dense_arguments& arguments, const launch_options& options) {
                ++last().launches;
                last().cfg = Config;
                last().arguments = arguments;
                last().options = options;
                return result<void>{};
            }};
}

/// A kernel of 16-bit operands.
template <config Config, operand_info A = half(), operand_info B = half(), dtype D = dtype::bf16,
          bool Accumulate = false>
constexpr gemm_handle half_kernel() {
    return kernel<Config, D, Accumulate, B, head_splits{}, A>();
}

/// An address that stands for memory; tests neither read nor write there.
inline void* address(std::uintptr_t at) { return reinterpret_cast<void*>(at); }
/// An address some bytes further.
inline void* moved(const void* from, i64 bytes) {
    return address(std::uintptr_t(i64(reinterpret_cast<std::uintptr_t>(from)) + bytes));
}

/// A valid problem: A (m,k) and B (n,k) in E4M3, D (m,n), every tensor far from the others.
inline gemm_problem problem(i64 m, i64 n, i64 k, dtype d = dtype::bf16) {
    const i64 pitch = align_up(k, i64(16)), columns = align_up(n, i64(8));
    return {.a = {{address(1ull << 40), dtype::e4m3, m, k, pitch},
                  per_token_scales(address(2ull << 40), scale_kind::fp32, m, k)},
            .b = {{address(3ull << 40), dtype::e4m3, n, k, pitch},
                  per_block_scales(address(4ull << 40), scale_kind::fp32, n, k)},
            .d = {address(5ull << 40), d, m, n, columns}};
}

/// What validate() says of a problem: the code and the sentence, or "fine".
inline std::string verdict(const gemm_problem& problem) {
    const auto outcome = validate(problem);
    return outcome ? "fine" : concat(name_of(outcome.failure().code), ": ", outcome.failure().message);
}

/// A valid problem of 16-bit operands of the given orders.
inline gemm_problem half_problem(i64 m, i64 n, i64 k, major a = major::k, major b = major::k,
                                 dtype type = dtype::bf16) {
    const auto operand = [&](std::uintptr_t at, i64 rows, major contiguous) {
        if (contiguous == major::k) return unscaled({address(at), type, rows, k, align_up(k, i64(8)), 1});
        return unscaled({address(at), type, rows, k, 1, align_up(rows, i64(8))});
    };
    return {.a = operand(1ull << 40, m, a),
            .b = operand(3ull << 40, n, b),
            .d = {address(5ull << 40), dtype::bf16, m, n, align_up(n, i64(8))}};
}

/// The workload of a product of that size with the operands above.
constexpr gemm_workload work(i32 m, i32 n, i32 k, dtype d = dtype::bf16, bool accumulate = false) {
    return {{m, n, k}, per_token, per_block, d, accumulate};
}
/// The same of 16-bit operands.
constexpr gemm_workload half_work(i32 m, i32 n, i32 k, const operand_info& a = half(), const operand_info& b = half()) {
    return {{m, n, k}, a, b};
}

}  // namespace deepgemm::fakes
