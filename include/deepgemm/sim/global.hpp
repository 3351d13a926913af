// SPDX-License-Identifier: MIT
// Global memory of the simulated machine is the host's memory, with a shadow that knows who wrote what (global_shadow.hpp).
// Flags and counters let other threads run, so that CTAs resident at the same time can wait for each other.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/sim/global_words.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

DEEPGEMM_LIBRARY_HEADER

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

/// Notes that the running thread loads from `address`; in a loop over one address it lets others run now and then.
inline void note_poll(const void* address, u32 bytes) {
    constexpr u32 patience = 256;
    thread_order& order = me().order;
    if (order.polled != address) {
        order.polled = address;
        order.polls = 0;
    } else if (++order.polls % patience == 0) {
        yield("ld.global", address, bytes);
    }
}

template <class T>
T ld_global(const T* address) {
    check_global(address, sizeof(T), "ld.global");
    check_grid_waited(address, true, "ld.global");
    note_poll(address, sizeof(T));
    check_read(address, sizeof(T), {}, "ld.global");
    return *address;
}

template <class T>
T ld_global_nc(const T* address) {
    check_global(address, sizeof(T), "ld.global.nc");
    check_grid_waited(address, true, "ld.global.nc");
    check_read(address, sizeof(T), {.kind = read_kind::read_only}, "ld.global.nc");
    return *address;
}

template <class T>
void st_global(T* address, const T& value) {
    check_global(address, sizeof(T), "st.global");
    check_grid_waited(address, false, "st.global");
    note_write(address, sizeof(T), {}, "st.global");
    *address = value;
}

/// ld.relaxed or ld.acquire of a word; others run before.
template <class T>
T ld_word(const T* address, memory_scope scope, bool acquires) {
    static constexpr const char* acquire_names[] = {"ld.acquire.cta", "ld.acquire.cluster", "ld.acquire.gpu",
                                                    "ld.acquire.sys"};
    static constexpr const char* relaxed_names[] = {"ld.relaxed.cta", "ld.relaxed.cluster", "ld.relaxed.gpu",
                                                    "ld.relaxed.sys"};
    const char* what = (acquires ? acquire_names : relaxed_names)[int(scope)];
    check_global(address, sizeof(T), what);
    check_grid_waited(address, true, what);
    yield(what, address, sizeof(T));
    const word_version* const late = load_word(address, sizeof(T), scope, acquires, what);
    return late != nullptr ? T(late->value) : *address;
}

/// st.relaxed or st.release of a word; others run after it.
template <class T>
void st_word(T* address, T value, memory_scope scope, bool releases) {
    static constexpr const char* release_names[] = {"st.release.cta", "st.release.cluster", "st.release.gpu",
                                                    "st.release.sys"};
    static constexpr const char* relaxed_names[] = {"st.relaxed.cta", "st.relaxed.cluster", "st.relaxed.gpu",
                                                    "st.relaxed.sys"};
    const char* what = (releases ? release_names : relaxed_names)[int(scope)];
    check_global(address, sizeof(T), what);
    check_grid_waited(address, false, what);
    store_word(address, sizeof(T), scope, releases, what);
    *address = value;
    current().idle_polls = 0;
    yield(what);
}

/// atom or red: adds to a number, with or without acquire and release.
template <class T>
T atomic_add(T* address, T value, memory_scope scope, bool orders) {
    const char* what = orders ? "atom.acq_rel.add" : "atom.relaxed.add";
    check_global(address, sizeof(T), what);
    check_grid_waited(address, false, what);
    if (current().options.resident_clusters != 1) yield(what);
    if constexpr (std::is_integral_v<T>) {
        change_word(address, sizeof(T), scope, orders, what);
    } else {
        change_sum(address, sizeof(T), scope, what);
    }
    const T before = *address;
    *address = before + value;
    if (value != T(0)) current().idle_polls = 0;
    return before;
}

/// red: the larger of a number and `value`.
inline void atomic_max(u32* address, u32 value, memory_scope scope) {
    constexpr const char* what = "red.relaxed.max";
    check_global(address, sizeof(u32), what);
    check_grid_waited(address, false, what);
    if (current().options.resident_clusters != 1) yield(what);
    change_word(address, sizeof(u32), scope, false, what);
    if (value > *address) *address = value;
    current().idle_polls = 0;
}

inline void grid_dependency_wait() { me().grid_waited = true; }
/// With options::dependent_launch: fails if the thread has not waited for the preceding grid. The next grid would then run
/// beside that one, too, although it may take everything older than its own predecessor for ready.
inline void grid_dependency_trigger() {
    if (!current().options.dependent_launch || me().grid_waited) return;
    fail(
        "griddepcontrol.launch_dependents before griddepcontrol.wait: the next grid may rely on results of the "
        "preceding one");
}

}  // namespace deepgemm::sim
