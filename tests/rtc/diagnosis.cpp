// SPDX-License-Identifier: MIT
// The switches for diagnosis: code that is kept, kernels with local memory that are refused, plans that are printed.
#include <deepgemm/host/engine.hpp>
#include <deepgemm/rtc/compiler.hpp>

#include "../host/fakes.hpp"
#include "support.hpp"
#include "tiny.cuh"

namespace diagnosis_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;
using test::expect;

namespace {

header_set with_tiny(const std::string& body = "") {
    std::string text = test::text_of(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh");
    const std::string place = "const deepgemm::u32 thread";
    text.insert(text.find(place), body);
    return header_set(test::headers()).add("tiny.cuh", text);
}

/// Has the compiler keep an array that cannot live in registers.
constexpr const char* with_array =
    "int kept[100]; for (int i = 0; i < 100; ++i) kept[i] = p.out[i];"
    "for (int i = 0; i < 100; ++i) kept[unsigned(kept[i] + i) % 100] += i; p.out[0] = kept[unsigned(p.out[1]) % 100];";

/// What a body writes to standard error in a process of its own, where it runs with these variables.
template <class Body>
std::string said_with(std::vector<std::pair<const char*, const char*>> variables, Body body) {
    const test::scratch folder;
    const std::string file = (folder.path() / "said").string();
    CHECK(test::ended_well(test::start_process([&] {
        for (const auto& [name, value] : variables) ::setenv(name, value, 1);
        return std::freopen(file.c_str(), "w", stderr) != nullptr && body() && std::fflush(stderr) == 0;
    })));
    return test::text_of(file);
}

}  // namespace

TEST_CASE("code is kept: source, PTX and cubin of what is compiled, and no cache spares the compilation") {
    const test::scratch root, folder;
    const auto build = [&](std::string keep) {
        const compiler all(with_tiny(), {.cache = {.roots = {root.path()}}, .diagnose = diagnosis{.keep_code = keep}});
        const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh"});
        REQUIRE_MESSAGE(built, (built ? "" : built.failure().message));
        return std::string(built->cubin());
    };
    const auto directory = folder.path() / "code";
    const std::string from_cache = build(""), cubin = build(directory.string());
    CHECK(test::files_below(root.path()).size() == 1);
    CHECK(from_cache == cubin);
    const auto files = test::files_below(directory);
    REQUIRE(files.size() == 3);
    CHECK(files[0].extension() == ".cu");
    expect(test::text_of(files[0]), "// NVRTC " + nvrtc_version() + " build ");
    expect(test::text_of(files[0]), "using deepgemm_unit_kernel = tiny::kernel<5>;\n");
    CHECK(test::text_of(files[1]) == cubin);
    CHECK(files[2].extension() == ".ptx");
    expect(test::text_of(files[2]), ".target sm_90a");
    CHECK(test::files_below(root.path())[0].filename() == files[0].stem());  // the key

    std::ofstream(folder.path() / "file") << "x";
    const compiler nowhere(with_tiny(), {.diagnose = diagnosis{.keep_code = (folder.path() / "file" / "x").string()}});
    expect(nowhere.get<tiny::kernel<5>>({}, {"tiny.cuh"}).failure().message, "for kept code cannot be made: ");
}

TEST_CASE("a kernel with local memory is refused where that is asked for, compiled or found") {
    const test::scratch root;
    for (const bool refuse : {false, true}) {
        CAPTURE(refuse);
        const compiler_options options{.cache = {.roots = {root.path()}},
                                       .diagnose = diagnosis{.fail_on_local_memory = refuse}};
        CHECK(compiler(with_tiny(), options).get<tiny::kernel<5>>({}, {"tiny.cuh"}));
        const compiler all(with_tiny(with_array), options);
        const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh"});
        CHECK(all.counts().disk_hits == u64(refuse));
        REQUIRE(bool(built) != refuse);
        if (!refuse) CHECK(resources_of(*built)->stack_bytes == 400);
        if (!refuse) continue;
        CHECK(built.failure().code == errc::compile_failure);
        expect(built.failure().message, " keeps 400 bytes per thread in local memory, beside ");
        const auto source = kernel_source_of<tiny::kernel<5>>({"tiny.cuh"});
        expect(all.get_together({&*source, 1}).failure().message,
               " keeps 400 bytes per thread in local memory, beside ");
    }
}

TEST_CASE("the environment sets the switches, and other values than 0 and 1 are errors") {
    CHECK(said_with(
              {{"DEEPGEMM_PRINT_PLANS", "1"}, {"DEEPGEMM_KEEP_CODE", "/kept"}, {"DEEPGEMM_FAIL_ON_LOCAL_MEMORY", "1"}},
              [] {
                  const auto made = diagnosis::from_environment();
                  return made && made->print_plans && made->keep_code == "/kept" && made->fail_on_local_memory;
              }) == "");
    CHECK(said_with({}, [] {
              const auto made = diagnosis::from_environment();
              return made && !made->print_plans && made->keep_code.empty() && !made->fail_on_local_memory;
          }) == "");
    // Compilers and planners read them, and say what is wrong.
    CHECK(said_with({{"DEEPGEMM_FAIL_ON_LOCAL_MEMORY", "yes"}}, [] {
              const auto built = compiler(with_tiny()).get<tiny::kernel<5>>({}, {"tiny.cuh"});
              std::fputs(built ? "built" : built.failure().message.c_str(), stderr);
              return true;
          }) == "the environment variable DEEPGEMM_FAIL_ON_LOCAL_MEMORY is \"yes\"; it must be a number from 0 to 1");
    expect(said_with({{"DEEPGEMM_FAIL_ON_LOCAL_MEMORY", "1"}},
                     [] {
                         const auto built = compiler(with_tiny(with_array)).get<tiny::kernel<5>>({}, {"tiny.cuh"});
                         std::fputs(built ? "built" : built.failure().message.c_str(), stderr);
                         return true;
                     }),
           " keeps 400 bytes per thread in local memory");
}

TEST_CASE("plans are printed where the environment asks for it, by the planner and by an engine") {
    constexpr config square{.block = {128, 128, 128}, .stages = 5};
    static const std::array kernels{fakes::kernel<square>()};
    const auto plan_once = [] { return bool(plan(fakes::work(300, 4096, 7168), device_info::h200(), kernels)); };
    CHECK(said_with({}, plan_once) == "");
    CHECK(said_with({{"DEEPGEMM_PRINT_PLANS", "0"}}, plan_once) == "");
    const std::string said = said_with({{"DEEPGEMM_PRINT_PLANS", "1"}}, plan_once);
    CAPTURE(said);
    CHECK(said.starts_with("deepgemm: " + describe(fakes::work(300, 4096, 7168)) + " on 132 SMs of "));
    expect(said, ": " + to_source(kernels[0].info) + ", predicted ");
    CHECK(said.ends_with(" us\n"));
    CHECK(std::count(said.begin(), said.end(), '\n') == 1);
    const auto run_twice = [] {
        const engine few(kernels, device_info::h200(), {.num_sms = 7});
        const gemm_problem problem = fakes::problem(300, 4096, 7168);
        return few.run(problem) && few.run(problem);  // what the engine remembers is not planned again
    };
    CHECK(said_with({}, run_twice) == "");
    const std::string by_engine = said_with({{"DEEPGEMM_PRINT_PLANS", "1"}}, run_twice);
    CAPTURE(by_engine);
    CHECK(by_engine.starts_with("deepgemm: " + describe(fakes::work(300, 4096, 7168)) + " on 7 SMs of "));
    expect(by_engine, ": " + to_source(kernels[0].info) + ", predicted ");
    CHECK(std::count(by_engine.begin(), by_engine.end(), '\n') == 1);
}

}  // namespace diagnosis_tests
