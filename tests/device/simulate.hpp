// SPDX-License-Identifier: MIT
// Runs an instruction probe on the simulator. Host compiler only: under nvcc the same probe is the GPU's.
#pragma once

#include <deepgemm/sim/launch.hpp>

#include "probe_host.hpp"

namespace deepgemm::probes {

/// A probe as a value, so that hundreds of them share the code that runs one.
struct probe_value {
    dtype a_type, b_type, output_type;
    u32 a_bytes, b_bytes, output_bytes, cluster, threads, smem_bytes;
    void (*maps)(const void*, const void*, void*, tensor_map_request (&)[3]);
    void (*run)(const probe_params&);
};
template <class P>
inline constexpr probe_value value_of{P::a_type,  P::b_type,  P::output_type, P::a_bytes, P::b_bytes, P::output_bytes,
                                      P::cluster, P::threads, P::smem_bytes,  &P::maps,   &P::run};

/// The output of a probe on the standard inputs.
inline bytes simulate(const probe_value& p, const sim::options& options = {}) {
    const bytes a = make_input(p.a_type, p.a_bytes, 0), b = make_input(p.b_type, p.b_bytes, 1);
    bytes output = make_input(p.output_type, p.output_bytes, 2);
    tensor_map_request requests[3];
    p.maps(a.data(), b.data(), output.data(), requests);
    probe_params params{{}, a.data(), b.data(), output.data()};
    for (u32 i = 0; i < 3; ++i) params.map[i] = sim::encode_tensor_map(requests[i]);
    sim::geometry geometry;
    geometry.grid = geometry.cluster = {p.cluster, 1, 1};
    geometry.threads = p.threads;
    geometry.smem_bytes = p.smem_bytes;
    sim::launch(options, geometry, [&] { p.run(params); });
    return output;
}
template <class P>
bytes simulate(const sim::options& options = {}) {
    return simulate(value_of<P>, options);
}

/// The output of every probe of a list.
template <class... P>
std::vector<bytes> simulate_list(probe_list<P...>) {
    std::vector<bytes> outputs;
    for (const probe_value* p : {&value_of<P>...}) outputs.push_back(simulate(*p));
    return outputs;
}

}  // namespace deepgemm::probes
