// SPDX-License-Identifier: MIT
// The one version number of deepgemm. CMake reads it from here; nothing else states it.
#pragma once

#define DEEPGEMM_VERSION_MAJOR 0
#define DEEPGEMM_VERSION_MINOR 1
#define DEEPGEMM_VERSION_PATCH 0

namespace deepgemm {

/// The library's version as `major * 10000 + minor * 100 + patch`.
inline constexpr int version = DEEPGEMM_VERSION_MAJOR * 10000 + DEEPGEMM_VERSION_MINOR * 100 + DEEPGEMM_VERSION_PATCH;

}  // namespace deepgemm
