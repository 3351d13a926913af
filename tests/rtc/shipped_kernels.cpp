// SPDX-License-Identifier: MIT
// Every shipped kernel becomes a cubin for sm_90a, without a stack frame, without a spilled register and without ptxas
// serialising its multiplies. Needs no GPU.
#include <doctest/doctest.h>
#include <deepgemm/kernel/shipped.cuh>
#include <deepgemm/kernel/shipped_half.cuh>

#include <atomic>
#include <fstream>
#include <iterator>
#include <regex>
#include <thread>

#include "program.hpp"

namespace {

using namespace deepgemm;

struct kernel_list {
    std::string name;
    int count;
};

template <class... Kernels>
constexpr int count_of(shipped::kernels<Kernels...>) {
    return int(sizeof...(Kernels));
}
#define LIST(name) \
    kernel_list { #name, count_of(shipped::name{}) }
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

compiled compile_list(const header_set& headers, const kernel_list& list) {
    std::vector<std::string> expressions;
    for (int i = 0; i < list.count; ++i) {
        expressions.push_back("entry<at<shipped::" + list.name + ", " + std::to_string(i) + ">>");
    }
    return compile(headers, unit, expressions, "--ptxas-options=-v");
}

std::ptrdiff_t matches(const std::string& text, const char* pattern) {
    const std::regex regex(pattern);
    return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator());
}

}  // namespace

TEST_CASE("every shipped kernel compiles to a cubin without spills") {
    const header_set headers(DEEPGEMM_SOURCE_DIR "/include");
    std::vector<compiled> results(std::size(lists));
    std::atomic<std::size_t> next{0};
    auto work = [&] {
        for (std::size_t i; (i = next++) < results.size();) results[i] = compile_list(headers, lists[i]);
    };
    std::thread other(work);
    work();
    other.join();

    for (std::size_t i = 0; i < results.size(); ++i) {
        const std::string& log = results[i].log;
        CAPTURE(lists[i].name);
        CAPTURE(log);
        CHECK(results[i].succeeded);
        CHECK(matches(log, "Compiling entry function") == lists[i].count);
        CHECK(matches(log, " 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads") == lists[i].count);
        CHECK(matches(log, "serialized") == 0);
    }
}

TEST_CASE("the lists tested here are those that cmake/instances.cmake compiles") {
    std::ifstream in(DEEPGEMM_SOURCE_DIR "/cmake/instances.cmake");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::smatch found;
    REQUIRE(std::regex_search(text, found, std::regex(R"(set\(arg_LISTS\s([^)]*)\))")));
    const std::string names = found[1];
    CHECK(matches(names, R"(\w+)") == std::ptrdiff_t(std::size(lists)));
    for (const kernel_list& list : lists) {
        CAPTURE(list.name);
        CHECK(matches(names, ("\\b" + list.name + "\\b").c_str()) == 1);
    }
}
