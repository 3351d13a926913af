// SPDX-License-Identifier: MIT
// What dependent launches gain: chains of ten products of few rows, in a stream and as a CUDA graph. Launched as usual;
// dependently; dependently by kernels that let the next one start early; and these with weights that are loaded early. Prints
// JSON.
#include <functional>
#include <stdexcept>
#include <vector>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops.hpp>
#include <deepgemm/ops/gemm/shipped.cuh>

#include <nlohmann/json.hpp>

#include "cuda_check.hpp"
#include "json.hpp"
#include "measurement_program.hpp"
#include "statistics.hpp"

namespace dg = deepgemm;
using dg::bench::check;
using dg::bench::json;

namespace {

constexpr int links = 10;
constexpr std::size_t slot = std::size_t(1) << 28;  ///< bytes set aside for each of A, D and their scales

/// `base` with the trigger `when`.
constexpr dg::config triggering(dg::config base, dg::trigger when) {
    base.trigger_dependents = when;
    return base;
}

/// Kernels of one configuration. A struct, since g++ 12 cannot work out configurations in the arguments of an alias.
template <dg::config Config>
struct of_config {
    using fp8 = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                         dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>, dg::store<dg::bf16>, Config>;
    using bf16 = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>, Config>;
};

template <dg::trigger When, dg::config... Configs>
constexpr auto fp8_kernels() {
    return std::array{dg::cuda::handle_of<typename of_config<triggering(Configs, When)>::fp8>()...};
}

template <dg::trigger When, dg::config... Configs>
constexpr auto bf16_kernels() {
    return std::array{dg::cuda::handle_of<typename of_config<triggering(Configs, When)>::bf16>()...};
}

using dg::shipped::few;
using dg::shipped::few16;
using dg::shipped::narrow;
using dg::shipped::split;
using dg::shipped::split16;
using dg::shipped::tile16;

/// Kernels for few rows, in FP8 and in BF16, that differ in `When` alone.
template <dg::trigger When>
std::vector<dg::gemm_handle> kernels() {
    constexpr auto deferred = dg::promotion::deferred;
    std::vector<dg::gemm_handle> all;
    for (const auto& kernel :
         fp8_kernels<When, few(8, 64, 8), few(8, 64, 8, 8), few(8, 128, 6, 4), few(16, 64, 12), few(16, 64, 6, 4),
                     few(32, 64, 12), narrow(64, 64, deferred), narrow(64, 128, deferred), split(64, 32, 4),
                     dg::shipped::medium(64, {}, deferred)>())
        all.push_back(kernel);
    for (const auto& kernel :
         bf16_kernels<When, few16(8, 64, 8), few16(8, 64, 8, 8), few16(8, 128, 6, 4), few16(16, 64, 12),
                      tile16(64, 64, 1), tile16(64, 128, 1), split16(64, 32, 4), tile16(128, 64, 2)>())
        all.push_back(kernel);
    return all;
}

/// A way to launch the products of a chain.
struct way {
    const char* name;
    dg::trigger triggers;
    bool dependent, ready_weights;
};
constexpr way ways[] = {{"usual", dg::trigger::never, false, false},
                        {"dependent", dg::trigger::never, true, false},
                        {"dependent, triggered", dg::trigger::always, true, false},
                        {"dependent, as shipped", dg::trigger::by_size, true, false},
                        {"dependent, weights ready", dg::trigger::never, true, true},
                        {"dependent, weights ready, triggered", dg::trigger::always, true, true},
                        {"dependent, weights ready, as shipped", dg::trigger::by_size, true, true}};

/// Operands of ten products of one shape, each with weights of its own, and what they compute.
class chain {
public:
    chain(dg::dtype type, dg::i32 m, dg::i32 n, dg::i32 k) : type_(type), m_(m), n_(n), k_(k) {
        const std::size_t element = dg::size_of(type), weights = std::size_t(n) * k * element;
        stride_ = (weights + std::size_t(n / 128) * (k / 128) * 4 + 255) / 256 * 256;
        memory_ = static_cast<char*>(buffer().reserve(3 * slot + links * stride_));
        // Every byte 0x38: E4M3's 1.0 and BF16's 4.4e-5; scales of 0x3f3f3f3f are 0.747.
        check(cudaMemset(memory_, 0x38, 3 * slot + links * stride_), "cudaMemset");
        check(cudaMemset(memory_ + slot, 0x3f, slot), "cudaMemset");
        for (int i = 0; i < links; ++i) {
            check(cudaMemset(memory_ + 3 * slot + i * stride_ + weights, 0x3f, stride_ - weights), "cudaMemset");
        }
    }

    dg::gemm_problem product(int link) const {
        char* const weights = memory_ + 3 * slot + link * stride_;
        const dg::input_matrix a{memory_, type_, m_, k_, k_}, b{weights, type_, n_, k_, k_};
        dg::gemm_problem made{.a = dg::unscaled(a), .b = dg::unscaled(b)};
        if (type_ == dg::dtype::e4m3) {
            made.a.scales = dg::per_token_scales(memory_ + slot, dg::scale_kind::fp32, m_, k_);
            made.b.scales = dg::per_block_scales(weights + std::size_t(n_) * k_, dg::scale_kind::fp32, n_, k_);
        }
        made.d = {memory_ + 2 * slot + std::size_t(link) * m_ * n_ * 2, dg::dtype::bf16, m_, n_, n_};
        return made;
    }

    dg::gemm_workload work() const { return dg::workload_of(product(0)); }

    /// All of D, after it was overwritten and the launches ran.
    std::vector<char> result_of(const std::function<void()>& launches, cudaStream_t stream) const {
        std::vector<char> found(std::size_t(links) * m_ * n_ * 2);
        check(cudaMemsetAsync(memory_ + 2 * slot, 0xff, found.size(), stream), "cudaMemsetAsync");
        launches();
        check(cudaStreamSynchronize(stream), "a chain");
        check(cudaMemcpy(found.data(), memory_ + 2 * slot, found.size(), cudaMemcpyDeviceToHost), "cudaMemcpy");
        return found;
    }

private:
    static dg::bench::device_buffer& buffer() {
        static dg::bench::device_buffer all;
        return all;
    }

    dg::dtype type_;
    dg::i32 m_, n_, k_;
    std::size_t stride_ = 0;
    char* memory_ = nullptr;
};

/// A stream, and the median time of work that is put into it, in microseconds.
class stopwatch {
public:
    stopwatch() {
        check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
        check(cudaEventCreate(&begin_), "cudaEventCreate");
        check(cudaEventCreate(&end_), "cudaEventCreate");
    }
    cudaStream_t stream() const { return stream_; }

    /// Time of one of `repeats` runs of `body`, one after another.
    double time_us(int repeats, const std::function<void()>& body) const {
        check(cudaEventRecord(begin_, stream_), "cudaEventRecord");
        for (int i = 0; i < repeats; ++i) body();
        check(cudaEventRecord(end_, stream_), "cudaEventRecord");
        check(cudaEventSynchronize(end_), "cudaEventSynchronize");
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
        return milliseconds * 1000.0 / repeats;
    }

private:
    cudaStream_t stream_ = nullptr;
    cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

/// The launches of a chain, captured.
cudaGraphExec_t captured(cudaStream_t stream, const std::function<void()>& launches) {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t program = nullptr;
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "cudaStreamBeginCapture");
    launches();
    check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
    check(cudaGraphInstantiate(&program, graph, 0), "cudaGraphInstantiate");
    check(cudaGraphDestroy(graph), "cudaGraphDestroy");
    return program;
}

/// Times every way of launching one chain, in turn. Throws std::runtime_error if one changes a bit of D.
json measured(const chain& products, const dg::device_info& device, const stopwatch& watch, int repetitions) {
    using dg::trigger;
    // Indexed by dg::trigger.
    static const std::vector<dg::gemm_handle> all[] = {kernels<trigger::by_size>(), kernels<trigger::never>(),
                                                       kernels<trigger::always>()};
    const std::vector<dg::gemm_handle>& shipped = all[int(trigger::by_size)];
    const auto chosen = dg::or_throw(dg::choose(products.work(), device, shipped)).kernel - shipped.data();

    std::vector<std::function<void()>> launches, graphs;
    std::vector<cudaGraphExec_t> programs;
    for (const way& each : ways) {
        const dg::gemm_handle& kernel = all[int(each.triggers)][std::size_t(chosen)];
        launches.push_back([&products, &watch, &kernel, each] {
            for (int link = 0; link < links; ++link) {
                dg::gemm_problem product = products.product(link);
                product.ready.b = each.ready_weights;
                dg::or_throw(kernel.launch(dg::arguments_of(product),
                                           {.stream = watch.stream(), .dependent_launch = each.dependent}));
            }
        });
        programs.push_back(captured(watch.stream(), launches.back()));
        graphs.push_back([program = programs.back(), &watch] {
            check(cudaGraphLaunch(program, watch.stream()), "cudaGraphLaunch");
        });
    }

    const auto expected = products.result_of(launches[0], watch.stream());
    json made = json::object();
    made["config"] = to_source(shipped[std::size_t(chosen)].info.cfg);
    for (const auto& [how, bodies] : {std::pair{"stream_us", &launches}, {"graph_us", &graphs}}) {
        std::vector<std::vector<double>> times(std::size(ways));
        for (int i = 0; i <= repetitions; ++i) {
            for (std::size_t w = 0; w < std::size(ways); ++w) {
                const double us = watch.time_us(20, (*bodies)[w]);
                if (i > 0) times[w].push_back(us / links);  // the first round warms up
            }
        }
        json row = json::object();
        for (std::size_t w = 0; w < std::size(ways); ++w) {
            if (products.result_of((*bodies)[w], watch.stream()) != expected)
                throw std::runtime_error(std::string("another result: ") + ways[w].name);
            row[ways[w].name] = dg::bench::median(times[w]);
        }
        made[how] = row;
    }
    for (const cudaGraphExec_t program : programs) check(cudaGraphExecDestroy(program), "cudaGraphExecDestroy");
    return made;
}

json measure(int repetitions) {
    const dg::device_info device = dg::or_throw(dg::cuda::describe_current_device());
    const stopwatch watch;
    json rows = json::array();
    for (const dg::dtype type : {dg::dtype::e4m3, dg::dtype::bf16}) {
        for (const auto& [n, k] : {std::pair{4096, 512}, {7168, 512}, {4096, 2048}, {7168, 2048}, {4096, 7168}}) {
            for (const int m : {1, 8, 16, 32, 64, 128}) {
                const chain products(type, m, n, k);
                json row = measured(products, device, watch, repetitions);
                row["type"] = dg::name_of(type);
                row["m"] = m;
                row["n"] = n;
                row["k"] = k;
                rows.push_back(std::move(row));
            }
        }
    }
    json made = json::object();
    made["device"] = device.name;
    made["links"] = links;
    made["repetitions"] = repetitions;
    made["rows"] = std::move(rows);
    return made;
}

}  // namespace

int main(int count, char** values) {
    constexpr const char* about =
        "Measures what dependent launches gain in chains of small products, on this GPU. Prints JSON. COUNT is\n"
        "how often each chain is timed (default 15).\n\n"
        "  deepgemm_bench_chain 30 > chain.json";
    return dg::bench::run({"deepgemm_bench_chain", about, 15, measure}, count, values);
}
