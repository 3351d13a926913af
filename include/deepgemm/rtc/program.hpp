// SPDX-License-Identifier: MIT
// A call of NVRTC: the text of a unit and headers in, a cubin out. Needs libnvrtc and no GPU; looks nothing up in any cache and
// touches no file.
#pragma once

#include <nvrtc.h>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/headers.hpp>
#include <deepgemm/rtc/log.hpp>

namespace deepgemm::rtc {

/// What is compiled, and how.
struct program {
    std::string text;
    std::vector<std::string> expressions{};  ///< functions to instantiate, whose names in the cubin are asked for
    std::string arch = "sm_90a";             ///< as NVRTC spells it; wgmma needs the `a`
    std::vector<std::string> options{};      ///< further options of NVRTC's; -std=c++20 is always given
};

/// What came of it.
struct binary {
    std::string cubin;
    std::vector<std::string> names;  ///< the names of the expressions in the cubin, in their order
    std::string log;                 ///< warnings and remarks; mostly empty
};

/// The version of the NVRTC that is linked, such as "13.0".
inline std::string nvrtc_version() {
    int major = 0, minor = 0;
    return nvrtcVersion(&major, &minor) == NVRTC_SUCCESS ? concat(major, ".", minor) : "unknown";
}

namespace detail {

struct destroy_program {
    void operator()(nvrtcProgram made) const { nvrtcDestroyProgram(&made); }
};
using owned_program = std::unique_ptr<std::remove_pointer_t<nvrtcProgram>, destroy_program>;

/// Text or bytes that NVRTC hands out by a size and a copy.
inline std::string fetch(nvrtcProgram from, nvrtcResult (*size_of)(nvrtcProgram, std::size_t*),
                         nvrtcResult (*copy)(nvrtcProgram, char*)) {
    std::size_t size = 0;
    if (size_of(from, &size) != NVRTC_SUCCESS) return {};
    std::string bytes(size, '\0');
    return copy(from, bytes.data()) == NVRTC_SUCCESS ? bytes : std::string();
}

/// A failure with all that is needed to understand it: the first error and the concept that failed, then everything.
inline error compile_error(const program& given, const char* what, const std::string& log) {
    const std::string first = first_error(log), concept_name = failed_concept(log);
    std::string text = concat("NVRTC ", nvrtc_version(), ": ", first.empty() ? what : first);
    if (!concept_name.empty()) text += concat("\nthe concept that failed: ", concept_name);
    text += concat("\n\noptions: -std=c++20 -arch=", given.arch);
    for (const std::string& option : given.options) text += concat(" ", option);
    if (!log.empty()) text += concat("\n\nlog:\n", log);
    return fail(errc::compile_failure, text, "\n\nsource:\n", given.text);
}

}  // namespace detail

/// Compiles a unit. Takes from 0.05 s (nothing in it) to a second; any thread, and threads do not wait for each other. The
/// message of a failure opens with the first error and the concept that failed, and holds log, options and source.
inline result<binary> compile(const program& given, const header_set& headers) {
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
    std::vector<const char*> options{"-std=c++20", arch.c_str()};
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
    if (built.cubin.empty()) return detail::compile_error(given, "there is no cubin", built.log);
    return built;
}

}  // namespace deepgemm::rtc
