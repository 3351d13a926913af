// SPDX-License-Identifier: MIT
// Every shipped kernel becomes a cubin for sm_90a, laid out as the host knows it, without a stack frame, without a spilled
// register and without ptxas serialising its multiplies. Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/batched_gemm/shipped.cuh>
#include <deepgemm/ops/clean_logits/shipped.cuh>
#include <deepgemm/ops/contiguous_gemm/shipped.cuh>
#include <deepgemm/ops/gemm/shipped.cuh>
#include <deepgemm/ops/grouped_gemm/shipped.cuh>
#include <deepgemm/ops/hc_prenorm/shipped.cuh>
#include <deepgemm/ops/k_grouped_gemm/shipped.cuh>
#include <deepgemm/ops/mqa_logits/shipped.cuh>
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>
#include <deepgemm/ops/topk/shipped.cuh>
#include <deepgemm/ops/transpose/shipped.cuh>

#include <deepgemm/rtc/joint_unit.hpp>
#include <deepgemm/rtc/program.hpp>

#include <optional>
#include <span>

#include "support.hpp"
#include "workers.hpp"

namespace {

using namespace deepgemm;
using namespace deepgemm::rtc;

template <class... Kernels>
std::vector<kernel_source> sources_of(shipped::kernels<Kernels...>) {
    return {or_throw(kernel_source_of<Kernels>())...};
}

/// The kernels that this run tests, in portions: the shards of the simulator's tests.
std::vector<std::vector<kernel_source>> portions() {
    constexpr std::size_t shards = 32, sample = DEEPGEMM_TEST_SAMPLE;
    auto all = sources_of(shipped::all_of<ops::gemm>());
    for (const auto& more :
         {sources_of(shipped::all_of<ops::grouped_gemm>()), sources_of(shipped::all_of<ops::contiguous_gemm>()),
          sources_of(shipped::all_of<ops::k_grouped_gemm>()), sources_of(shipped::all_of<ops::hc_prenorm>()),
          sources_of(shipped::all_of<ops::mqa_logits>()), sources_of(shipped::all_of<ops::clean_logits>()),
          sources_of(shipped::all_of<ops::transpose>()), sources_of(shipped::all_of<ops::batched_gemm>()),
          sources_of(shipped::all_of<ops::paged_mqa_logits>()), sources_of(shipped::all_of<ops::topk>())})
        all.insert(all.end(), more.begin(), more.end());
    std::vector<std::vector<kernel_source>> made;
    for (std::size_t shard = DEEPGEMM_TEST_SEED % sample; shard < shards; shard += sample) {
        made.emplace_back();
        for (std::size_t i = shard; i < all.size(); i += shards) made.back().push_back(all[i]);
    }
    return made;
}

result<binary> compile_portion(std::span<const kernel_source> kernels) {
    const joint_unit unit = joint_unit_of(kernels);
    return compile({.text = unit.text, .expressions = unit.expressions, .options = {"--ptxas-options=-v"}},
                   test::headers());
}

}  // namespace

TEST_CASE("every shipped kernel compiles to a cubin without spills") {
    const auto kernels = portions();
    std::vector<std::optional<result<binary>>> results(kernels.size());
    test::on_two_threads(results.size(), [&](std::size_t i) { results[i] = compile_portion(kernels[i]); });

    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(kernels[i].front().text.described);
        const result<binary>& made = *results[i];
        REQUIRE_MESSAGE(made, (made ? "" : made.failure().message));
        const auto count = std::ptrdiff_t(kernels[i].size());
        const std::string& log = made->log;
        CAPTURE(log);
        CHECK(test::matches(log, "Compiling entry function") == count);
        CHECK(test::matches(log, test::no_spills) == count);
        CHECK(test::matches(log, "serialized") == 0);
    }
}
