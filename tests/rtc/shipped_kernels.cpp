// SPDX-License-Identifier: MIT
// Every shipped kernel becomes a cubin for its architecture, sm_90a or sm_100f, laid out as the host knows it, without a stack
// frame, without a spilled register and without ptxas serialising its multiplies. Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/rtc/joint_unit.hpp>
#include <deepgemm/rtc/program.hpp>

#include <optional>
#include <span>

#include "../shipped_lists.hpp"
#include "support.hpp"
#include "workers.hpp"

namespace shipped_kernels_tests {

namespace {

using namespace deepgemm;
using namespace deepgemm::rtc;

template <class... Kernels>
std::vector<kernel_source> sources_of(shipped::kernels<Kernels...>) {
    return {or_throw(kernel_source_of<Kernels>())...};
}

/// Those of all operations that the library's engine serves, for Hopper and for Blackwell.
struct shipped_sources {
    std::vector<kernel_source> hopper, blackwell;
};
template <class... Os>
shipped_sources all_sources(const engine_of<Os...>*) {
    shipped_sources all;
    const auto append = [](std::vector<kernel_source>& to, const std::vector<kernel_source>& more) {
        to.insert(to.end(), more.begin(), more.end());
    };
    (append(all.hopper, sources_of(shipped::all_of<Os>())), ...);
    (append(all.blackwell, sources_of(shipped::sm100_of<Os>())), ...);
    return all;
}

/// Kernels of one architecture, compiled together.
struct portion {
    std::string arch;
    std::vector<kernel_source> kernels;
};

/// The kernels that this run tests, in portions: the shards of the simulator's tests; of Blackwell one of those.
std::vector<portion> portions() {
    constexpr std::size_t shards = 32, sample = DEEPGEMM_TEST_SAMPLE;
    const shipped_sources all = all_sources(static_cast<const deepgemm::engine*>(nullptr));
    std::vector<portion> made;
    const auto add = [&](const std::vector<kernel_source>& of, const char* arch, std::size_t step) {
        for (std::size_t shard = DEEPGEMM_TEST_SEED % step; shard < shards; shard += step) {
            made.push_back({arch, {}});
            for (std::size_t i = shard; i < of.size(); i += shards) made.back().kernels.push_back(of[i]);
        }
    };
    add(all.hopper, arch::sm90::name, sample);
    add(all.blackwell, arch::sm100::name, sample == 1 ? 1 : shards);
    return made;
}

result<binary> compile_portion(const portion& some) {
    const joint_unit unit = joint_unit_of(some.kernels);
    return compile(
        {.text = unit.text, .expressions = unit.expressions, .arch = some.arch, .options = {"--ptxas-options=-v"}},
        test::headers());
}

}  // namespace

TEST_CASE("every shipped kernel compiles to a cubin without spills") {
    const auto all = portions();
    std::vector<std::optional<result<binary>>> results(all.size());
    test::on_two_threads(results.size(), [&](std::size_t i) { results[i] = compile_portion(all[i]); });

    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(all[i].kernels.front().text.described);
        const result<binary>& made = *results[i];
        REQUIRE_MESSAGE(made, (made ? "" : made.failure().message));
        const auto count = std::ptrdiff_t(all[i].kernels.size());
        const std::string& log = made->log;
        CAPTURE(log);
        CHECK(test::matches(log, "Compiling entry function") == count);
        CHECK(test::matches(log, test::no_spills) == count);
        CHECK(test::matches(log, "serialized") == 0);
    }
}

}  // namespace shipped_kernels_tests
