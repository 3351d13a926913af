// SPDX-License-Identifier: MIT
// Compiles every device-capable header alone with NVRTC for sm_90a. The headers come from memory, under the names that
// `#include <deepgemm/...>` asks for: no folder and no toolkit header is visible, as on a machine that has neither.
// Usage: headers_nvrtc <include directory>
#include <nvrtc.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

struct header_file {
    std::string name, text;  // "deepgemm/core/types.cuh" and its content
};

std::vector<header_file> read_headers(const std::filesystem::path& root) {
    std::vector<header_file> headers;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.path().extension() != ".cuh") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        headers.push_back({entry.path().lexically_relative(root).generic_string(),
                           std::string(std::istreambuf_iterator<char>(in), {})});
    }
    return headers;
}

/// The compiler's log, or an empty string if `header` compiles alone without a warning.
std::string compile_alone(const header_file& header, const std::vector<const char*>& texts,
                          const std::vector<const char*>& names) {
    const std::string unit = "#include <" + header.name + ">\n#include <" + header.name + ">\n";
    nvrtcProgram program{};
    if (nvrtcCreateProgram(&program, unit.c_str(), "unit.cu", int(texts.size()), texts.data(), names.data()) !=
        NVRTC_SUCCESS) {
        return "nvrtcCreateProgram failed";
    }
    const char* options[] = {"-std=c++20", "-arch=sm_90a"};
    const nvrtcResult result = nvrtcCompileProgram(program, int(std::size(options)), options);
    std::size_t length = 0;
    nvrtcGetProgramLogSize(program, &length);
    std::string log(length, '\0');
    nvrtcGetProgramLog(program, log.data());
    nvrtcDestroyProgram(&program);
    if (log.find_first_not_of(" \n\0", 0, 3) != std::string::npos) return log;
    return result == NVRTC_SUCCESS ? "" : nvrtcGetErrorString(result);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s <include directory>\n", argv[0]);
        return 2;
    }
    const std::vector<header_file> headers = read_headers(argv[1]);
    std::vector<const char*> texts, names;
    for (const header_file& header : headers) {
        texts.push_back(header.text.c_str());
        names.push_back(header.name.c_str());
    }

    std::atomic<std::size_t> next{0};
    std::atomic<int> failures{0};
    std::mutex printing;
    auto work = [&] {
        for (std::size_t i; (i = next++) < headers.size();) {
            const std::string log = compile_alone(headers[i], texts, names);
            if (log.empty()) continue;
            ++failures;
            const std::lock_guard lock(printing);
            std::printf("%s does not compile alone:\n%s\n", headers[i].name.c_str(), log.c_str());
        }
    };
    std::thread other(work);
    work();
    other.join();
    std::printf("NVRTC: %zu headers, %d failures\n", headers.size(), failures.load());
    return failures == 0 && !headers.empty() ? 0 : 1;
}
