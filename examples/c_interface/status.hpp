// SPDX-License-Identifier: MIT
// Converts the library's errors for C: to numbers that never change, and a message in the caller's memory. No exception leaves
// guarded().
#pragma once

#include <deepgemm/host/error.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "deepgemm.h"

namespace c_interface {

namespace dg = deepgemm;

/// An error code of the library and its number. What is not here is DEEPGEMM_OTHER.
inline constexpr std::pair<dg::errc, deepgemm_status> numbers[] = {
    {dg::errc::bad_extent, DEEPGEMM_BAD_EXTENT},
    {dg::errc::shape_mismatch, DEEPGEMM_SHAPE_MISMATCH},
    {dg::errc::unsupported_type, DEEPGEMM_UNSUPPORTED_TYPE},
    {dg::errc::bad_layout, DEEPGEMM_BAD_LAYOUT},
    {dg::errc::misaligned, DEEPGEMM_MISALIGNED},
    {dg::errc::null_pointer, DEEPGEMM_NULL_POINTER},
    {dg::errc::bad_scales, DEEPGEMM_BAD_SCALES},
    {dg::errc::bad_alias, DEEPGEMM_BAD_ALIAS},
    {dg::errc::bad_option, DEEPGEMM_BAD_OPTION},
    {dg::errc::no_kernel, DEEPGEMM_NO_KERNEL},
    {dg::errc::wrong_device, DEEPGEMM_WRONG_DEVICE},
    {dg::errc::cuda_failure, DEEPGEMM_CUDA_FAILURE},
    {dg::errc::simulator_failure, DEEPGEMM_SIMULATOR_FAILURE},
};

/// The number of an error code.
constexpr deepgemm_status number_of(dg::errc code) {
    for (const auto& [known, number] : numbers) {
        if (known == code) return number;
    }
    return DEEPGEMM_OTHER;
}

/// The name of a number.
constexpr const char* name_of(deepgemm_status status) {
    for (const auto& [code, number] : numbers) {
        if (number == status) return dg::name_of(code);
    }
    return status == DEEPGEMM_OK              ? "ok"
           : status == DEEPGEMM_OUT_OF_MEMORY ? "out_of_memory"
           : status == DEEPGEMM_OTHER         ? "other"
                                              : "unknown";
}

/// Writes a message into the caller's memory, if the caller has any, and passes the status on.
inline deepgemm_status tell(deepgemm_message* message, deepgemm_status status, std::string_view text) noexcept {
    if (message == nullptr) return status;
    const std::size_t length = std::min(text.size(), sizeof message->text - 1);
    std::memcpy(message->text, text.data(), length);
    message->text[length] = '\0';
    return status;
}

/// Calls body(), which returns a result<void>, and turns the result or an exception into a status and a message.
template <class Body>
deepgemm_status guarded(deepgemm_message* message, Body body) noexcept {
    try {
        const dg::result<void> done = body();
        if (done) return tell(message, DEEPGEMM_OK, "");
        return tell(message, number_of(done.failure().code), done.failure().message);
    } catch (const std::bad_alloc&) {
        return tell(message, DEEPGEMM_OUT_OF_MEMORY, "out of host memory");
    } catch (const std::exception& why) {
        return tell(message, DEEPGEMM_OTHER, why.what());
    } catch (...) {
        return tell(message, DEEPGEMM_OTHER, "an exception of an unknown type");
    }
}

}  // namespace c_interface
