// SPDX-License-Identifier: MIT
// Registers and stack as a cubin tells them, against what ptxas reports of the same kernels.
#include <deepgemm/rtc/program.hpp>
#include <deepgemm/rtc/resources.hpp>

#include <regex>

#include "support.hpp"

namespace resources_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

/// One kernel with few registers, one that keeps an array on the stack, one that spills.
constexpr const char* three_kernels = R"(
    template <int> __global__ void lean(int* p) { p[threadIdx.x] += 1; }
    template <int> __global__ void stacked(int* p) {
        int a[200];
        for (int i = 0; i < 200; ++i) a[i] = p[i];
        for (int i = 0; i < 200; ++i) a[(a[i] + i) % 200] += i;
        p[0] = a[p[1]];
    }
    template <int> __global__ void __launch_bounds__(1024, 2) spilling(float* p) {
        float a[100];
        for (int i = 0; i < 100; ++i) a[i] = p[i * threadIdx.x];
        __syncthreads();
        for (int i = 0; i < 100; ++i) p[i * 3 + threadIdx.x] = a[i];
    }
)";

/// What ptxas says of a kernel.
kernel_resources reported(const std::string& log, const std::string& entry) {
    const std::string rest = log.substr(log.find("Compiling entry function '" + entry + "'"));
    std::smatch stack, registers;
    REQUIRE(std::regex_search(rest, stack, std::regex(R"((\d+) bytes stack frame)")));
    REQUIRE(std::regex_search(rest, registers, std::regex(R"(Used (\d+) registers)")));
    return {u32(std::stoul(registers[1])), u32(std::stoul(stack[1]))};
}

}  // namespace

TEST_CASE("registers and stack are those that ptxas reports") {
    const auto built = compile({.text = three_kernels,
                                .expressions = {"lean<0>", "stacked<0>", "spilling<0>"},
                                .options = {"--ptxas-options=-v"}},
                               {});
    REQUIRE_MESSAGE(built, (built ? "" : built.failure().message));
    CAPTURE(built->log);
    for (const std::string& name : built->names) {
        CAPTURE(name);
        const auto found = resources_of(built->cubin, name);
        REQUIRE(found);
        CHECK(*found == reported(built->log, name));
    }
    CHECK(resources_of(built->cubin, built->names[0])->stack_bytes == 0);
    CHECK(resources_of(built->cubin, built->names[1])->stack_bytes >= 800);
    CHECK(resources_of(built->cubin, built->names[2])->stack_bytes > 100);
    CHECK(!resources_of(built->cubin, "another"));
    for (std::size_t bytes = 0; bytes < built->cubin.size();
         bytes += 41) {  // cut short: no crash, and no made-up figures
        const auto found = resources_of(std::string_view(built->cubin).substr(0, bytes), built->names[2]);
        CHECK((!found || *found == reported(built->log, built->names[2])));
    }
}

}  // namespace resources_tests
