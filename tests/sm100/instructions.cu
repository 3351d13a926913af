// SPDX-License-Identifier: MIT
// The smaller instructions of Blackwell must compile for B200, for B300 and for the family of both.
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/cluster_launch.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/float_pair.cuh>
#include <deepgemm/ptx/global_wide.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/tcgen05.cuh>

namespace sm100_instructions_tests {

using namespace deepgemm;

struct params {
    tensor_map map;
    ptx::vec8<float>* out;
    u32 shared;
};

struct control {
    using params = sm100_instructions_tests::params;
    static constexpr launch_info launch{.arch = 100, .threads = 32};
    static DEEPGEMM_DEVICE void run(const params& p) {
        const u32 s = p.shared;
        ptx::try_cancel_cluster(s, s + 16);
        ptx::try_cancel_cluster_multicast(s, s + 16);
        const ptx::cancelled_cluster next = ptx::read_cancelled(s);
        ptx::tma_load_pair<1>(p.map, s, s + 16, {i32(next.x), 0});
        ptx::tma_load_pair<2>(p.map, s, s + 16, {i32(next.x), 0}, ptx::cache_hint::evict_last);
        ptx::tma_load_pair<2>(p.map, s, s + 16, {i32(next.x), 0, 0});
        ptx::tma_load_pair<2>(p.map, s, s + 16, {i32(next.y), 0, 0, 0, 0});
        ptx::tma_load_pair_multicast<1>(p.map, s, s + 16, {i32(next.y), 0}, 3);
        ptx::tma_load_pair_multicast<2>(p.map, s, s + 16, {i32(next.y), 0, 0, 0}, 15);
        ptx::tcgen05_commit<2>(s);
        ptx::tcgen05_commit_multicast<2>(s, 3);
        if (next.found) ptx::tmem_relinquish<2>();
    }
};

struct arithmetic {
    using params = sm100_instructions_tests::params;
    static constexpr launch_info launch{.arch = 100, .threads = 32};
    static DEEPGEMM_DEVICE void run(const params& p) {
        auto x = ptx::ld_global_wide(p.out);
        const auto y = ptx::ld_global_nc_wide(p.out + 1);
        const auto pair = [](const ptx::vec8<float>& from, int i) {
            return ptx::vec2<float>{from.v[i], from.v[i + 1]};
        };
        auto sum = ptx::fma2(pair(x, 0), pair(y, 0), pair(x, 2));
        sum = ptx::add2(ptx::mul2(sum, pair(y, 2)), pair(x, 4));
        x.v[0] = sum.x;
        x.v[1] = ptx::add_bf16(sum.y, bf16(u16(bit_cast<u32>(x.v[6]))));
        const u32 packed = ptx::pack_bf16_relu(x.v[0], x.v[1]);
        ptx::stmatrix_bytes_trans(p.shared, {packed});
        ptx::stmatrix_bytes_trans(p.shared, {packed, bit_cast<u32>(x.v[2])});
        ptx::stmatrix_bytes_trans(p.shared, {packed, packed, bit_cast<u32>(x.v[2]), bit_cast<u32>(x.v[3])});
        ptx::st_global_wide(p.out + 2, x);
    }
};

}  // namespace sm100_instructions_tests

using deepgemm::entry;
using sm100_instructions_tests::params;
template __global__ void entry<sm100_instructions_tests::control>(const __grid_constant__ params);
template __global__ void entry<sm100_instructions_tests::arithmetic>(const __grid_constant__ params);
