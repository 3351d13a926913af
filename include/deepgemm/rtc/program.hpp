// SPDX-License-Identifier: MIT
// Calls NVRTC: it compiles the text of a unit with headers to a cubin. It needs libnvrtc but no GPU, uses no cache, and reads
// only files that options or absolute paths in #include name.
#pragma once

#include <dlfcn.h>
#include <nvrtc.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/build_id.hpp>
#include <deepgemm/rtc/headers.hpp>
#include <deepgemm/rtc/log.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// What is compiled, and how.
struct program {
    std::string text;
    std::vector<std::string> expressions{};         ///< functions to instantiate, whose names in the cubin are wanted
    std::string arch = deepgemm::arch::sm90::name;  ///< as NVRTC spells it; wgmma needs the `a`
    /// Further options for NVRTC, in the order in which it reads them; -std=c++20 and -no-source-include come first.
    std::vector<std::string> options{};
    bool keep_ptx = false;  ///< fill binary::ptx
};

/// The result of a compilation.
struct binary {
    std::string cubin;
    std::vector<std::string> names;  ///< the names of the expressions in the cubin, in their order
    std::string log;                 ///< warnings and remarks; mostly empty
    std::string ptx{};               ///< empty unless program::keep_ptx asks for it
};

/// The version of the NVRTC that is linked, such as "13.0".
inline std::string nvrtc_version() {
    int major = 0, minor = 0;
    return nvrtcVersion(&major, &minor) == NVRTC_SUCCESS ? concat(major, ".", minor) : "unknown";
}

namespace detail {

/// The library that holds NVRTC's functions. In a program that is not position-independent, a function's address may be that of
/// a stub in the program; then the next object that defines the function is taken.
inline loaded_object nvrtc_object() {
    const loaded_object found = object_at(reinterpret_cast<const void*>(&nvrtcVersion));
    void* const next = found.fixed_address ? ::dlsym(RTLD_NEXT, "nvrtcVersion") : nullptr;
    return next == nullptr ? found : object_at(next);
}

/// The library of built-in functions, which NVRTC loads by this name on its first compilation. Loading it here keeps it loaded,
/// so NVRTC uses the same one. The path is empty if there is none, as for a static NVRTC.
inline loaded_object nvrtc_builtins_object() {
    void* const library = ::dlopen(concat("libnvrtc-builtins.so.", nvrtc_version()).c_str(), RTLD_LAZY | RTLD_LOCAL);
    const link_map* map = nullptr;
    if (library == nullptr || ::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return {};
    return object_at(map->l_ld);
}

}  // namespace detail

/// The environment variables that may change NVRTC's output, with their values, as a part of keys. NVRTC 13.0 reads
/// NVRTC_APPEND_FLAGS but ignores its options; a later version may not. Empty if none is set.
inline std::string nvrtc_environment() {
    std::string text;
    for (const char* const name : {"NVRTC_APPEND_FLAGS", "NV_NVVM_VERSION"}) {
        if (const char* const value = std::getenv(name)) text += concat(name, "=", value, "\n");
    }
    return text;
}

/// What identifies the build of NVRTC, even among builds of one version: the build ids of its two libraries. They are read
/// once, without compiling, in less than a millisecond; any thread.
inline const std::string& nvrtc_build() {
    static const std::string build =
        concat(identity_of(detail::nvrtc_object()), ".", identity_of(detail::nvrtc_builtins_object()));
    return build;
}

namespace detail {

struct destroy_program {
    void operator()(nvrtcProgram made) const { nvrtcDestroyProgram(&made); }
};
using owned_program = std::unique_ptr<std::remove_pointer_t<nvrtcProgram>, destroy_program>;

/// Text or bytes that NVRTC returns through a function for the size and one for a copy.
inline std::string fetch(nvrtcProgram from, nvrtcResult (*size_of)(nvrtcProgram, std::size_t*),
                         nvrtcResult (*copy)(nvrtcProgram, char*)) {
    std::size_t size = 0;
    if (size_of(from, &size) != NVRTC_SUCCESS) return {};
    std::string bytes(size, '\0');
    return copy(from, bytes.data()) == NVRTC_SUCCESS ? bytes : std::string();
}

/// A failure with all that helps to understand it: the first error and the concept that failed, then options, log and source.
inline error compile_error(const program& given, const char* what, const std::string& log) {
    const std::string first = first_error(log), concept_name = failed_concept(log);
    std::string text = concat("NVRTC ", nvrtc_version(), ": ", first.empty() ? what : first);
    if (!concept_name.empty()) text += concat("\nthe concept that failed: ", concept_name);
    text += concat("\n\noptions: -std=c++20 -no-source-include -arch=", given.arch);
    for (const std::string& option : given.options) text += concat(" ", option);
    if (!log.empty()) text += concat("\n\nlog:\n", log);
    return fail(errc::compile_failure, text, "\n\nsource:\n", given.text);
}

/// An error if NVRTC makes no cubin for this architecture.
inline result<void> check_arch(const std::string& arch) {
    if (arch.starts_with("sm_")) return {};
    constexpr std::string_view virtual_arch = "compute_";
    const std::string own =
        arch.starts_with(virtual_arch) ? concat("sm_", arch.substr(virtual_arch.size())) : "such as sm_90a";
    return fail(errc::bad_option, "the architecture is \"", arch, "\", which yields no cubin; name a GPU's own, ", own);
}

}  // namespace detail

/// Compiles a unit. Takes from 0.05 s for an empty one to a second. Any thread, and threads do not wait for each other. The
/// message of a failure begins with the first error and the concept that failed, and contains log, options and source.
inline result<binary> compile(const program& given, const header_set& headers) {
    if (auto ok = detail::check_arch(given.arch); !ok) return ok.failure();
    const auto names = headers.names(), texts = headers.texts();
    nvrtcProgram made = nullptr;
    nvrtcResult status =
        nvrtcCreateProgram(&made, given.text.c_str(), "unit.cu", int(names.size()), texts.data(), names.data());
    if (status != NVRTC_SUCCESS) return detail::compile_error(given, nvrtcGetErrorString(status), "");
    const detail::owned_program owner(made);
    for (const std::string& expression : given.expressions) {
        status = nvrtcAddNameExpression(made, expression.c_str());
        if (status != NVRTC_SUCCESS) return detail::compile_error(given, nvrtcGetErrorString(status), "");
    }

    const std::string arch = "-arch=" + given.arch;
    std::vector<const char*> options{"-std=c++20", "-no-source-include", arch.c_str()};
    for (const std::string& option : given.options) options.push_back(option.c_str());
    status = nvrtcCompileProgram(made, int(options.size()), options.data());
    binary built;
    built.log = detail::fetch(made, nvrtcGetProgramLogSize, nvrtcGetProgramLog);
    if (built.log.ends_with('\0')) built.log.pop_back();
    if (status != NVRTC_SUCCESS) return detail::compile_error(given, nvrtcGetErrorString(status), built.log);

    for (const std::string& expression : given.expressions) {
        const char* name = nullptr;
        status = nvrtcGetLoweredName(made, expression.c_str(), &name);
        if (status != NVRTC_SUCCESS) return detail::compile_error(given, nvrtcGetErrorString(status), built.log);
        built.names.emplace_back(name);
    }
    built.cubin = detail::fetch(made, nvrtcGetCUBINSize, nvrtcGetCUBIN);
    if (built.cubin.empty()) {
        return detail::compile_error(
            given, "there is no cubin; an option such as -dlto or -optix-ir asks for another output", built.log);
    }
    if (given.keep_ptx) built.ptx = detail::fetch(made, nvrtcGetPTXSize, nvrtcGetPTX);
    return built;
}

}  // namespace deepgemm::rtc
