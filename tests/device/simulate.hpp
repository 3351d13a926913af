// SPDX-License-Identifier: MIT
// Runs an instruction probe on the simulator. Host compiler only: under nvcc the same probe is the GPU's.
#pragma once

#include <deepgemm/sim/launch.hpp>

#include "probe_host.hpp"

namespace deepgemm::probes {

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

/// The output of every probe of a list.
template <class... P>
std::vector<bytes> simulate_list(probe_list<P...>) {
    return {simulate<P>()...};
}

}  // namespace deepgemm::probes
