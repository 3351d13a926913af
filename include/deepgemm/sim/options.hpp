// SPDX-License-Identifier: MIT
// What a caller says to the simulated machine and what it answers: options, launch geometry, errors, statistics.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

#include <cstdarg>
#include <cstdio>
#include <span>
#include <stdexcept>
#include <string>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// A fault that a real machine would answer with a wrong result, a hang or an error. The text names CTA, rank, warp, role and
/// lane, then what is wrong.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws `what`. Without exceptions it is declared only: a file that is compiled so may name kernels, but not run them here,
/// and sim/launch.hpp tells it so.
template <class E>
[[noreturn]] void raise(E what)
#if defined(__cpp_exceptions)
{
    throw what;
}
#else
    ;
#endif

/// printf into a string.
inline std::string text_of(const char* format, va_list arguments) {
    char buffer[768];
    std::vsnprintf(buffer, sizeof buffer, format, arguments);
    return buffer;
}
[[gnu::format(printf, 1, 2)]] inline std::string text(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::string result = text_of(format, arguments);
    va_end(arguments);
    return result;
}

/// When asynchronous work (copies, multiplies) takes effect.
enum class policy : u8 {
    lazy,    ///< only when no thread can run: the worst case, which finds most missing waits
    random,  ///< after a random delay; copies overtake each other, warps run in random order
    eager,   ///< at once, at issue: hides missing waits, good for stepping in a debugger
};

/// A piece of global memory.
struct global_range {
    const void* begin = nullptr;
    u64 bytes = 0;
};

/// A piece of global memory with a name, for messages and for what may happen to it.
struct memory_region {
    const char* name = "";
    const void* first = nullptr;
    u64 bytes = 0;
    bool rewritten = false;  ///< a launch may store an element more than once: a workspace, not a result
    bool shared = true;      ///< by all devices; else only its own may access it
    int device = 0;          ///< whose memory it is
};

/// A device that fails while others go on. A step is what one of its threads does from one suspension to the next. Copies that
/// it has issued still land.
struct device_stop {
    int device = -1;  ///< none
    u64 after = 0;    ///< steps that it takes
};

struct options {
    sim::policy policy = sim::policy::lazy;
    u64 seed = 1;               ///< of everything random; the same seed gives the same run
    bool shuffle = false;       ///< random order of warps and random elected lanes under any policy; random implies it
    u32 max_delay = 64;         ///< longest delay under policy::random, in scheduler ticks
    u32 launch_delay = 4096;    ///< the same of a launch beside others, see launch_together()
    device_stop stop{};         ///< one of several devices that fails, see launch_together()
    u32 idle_rounds = 10000;    ///< in which threads poll and nothing else happens; then they count as deadlocked
    u32 resident_clusters = 1;  ///< clusters that run at the same time; 0: the whole grid
    int num_sms = 4;            ///< what a persistent kernel is told it has
    /// Accesses to global memory before the thread's grid_dependency_wait() are errors, but for reads of `ready`.
    bool dependent_launch = false;
    global_range ready[4] = {};   ///< what the grid before does not write
    bool check_proxy = true;      ///< compare generic and async views of shared memory
    bool check_poison = true;     ///< fill what is in flight with NaN patterns
    bool check_unwritten = true;  ///< reading shared memory that nobody wrote is an error
    u32 rows_of_a = 0;            ///< that a tcgen05.mma must find written and landed, of each CTA; the rest is read
                                  ///< as it lies there, and so are their scales; 0: all rows
    bool check_tensor_quarter = false;  ///< addresses of tcgen05.ld and st name the warp's quarter of the lanes
    bool check_tensor_waits = true;     ///< arrivals, fences and ends of threads follow the wait for tcgen05.ld and st;
                                        ///< without it the use of its registers completes a load
    /// A tcgen05.fence comes before arrivals and after waits, a barrier before tcgen05.dealloc.
    bool check_tensor_fences = true;
    bool check_stores_at_exit = true;  ///< a thread waits until its bulk and TMA stores have read shared memory
    bool check_phases = true;          ///< a thread has to observe every phase of a barrier it waits on
    bool check_global = true;          ///< order of accesses to global memory, by its shadow
    bool late_words = true;            ///< a load of a word may see the value before the newest, lazy and random alone
    std::span<const memory_region> regions{};  ///< of global memory, so that messages name them; outlive the launch
    bool trace = false;                        ///< record a timeline, see last_run()
    bool portable_switch = false;              ///< switch threads with ucontext even where faster code exists
    u32 stack_bytes = 64 * 1024;               ///< per simulated thread; four times that under AddressSanitizer
};

/// Extents of a grid or cluster in CTAs, or a position in one.
struct extent3 {
    u32 x = 1, y = 1, z = 1;
    constexpr u32 count() const { return x * y * z; }
};

struct geometry {
    extent3 grid{};
    extent3 cluster{};
    u32 threads = 128;   ///< per CTA, a multiple of 32
    u32 smem_bytes = 0;  ///< dynamic shared memory per CTA
    u32 registers = 0;   ///< per thread at entry; 0: the largest count that lets one CTA run on an SM
};

/// Clusters of a grid, and the index of the first CTA of cluster number `i`.
inline u32 clusters_of(const geometry& g) { return g.grid.count() / g.cluster.count(); }
inline extent3 first_cta_of(const geometry& g, u32 i) {
    const u32 columns = g.grid.x / g.cluster.x, rows = g.grid.y / g.cluster.y;
    return {i % columns * g.cluster.x, i / columns % rows * g.cluster.y, i / (columns * rows) * g.cluster.z};
}

/// Counters of one launch.
struct statistics {
    u64 switches = 0;                 ///< from one simulated thread to another
    u64 events = 0;                   ///< asynchronous operations carried out
    u64 multiplies = 0, macs = 0;     ///< tensor-core instructions and multiply-adds in them
    u64 loads = 0, load_bytes = 0;    ///< bulk and tensor copies to shared memory
    u64 stores = 0, store_bytes = 0;  ///< bulk and tensor copies to global memory
    u64 pauses = 0, paused = 0;       ///< waits of threads for a time of the clock, and their ticks
    u64 ticks = 0;                    ///< time of the simulator's clock at the end
};

}  // namespace deepgemm::sim
