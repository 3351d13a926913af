// SPDX-License-Identifier: MIT
// Opens the shared library of a peer: see peer.hpp.
#pragma once

#include <string>

#include "peer.hpp"

namespace deepgemm::bench {

/// The peer that the shared library `file` exports; the library stays open. Throws std::runtime_error with a sentence if the file
/// cannot be opened or exports none.
peer& open_peer(const std::string& file);

}  // namespace deepgemm::bench
