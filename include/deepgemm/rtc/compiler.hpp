// SPDX-License-Identifier: MIT
// Kernels as images: out of a cache, else out of NVRTC. What decides on the code decides on the key of its cache entry, and
// nothing else does: no path, no time. Needs no GPU, so that a container can be given its kernels where it is built.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <deepgemm/host/device.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/kernel/list.cuh>
#include <deepgemm/rtc/cache.hpp>
#include <deepgemm/rtc/image.hpp>
#include <deepgemm/rtc/joint_unit.hpp>
#include <deepgemm/rtc/program.hpp>
#include <deepgemm/rtc/warm_up.hpp>
#include <deepgemm/version.cuh>

namespace deepgemm::rtc {

/// The architecture to compile for, as NVRTC spells it: "sm_90a" for Hopper.
inline std::string arch_of(const device_info& device) { return concat("sm_", device.arch, "a"); }

/// How kernels are compiled and where they are kept.
struct compiler_options {
    std::string arch = "sm_90a";
    std::vector<std::string>
        options{};          ///< further options of NVRTC's, such as "-lineinfo"; their order does not matter
    cache_options cache{};  ///< memory only, unless it names roots
};

/// Compiles kernels, each once. Any number of threads.
class compiler {
public:
    explicit compiler(header_set headers, compiler_options options = {})
        : headers_(std::move(headers)),
          headers_hash_(headers_.hash()),
          arch_(std::move(options.arch)),
          options_(std::move(options.options)),
          cache_(std::move(options.cache), [](const cache::bytes& found) { return bool(image::unpack(found)); }) {
        // The host side of a user's kernel is plain functions, which NVRTC does not take without this.
        options_.emplace_back("-default-device");
        std::sort(options_.begin(), options_.end());
    }

    const header_set& headers() const { return headers_; }
    const std::string& arch() const { return arch_; }
    /// How requests have been answered so far.
    cache_counts counts() const { return cache_.counts(); }

    /// The image of a kernel. With `facts`, which a host type gives, an error if the kernel is laid out otherwise. Takes
    /// microseconds from memory, about a millisecond from disk, 0.1 to 2 seconds from NVRTC; threads that ask for the same kernel
    /// wait for one of them.
    result<image> get(const source& kernel, const layout_facts* facts = nullptr) const {
        const program wanted = program_of(kernel, facts);
        auto bytes = cache_.get(key_of(wanted), note_of(wanted), [&]() -> result<std::string> {
            const auto built = compile(wanted, headers_);
            if (!built) return built.failure();
            return image::pack(built->names.front(), built->cubin);
        });
        if (!bytes) return bytes.failure();
        return image::unpack(*std::move(bytes));
    }

    /// The image of kernel `K`; `include` lists the headers that define what is not deepgemm's.
    template <class K>
    result<image> get(static_extents extents = {}, std::vector<std::string> include = {}) const {
        const auto named = source_of<K>(std::move(include), extents);
        if (!named) return named.failure();
        constexpr layout_facts facts = facts_of<K>();
        return get(*named, &facts);
    }

    /// Kernels in one cubin, each under the name that it has in a cubin of its own; `names` are in the order of `kernels`. For fat
    /// binaries, of which a program loads one cubin. Takes as long as one kernel after another; no cache keeps it.
    result<binary> get_together(std::span<const kernel_source> kernels) const {
        const joint_unit all = joint_unit_of(kernels);
        return compile({all.text, all.expressions, arch_, options_}, headers_);
    }

    /// The same for a list, such as shipped::gradients; `include` lists the headers that define what is not deepgemm's.
    template <class... K>
    result<binary> get_together(shipped::kernels<K...>, const std::vector<std::string>& include = {}) const {
        std::vector<kernel_source> all;
        for (auto& made : {kernel_source_of<K>(include)...}) {
            if (!made) return made.failure();
            all.push_back(*made);
        }
        return get_together(all);
    }

    /// A task for each kernel of a list, such as shipped::gradients, that compiles it or finds it in the cache: what fills a cache
    /// without a GPU. The compiler must outlive the tasks.
    template <class... K>
    std::vector<warm_up_task> tasks(shipped::kernels<K...>) const {
        return {{to_source(K::info), [this]() -> result<void> {
                     const auto built = get<K>();
                     return built ? result<void>() : built.failure();
                 }}...};
    }

    /// The key of the cache entry that get() looks up.
    std::string key_of(const source& kernel, const layout_facts* facts = nullptr) const {
        return key_of(program_of(kernel, facts));
    }
    /// The key of a unit's cache entry, which names all that its code depends on.
    std::string key_of(const program& unit) const {
        sha256 key;
        key.field("deepgemm kernel").field(std::to_string(cache_schema)).field(std::to_string(version));
        key.field(headers_hash_).field(nvrtc_version()).field(unit.arch).field(std::to_string(unit.options.size()));
        for (const std::string& option : unit.options) key.field(option);
        return key.field(unit.text).hex();
    }

private:
    program program_of(const source& kernel, const layout_facts* facts) const {
        return {unit_text(kernel, facts), {entry_expression}, arch_, options_};
    }

    /// What a cache entry says to people.
    static std::string note_of(const program& unit) {
        std::string note = concat("NVRTC ", nvrtc_version(), " -arch=", unit.arch);
        for (const std::string& option : unit.options) note += concat(" ", option);
        return note + "\n" + unit.text;
    }

    const header_set headers_;
    const std::string headers_hash_, arch_;
    std::vector<std::string> options_;
    mutable cache cache_;
};

}  // namespace deepgemm::rtc
