// SPDX-License-Identifier: MIT
// Global memory of the simulated machine is the host's memory. Flags and counters let other threads run, so that CTAs
// resident at the same time can wait for each other.
#pragma once

#include <deepgemm/sim/machine.hpp>

#include <cstddef>
#include <cstdint>

namespace deepgemm::sim {

/// With options::dependent_launch: fails if the thread, which accesses global memory at `address`, has not waited for the
/// preceding grid.
inline void check_grid_waited(const void* address, bool reads, const char* what) {
    const options& o = current().options;
    if (!o.dependent_launch || me().grid_waited) return;
    for (const global_range& ready : o.ready) {
        const auto past = reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(ready.begin);
        if (reads && past < ready.bytes) return;
    }
    fail("%s before griddepcontrol.wait: the preceding grid may still %s", what,
         reads ? "write what it reads" : "use what it overwrites");
}

inline void check_global(const void* address, std::size_t bytes, const char* what) {
    if (address == nullptr) fail("%s: null pointer", what);
    if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
        fail("%s: global address %p is not aligned to %u bytes", what, address, u32(bytes));
    }
}

template <class T>
T ld_global(const T* address) {
    check_global(address, sizeof(T), "ld.global");
    check_grid_waited(address, true, "ld.global");
    return *address;
}

template <class T>
void st_global(T* address, const T& value) {
    check_global(address, sizeof(T), "st.global");
    check_grid_waited(address, false, "st.global");
    *address = value;
}

inline u32 ld_acquire(const u32* address) {
    yield("ld.acquire.gpu");
    return ld_global(address);
}

inline void st_release(u32* address, u32 value) {
    st_global(address, value);
    current().idle_polls = 0;
    yield("st.release.gpu");
}

template <class T>
T atomic_add(T* address, T value) {
    check_global(address, sizeof(T), "atom.global.add");
    check_grid_waited(address, false, "atom.global.add");
    if (sizeof(T) == 4 && current().options.resident_clusters != 1) yield("atom.global.add");
    const T before = *address;
    *address = before + value;
    if (value != T(0)) current().idle_polls = 0;
    return before;
}

inline void grid_dependency_wait() { me().grid_waited = true; }
/// With options::dependent_launch: fails if the thread has not waited for the preceding grid. The next grid would then run beside that
/// one, too, although it may take everything older than its own predecessor for ready.
inline void grid_dependency_trigger() {
    if (!current().options.dependent_launch || me().grid_waited) return;
    fail(
        "griddepcontrol.launch_dependents before griddepcontrol.wait: the next grid may rely on results of the "
        "preceding one");
}

}  // namespace deepgemm::sim
