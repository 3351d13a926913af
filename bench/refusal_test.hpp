// SPDX-License-Identifier: MIT
// What the program `deepgemm` answers a user's text that it does not take.
#pragma once

#include <stdexcept>
#include <string>

namespace deepgemm::bench {

/// The sentence with which call() refuses an argument; "" if it does not.
template <class Call>
std::string refusal_of(const Call& call) {
    try {
        call();
    } catch (const std::invalid_argument& why) {
        return why.what();
    }
    return "";
}

}  // namespace deepgemm::bench
