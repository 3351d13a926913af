// SPDX-License-Identifier: MIT
// The kernels of the examples, each from the text of its program, become cubins for sm_90a without spilled registers. What a
// program does on the host is cut off: NVRTC compiles what stands before main, without host headers.
#include <deepgemm/rtc/program.hpp>
#include <deepgemm/rtc/unit.hpp>

#include <optional>
#include <regex>

#include "support.hpp"
#include "workers.hpp"

namespace examples_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

struct example {
    std::string file;
    std::vector<std::string> kernels;  ///< as its program names them
};
const example examples[] = {
    {"01_hello_tile.cpp", {"hello_tile"}},
    {"02_swizzle.cpp", {"swizzled_tile"}},
    {"03_wgmma.cpp", {"one_multiply"}},
    {"04_pipeline.cpp", {"ring_of_stages"}},
    {"05_promotion.cpp", {"scaled_product<1>", "scaled_product<4>"}},
    {"06_assembled.cpp", {"my_gemm"}},
    {"07_epilogue.cpp", {"fused"}},
    {"08_plan_and_ops.cpp", {"few_rows", "some_rows", "many_rows"}},
    {"09_schedule.cpp", {"causal_scores"}},
    {"10_cuda_graph.cu", {"kernel"}},
    {"11_half.cpp", {"my_gemm"}},
    {"12_alternate.cpp", {"shared_tiles", "own_tiles"}},
    {"13_split_k.cpp", {"whole", "in_parts"}},
    {"14_add_in_place.cpp", {"gradient"}},
    {"16_few_rows.cpp", {"as_they_are", "exchanged"}},
    {"18_own_memory.cpp", {"by_token", "by_token_k_major", "by_powers_of_two"}},
    {"19_layer.cpp", {"gate_and_up", "down"}},
    {"20_groups.cpp", {"simple", "ordered"}},
    {"21_prefill.cpp", {"gate_and_up", "down_few", "down_many"}},
    {"22_decode.cpp", {"dispatch", "few_rows", "many_rows"}},
    {"23_indexer.cpp", {"scores"}},
    {"24_decode_indexer.cpp", {"scores", "selection"}},
    {"25_linear_layer.cpp", {"with_weights", "of_weights", "turning"}},
    {"score_hook.cpp", {"counting"}},
};

/// What a GPU runs of a program: no host headers, nothing from the first host function on. The kernels' own host side stays.
std::string device_part(const std::string& path) {
    std::string text = test::text_of(std::string(DEEPGEMM_SOURCE_DIR "/examples/") + path);
    text = std::regex_replace(
        text,
        std::regex(
            R"(#include (<deepgemm/[^>]*\.hpp>|<(c\w+|algorithm|numeric)>|"operands\.hpp"|"common/(operands|experts|walk)\.hpp"))"),
        "");
    text = std::regex_replace(text, std::regex(R"(#include ("common/one_tile\.hpp"))"), "#include <one_tile.hpp>");
    // The first function at the left margin that is no constexpr, or where the program says so.
    const std::regex host(
        R"(\n(// Host code from here on\.|(/// [^\n]*\n)*(template <[^\n]*>\n)?[a-z][\w:<>]* \w+\())");
    std::smatch found;
    return std::regex_search(text, found, host) ? text.substr(0, std::size_t(found.position())) : text;
}

result<binary> compile_example(const example& given) {
    header_set headers = test::headers();
    headers.add("one_tile.hpp", device_part("common/one_tile.hpp"));
    program all{.text = "#include <deepgemm/deepgemm.cuh>\n" + device_part(given.file),
                .options = {"-default-device", "--ptxas-options=-v"}};
    for (const std::string& kernel : given.kernels) all.expressions.push_back("deepgemm::entry<" + kernel + ">");
    return compile(all, headers);
}

}  // namespace

TEST_CASE("every kernel of the examples compiles to a cubin without spills") {
    std::vector<std::optional<result<binary>>> results(std::size(examples));
    test::on_two_threads(results.size(), [&](std::size_t i) { results[i] = compile_example(examples[i]); });
    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(examples[i].file);
        const result<binary>& made = *results[i];
        REQUIRE_MESSAGE(made, (made ? "" : made.failure().message));
        CHECK(made->names.size() == examples[i].kernels.size());
        const std::string& log = made->log;
        CAPTURE(log);
        CHECK(test::matches(log, test::no_spills) == std::ptrdiff_t(examples[i].kernels.size()));
    }
}

TEST_CASE("kernels of a user's own operation, from their header") {
    header_set headers = test::headers();
    headers.add("own_operation.cuh", test::text_of(DEEPGEMM_SOURCE_DIR "/examples/own_operation.cuh"));
    const auto made = compile({.text = "#include <deepgemm/deepgemm.cuh>\n#include <own_operation.cuh>\n",
                               .expressions = {"deepgemm::entry<own::small>", "deepgemm::entry<own::large>"},
                               .options = {"-default-device", "--ptxas-options=-v"}},
                              headers);
    REQUIRE_MESSAGE(made, made.failure().message);
    CHECK(made->names.size() == 2);
    CHECK(made->cubin.find(made->names[0]) != std::string::npos);
    CHECK(made->cubin.find(made->names[1]) != std::string::npos);
}

TEST_CASE("no example is left out") {
    std::vector<std::string> found;
    std::vector<std::string> known{"15_nvrtc.cpp",     // a program around NVRTC, whose test runs it
                                   "17_one_file.cpp",  // the kernel of 06_assembled.cpp
                                   "26_tcgen05.cpp",   // for Blackwell, as these two; rtc/sm100 compiles the like
                                   "27_block_scales.cpp", "28_blackwell_gemm.cpp",
                                   "own_operation.cpp"};  // whose kernels are in its header, tested above
    for (const auto& entry : std::filesystem::directory_iterator(DEEPGEMM_SOURCE_DIR "/examples")) {
        const std::string kind = entry.path().extension().string();
        if (kind == ".cpp" || kind == ".cu") found.push_back(entry.path().filename().string());
    }
    for (const example& each : examples) known.push_back(each.file);
    std::sort(found.begin(), found.end());
    std::sort(known.begin(), known.end());
    CHECK(found == known);
}

}  // namespace examples_tests
