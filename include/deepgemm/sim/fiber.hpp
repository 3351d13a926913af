// SPDX-License-Identifier: MIT
// Switching between simulated threads inside one OS thread: stacks, and a context switch in 14 instructions (x86-64)
// or through ucontext. Knows nothing of the machine. Fibers are announced to AddressSanitizer.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/sim/options.hpp>

#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#if !defined(DEEPGEMM_SIM_FAST_SWITCH)
#if defined(__x86_64__) && defined(__ELF__)
#define DEEPGEMM_SIM_FAST_SWITCH 1
#else
#define DEEPGEMM_SIM_FAST_SWITCH 0
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define DEEPGEMM_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DEEPGEMM_SIM_ASAN 1
#endif
#endif
#if !defined(DEEPGEMM_SIM_ASAN)
#define DEEPGEMM_SIM_ASAN 0
#endif
#if DEEPGEMM_SIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// A function whose body is its assembly and nothing else. g++ must not look inside: it would conclude that registers which
// the assembly does not name survive a call.
#if defined(__clang__)
#define DEEPGEMM_SIM_NAKED [[gnu::naked, gnu::noinline]]
#else
#define DEEPGEMM_SIM_NAKED [[gnu::naked, gnu::noipa]]
#endif

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Blocks of memory that outlive a launch: stacks and shared memories. Reserved in slabs, touched only where used.
class memory_pool {
public:
    memory_pool() = default;
    memory_pool(const memory_pool&) = delete;
    memory_pool& operator=(const memory_pool&) = delete;
    ~memory_pool() { clear(); }
    /// Block number `i`. Asking for another size of block drops all blocks: only between launches.
    u8* get(std::size_t i, std::size_t bytes) {
        if (bytes != bytes_) clear();
        bytes_ = bytes;
        while (slabs_.size() <= i / slab_blocks) {
            void* slab = mmap(nullptr, slab_blocks * bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (slab == MAP_FAILED) raise(std::bad_alloc());
            slabs_.push_back(slab);
        }
        return static_cast<u8*>(slabs_[i / slab_blocks]) + i % slab_blocks * bytes;
    }

private:
    void clear() {
        for (void* slab : slabs_) {
#if DEEPGEMM_SIM_ASAN
            __asan_unpoison_memory_region(slab, slab_blocks * bytes_);  // whatever is mapped here next starts clean
#endif
            munmap(slab, slab_blocks * bytes_);
        }
        slabs_.clear();
    }
    static constexpr std::size_t slab_blocks = 64;
    std::vector<void*> slabs_;
    std::size_t bytes_ = 0;
};

/// A flow of control with a stack of its own, or the OS thread's own flow (default constructed).
struct fiber {
    void* stack_pointer = nullptr;         ///< while suspended, fast switch
    std::unique_ptr<ucontext_t> portable;  ///< while suspended, ucontext
    u8* stack = nullptr;                   ///< lowest address
    std::size_t stack_bytes = 0;
    void* fake_stack = nullptr;  ///< AddressSanitizer's
};

#if DEEPGEMM_SIM_FAST_SWITCH
namespace detail {

/// Saves the callee-saved registers and the stack pointer in *save, continues with those at `to`. Floating-point control
/// words are not saved: no kernel changes them, and saving them would triple the cost.
DEEPGEMM_SIM_NAKED inline void switch_stack(void** /*save*/, void* /*to*/) {
    asm(R"(
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp,(%rdi)
    movq %rsi,%rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmp *%rcx)");
}

/// Where a new fiber begins: calls its entry, which is in r13. Unwinding ends here.
DEEPGEMM_SIM_NAKED inline void start_stack() {
    asm(R"(
    .cfi_undefined rip
    call *%r13
    ud2)");
}

}  // namespace detail
#endif

/// Makes `f` start `entry` on the given stack at the first switch to it. `entry` must not return.
inline void make_fiber(fiber& f, u8* stack, std::size_t bytes, void (*entry)(), [[maybe_unused]] bool portable) {
    f.stack = stack;
    f.stack_bytes = bytes;
    f.fake_stack = nullptr;
#if DEEPGEMM_SIM_ASAN
    __asan_unpoison_memory_region(stack, bytes);  // an abandoned fiber leaves its frames poisoned
#endif
#if DEEPGEMM_SIM_FAST_SWITCH
    if (!portable) {
        void** top = reinterpret_cast<void**>((reinterpret_cast<std::uintptr_t>(stack) + bytes) & ~std::uintptr_t(63));
        *--top = nullptr;  // two words keep the stack aligned to 16 bytes at the call
        *--top = nullptr;
        *--top = reinterpret_cast<void*>(&detail::start_stack);
        for (int i = 0; i < 3; ++i) *--top = nullptr;  // rbp, rbx, r12
        *--top = reinterpret_cast<void*>(entry);       // r13
        for (int i = 0; i < 2; ++i) *--top = nullptr;  // r14, r15
        f.stack_pointer = top;
        return;
    }
#endif
    f.portable = std::make_unique<ucontext_t>();
    getcontext(f.portable.get());
    f.portable->uc_stack.ss_sp = stack;
    f.portable->uc_stack.ss_size = bytes;
    f.portable->uc_link = nullptr;
    makecontext(f.portable.get(), entry, 0);
}

/// To be called first thing in a fiber's entry; `origin` learns the bounds of the OS thread's stack if it has none.
inline void entered_fiber([[maybe_unused]] fiber& origin) {
#if DEEPGEMM_SIM_ASAN
    const void* bottom = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
    if (origin.stack == nullptr) {
        origin.stack = static_cast<u8*>(const_cast<void*>(bottom));
        origin.stack_bytes = bytes;
    }
#endif
}

/// Suspends `from`, continues `to`. Both use the same mechanism. `ends`: nobody will come back to `from`.
inline void switch_fiber(fiber& from, fiber& to, [[maybe_unused]] bool ends = false) {
#if DEEPGEMM_SIM_ASAN
    __sanitizer_start_switch_fiber(ends ? nullptr : &from.fake_stack, to.stack, to.stack_bytes);
#endif
    if (to.portable != nullptr) {
        if (from.portable == nullptr) from.portable = std::make_unique<ucontext_t>();
        swapcontext(from.portable.get(), to.portable.get());
    } else {
#if DEEPGEMM_SIM_FAST_SWITCH
        detail::switch_stack(&from.stack_pointer, to.stack_pointer);
#endif
    }
#if DEEPGEMM_SIM_ASAN
    __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

}  // namespace deepgemm::sim
