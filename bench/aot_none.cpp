// SPDX-License-Identifier: MIT
// `deepgemm aot` where the program was built without NVRTC: reads the command line and says what is missing.
#include <stdexcept>

#include "aot_options.hpp"
#include "command.hpp"
#include "no_nvrtc.hpp"

namespace deepgemm::bench {

int aot_command(arguments given, std::ostream& out) {
    aot_options ignored;
    if (!parse(given, ignored, out)) return 0;
    throw std::runtime_error(no_nvrtc);
}

}  // namespace deepgemm::bench
