// SPDX-License-Identifier: MIT
// The manifest of `deepgemm aot`: which kernel serves which product, in which file it is, and which resources it uses.
#pragma once

#include <deepgemm/rtc/image.hpp>
#include <deepgemm/rtc/program.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "json.hpp"
#include "needed_kernels.hpp"

namespace deepgemm::bench {

/// A fat binary that holds the kernels.
struct packed_fat_binary {
    /// The cubin for one architecture.
    struct image {
        std::string arch;
        const rtc::binary& cubin;
    };
    std::string file;  ///< as seen from the manifest's directory
    std::size_t bytes;
    std::vector<image> images;
};

/// The kernels that were compiled for a list of products.
struct packed_kernels {
    std::string gpu, arch, headers;  ///< the last: the hash of deepgemm's own
    std::span<const listed_product> lines;
    std::span<const std::vector<std::size_t>> of_line;  ///< for each line, the places of its kernels
    std::span<const needed_kernel> kernels;
    std::span<const rtc::image> images;  ///< of each kernel
    std::vector<std::string> keys{};     ///< of each kernel's cache entry
    std::optional<packed_fat_binary> fatbin{};
};

/// The manifest as JSON.
json manifest_of(const packed_kernels& packed);

}  // namespace deepgemm::bench
