// SPDX-License-Identifier: MIT
// `deepgemm aot` where the program was built without NVRTC: says so.
#include "command.hpp"

namespace deepgemm::bench {

int aot_command(arguments, std::ostream&) {
    throw std::runtime_error(
        "this program was built without NVRTC. It comes with the CUDA toolkit; configure again where CMake finds "
        "nvrtc.h "
        "and libnvrtc (-DCMAKE_PREFIX_PATH=...). No GPU is needed");
}

}  // namespace deepgemm::bench
