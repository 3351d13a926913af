// SPDX-License-Identifier: MIT
// Whether a device and a list of kernels can run a problem, with the reason if they cannot; and a caller's own rows in place of
// the table.
#include <doctest/doctest.h>

#include "fakes.hpp"

#include <deepgemm/host/explain.hpp>

namespace supports_tests {

using namespace deepgemm;
using fakes::kernel;

namespace {

constexpr config narrow{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
constexpr config square{.block = {128, 128, 128}, .stages = 5};
constexpr config fixed{.block = {128, 128, 128}, .stages = 4, .extents = {0, 4096, 7168}};
constexpr std::array kernels{kernel<narrow>(), kernel<square>(), kernel<fixed>()};
constexpr device_info h200 = device_info::h200();

std::string verdict(const gemm_problem& problem, const device_info& device = h200, const context& knobs = {}) {
    const auto answer = supports(device, problem, kernels, knobs);
    return answer ? "yes" : concat(name_of(answer.failure().code), ": ", answer.failure().message);
}

choice chosen_by(const gemm_plan& plan) { return plan.chosen_by; }

}  // namespace

TEST_CASE("kernels that read scales along K take one column wherever it starts; with more columns the order counts") {
    constexpr operand_info along_k{dtype::e4m3, scale_kind::fp32, {1, 128}, major::k, major::k};
    constexpr config cfg{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1}};
    const std::array kernels{fakes::kernel<cfg, dtype::bf16, false, fakes::per_block, head_splits{}, along_k>()};
    for (const std::uintptr_t past : {0, 4, 8, 16}) {
        for (const i64 m : {1, 5, 64}) {
            CAPTURE(past);
            CAPTURE(m);
            gemm_problem p = fakes::problem(m, 256, 128);
            p.a.scales = k_major_scales(fakes::address((2ull << 40) + past), scale_kind::fp32, m, 128);
            CHECK(supports(device_info::h200(), p, kernels));
        }
    }
    gemm_problem wide = fakes::problem(64, 256, 256);
    CHECK(supports(device_info::h200(), wide, kernels).failure().code == errc::no_kernel);
    wide.a.scales = k_major_scales(fakes::address(2ull << 40), scale_kind::fp32, 64, 256);
    CHECK(supports(device_info::h200(), wide, kernels));
}

TEST_CASE("knobs that make no sense are errors for an empty D, too; enumerate judges its rows") {
    const std::array kernels{fakes::kernel<config{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1}}>()};
    const gemm_problem empty = fakes::problem(0, 256, 128);
    for (const context& knobs :
         {context{.num_sms = -1}, context{.num_sms = 133}, context{.tiles = {.largest_m = -1}}}) {
        CHECK(supports(device_info::h200(), empty, kernels, knobs).failure().code == errc::bad_option);
        CHECK(plan(empty, device_info::h200(), kernels, knobs).failure().code == errc::bad_option);
        CHECK(engine(kernels, device_info::h200(), knobs).run(empty).failure().code == errc::bad_option);
    }
    const gemm_workload family = fakes::work(1, 256, 128);
    CHECK(enumerate(family, 3, device_info::h200(), kernels)->size() == 1);
    for (const i32 rows : {-1, i32(0x80000000u), 0x7fffffff})
        CHECK(enumerate(family, rows, device_info::h200(), kernels).failure().code == errc::bad_extent);
}

TEST_CASE("a kernel for any architecture runs on all devices, another one on its own") {
    const device_info h200 = device_info::h200();
    CHECK(runs_on({.arch = 0}, h200));
    CHECK(runs_on({.arch = 90}, h200));
    CHECK(!runs_on({.arch = 100}, h200));
    gemm_handle any = fakes::kernel<config{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1}}>();
    any.info.launch.arch = 0;
    CHECK(supports(h200, fakes::work(64, 4096, 7168), std::span(&any, 1)));
    any.info.launch.arch = 100;
    CHECK(supports(h200, fakes::work(64, 4096, 7168), std::span(&any, 1)).failure().code == errc::wrong_device);
}

TEST_CASE("supports says yes to what runs and to what has nothing to do") {
    fakes::last() = {};
    CHECK(verdict(fakes::problem(100, 512, 1024)) == "yes");
    CHECK(verdict(fakes::problem(0, 512, 1024)) == "yes");
    CHECK(supports(h200, fakes::work(100, 512, 1024), kernels));
    const engine with_kernels(kernels, h200);
    CHECK(with_kernels.supports(fakes::problem(100, 512, 1024)));
    CHECK(!with_kernels.supports(fakes::half_problem(100, 512, 1024)));
    CHECK(fakes::last().launches + fakes::last().preparations == 0);
}

TEST_CASE("supports says no with the reason") {
    CHECK(verdict(fakes::problem(100, 512, 1024, dtype::f32))
              .starts_with("no_kernel: none of 3 kernels runs m = 100, n = 512, k = 1024"));
    gemm_problem odd = fakes::problem(100, 512, 1024);
    odd.a.matrix.row_stride = 1025;
    CHECK(verdict(odd).starts_with("misaligned: "));
    CHECK(verdict(fakes::problem(100, 512, 1024), h200, {.num_sms = 133}) ==
          "bad_option: num_sms is 133; NVIDIA H200 takes 0 (all) to 132");
    device_info spark = h200;
    std::snprintf(spark.name, sizeof spark.name, "NVIDIA GB10");
    spark.arch = 121;
    CHECK(verdict(fakes::problem(100, 512, 1024), spark) ==
          "wrong_device: NVIDIA GB10 has compute capability 12.1; the 3 kernels given are for 9.0");
    device_info small = h200;
    small.smem_bytes_per_cta = 20000;
    CHECK(verdict(fakes::problem(100, 512, 1024), small)
              .ends_with(" does not: it needs more shared memory than the device has"));
}

// A stride that 64 bits do not hold is the largest that they do, which no rule allows; it is not what is left of it.
static_assert(dense_tensor(static_cast<const bf16*>(nullptr), 1, i64(1) << 40, i64(1) << 40).stride[0] ==
                  0x7fffffffffffffff &&
              dense_tensor(static_cast<bf16*>(nullptr), 1, 3, 5, 8).stride[0] == 24);

/// What plan() says of a workload for which there are no kernels.
template <operation O>
std::string unplanned(const typename O::workload& work, const device_info& device) {
    const auto planned = plan(work, device, std::span<const kernel_handle<O>>{});
    REQUIRE(!planned);
    return planned.failure().message;
}

TEST_CASE("what kernels of one architecture compute alone is refused on others, and no kernel is named") {
    const device_info b200 = device_info::b200();
    constexpr operand_info half{dtype::bf16, scale_kind::none};
    const gemm_workload one{.shape = {70, 512, 512}, .a = half, .b = half};
    const std::string single = "; kernels of Blackwell multiply single products, and none multiplies batches or groups";
    CHECK(unplanned<ops::batched_gemm>({3, one}, b200).ends_with(single));
    CHECK(unplanned<ops::batched_gemm>({3, one, true}, b200).ends_with(single));
    CHECK(unplanned<ops::grouped_gemm>({3, one.shape, 70, half, half}, b200).ends_with(single));
    CHECK(unplanned<ops::contiguous_gemm>({3, one.shape, 70, grouping::indexed, half, half}, b200).ends_with(single));
    k_grouped_workload of_k{.groups = 3, .shape = one.shape, .a = half, .b = half};
    CHECK(unplanned<ops::k_grouped_gemm>(of_k, b200).ends_with(single));
    of_k.shape.k = 0;
    CHECK(unplanned<ops::k_grouped_gemm>(of_k, b200).ends_with(single));

    const auto hopper = [](const char* name) {
        return concat("; ", name, " has kernels for compute capability 9.0 alone; NVIDIA B200 has 10.0");
    };
    CHECK(unplanned<ops::mqa_logits>({100, 200}, b200).ends_with(hopper("mqa_logits")));
    CHECK(unplanned<ops::paged_mqa_logits>({100, 1, 200}, b200).ends_with(hopper("paged_mqa_logits")));
    CHECK(unplanned<ops::hc_prenorm>({.shape = {100, 24, 640}}, b200).ends_with(hopper("hc_prenorm")));
    CHECK(unplanned<ops::topk>({.rows = 10, .columns = 100, .k = 5}, b200).ends_with(hopper("topk")));

    device_info ada = device_info::h200();
    ada.arch = 89;
    CHECK(unplanned<ops::gemm>(one, ada).ends_with(
        "; products have kernels for compute capabilities 9.0 and 10.x; NVIDIA H200 has 8.9"));
}

TEST_CASE("a kernel that is named for a batch or for groups can be instantiated") {
    const device_info h200 = device_info::h200();
    constexpr operand_info token{dtype::e4m3, scale_kind::fp32, {1, 128}},
        packed{dtype::e4m3, scale_kind::ue8m0, {1, 128}}, blocks{dtype::e4m3, scale_kind::ue8m0, {128, 128}},
        along_n{dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
    const problem_shape shape{70, 512, 512}, without_k{70, 512, 0};
    const auto kernel = [](const std::string& text) {
        const auto at = text.find("; instantiate ");
        return at == std::string::npos ? text : text.substr(at + 14);
    };
    // Exchanged operands store D alone, and the schedules of groups with one A or of K have no such kernels.
    gemm_workload one{.shape = shape, .a = token, .b = along_n, .d = dtype::f32};
    const std::string swapped = ".swap = true", in_place = "operand<e4m3, scale::per_block<scale::fp32>>, ";
    CHECK(kernel(unplanned<ops::batched_gemm>({3, one}, h200)).find(swapped) != std::string::npos);
    one.accumulate = true;
    for (const std::string& text :
         {unplanned<ops::batched_gemm>({3, one}, h200),
          unplanned<ops::k_grouped_gemm>({.groups = 3, .shape = shape, .a = token, .b = along_n}, h200)}) {
        CHECK_MESSAGE(kernel(text).find(swapped) == std::string::npos, text);
        CHECK_MESSAGE(kernel(text).find(in_place) != std::string::npos, text);
    }
    // Without K operands may be any, and those of the kernel are some that it can have.
    constexpr operand_info fp4{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}};
    for (const std::string& text :
         {unplanned<ops::k_grouped_gemm>({.groups = 3, .shape = without_k, .a = packed, .b = blocks}, h200),
          unplanned<ops::contiguous_gemm>({3, without_k, 70, grouping::psum, token, along_n}, h200),
          unplanned<ops::gemm>({.shape = without_k, .a = fp4, .b = fp4}, h200)}) {
        CHECK_MESSAGE(kernel(text).starts_with("gemm<arch::sm90, operand<e4m3>, operand<e4m3>, "), text);
        CHECK_MESSAGE(kernel(text).find(swapped) == std::string::npos, text);
        CHECK_MESSAGE(kernel(text).find("packed") == std::string::npos, text);
    }
    CHECK(unplanned<ops::batched_gemm>({3, {.shape = shape, .a = packed, .b = blocks}, true}, h200)
              .ends_with("A and B are e4m3; products of 16-bit types can be summed up over a batch, bf16 or f16"));
}

TEST_CASE("a workload's extents are judged like a problem's, whoever asks") {
    const auto refusal = [](const gemm_workload& work) {
        const auto answer = supports(h200, work, kernels);
        const auto made = plan(work, h200, kernels);
        const auto chosen = choose(work, h200, kernels);
        REQUIRE((!answer && !made && !chosen));
        CHECK(made.failure().message == answer.failure().message);
        CHECK(chosen.failure().message == answer.failure().message);
        return concat(name_of(answer.failure().code), ": ", answer.failure().message);
    };
    CHECK(refusal(fakes::work(-1, 512, 1024)) == "bad_extent: M is -1; it must be from 0 to 2147479552");
    CHECK(refusal(fakes::work(100, 2147483647, 1024)) ==
          "bad_extent: N is 2147483647; it must be from 0 to 2147479552");
    CHECK(refusal(fakes::work(100, 512, -128)) == "bad_extent: K is -128; it must be from 0 to 2147479552");
    CHECK(refusal(fakes::work(0, -1, 1024)).starts_with("bad_extent: N is -1"));
    gemm_workload split = fakes::work(100, 512, 1024);
    split.heads = {128, 64, 256};
    CHECK(refusal(split) ==
          "bad_heads: N is 512; with head splits (128, 64, 256) it must be a multiple of left + right = 384");
    split.heads = {64, 2147483584, 64};
    CHECK(refusal(split) == "bad_extent: D is 100 x 8589934848; each size must be from 0 to 2147479552");
    CHECK(supports(h200, fakes::work(i32(max_extent), 512, 1024), kernels));
    CHECK(!enumerate(fakes::work(1, 512, -1), 8, h200, kernels));
}

TEST_CASE("a caller's row comes before the model, on any number of multiprocessors") {
    const gemm_workload work = fakes::work(4096, 1024, 1024);
    const auto model = plan(work, h200, kernels);
    REQUIRE(model);
    REQUIRE(model->kernel()->info.cfg == square);
    const gemm_tuned_row rows[] = {
        {.m_max = 4096, .n = 1024, .k = 1024, .cfg = {.block = narrow.block, .sm90 = {.warpgroups = 1}}}};
    for (const int sms : {0, 64}) {
        const context knobs{.num_sms = sms};
        const gemm_choices own{.overrides = rows};
        const auto made = plan(work, h200, kernels, knobs, own);
        REQUIRE(made);
        CHECK(made->kernel()->info.cfg == narrow);
        CHECK(chosen_by(*made) == choice::overridden);
        CHECK(choose(work, h200, kernels, knobs, own)->kernel == made->kernel());
        CHECK(explain(*made).find("the caller's table's choice of 2: config{.block = {64, 32, 128}") !=
              std::string::npos);
    }
    // A pin comes before a row, and a row applies to its own products only.
    CHECK(chosen_by(*plan(work, h200, kernels, {}, {.pin = square, .overrides = rows})) == choice::pinned);
    CHECK(chosen_by(*plan(fakes::work(2048, 1024, 1024), h200, kernels, {}, {.overrides = rows})) == choice::model);
}

TEST_CASE("a caller's row whose kernel is not there, or cannot run the product, leaves the choice to the library") {
    const gemm_workload work = fakes::work(128, 32768, 512);
    const gemm_tuned_row* const known = find_tuned(tuned_h200, work);
    REQUIRE(known != nullptr);
    gemm_handle measured = kernel<square>();
    measured.info.cfg = known->cfg;
    measured.info.cfg.stages = 5;
    const std::array both{kernel<narrow>(), measured, kernel<fixed>()};
    for (const config& cfg : {config{.block = {192, 96, 128}}, fixed}) {
        const gemm_tuned_row rows[] = {{.m_max = 128, .n = 32768, .k = 512, .cfg = cfg}};
        const auto made = plan(work, h200, both, {}, {.overrides = rows});
        REQUIRE(made);
        CHECK(chosen_by(*made) == choice::tuned);
        CHECK(agrees(known->cfg, made->kernel()->info.cfg));
    }
}

TEST_CASE("names of choices") {
    CHECK(std::string(name_of(choice::model)) == "model");
    CHECK(std::string(name_of(choice::tuned)) == "tuned");
    CHECK(std::string(name_of(choice::overridden)) == "overridden");
    CHECK(std::string(name_of(choice::pinned)) == "pinned");
}

}  // namespace supports_tests
