// SPDX-License-Identifier: MIT
// A consumer that names its kernel and launches it. The kernel's body is in the library: the header says `extern template`
// for it, so that this file compiles none.
#include <consumer_kernels_extern.hpp>

#include "multiply.hpp"

using namespace consumer;

int main() {
    return check("direct", [](operands& x) {
        product::arguments arguments;
        arguments.shape = {m, n, k};
        arguments.a = x.a;
        arguments.a_pitch = k;
        arguments.b = x.b;
        arguments.b_pitch = k;
        arguments.d = x.d;
        arguments.d_pitch = n;
        // [launch]
        deepgemm::sim::launch<product>(arguments);  // on a GPU: deepgemm::launch<product>(stream, arguments)
        // [launch]
    });
}
