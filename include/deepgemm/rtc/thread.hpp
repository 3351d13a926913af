// SPDX-License-Identifier: MIT
// The threads on which the run-time compiler works: std::jthread, or an error with a sentence if the standard library has none.
#pragma once

#include <version>

#if !defined(__cpp_lib_jthread)
#error "deepgemm/rtc needs std::jthread, which this standard library lacks: take libstdc++, or libc++ 20 or newer"
#endif
#include <stop_token>  // absent in that case, too: a compiler stops here and prints no page of errors after the sentence above
#include <thread>
