// SPDX-License-Identifier: MIT
// What NVRTC says of types that fall short of a concept: the sentence of the assertion, and the name of the requirement.
#include <deepgemm/rtc/compiler.hpp>

#include "support.hpp"

namespace messages_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;
using test::expect;

namespace {

/// The message of a unit that must not compile.
std::string message_of(const std::string& text) {
    const auto made = compile({text}, test::headers());
    REQUIRE(!made);
    CHECK(made.failure().code == errc::compile_failure);
    return made.failure().message;
}

}  // namespace

TEST_CASE("a failure opens with the first error and the concept, and holds log, options and source") {
    const std::string message =
        compiler(test::headers(), {.options = {"-lineinfo"}})
            .get(source{.include = {"deepgemm/version.cuh"},
                        .type = "gemm<arch::sm90, operand<e4m3, scale::per_token<int>>, "
                                "operand<e4m3, scale::per_block<scale::fp32>>, store<bf16>, config{}>"})
            .failure()
            .message;
    const std::size_t opening = message.find("\n\n");
    REQUIRE(opening != std::string::npos);
    const std::string head = message.substr(0, opening);
    CHECK(head.starts_with("NVRTC " + nvrtc_version() + ": deepgemm/kernel/operand.cuh("));
    expect(head, "operand: the scales must model scale_granularity");
    expect(head, "\nthe concept that failed: packs_words");
    expect(message, "options: -std=c++20 -no-source-include -arch=sm_90a -default-device -lineinfo\n");
    expect(message, "log:\ndeepgemm/kernel/operand.cuh(");
    expect(message, "source:\n#include <deepgemm/deepgemm.cuh>\n#include <deepgemm/version.cuh>\n");
}

TEST_CASE("a type that is no kernel") {
    const compiler all(header_set(test::headers()).add("mine.cuh", "struct nothing { using launch = int; };"));
    const std::string message = all.get(source{.include = {"mine.cuh"}, .type = "nothing"}).failure().message;
    expect(message, "the type must model deepgemm::kernel");
    expect(message, "the concept that failed: tells_launch\n");
}

TEST_CASE("options and architectures that NVRTC does not know") {
    const auto odd_option = compile({.text = "", .options = {"-no-such-option"}}, test::headers());
    REQUIRE(!odd_option);
    expect(odd_option.failure().message, "-no-such-option");
    const auto odd_arch = compile({.text = "", .arch = "sm_12"}, test::headers());
    REQUIRE(!odd_arch);
    expect(odd_arch.failure().message, "sm_12");
}

TEST_CASE("an architecture without cubins names the one to take") {
    const auto message = [](const char* arch) {
        const auto made = compile({.text = "", .arch = arch}, test::headers());
        REQUIRE(!made);
        CHECK(made.failure().code == errc::bad_option);
        return made.failure().message;
    };
    CHECK(message("compute_90a") ==
          "the architecture is \"compute_90a\", which yields no cubin; name a GPU's own, sm_90a");
    CHECK(message("") == "the architecture is \"\", which yields no cubin; name a GPU's own, such as sm_90a");
}

TEST_CASE("reading a log: nothing to find, and only the requirement itself") {
    CHECK(first_error("") == "");
    CHECK(failed_concept("") == "");
    CHECK(first_error("a: warning: x\nb(3): error: y\nc: error: z\n") == "b(3): error: y");
    CHECK(
        failed_concept("concept whole = part<T>\nnote: atomic constraint evaluates to false\n  concept my::part = x") ==
        "my::part");
}

TEST_CASE("NVRTC names the configuration rule that is broken") {
    const std::string log = message_of(R"(
        #include <deepgemm/kernel/gemm.cuh>
        using namespace deepgemm;
        using a = operand<e4m3, scale::per_token<scale::fp32>>;
        using b = operand<e4m3, scale::per_block<scale::fp32>>;
        constexpr auto size = gemm<arch::sm90, a, b, store<bf16>, config{.block = {128, 264, 128}}>::launch.smem_bytes;
    )");
    expect(log, "gemm: block.n must be a multiple of 8 from 8 to 256");
}

TEST_CASE("NVRTC names the requirement that a part lacks") {
    const std::string log = message_of(R"(
        #include <deepgemm/kernel/gemm.cuh>
        using namespace deepgemm;
        struct no_decode {
            static constexpr scale_kind kind = scale_kind::custom;
            static constexpr int per_word = 1;
        };
        constexpr auto type = operand<e4m3, scale::per_token<no_decode>>::info.type;
    )");
    expect(log, "operand: the scales must model scale_granularity");
    expect(log, "concept decodes = ");
}

TEST_CASE("NVRTC names the requirement that an epilogue lacks") {
    const std::string log = message_of(R"(
        #include <deepgemm/kernel/gemm.cuh>
        using namespace deepgemm;
        struct twice {
            __device__ float operator()(float value, i32, i32) const { return 2 * value; }
        };
        constexpr bool custom = then<transform<twice>, transform<twice>>::custom;
    )");
    expect(log, "then: the last part must be a sink");
    expect(log, "concept writes = ");
}

}  // namespace messages_tests
