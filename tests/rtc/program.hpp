// SPDX-License-Identifier: MIT
// One call of NVRTC, for tests that compile many units: text and name expressions in, log out.
#pragma once

#include <nvrtc.h>

#include "headers.hpp"

/// What NVRTC made of a unit.
struct compiled {
    bool succeeded = false;
    std::string log;  ///< empty if the compiler had nothing to say
};

/// Compiles `unit` for sm_90a, instantiating `expressions`; `more` is a further option or nullptr.
inline compiled compile(const header_set& headers, const std::string& unit,
                        const std::vector<std::string>& expressions = {}, const char* more = nullptr) {
    nvrtcProgram program{};
    if (nvrtcCreateProgram(&program, unit.c_str(), "unit.cu", int(headers.names.size()), headers.text_pointers.data(),
                           headers.name_pointers.data()) != NVRTC_SUCCESS) {
        return {false, "nvrtcCreateProgram failed"};
    }
    for (const std::string& expression : expressions) nvrtcAddNameExpression(program, expression.c_str());
    const char* options[] = {"-std=c++20", "-arch=sm_90a", more};
    const nvrtcResult result = nvrtcCompileProgram(program, more == nullptr ? 2 : 3, options);
    std::size_t length = 0;
    nvrtcGetProgramLogSize(program, &length);
    std::string log(length, '\0');
    nvrtcGetProgramLog(program, log.data());
    if (!log.empty()) log.pop_back();  // the terminating zero
    nvrtcDestroyProgram(&program);
    return {result == NVRTC_SUCCESS, log};
}
