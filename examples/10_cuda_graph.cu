// SPDX-License-Identifier: MIT
// Rung 10, on a GPU only: launches captured into a CUDA graph, as inference servers do. A launch allocates nothing, loads
// nothing and waits for nothing, so it may be captured like any kernel. Replaying the graph then costs the host one call. New
// here: streams, capture, graphs that get other arguments, and dependent launch, by which a kernel starts while the one before
// it ends.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>

#include "common/operands.hpp"

namespace dg = deepgemm;

using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using kernel =
    dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
             dg::config{.block = {64, 64, 128}, .trigger_dependents = dg::trigger::always, .sm90 = {.warpgroups = 1}}>;

int main() {
    // [prepare]
    // Each kernel still waits for the memory of the one before it: a dependent launch changes no result.
    const dg::context knobs{.dependent_launch = true};
    const dg::engine engine(backend::kernels<kernel>(), backend::device(), knobs);
    dg::or_throw(engine.prepare());  // loads the kernels, so that no launch does
    // [prepare]

    constexpr int m = 64, n = 1024, k = 2048, layers = 8;
    dg::random_source random(dg::fresh_seed());
    auto a = backend::normal_operand(random, m, k, {1, 128}), b = backend::normal_operand(random, n, k, {128, 128});
    const auto expected = dg::reference::gemm(a.host.view(), b.host.view());
    dg::matrix<dg::bf16> d(m, n);
    backend::array<dg::bf16> d_there(d.size()), elsewhere(d.size());
    cudaStream_t stream = nullptr;
    backend::check("cudaStreamCreate", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));

    // [capture]
    // The launches of all layers, with their results in `to`. Nothing runs.
    const auto capture = [&](dg::bf16* to) {
        cudaGraph_t captured = nullptr;
        backend::check("cudaStreamBeginCapture", cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
        for (int layer = 0; layer < layers; ++layer) {
            dg::or_throw(dg::fp8_gemm_nt(engine, a.argument(), b.argument(), argument_of(d, to), {.stream = stream}));
        }
        backend::check("cudaStreamEndCapture", cudaStreamEndCapture(stream, &captured));
        return captured;
    };
    const cudaGraph_t graph = capture(d_there.data());
    cudaGraphExec_t program = nullptr;
    backend::check("cudaGraphInstantiate", cudaGraphInstantiate(&program, graph, 0));
    // [capture]

    // The whole graph is one call. Before it, D still holds what the array was filled with.
    const auto run_into = [&](const backend::array<dg::bf16>& array) {
        array.read(d);
        const bool untouched = d(0, 0).bits == 0xffff && d(m - 1, n - 1).bits == 0xffff;
        if (!untouched) std::printf("FAIL: something ran during capture\n");
        backend::check("cudaGraphLaunch", cudaGraphLaunch(program, stream));
        backend::check("cudaStreamSynchronize", cudaStreamSynchronize(stream));
        array.read(d);
        const int failed = backend::report(dg::reference::compare(d.view(), expected, dg::tolerance::hopper_fp8));
        return failed | (untouched ? 0 : 1);
    };
    std::size_t nodes = 0;
    backend::check("cudaGraphGetNodes", cudaGraphGetNodes(graph, nullptr, &nodes));
    std::printf("%zu launches captured and replayed as one graph on %s.\n", nodes, backend::name().c_str());
    int failed = run_into(d_there);

    // [update]
    // Other arguments: the launches are captured once more, and the executable graph takes them over.
    const cudaGraph_t changed = capture(elsewhere.data());
    cudaGraphExecUpdateResultInfo refusal{};
    const bool updated = cudaGraphExecUpdate(program, changed, &refusal) == cudaSuccess;
    if (!updated) {  // as where there are more launches than before
        static_cast<void>(cudaGetLastError());
        backend::check("cudaGraphExecDestroy", cudaGraphExecDestroy(program));
        backend::check("cudaGraphInstantiate", cudaGraphInstantiate(&program, changed, 0));
    }
    // [update]
    std::printf("D elsewhere: the graph was %s.\n", updated ? "updated" : "made anew");
    failed |= run_into(elsewhere);

    backend::check("cudaGraphExecDestroy", cudaGraphExecDestroy(program));
    for (const cudaGraph_t each : {graph, changed}) backend::check("cudaGraphDestroy", cudaGraphDestroy(each));
    backend::check("cudaStreamDestroy", cudaStreamDestroy(stream));
    return failed;
}
