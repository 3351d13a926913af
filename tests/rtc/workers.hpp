// SPDX-License-Identifier: MIT
// Spreads the work of a test over two threads: CI machines have two processors.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

namespace deepgemm::rtc::test {

/// Calls action(i) for each i below `count`, from two threads.
template <class Action>
void on_two_threads(std::size_t count, Action action) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i; (i = next++) < count;) action(i);
    };
    std::thread other(work);
    work();
    other.join();
}

}  // namespace deepgemm::rtc::test
