// SPDX-License-Identifier: MIT
// The threads that the run-time compiler works on: std::jthread, or a sentence where the standard library has none.
#pragma once

#include <version>

#if !defined(__cpp_lib_jthread)
#error "deepgemm/rtc needs std::jthread, which this standard library lacks: take libstdc++, or libc++ 20 or newer"
#endif
#include <stop_token>  // not there either: the sentence above is followed by one message, not by a page of them
#include <thread>
