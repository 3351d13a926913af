// SPDX-License-Identifier: MIT
// A program of the consumer project that carries headers inside, deepgemm's and its own: proves that they are there, whole.
#include <deepgemm/rtc/embedded.hpp>

#include <string_view>

namespace consumer {
deepgemm::rtc::header_set headers();
}

int main() {
    const auto all = deepgemm::rtc::embedded_headers(), own = consumer::headers();
    const std::string* const text = own.find("own.cuh");
    const bool whole =
        text != nullptr && text->find("[brackets]; \"quotes\" \\ $<x> ${y} @z@\n#pragma once\n") != text->npos;
    // The hash that CMake computed is that of the text which arrived.
    const bool same = whole && deepgemm::rtc::header_set().add("own.cuh", *text).hash() == own.hash();
    return same && own.size() == 1 && all.find("deepgemm/kernel/gemm.cuh") != nullptr ? 0 : 1;
}
