// SPDX-License-Identifier: MIT
// The code of docs/how-to/kernel-cache.md: fills a directory with kernels on a machine without a GPU; and that it is found
// there.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/embedded.hpp>

#include <cstdio>

#include "support.hpp"

namespace fill_cache_tests {

namespace dg = deepgemm;

namespace {

using small =
    dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
             dg::config{
                 .block = {64, 16, 64}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;

// [fill]
/// Compiles kernels of a list, such as dg::shipped::weights_bf16_narrow, into a directory.
template <class List>
dg::result<void> fill(const std::filesystem::path& directory, List kernels) {
    const dg::rtc::compiler compiler(dg::rtc::embedded_headers(), {.cache = {.roots = {directory}}});
    return dg::rtc::warm_up(compiler.tasks(kernels), {.report = [](const dg::rtc::warm_up_progress& now) {
                                std::printf("\r%s", progress_bar(now).c_str());
                            }});
}
// [fill]

}  // namespace

TEST_CASE("a directory filled where an image is built serves as a second one where it runs") {
    const dg::rtc::test::scratch image, volume;
    REQUIRE(fill(image.path(), dg::shipped::kernels<small>{}));
    std::printf("\n");
    const dg::rtc::compiler server(dg::rtc::test::headers(), {.cache = {.roots = {volume.path(), image.path()}}});
    REQUIRE(server.get<small>());
    CHECK(server.counts().disk_hits == 1);
    CHECK(server.counts().made == 0);
    CHECK(dg::rtc::test::files_below(volume.path()).empty());
}

}  // namespace fill_cache_tests
