// SPDX-License-Identifier: MIT
// What a program says that was built without NVRTC.
#pragma once

namespace deepgemm::bench {

inline constexpr const char* no_nvrtc =
    "this program was built without NVRTC. It comes with the CUDA toolkit; "
    "configure again where CMake finds nvrtc.h and libnvrtc (-DCMAKE_PREFIX_PATH=...). No GPU is needed";

}  // namespace deepgemm::bench
