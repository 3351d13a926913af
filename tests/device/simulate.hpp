// SPDX-License-Identifier: MIT
// Runs an instruction probe on the simulator. Host compiler only: the same probe under nvcc is the GPU's.
#pragma once

#include <deepgemm/sim/launch.hpp>

#include "probe.cuh"
#include "probe_host.hpp"

namespace deepgemm::probes {

/// Small integers in the elements of a buffer; 32-bit integers are hashes.
inline bytes make_input(dtype type, u32 size, u32 buffer) {
    bytes result(size);
    const u32 element = size_of(type);
    for (u32 i = 0; i < size / element; ++i) {
        const float x = small_integer(buffer, i);
        u32 bits = hash(buffer * 65536 + i);
        if (type == dtype::e4m3) bits = e4m3::from_float(x).bits;
        if (type == dtype::e5m2) bits = e5m2::from_float(x).bits;
        if (type == dtype::bf16) bits = bf16::from_float(x).bits;
        if (type == dtype::f16) bits = f16::from_float(x).bits;
        if (type == dtype::f32 || type == dtype::tf32) bits = bit_cast<u32>(x);
        std::memcpy(result.data() + i * element, &bits, element);
    }
    return result;
}

/// The output of probe P on the standard inputs.
template <class P>
bytes simulate(const sim::options& options = {}) {
    const bytes a = make_input(P::a_type, P::a_bytes, 0), b = make_input(P::b_type, P::b_bytes, 1);
    bytes output = make_input(P::output_type, P::output_bytes, 2);
    tensor_map_request requests[3];
    P::maps(a.data(), b.data(), output.data(), requests);
    probe_params params{{}, a.data(), b.data(), output.data()};
    for (u32 i = 0; i < 3; ++i) params.map[i] = sim::encode_tensor_map(requests[i]);
    sim::geometry geometry;
    geometry.grid = geometry.cluster = {P::cluster, 1, 1};
    geometry.threads = P::threads;
    geometry.smem_bytes = P::smem_bytes;
    sim::launch(options, geometry, [&params] { P::run(params); });
    return output;
}

}  // namespace deepgemm::probes
