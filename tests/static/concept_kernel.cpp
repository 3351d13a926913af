// SPDX-License-Identifier: MIT
// Truth table of kernel: what models it, and near misses that each lack one thing. docs/concepts/kernel.md shows the table.
#include <deepgemm/ops/batched_gemm/operation.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/grouped_gemm/operation.hpp>
#include <deepgemm/scale/cast.cuh>
#include <deepgemm/scale/to_mn_major.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace concept_kernel_tests {

using namespace deepgemm;

namespace {

struct whole {
    static constexpr launch_info launch{.threads = 128};
    static constexpr int map_count = 0;
    struct arguments {};
    struct params {};
    static params make_params(const arguments&) { return {}; }
    static int grid(const arguments&, int) { return 1; }
    static void run(const params&) {}
};
struct with_map : whole {
    static constexpr int map_count = 1;
    static void tensor_maps(const arguments&, tensor_map_request (&)[1]) {}
    static params make_params(const arguments&, const tensor_map (&)[1]) { return {}; }
};
// Each hides one member of these, or has another in its place.
struct no_launch : whole {
private:
    using whole::launch;
};
template <int Threads>
struct with_threads : whole {
    static constexpr launch_info launch{.threads = Threads};
};
struct no_arguments : whole {
private:
    using whole::arguments;
};
struct no_params : whole {
private:
    using whole::params;
};
struct owns_memory : whole {
    struct params {
        float* memory = nullptr;
        ~params() { delete memory; }
    };
    static params make_params(const arguments&);
    static void run(const params&) {}
};
struct no_grid : whole {
private:
    using whole::grid;
};
struct no_map_count : whole {
private:
    using whole::map_count;
};
struct no_make_params : whole {
private:
    using whole::make_params;
};
struct no_tensor_maps : with_map {
private:
    using with_map::tensor_maps;
};
struct ignores_maps : with_map {
    static params make_params(const arguments&) { return {}; }
};
struct no_run : whole {
private:
    using whole::run;
};

// [table]
//            type                               what it lacks
static_assert(kernel<shipped::weights_kernel<scale::fp32, store<bf16>, shipped::medium(128)>>);
static_assert(kernel<shipped::tokens_kernel<scale::ue8m0, accumulate<float>, shipped::medium(64)>>);
static_assert(kernel<scale::to_mn_major<scale::fp32>>);
static_assert(kernel<scale::cast_per_token<e4m3, bf16, 128, scale::cast_scales::fp32>>);
static_assert(kernel<scale::cast_per_tile<scale::cast_tile::block, e4m3, bf16, 128, scale::cast_scales::fp32>>);
static_assert(kernel<whole>);
static_assert(kernel<with_map>);
static_assert(!kernel<no_launch>);           // tells_launch: launch
static_assert(!kernel<with_threads<0>>);     // has_warps: 32 to 1024 threads
static_assert(!kernel<with_threads<100>>);   // has_warps: whole warps
static_assert(!kernel<with_threads<1056>>);  // has_warps: 32 to 1024 threads
static_assert(!kernel<no_arguments>);        // takes_arguments: arguments
static_assert(!kernel<no_params>);           // takes_arguments: params
static_assert(!kernel<owns_memory>);         // copies_params: params are copied as bytes
static_assert(!kernel<no_grid>);             // sizes_grid: grid
static_assert(!kernel<no_map_count>);        // counts_maps: map_count
static_assert(!kernel<no_make_params>);      // makes_params: make_params
static_assert(!kernel<no_tensor_maps>);      // makes_params: tensor_maps, since map_count is 1
static_assert(!kernel<ignores_maps>);        // makes_params: from arguments and maps
static_assert(!kernel<no_run>);              // runs: run
// [table]

// What a planner can know and launch.
constexpr config small{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;
using dense = gemm<arch::sm90, tokens, blocks, store<bf16>, small>;
using masked = gemm<arch::sm90, tokens, blocks, store<bf16>, small, grouped<small.block, small.cluster, masked_groups>>;
using several =
    gemm<arch::sm90, tokens, blocks, store<bf16>, small, grouped<small.block, small.cluster, uniform_groups>>;
struct other_launch : dense {
    using arguments = dense::arguments;
    static constexpr launch_info launch{.threads = 128};
};
/// Arguments that begin with those of one product, so that those of groups would be cut off.
struct without_groups {
    using arguments = masked::arguments;
    static constexpr launch_info launch = masked::launch;
    static constexpr gemm_info info = masked::info;
};
static_assert(serves<dense, ops::gemm>);
static_assert(serves<masked, ops::grouped_gemm>);
static_assert(!serves<without_groups, ops::grouped_gemm>);           // no arguments_of, and other arguments than O's
static_assert(!serves<other_launch, ops::gemm>);                     // info.launch is another one
static_assert(!serves<scale::to_mn_major<scale::fp32>, ops::gemm>);  // no info
static_assert(same_as<operation_of<dense>, ops::gemm>);
static_assert(same_as<operation_of<masked>, ops::grouped_gemm>);
static_assert(serves<several, ops::batched_gemm>);
static_assert(same_as<operation_of<several>, ops::batched_gemm>);
static_assert(same_as<operation_of<scale::to_mn_major<scale::fp32>>, void>);

}  // namespace

}  // namespace concept_kernel_tests
