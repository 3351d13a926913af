// SPDX-License-Identifier: MIT
// What compiling at run time costs: NVRTC in a fresh process, with and without a precompiled header, nvcc beside it, the cache
// in memory and on disk, and the host's part of a launch. Only the launches need a GPU.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/engine.hpp>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "json.hpp"
#include "run_program.hpp"
#include "run_time_costs.hpp"
#include "statistics.hpp"

namespace dg = deepgemm;
namespace rtc = deepgemm::rtc;
using dg::bench::json;

namespace {

// The dense FP8 kernel that most products of a language model run on, and a sibling.
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using dense =
    dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
             dg::config{.block = {128, 128, 128}, .cluster = {2, 1}, .sm90 = {.promote = dg::promotion::deferred}}>;
using sibling = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, dg::config{.block = {128, 64, 128}}>;

using clock = std::chrono::steady_clock;
double milliseconds(const std::function<void()>& body) {
    const auto start = clock::now();
    body();
    return std::chrono::duration<double, std::milli>(clock::now() - start).count();
}

/// What a function returns in a process of its own, which has not called NVRTC before.
double in_fresh_process(const std::function<double()>& body) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    double value = dg::bench::not_measured;
    if (child == 0) {
        try {
            value = body();
        } catch (const std::exception& why) {
            std::fprintf(stderr, "%s\n", why.what());
        }
        ::_exit(::write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
    }
    ::close(ends[1]);
    if (::read(ends[0], &value, sizeof value) != sizeof value) value = dg::bench::not_measured;
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return value;
}

json summary(const std::vector<double>& values) {
    return json::object({{"median", dg::bench::median(values)}, {"smallest", dg::bench::smallest(values)}});
}

json repeated(int times, const std::function<double()>& body) {
    std::vector<double> values;
    for (int i = 0; i < times; ++i) values.push_back(body());
    return summary(values);
}

template <class K>
void compile(const rtc::compiler& with) {
    static_cast<void>(dg::or_throw(with.get<K>()));
}

/// Compiles without a cache, because no key covers precompiled headers.
template <class K>
void compile(const rtc::header_set& headers, const std::vector<std::string>& options) {
    const auto from = dg::or_throw(rtc::kernel_source_of<K>());
    rtc::program unit{rtc::unit_text(from.text, &from.facts), {rtc::entry_expression}, "sm_90a", options};
    unit.options.emplace_back("-default-device");
    static_cast<void>(dg::or_throw(rtc::compile(unit, headers)));
}

/// Milliseconds that a fresh process takes to make a cubin: it extracts the headers, starts NVRTC and compiles one kernel.
double cold(const std::vector<std::string>& options) {
    return in_fresh_process([&] { return milliseconds([&] { compile<dense>(rtc::embedded_headers(), options); }); });
}

/// Milliseconds that nvcc takes for the same unit; not_measured without nvcc.
double by_nvcc(const std::filesystem::path& scratch) {
    const std::string nvcc = DEEPGEMM_NVCC;
    if (nvcc.ends_with("NOTFOUND")) return dg::bench::not_measured;
    dg::bench::write_file((scratch / "unit.cu").string(), rtc::unit_text(dg::or_throw(rtc::source_of<dense>())));
    const std::vector<std::string> command{
        nvcc, "-std=c++20", "-arch=sm_90a", "-cubin", "-o", "unit.cubin", "-I" DEEPGEMM_INCLUDE_DIR, "unit.cu"};
    int code = 0;
    const double taken = milliseconds([&] { code = dg::bench::run_program(command, scratch).code; });
    return code == 0 ? taken : dg::bench::not_measured;
}

/// Milliseconds for the kernel in a process that has compiled its sibling before.
double second(const std::vector<std::string>& options) {
    return in_fresh_process([&] {
        const rtc::header_set headers = rtc::embedded_headers();
        compile<sibling>(headers, options);
        return milliseconds([&] { compile<dense>(headers, options); });
    });
}

/// Contenders take turns, so that other load of the machine affects all of them.
json compile_times(int times, const std::filesystem::path& scratch) {
    const std::vector<std::string> pch{"-pch", "-pch-dir=" + scratch.string(), "-pch-messages=false"};
    std::vector<double> first, first_pch, next, next_pch, nvcc;
    for (int i = 0; i < times; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(scratch)) {
            if (entry.path().extension() == ".pch") std::filesystem::remove(entry.path());
        }
        first.push_back(cold({}));
        first_pch.push_back(cold(pch));  // writes the precompiled header
        next.push_back(second({}));
        next_pch.push_back(second(pch));  // uses it
        nvcc.push_back(by_nvcc(scratch));
    }
    return json::object({{"cold", summary(first)},
                         {"cold_pch_created", summary(first_pch)},
                         {"second", summary(next)},
                         {"second_pch_used", summary(next_pch)},
                         {"nvcc", summary(nvcc)}});
}

json cache_times(const std::filesystem::path& scratch) {
    const rtc::compiler_options options{.cache = {.roots = {scratch / "cache"}}};
    compile<dense>(rtc::compiler(rtc::embedded_headers(), options));
    json made = json::object();
    made["start_ms"] = repeated(
        20, [&] { return milliseconds([&] { const rtc::compiler fresh(rtc::embedded_headers(), options); }); });
    made["disk_hit_ms"] = repeated(20, [&] {
        const rtc::compiler fresh(rtc::embedded_headers(), options);
        const double taken = milliseconds([&] { compile<dense>(fresh); });
        if (fresh.counts().disk_hits != 1) throw std::runtime_error("the disk did not have the kernel");
        return taken;
    });
    const rtc::compiler warm(rtc::embedded_headers(), options);
    compile<dense>(warm);
    made["memory_hit_us"] = repeated(20, [&] {
        return milliseconds([&] {
                   for (int i = 0; i < 100; ++i) compile<dense>(warm);
               }) *
               10;
    });
    return made;
}

/// The host's time per call, in microseconds. The stream's queue never fills, because it is emptied every 200 calls.
json call_us(const std::function<void()>& call) {
    constexpr int calls = 200;
    return repeated(50, [&] {
        dg::or_throw(dg::cuda::check("cudaDeviceSynchronize", cudaDeviceSynchronize()));
        return 1000.0 / calls * milliseconds([&] {
                   for (int i = 0; i < calls; ++i) call();
               });
    });
}

/// Launches of a small product: through the engine, which has the kernel in memory, and by a bare call of the driver with
/// everything prepared.
json launch_times() {
    constexpr int n = 128;
    void* memory = nullptr;
    dg::or_throw(dg::cuda::check("cudaMalloc", cudaMalloc(&memory, 1 << 20)));
    dg::or_throw(dg::cuda::check("cudaMemset", cudaMemset(memory, 0, 1 << 20)));
    const auto at = [&](int part) { return static_cast<char*>(memory) + part * (128 << 10); };
    dense::arguments arguments{};
    static_cast<dg::gemm_arguments&>(arguments) = {
        .shape = {n, n, n},
        .a = {.data = at(0), .pitch = n, .scales = {.data = at(2), .stride_k = n}},
        .b = {.data = at(1), .pitch = n, .scales = {.data = at(3), .stride_k = 1}},
        .d = {at(4), n}};
    rtc::engine engine(rtc::embedded_headers());
    const auto kernel = dg::or_throw(engine.get<dense>());
    cudaStream_t stream = nullptr;
    dg::or_throw(dg::cuda::check("cudaStreamCreate", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)));

    // The bare call: the same cubin, parameters made once.
    const rtc::image image = dg::or_throw(engine.cubins().get<dense>());
    cudaLibrary_t library = nullptr;
    cudaKernel_t entry = nullptr;
    dg::or_throw(dg::cuda::check("cudaLibraryLoadData", cudaLibraryLoadData(&library, image.cubin().data(), nullptr,
                                                                            nullptr, 0, nullptr, nullptr, 0)));
    dg::or_throw(dg::cuda::check("cudaLibraryGetKernel", cudaLibraryGetKernel(&entry, library, image.entry())));
    dg::or_throw(dg::cuda::check(
        "cudaFuncSetAttribute",
        cudaFuncSetAttribute(reinterpret_cast<const void*>(entry), cudaFuncAttributeMaxDynamicSharedMemorySize,
                             int(image.launch.smem_bytes))));
    void* address = nullptr;
    cudaDriverEntryPointQueryResult found{};
    dg::or_throw(dg::cuda::check(
        "cudaGetDriverEntryPointByVersion",
        cudaGetDriverEntryPointByVersion("cuLaunchKernelEx", &address, 12000, cudaEnableDefault, &found)));
    const auto launch = reinterpret_cast<decltype(&::cuLaunchKernelEx)>(address);
    auto params = dg::or_throw(dg::cuda::detail::params_of<dense>(arguments));
    CUlaunchAttribute cluster{};
    cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
    cluster.value.clusterDim = {unsigned(dense::launch.cluster_ctas), 1, 1};
    const CUlaunchConfig config{unsigned(dense::grid(arguments, 132)),
                                1,
                                1,
                                dense::launch.threads,
                                1,
                                1,
                                dense::launch.smem_bytes,
                                stream,
                                &cluster,
                                1};

    json made = json::object();
    made["engine_us"] = call_us([&] { dg::or_throw(kernel.launch(stream, arguments)); });
    made["bare_us"] = call_us([&] {
        void* pointers[] = {&params};
        if (launch(&config, reinterpret_cast<CUfunction>(entry), pointers, nullptr) != CUDA_SUCCESS)
            throw std::runtime_error("cuLaunchKernelEx failed");
    });
    dg::or_throw(dg::cuda::check("cudaDeviceSynchronize", cudaDeviceSynchronize()));
    dg::or_throw(dg::cuda::check("cudaLibraryUnload", cudaLibraryUnload(library)));
    dg::or_throw(dg::cuda::check("cudaStreamDestroy", cudaStreamDestroy(stream)));
    dg::or_throw(dg::cuda::check("cudaFree", cudaFree(memory)));
    return made;
}

}  // namespace

json deepgemm::bench::run_time_costs(int repetitions) {
    const temporary_directory scratch;
    json made = json::object();
    made["nvrtc"] = rtc::nvrtc_version();
    made["kernel"] = to_source(dense::info);
    made["processors"] = int(std::thread::hardware_concurrency());
    made["repetitions"] = repetitions;
    made["compile_ms"] = compile_times(repetitions, scratch.path());  // before this process calls NVRTC
    made["cache"] = cache_times(scratch.path());
    int devices = 0;
    const bool gpu = cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
    if (gpu) made["device"] = or_throw(cuda::describe_current_device()).name;
    made["launch"] = gpu ? launch_times() : json();
    return made;
}
