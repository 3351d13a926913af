// SPDX-License-Identifier: MIT
// Errors of the host side: a code, a sentence, and `result`, which holds a value or an error. Works without exceptions;
// exception.hpp has the throwing form. No function here prints, exits or keeps state.
#pragma once

#include <cassert>
#include <charconv>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What kind of thing went wrong. A caller may branch on it; the message is for people.
enum class errc {
    bad_extent,         ///< a size is negative or too large
    shape_mismatch,     ///< sizes of two arguments disagree
    unsupported_type,   ///< an element type, or a pair of them, that the operation does not take
    bad_layout,         ///< a stride or pitch that the operation does not take
    misaligned,         ///< a base address or a pitch is no multiple of what the hardware asks for
    null_pointer,       ///< memory that would be read or written is not given
    bad_scales,         ///< tile, shape, format or layout of scales
    bad_alias,          ///< arguments overlap in memory in a way that makes the result undefined
    bad_heads,          ///< head splits that do not fit the product
    bad_option,         ///< a knob outside its range
    no_kernel,          ///< a valid problem that none of the given kernels can run
    wrong_device,       ///< the current device cannot run the kernel
    cuda_failure,       ///< the CUDA runtime or driver reported an error
    compile_failure,    ///< a run-time compiler refused a kernel
    simulator_failure,  ///< the simulated machine found a fault in a kernel
};

/// The name of an error code, as written in source.
constexpr const char* name_of(errc code) {
    switch (code) {
        case errc::bad_extent: return "bad_extent";
        case errc::shape_mismatch: return "shape_mismatch";
        case errc::unsupported_type: return "unsupported_type";
        case errc::bad_layout: return "bad_layout";
        case errc::misaligned: return "misaligned";
        case errc::null_pointer: return "null_pointer";
        case errc::bad_scales: return "bad_scales";
        case errc::bad_alias: return "bad_alias";
        case errc::bad_heads: return "bad_heads";
        case errc::bad_option: return "bad_option";
        case errc::no_kernel: return "no_kernel";
        case errc::wrong_device: return "wrong_device";
        case errc::cuda_failure: return "cuda_failure";
        case errc::compile_failure: return "compile_failure";
        case errc::simulator_failure: return "simulator_failure";
    }
    return "?";
}

/// A failure: what kind, and a sentence that says what is wrong, its value and what is allowed.
struct error {
    errc code;
    std::string message;
};

namespace detail {

inline void append(std::string& text, const char* part) { text += part; }
inline void append(std::string& text, const std::string& part) { text += part; }
inline void append(std::string& text, dtype part) { text += name_of(part); }
template <class T>
    requires std::is_integral_v<T>
void append(std::string& text, T part) { text += std::to_string(part); }
/// The fewest digits that read back as the same number.
template <class T>
    requires std::is_floating_point_v<T>
void append(std::string& text, T part) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
}

}  // namespace detail

/// Strings, numbers and element types as one text.
template <class... Parts>
std::string concat(const Parts&... parts) {
    std::string text;
    (detail::append(text, parts), ...);
    return text;
}

/// A compute capability as messages name it: "9.0" for 90.
inline std::string capability_of(int arch) { return concat(arch / 10, ".", arch % 10); }

/// An error whose message is the parts as one text.
template <class... Parts>
error fail(errc code, const Parts&... parts) {
    return {code, concat(parts...)};
}

/// A value of type `T`, or an error. Test it before use: taking the value of a failure is a mistake of the caller.
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    result(error why) : held_(std::in_place_index<1>, std::move(why)) {}

    explicit operator bool() const { return held_.index() == 0; }

    T& operator*() & { return *value(); }
    const T& operator*() const& { return *const_cast<result*>(this)->value(); }
    T&& operator*() && { return std::move(*value()); }
    T* operator->() { return value(); }
    const T* operator->() const { return const_cast<result*>(this)->value(); }

    /// The error; may be called only if there is no value.
    const error& failure() const {
        const error* const why = std::get_if<1>(&held_);
        assert(why != nullptr && "result::failure() was called on a success");
        return *why;
    }

private:
    T* value() {
        T* const held = std::get_if<0>(&held_);
        assert(held != nullptr && "a result was used without looking whether it holds a value");
        return held;
    }
    std::variant<T, error> held_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] result<void> {
public:
    result() = default;
    result(error why) : why_(std::in_place_index<1>, std::move(why)) {}

    explicit operator bool() const { return why_.index() == 0; }

    /// The error; may be called only if there is one.
    const error& failure() const {
        const error* const why = std::get_if<1>(&why_);
        assert(why != nullptr && "result::failure() was called on a success");
        return *why;
    }

private:
    std::variant<std::monostate, error> why_;
};

}  // namespace deepgemm
