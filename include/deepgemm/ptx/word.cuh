// SPDX-License-Identifier: MIT
// Words in global memory that synchronise threads of different CTAs or GPUs: flags, headers, tickets. An access has 4 or 8
// bytes, is never torn, and works between the threads of its scope. Relaxed accesses order nothing. An acquire that reads the
// value of a release makes everything before that release visible to the thread. In a load the simulator lets other threads
// run.
#pragma once

#include <deepgemm/core/scope.cuh>
#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/global.hpp>
#endif

namespace deepgemm::ptx {

/// What a word may be: 4 or 8 bytes, unsigned.
template <class T>
concept word = same_as<T, u32> || same_as<T, u64>;

#if !DEEPGEMM_SIMULATED
/// The instruction with the qualifiers NAME and SCOPE, for 4 and 8 bytes.
#define DEEPGEMM_LOAD_WORD(NAME, SCOPE)                                                                 \
    if constexpr (sizeof(T) == 4) {                                                                     \
        asm volatile("ld." NAME "." SCOPE ".global.u32 %0, [%1];" : "=r"(v) : "l"(address) : "memory"); \
    } else {                                                                                            \
        asm volatile("ld." NAME "." SCOPE ".global.u64 %0, [%1];" : "=l"(v) : "l"(address) : "memory"); \
    }
#define DEEPGEMM_STORE_WORD(NAME, SCOPE)                                                                  \
    if constexpr (sizeof(T) == 4) {                                                                       \
        asm volatile("st." NAME "." SCOPE ".global.u32 [%0], %1;" ::"l"(address), "r"(value) : "memory"); \
    } else {                                                                                              \
        asm volatile("st." NAME "." SCOPE ".global.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory"); \
    }
#define DEEPGEMM_ADD_WORD(NAME, SCOPE)                                      \
    if constexpr (sizeof(T) == 4) {                                         \
        asm volatile("atom." NAME "." SCOPE ".global.add.u32 %0, [%1], %2;" \
                     : "=r"(before)                                         \
                     : "l"(address), "r"(value)                             \
                     : "memory");                                           \
    } else {                                                                \
        asm volatile("atom." NAME "." SCOPE ".global.add.u64 %0, [%1], %2;" \
                     : "=l"(before)                                         \
                     : "l"(address), "l"(value)                             \
                     : "memory");                                           \
    }
#define DEEPGEMM_REDUCE_WORD(NAME, SCOPE)                                                                      \
    if constexpr (sizeof(T) == 4) {                                                                            \
        asm volatile("red." NAME "." SCOPE ".global.add.u32 [%0], %1;" ::"l"(address), "r"(value) : "memory"); \
    } else {                                                                                                   \
        asm volatile("red." NAME "." SCOPE ".global.add.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory"); \
    }
#define DEEPGEMM_AT_SCOPE(INSTRUCTION, NAME)               \
    if constexpr (Scope == memory_scope::cta) {            \
        INSTRUCTION(NAME, "cta")                           \
    } else if constexpr (Scope == memory_scope::cluster) { \
        INSTRUCTION(NAME, "cluster")                       \
    } else if constexpr (Scope == memory_scope::gpu) {     \
        INSTRUCTION(NAME, "gpu")                           \
    } else {                                               \
        INSTRUCTION(NAME, "sys")                           \
    }
#endif

/// Loads a word that others may store at the same time; orders nothing.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE T ld_relaxed(const T* address) {
#if DEEPGEMM_SIMULATED
    return sim::ld_word(address, Scope, false);
#else
    T v;
    DEEPGEMM_AT_SCOPE(DEEPGEMM_LOAD_WORD, "relaxed")
    return v;
#endif
}

/// Loads a word; later accesses of the thread see what came before the release that stored it.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE T ld_acquire(const T* address) {
#if DEEPGEMM_SIMULATED
    return sim::ld_word(address, Scope, true);
#else
    T v;
    DEEPGEMM_AT_SCOPE(DEEPGEMM_LOAD_WORD, "acquire")
    return v;
#endif
}

/// Stores a word that others may load at the same time; orders nothing.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE void st_relaxed(T* address, type_identity_t<T> value) {
#if DEEPGEMM_SIMULATED
    sim::st_word(address, value, Scope, false);
#else
    DEEPGEMM_AT_SCOPE(DEEPGEMM_STORE_WORD, "relaxed")
#endif
}

/// Stores a word. A thread that acquires it sees all earlier accesses of this thread.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE void st_release(T* address, type_identity_t<T> value) {
#if DEEPGEMM_SIMULATED
    sim::st_word(address, value, Scope, true);
#else
    DEEPGEMM_AT_SCOPE(DEEPGEMM_STORE_WORD, "release")
#endif
}

/// Adds to a word, ordering nothing; returns the value before.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE T atomic_add_relaxed(T* address, type_identity_t<T> value) {
#if DEEPGEMM_SIMULATED
    return sim::atomic_add(address, value, Scope, false);
#else
    T before;
    DEEPGEMM_AT_SCOPE(DEEPGEMM_ADD_WORD, "relaxed")
    return before;
#endif
}

/// As atomic_add_relaxed(), and both an acquire and a release.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE T atomic_add_acq_rel(T* address, type_identity_t<T> value) {
#if DEEPGEMM_SIMULATED
    return sim::atomic_add(address, value, Scope, true);
#else
    T before;
    DEEPGEMM_AT_SCOPE(DEEPGEMM_ADD_WORD, "acq_rel")
    return before;
#endif
}

/// Adds to a word, and is a release: a thread that acquires the sum sees all earlier accesses of this thread, and what others
/// released by their additions before. The simulator takes it for an acquire, too.
template <memory_scope Scope, word T>
DEEPGEMM_DEVICE void add_release(T* address, type_identity_t<T> value) {
#if DEEPGEMM_SIMULATED
    sim::atomic_add(address, value, Scope, true);
#else
    DEEPGEMM_AT_SCOPE(DEEPGEMM_REDUCE_WORD, "release")
#endif
}

#if !DEEPGEMM_SIMULATED
#undef DEEPGEMM_AT_SCOPE
#undef DEEPGEMM_REDUCE_WORD
#undef DEEPGEMM_ADD_WORD
#undef DEEPGEMM_LOAD_WORD
#undef DEEPGEMM_STORE_WORD
#endif

}  // namespace deepgemm::ptx
