// SPDX-License-Identifier: MIT
// Many kernels in one cubin: each is there under the name that it has in a cubin of its own, and takes as many registers.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/resources.hpp>

#include "support.hpp"
#include "tiny.cuh"

namespace joint_unit_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

template <int N>
using narrow = gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>,
                    config{.block = {64, N, 64}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>;

const compiler& with_tiny() {
    static const compiler made(
        header_set(test::headers()).add("tiny.cuh", test::text_of(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh")));
    return made;
}

/// Checks that kernel `i` of a cubin of many is the one that a cubin alone holds.
void expect_same(const binary& all, std::size_t i, const result<image>& alone) {
    REQUIRE_MESSAGE(alone, (alone ? "" : alone.failure().message));
    CAPTURE(i);
    CHECK(all.names[i] == alone->entry());
    const auto resources = resources_of(all.cubin, all.names[i]);
    REQUIRE(resources);
    CHECK(*resources == *resources_of(*alone));
    CHECK(resources->stack_bytes == 0);
}

}  // namespace

TEST_CASE("kernels of a list, by type, with a header of their own, and one of them twice") {
    const auto all = with_tiny().get_together(
        shipped::kernels<tiny::kernel<1>, narrow<16>, narrow<24>, tiny::kernel<1>, tiny::kernel<2>>{}, {"tiny.cuh"});
    REQUIRE_MESSAGE(all, (all ? "" : all.failure().message));
    REQUIRE(all->names.size() == 5);
    CHECK(all->names[0] == all->names[3]);
    expect_same(*all, 0, with_tiny().get<tiny::kernel<1>>({}, {"tiny.cuh"}));
    expect_same(*all, 1, with_tiny().get<narrow<16>>());
    expect_same(*all, 2, with_tiny().get<narrow<24>>());
    expect_same(*all, 4, with_tiny().get<tiny::kernel<2>>({}, {"tiny.cuh"}));
}

TEST_CASE("kernels with extents as constants beside those without") {
    std::vector<kernel_source> sources(2, *kernel_source_of<narrow<16>>());
    sources[1].text.extents = {0, 64, 128};
    const auto all = with_tiny().get_together(sources);
    REQUIRE_MESSAGE(all, (all ? "" : all.failure().message));
    expect_same(*all, 0, with_tiny().get<narrow<16>>());
    expect_same(*all, 1, with_tiny().get<narrow<16>>({0, 64, 128}));
}

TEST_CASE("a unit of many kernels has each header once, and asserts what the host knows of each") {
    std::vector<kernel_source> sources{*kernel_source_of<tiny::kernel<1>>({"tiny.cuh", "b.cuh"}),
                                       *kernel_source_of<tiny::kernel<2>>({"b.cuh", "tiny.cuh"})};
    const joint_unit unit = joint_unit_of(sources);
    CHECK(test::matches(unit.text, "#include") == 3);
    CHECK(test::matches(unit.text, "#include <tiny.cuh>") == 1);
    CHECK(unit.expressions == std::vector<std::string>{"deepgemm::entry<deepgemm_unit_kernel_0>",
                                                       "deepgemm::entry<deepgemm_unit_kernel_1>"});

    for (kernel_source& each : sources) each.text.include = {"tiny.cuh"};
    sources[1].facts.threads = 64;
    const auto wrong = with_tiny().get_together(sources);
    REQUIRE(!wrong);
    test::expect(wrong.failure().message, "the kernel is not the one that the host program knows by this name");
}

TEST_CASE("a list with a type that NVRTC cannot name") {
    struct hidden : tiny::kernel<3> {};
    const auto none = with_tiny().get_together(shipped::kernels<tiny::kernel<1>, hidden>{}, {"tiny.cuh"});
    REQUIRE(!none);
    CHECK(none.failure().code == errc::bad_option);
}

}  // namespace joint_unit_tests
