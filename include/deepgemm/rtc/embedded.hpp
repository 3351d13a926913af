// SPDX-License-Identifier: MIT
// The headers that a program carries: a declaration only. Link deepgemm::rtc, which holds deepgemm's own, or a library made by
// deepgemm_embed() (CMake) for headers of yours.
#pragma once

#include <deepgemm/rtc/headers.hpp>

namespace deepgemm::rtc {

/// The device-capable headers of deepgemm, as they were when this program was built. Copies them; host, any thread.
header_set embedded_headers();

}  // namespace deepgemm::rtc
