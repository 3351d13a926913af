// SPDX-License-Identifier: MIT
// The GPU's half of the instruction probes: runs each on the current device and compares its bytes with the simulator's.
#pragma once

#include <doctest/doctest.h>

#include <deepgemm/host/cuda_tensor_map.hpp>
#include <stdexcept>
#include <string>

#include "probe_groups.cuh"
#include "probe_host.hpp"

namespace deepgemm::probes {

inline void require(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// Device memory that holds a copy of some bytes.
class device_bytes {
public:
    explicit device_bytes(const bytes& from) : size_(from.size()) {
        require(cudaMalloc(&memory_, size_));
        require(cudaMemcpy(memory_, from.data(), size_, cudaMemcpyHostToDevice));
    }
    device_bytes(const device_bytes&) = delete;
    device_bytes& operator=(const device_bytes&) = delete;
    ~device_bytes() { cudaFree(memory_); }
    u8* get() const { return static_cast<u8*>(memory_); }
    bytes read() const {
        bytes out(size_);
        require(cudaMemcpy(out.data(), memory_, size_, cudaMemcpyDeviceToHost));
        return out;
    }

private:
    void* memory_ = nullptr;
    std::size_t size_;
};

template <class P>
__global__ void __launch_bounds__(P::threads, 1) probe_entry(const __grid_constant__ probe_params p) {
    P::run(p);
}

/// The output of probe P on the current GPU.
template <class P>
bytes run_probe() {
    const device_bytes a(make_input(P::a_type, P::a_bytes, 0)), b(make_input(P::b_type, P::b_bytes, 1));
    const device_bytes output(make_input(P::output_type, P::output_bytes, 2));
    tensor_map_request requests[3];
    P::maps(a.get(), b.get(), output.get(), requests);
    probe_params params{{}, a.get(), b.get(), output.get()};
    for (int i = 0; i < 3; ++i) {
        const auto map = cuda::encode_tensor_map(requests[i]);
        if (!map) throw std::runtime_error(map.failure().message);
        params.map[i] = *map;
    }
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeClusterDimension;
    attribute.val.clusterDim.x = P::cluster;
    attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(P::cluster);
    config.blockDim = dim3(P::threads);
    config.dynamicSmemBytes = P::smem_bytes;
    config.attrs = &attribute;
    config.numAttrs = 1;
    require(cudaLaunchKernelEx(&config, probe_entry<P>, params));
    require(cudaDeviceSynchronize());
    return output.read();
}

/// Runs every probe of a list; `group` names the same list to the simulator.
template <class... P>
void compare(probe_group group, probe_list<P...>) {
    const std::vector<bytes> expected = simulate_group(group);
    REQUIRE(expected.size() == sizeof...(P));
    std::size_t i = 0;
    auto check = [&]<class Q>(Q) {
        CAPTURE(__PRETTY_FUNCTION__);
        const bytes actual = run_probe<Q>();
        std::size_t first = 0;
        while (first < actual.size() && actual[first] == expected[i][first]) ++first;
        CAPTURE(i);
        CAPTURE(actual.size());
        CHECK_MESSAGE(first == actual.size(), "probe ", __PRETTY_FUNCTION__, " first differs at byte ", first);
        ++i;
    };
    (check(P{}), ...);
}

}  // namespace deepgemm::probes
