// SPDX-License-Identifier: MIT
// Declares deepgemm's own headers as data inside the program. The library deepgemm::rtc (CMake) defines them. deepgemm_embed()
// makes such a library of headers of yours.
#pragma once

#include <deepgemm/rtc/headers.hpp>

namespace deepgemm::rtc {

/// The device-capable headers of deepgemm, as they were when this program was built. Copies them; host, any thread.
header_set embedded_headers();

}  // namespace deepgemm::rtc
