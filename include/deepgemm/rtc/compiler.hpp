// SPDX-License-Identifier: MIT
// Compiles kernels to images: from a cache, else by NVRTC. The key of a cache entry hashes everything that determines the code
// and nothing else, such as a path or a time. No GPU is needed, so kernels can be compiled while a container is built.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/device.hpp>
#include <deepgemm/host/diagnosis.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/rtc/cache.hpp>
#include <deepgemm/rtc/image.hpp>
#include <deepgemm/rtc/inputs.hpp>
#include <deepgemm/rtc/joint_unit.hpp>
#include <deepgemm/rtc/kept_code.hpp>
#include <deepgemm/rtc/program.hpp>
#include <deepgemm/rtc/resources.hpp>
#include <deepgemm/rtc/warm_up.hpp>
#include <deepgemm/version.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// The architecture to compile for, as NVRTC spells it: arch::sm90::name for Hopper.
inline std::string arch_of(const device_info& device) { return concat("sm_", device.arch, "a"); }

/// How kernels are compiled, and where they are kept.
struct compiler_options {
    std::string arch = deepgemm::arch::sm90::name;
    /// Further options for NVRTC, such as "-lineinfo". They are passed in this order, because a later option may override an
    /// earlier one. An option and its value may be two elements. check_option() refuses options that make NVRTC read files.
    std::vector<std::string> options{};
    cache_options cache{};  ///< memory only, unless it names roots
    /// What to keep and what to refuse; taken from the environment if it is not given. Keeping code turns the cache on disk
    /// off, because a kernel that is found there is not compiled.
    std::optional<diagnosis> diagnose{};
};

/// Compiles kernels, each once. Host, any number of threads at a time.
class compiler {
public:
    explicit compiler(header_set headers, compiler_options options = {})
        : headers_(std::move(headers)),
          headers_hash_(headers_.hash()),
          arch_(std::move(options.arch)),
          options_(std::move(options.options)),
          inputs_(check_inputs(options_, headers_)),
          diagnosis_(options.diagnose ? result<diagnosis>(*options.diagnose) : diagnosis::of_process()),
          cache_(cache_of(std::move(options.cache)),
                 [](const cache::bytes& found) { return bool(image::unpack(found)); }) {
        // Host functions of a user's kernel are not marked __host__. NVRTC takes unmarked functions for host code, which it
        // rejects, unless this option is given.
        options_.emplace(options_.begin(), "-default-device");
    }

    const header_set& headers() const { return headers_; }
    const std::string& arch() const { return arch_; }
    /// How requests have been answered so far.
    cache_counts counts() const { return cache_.counts(); }

    /// The image of a kernel. `facts` describe the kernel's type on the host; an error if the compiled type differs from them.
    /// errc::bad_option for options and headers that check_inputs() refuses, and for a virtual architecture, which has no
    /// cubins. Takes microseconds from memory, about a millisecond from disk, 0.1 to 2 seconds from NVRTC. Threads that ask for
    /// one kernel share one compilation.
    result<image> get(const source& kernel, const layout_facts* facts = nullptr) const {
        const program wanted = program_of(kernel, facts);
        if (auto ok = check(wanted); !ok) return ok.failure();
        auto bytes = cache_.get(key_of(wanted), note_of(wanted), [&]() -> result<std::string> {
            const auto built = compile_and_keep(wanted);
            if (!built) return built.failure();
            return image::pack(built->names.front(), built->cubin);
        });
        if (!bytes) return bytes.failure();
        auto found = image::unpack(*std::move(bytes));
        if (!found) return found.failure();
        if (auto ok = check_local_memory(found->cubin(), found->entry()); !ok) return ok.failure();
        return found;
    }

    /// The image of kernel `K`. `include` lists the headers that define names other than deepgemm's.
    template <class K>
    result<image> get(static_extents extents = {}, std::vector<std::string> include = {}) const {
        const auto named = source_of<K>(std::move(include), extents);
        if (!named) return named.failure();
        constexpr layout_facts facts = facts_of<K>();
        return get(*named, &facts);
    }

    /// All `kernels` in one cubin, each under the name that it has in a cubin of its own; binary::names is in the order of
    /// `kernels`. It serves fat binaries, of which a program loads a single cubin. Takes as long as compiling the kernels one
    /// after another, and is not cached.
    result<binary> get_together(std::span<const kernel_source> kernels) const {
        const joint_unit all = joint_unit_of(kernels);
        const program wanted{all.text, all.expressions, arch_, options_};
        if (auto ok = check(wanted); !ok) return ok.failure();
        auto built = compile_and_keep(wanted);
        if (!built) return built.failure();
        for (const std::string& name : built->names) {
            if (auto ok = check_local_memory(built->cubin, name); !ok) return ok.failure();
        }
        return built;
    }

    /// The same for a list, such as shipped::gradients. `include` lists the headers that define names other than deepgemm's.
    template <class... K>
    result<binary> get_together(shipped::kernels<K...>, const std::vector<std::string>& include = {}) const {
        std::vector<kernel_source> all;
        for (auto& made : {kernel_source_of<K>(include)...}) {
            if (!made) return made.failure();
            all.push_back(*made);
        }
        return get_together(all);
    }

    /// One task for each kernel of a list, such as shipped::gradients, that compiles the kernel or finds it in the cache.
    /// Running them fills a cache without a GPU. The compiler must outlive the tasks.
    template <class... K>
    std::vector<warm_up_task> tasks(shipped::kernels<K...>) const {
        return {{named<K>(), [this]() -> result<void> {
                     const auto built = get<K>();
                     return built ? result<void>() : built.failure();
                 }}...};
    }

    /// The key of the cache entry that get() looks up.
    std::string key_of(const source& kernel, const layout_facts* facts = nullptr) const {
        return key_of(program_of(kernel, facts));
    }
    /// The key of a unit's cache entry: a hash of everything that its code depends on.
    std::string key_of(const program& unit) const {
        sha256 key;
        key.field("deepgemm kernel").field(std::to_string(cache_schema)).field(std::to_string(version));
        key.field(headers_hash_).field(nvrtc_version()).field(nvrtc_build()).field(nvrtc_environment());
        key.field(unit.arch).field(std::to_string(unit.options.size()));
        for (const std::string& option : unit.options) key.field(option);
        return key.field(unit.text).hex();
    }

private:
    /// A kernel's name for people: the text of its operation, else its type.
    template <class K>
    static std::string named() {
        const auto text = source_of<K>();
        return !text ? typeid(K).name() : text->described.empty() ? text->type : text->described;
    }

    program program_of(const source& kernel, const layout_facts* facts) const {
        return {unit_text(kernel, facts), {entry_expression}, arch_, options_};
    }

    /// The options of the cache, without roots if code is to be kept: then every kernel must be compiled.
    cache_options cache_of(cache_options options) const {
        if (!diagnosis_ || !diagnosis_->keep_code.empty()) options.roots.clear();
        return options;
    }

    /// An error if the diagnosis asks for something impossible, or if NVRTC would read files.
    result<void> check(const program& unit) const {
        if (!diagnosis_) return diagnosis_.failure();
        if (!inputs_) return inputs_;
        if (auto ok = check_environment(); !ok) return ok;
        return check_includes("the unit", unit.text);
    }

    /// Compiles a unit to a cubin that a program can load, and keeps its code if that is asked for.
    result<binary> compile_and_keep(program unit) const {
        unit.keep_ptx = !diagnosis_->keep_code.empty();
        auto built = compile(unit, headers_);
        if (!built) return built;
        if (auto ok = check_loadable(built->cubin); !ok) return ok.failure();
        if (!unit.keep_ptx) return built;
        if (auto ok = keep_code(diagnosis_->keep_code, key_of(unit), note_of(unit), *built); !ok) return ok.failure();
        return built;
    }

    result<void> check_local_memory(std::string_view cubin, std::string_view entry) const {
        return diagnosis_->fail_on_local_memory ? refuse_local_memory(cubin, entry) : result<void>();
    }

    /// The note of a cache entry: a line on the compiler and its options, then the unit.
    static std::string note_of(const program& unit) {
        std::string note = concat("NVRTC ", nvrtc_version(), " build ", nvrtc_build(), " -arch=", unit.arch);
        for (const std::string& option : unit.options) note += concat(" ", option);
        return note + "\n" + unit.text;
    }

    const header_set headers_;
    const std::string headers_hash_, arch_;
    std::vector<std::string> options_;
    const result<void> inputs_;  ///< whether options and headers let NVRTC read files
    const result<diagnosis> diagnosis_;
    mutable cache cache_;
};

}  // namespace deepgemm::rtc
