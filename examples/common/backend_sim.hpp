// SPDX-License-Identifier: MIT
// The simulator as a place to run examples: its kernels read host memory, a launch returns when the kernel has ended.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <deepgemm/host/device.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/sim/trace.hpp>

namespace backend {

inline constexpr bool simulated = true;
/// What the programs run on, for their first line.
inline std::string name() { return "the simulator"; }

/// An array in memory that kernels can reach: `count` elements full of NaN patterns, or a copy of a container.
template <class T>
class array {
public:
    explicit array(std::size_t count) : values_(count) {
        if (count != 0) std::memset(static_cast<void*>(values_.data()), 0xff, count * sizeof(T));
    }
    template <class Container>
        requires requires(const Container& from) { from.data(), from.size(); }
    explicit array(const Container& from) : values_(from.data(), from.data() + from.size()) {}
    array(const array&) = delete;
    array& operator=(const array&) = delete;

    T* data() { return values_.data(); }
    /// Copies everything to a container of the same size.
    template <class Container>
    void read(Container& to) const {
        std::copy(values_.begin(), values_.end(), to.data());
    }
    /// Copies everything from a container of the same size.
    template <class Container>
    void write(const Container& from) {
        std::copy_n(from.data(), values_.size(), values_.data());
    }

private:
    std::vector<T> values_;
};

/// Runs kernel `K` to its end. Throws if the simulator finds a fault.
template <class K>
void launch(const typename K::arguments& arguments) {
    deepgemm::sim::launch<K>(arguments, {.trace = true});
}

/// The same; `stream`, which the simulator does not have, is null.
template <class K>
void enqueue(void* /*stream*/, const typename K::arguments& arguments) {
    launch<K>(arguments);
}

/// Launches that are replayed any number of times. The simulator has no graphs: it makes the same calls each time.
class graph {
public:
    /// Keeps `calls(stream)`. Nothing runs.
    explicit graph(std::function<void(void*)> calls) : calls_(std::move(calls)) {}
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    /// Runs all launches to their end.
    void replay() { calls_(nullptr); }

private:
    std::function<void(void*)> calls_;
};

/// Waits for everything that was launched.
inline void synchronise() {}

/// Draws what the warps of CTA 0 did in the last launch.
inline void show_timeline() { std::printf("%s", deepgemm::sim::timeline(deepgemm::sim::last_run(), 0, 90).c_str()); }

/// What a planner needs to know of the machine.
inline deepgemm::device_info device() { return deepgemm::device_info::simulator(); }

/// Kernels as handles, for an engine.
template <class... K>
const auto& kernels() {
    return deepgemm::sim::kernel_list<K...>;
}

}  // namespace backend
