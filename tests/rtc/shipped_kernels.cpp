// SPDX-License-Identifier: MIT
// Every shipped kernel becomes a cubin for sm_90a, laid out as the host knows it, without a stack frame, without a spilled
// register and without ptxas serialising its multiplies. Needs no GPU.
#include <deepgemm/kernel/shipped.cuh>
#include <deepgemm/kernel/shipped_half.cuh>

#include <deepgemm/rtc/program.hpp>
#include <deepgemm/rtc/unit.hpp>

#include <optional>
#include <regex>

#include "support.hpp"
#include "workers.hpp"

namespace {

using namespace deepgemm;
using namespace deepgemm::rtc;

struct kernel_list {
    std::string name;
    std::vector<layout_facts> facts;  ///< of each kernel
};

template <class... Kernels>
std::vector<layout_facts> facts_of_all(shipped::kernels<Kernels...>) {
    return {facts_of<Kernels>()...};
}
#define LIST(name) \
    kernel_list { #name, facts_of_all(shipped::name{}) }
const kernel_list lists[] = {
    LIST(weights_bf16_few),
    LIST(weights_bf16_few_split),
    LIST(weights_bf16_narrow),
    LIST(weights_bf16_split),
    LIST(weights_bf16_short),
    LIST(weights_bf16_medium),
    LIST(weights_bf16_wide),
    LIST(weights_bf16_widest),
    LIST(weights_k_major_few),
    LIST(weights_k_major_narrow),
    LIST(weights_k_major_wide),
    LIST(gradients),
    LIST(gradients_in_place),
    LIST(weights_bf16_acc),
    LIST(weights_f32),
    LIST(weights_f32_acc),
    LIST(tokens_bf16),
    LIST(tokens_bf16_acc),
    LIST(tokens_f32),
    LIST(weights_ue8m0_bf16),
    LIST(weights_ue8m0_bf16_acc),
    LIST(weights_ue8m0_f32),
    LIST(weights_ue8m0_f32_acc),
    LIST(tokens_ue8m0_bf16),
    LIST(tokens_ue8m0_bf16_acc),
    LIST(tokens_ue8m0_f32),
    LIST(tokens_ue8m0_f32_acc),
    LIST(heads),
    LIST(bf16_nt),
    LIST(bf16_nt_wide),
    LIST(bf16_nn),
    LIST(bf16_nn_wide),
    LIST(bf16_tn_wide),
    LIST(bf16_tt),
    LIST(bf16_nt_acc),
    LIST(bf16_nt_acc_wide),
    LIST(bf16_acc_transposed),
    LIST(bf16_nt_f32),
    LIST(bf16_nt_f32_wide),
    LIST(bf16_f32_transposed),
    LIST(bf16_nt_f32_acc),
    LIST(bf16_tn_f32_acc_wide),
    LIST(bf16_f32_acc_transposed),
    LIST(bf16_nt_split),
    LIST(bf16_nt_acc_split),
    LIST(bf16_nt_f32_split),
    LIST(bf16_tn_f32_in_place),
    LIST(bf16_nt_few),
    LIST(bf16_nt_acc_few),
    LIST(bf16_nt_f32_few),
    LIST(f16_half),
    LIST(f16_half_acc),
    LIST(f16_f32),
    LIST(f16_f32_acc),
};
#undef LIST

/// at<List, i> is kernel i of a list.
const std::string unit = R"(
    #include <deepgemm/kernel/entry.cuh>
    #include <deepgemm/kernel/shipped.cuh>
    #include <deepgemm/kernel/shipped_half.cuh>
    using namespace deepgemm;
    template <class List, int I>
    struct element;
    template <class First, class... Rest>
    struct element<shipped::kernels<First, Rest...>, 0> { using type = First; };
    template <int I, class First, class... Rest>
    struct element<shipped::kernels<First, Rest...>, I> : element<shipped::kernels<Rest...>, I - 1> {};
    template <class List, int I>
    using at = typename element<List, I>::type;
)";

result<binary> compile_list(const kernel_list& list) {
    program all{.text = unit, .options = {"--ptxas-options=-v"}};
    for (std::size_t i = 0; i < list.facts.size(); ++i) {
        const std::string kernel = concat("at<shipped::", list.name, ", ", i, ">");
        all.text += assertion_of(kernel, list.facts[i]);
        all.expressions.push_back("entry<" + kernel + ">");
    }
    return compile(all, test::headers());
}

}  // namespace

TEST_CASE("every shipped kernel compiles to a cubin without spills") {
    std::vector<std::optional<result<binary>>> results(std::size(lists));
    test::on_two_threads(results.size(), [&](std::size_t i) { results[i] = compile_list(lists[i]); });

    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(lists[i].name);
        const result<binary>& made = *results[i];
        REQUIRE_MESSAGE(made, (made ? "" : made.failure().message));
        const auto count = std::ptrdiff_t(lists[i].facts.size());
        const std::string& log = made->log;
        CAPTURE(log);
        CHECK(test::matches(log, "Compiling entry function") == count);
        CHECK(test::matches(log, test::no_spills) == count);
        CHECK(test::matches(log, "serialized") == 0);
    }
}

TEST_CASE("the lists tested here are those that cmake/instances.cmake compiles") {
    const std::string text = test::text_of(DEEPGEMM_SOURCE_DIR "/cmake/instances.cmake");
    std::smatch found;
    REQUIRE(std::regex_search(text, found, std::regex(R"(set\(arg_LISTS\s([^)]*)\))")));
    const std::string names = found[1];
    CHECK(test::matches(names, R"(\w+)") == std::ptrdiff_t(std::size(lists)));
    for (const kernel_list& list : lists) {
        CAPTURE(list.name);
        CHECK(test::matches(names, ("\\b" + list.name + "\\b").c_str()) == 1);
    }
}
