// SPDX-License-Identifier: MIT
// The throwing form of every function that returns a result: or_throw(fp8_gemm_nt(...)). Needs exceptions; error.hpp does not.
#pragma once

#include <stdexcept>
#include <type_traits>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// An `error` as an exception; what() is its message.
class exception : public std::runtime_error {
public:
    explicit exception(const error& why) : std::runtime_error(why.message), code_(why.code) {}
    errc code() const { return code_; }

private:
    errc code_;
};

/// The value of a result; throws deepgemm::exception if it is an error.
template <class T>
T or_throw(result<T> outcome) {
    if (!outcome) throw exception(outcome.failure());
    if constexpr (!std::is_void_v<T>) return *std::move(outcome);
}

}  // namespace deepgemm
