// SPDX-License-Identifier: MIT
// Opens the shared library of a peer: see peer.hpp.
#include "peer_library.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace deepgemm::bench {

peer& open_peer(const std::string& file) {
    constexpr const char* maker = "deepgemm_bench_peer";
    // A name without a slash would be looked for among the system's libraries.
    const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error("--peer-library: " + std::string(dlerror()));
    const auto make = reinterpret_cast<peer* (*)()>(dlsym(library, maker));
    if (make == nullptr) throw std::runtime_error("--peer-library: " + file + " does not export " + maker + "()");
    peer* const made = make();
    if (made == nullptr)
        throw std::runtime_error("--peer-library: " + std::string(maker) + "() of " + file + " gave none");
    return *made;
}

}  // namespace deepgemm::bench
