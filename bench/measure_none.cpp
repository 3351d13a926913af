// SPDX-License-Identifier: MIT
// `deepgemm bench` and `deepgemm tune` in a program built without nvcc: they read the command line and say what is missing.
#include <stdexcept>

#include "command.hpp"
#include "options.hpp"

namespace deepgemm::bench {

int measure_command(arguments given, std::ostream& out) {
    options o;
    if (!parse(given, o, out)) return 0;
    throw std::runtime_error(
        "this program was built without nvcc, and so without kernels for a GPU. "
        "Build it on a machine with a Hopper GPU, nvcc 12.9 or newer and -DDEEPGEMM_CUDA=ON ('./dg bench' does), "
        "or run the kernels on the simulator with --sim");
}

}  // namespace deepgemm::bench
