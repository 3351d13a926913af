// SPDX-License-Identifier: MIT
// wgmma on the simulated machine: in-order execution per warpgroup, ownership of registers in flight, groups and waits.
// The 128 threads do not meet: each deposits its arguments in the warpgroup's instruction number k, and the last one
// hands it to the engine. While an instruction is in flight its accumulators hold a NaN pattern that must survive, and
// A registers must keep their values. Models SM90; FP32 accumulation (the hardware's is less exact). Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/descriptor.hpp>
#include <deepgemm/sim/mma_kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// What the instruction's name says.
struct wgmma_form {
    dtype a, b;
    u32 n;
    bool a_mn_major, b_mn_major;
    friend bool operator==(const wgmma_form&, const wgmma_form&) = default;
};

/// The bits of an accumulator register that belongs to an instruction in flight: a NaN.
inline constexpr u32 in_flight_pattern = 0x7fc5a5a5;

/// Accumulator registers of a warpgroup from the first wgmma on them to the wait that gives them back.
struct wgmma_accumulator {
    float* registers[128] = {};  ///< by thread; null: not (or no longer) handed over
    u32 n = 0, owners = 0;
    u32 last = 0;               ///< the latest instruction on it
    std::vector<float> matrix;  ///< 64 x n, pitch mma_pitch(n)
};

/// What the threads of the warpgroup must agree on.
struct wgmma_arguments {
    wgmma_form form;
    bool a_in_registers;
    u64 a_descriptor, b_descriptor;
    bool scale_d;
    friend bool operator==(const wgmma_arguments&, const wgmma_arguments&) = default;
};

struct wgmma_instruction {
    explicit wgmma_instruction(const wgmma_arguments& arguments) : arguments(arguments) {}
    wgmma_arguments arguments;
    wgmma_accumulator* accumulator = nullptr;
    std::vector<float> a;  ///< 64 x K, if from registers
    operand_read a_read, b_read;
    u64 read = 0;     ///< id of its pending reads
    u32 arrived = 0;  ///< threads that have issued it
    std::size_t spans[4] = {};
};

/// A registers of one thread in flight.
struct wgmma_fragment {
    const u32* registers;
    u32 values[4];
    u32 instruction;
};

struct wgmma_thread {
    u32 issued = 0, commits = 0;
    bool fenced = false;
    std::vector<wgmma_fragment> fragments;
    std::vector<const u32*> unfenced_loads;  ///< first registers written by recent ldmatrix instructions
};

struct wgmma_state {
    wgmma_thread threads[128];
    std::deque<wgmma_instruction> instructions;  ///< not yet executed; the first has number `executed`
    u32 executed = 0;
    std::vector<u32> groups;  ///< number of instructions issued at each commit
    std::vector<std::unique_ptr<wgmma_accumulator>> accumulators;
    in_order order;
    wait_list waiters;
};

namespace detail {

/// The element of a thread's first register. Registers 4j, 4j+1 are two columns of one row, 4j+2, 4j+3 those eight rows
/// below, each j eight columns to the right.
inline float* first_element(wgmma_accumulator& a, u32 thread) {
    return a.matrix.data() + (16 * (thread / 32) + thread % 32 / 4) * mma_pitch(a.n) + 2 * (thread % 4);
}

inline void take_registers(wgmma_accumulator& a, u32 thread) {
    const float* d = a.registers[thread];
    const u32 below = 8 * mma_pitch(a.n);
    for (float* m = first_element(a, thread); d != a.registers[thread] + a.n / 2; m += 8, d += 4) {
        std::memcpy(m, d, 8);
        std::memcpy(m + below, d + 2, 8);
    }
}
inline void give_registers(wgmma_accumulator& a, u32 thread) {
    float* d = a.registers[thread];
    const u32 below = 8 * mma_pitch(a.n);
    for (const float* m = first_element(a, thread); d != a.registers[thread] + a.n / 2; m += 8, d += 4) {
        std::memcpy(d, m, 8);
        std::memcpy(d + 2, m + below, 8);
    }
}

/// Compares registers that a kernel may (wrongly) have let go out of scope, which AddressSanitizer would object to.
[[gnu::noinline]] __attribute__((no_sanitize("address"))) inline bool still_holds(const wgmma_fragment& f) {
    for (u32 i = 0; i < 4; ++i) {
        if (static_cast<const volatile u32*>(f.registers)[i] != f.values[i]) return false;
    }
    return true;
}

/// A thread must not end with instructions in flight.
inline void check_wgmma_exit(thread_state& t) {
    slot& s = t.cta->warpgroups[t.index / 128].wgmma;
    if (s.empty()) return;
    for (const auto& a : s.get<wgmma_state>().accumulators) {
        if (a->registers[t.index % 128] != nullptr) {
            fail(
                "thread ends while wgmma is in flight: no wgmma.wait_group covers it (or no commit_group precedes it)");
        }
    }
}

/// The state of the running thread's warpgroup.
inline wgmma_state& my_wgmma(const char* what) {
    cta_state& cta = *me().cta;
    const u32 group = me().index / 128;
    if (cta.threads.size() < 128 * (group + 1)) fail("%s needs a whole warpgroup of 128 threads", what);
    slot& s = cta.warpgroups[group].wgmma;
    if (s.empty()) {
        auto& checks = cta.thread_exit_checks;
        if (std::find(checks.begin(), checks.end(), &check_wgmma_exit) == checks.end()) {
            checks.push_back(&check_wgmma_exit);
        }
    }
    return s.get<wgmma_state>();
}

inline matrix_descriptor a_of(const wgmma_arguments& x) {
    return decode_wgmma_descriptor(x.a_descriptor, x.form.a_mn_major);
}
inline matrix_descriptor b_of(const wgmma_arguments& x) {
    return decode_wgmma_descriptor(x.b_descriptor, x.form.b_mn_major);
}

/// Carries out the oldest instruction of a warpgroup.
inline void execute_wgmma(cta_state& cta, wgmma_state& state) {
    const wgmma_instruction& op = state.instructions.front();
    const wgmma_form& form = op.arguments.form;
    const u32 k = 32 / size_of(form.a), pitch = mma_pitch(form.n);
    std::vector<float>& d = op.accumulator->matrix;
    alignas(64) static thread_local float a[64 * 32], b[32 * 256];
    if (!op.arguments.a_in_registers) {
        check_operand_read(cta, op.a_read);
        load_operand(cta, a_of(op.arguments), {form.a, 64, 32}, a, {k, 1});
    }
    check_operand_read(cta, op.b_read);
    load_operand(cta, b_of(op.arguments), {form.b, form.n, 32}, b, {1, pitch});
    if (!op.arguments.scale_d) std::fill(d.begin(), d.end(), 0.0f);
    multiply_accumulate({d.data(), op.arguments.a_in_registers ? op.a.data() : a, b, 64, form.n, k});
    end_read(cta, op.read);
    for (std::size_t span : op.spans) end_span(span);
    ++current().statistics.multiplies;
    current().statistics.macs += u64(64) * form.n * k;
    state.instructions.pop_front();
    ++state.executed;
    wake_all(state.waiters);
}

/// Hands the accumulator registers of a thread over to the instruction.
inline void hand_over(wgmma_state& state, wgmma_instruction& op, float* d, u32 thread) {
    const u32 n = op.arguments.form.n;
    for (const auto& a : state.accumulators) {
        float* owned = a->registers[thread];
        if (owned == nullptr || owned + a->n / 2 <= d || d + n / 2 <= owned) continue;
        if (owned != d) fail("wgmma: accumulator registers overlap those of another accumulator in flight");
        if (op.accumulator == nullptr) op.accumulator = a.get();
        if (op.accumulator != a.get()) fail("wgmma: the threads of the warpgroup disagree on accumulators or waits");
    }
    if (op.accumulator == nullptr) {
        state.accumulators.push_back(std::make_unique<wgmma_accumulator>());
        op.accumulator = state.accumulators.back().get();
        op.accumulator->n = n;
        op.accumulator->matrix.assign(64 * mma_pitch(n), 0.0f);
    }
    wgmma_accumulator& a = *op.accumulator;
    if (a.n != n) fail("wgmma: an accumulator in flight is used with another N");
    if (a.registers[thread] == nullptr) {
        if (!state.threads[thread].fenced) {
            fail("wgmma: accumulator registers were touched since the last wgmma.fence (missing wgmma.fence)");
        }
        a.registers[thread] = d;
        ++a.owners;
        if (op.arguments.scale_d) take_registers(a, thread);
        if (current().options.check_poison) std::fill_n(d, n / 2, bit_cast<float>(in_flight_pattern));
    } else if (a.registers[thread] != d) {
        fail("wgmma: the threads of the warpgroup disagree on accumulators or waits");
    }
}

/// Takes the four A registers of a thread.
inline void take_fragment(wgmma_thread& t, wgmma_instruction& op, const u32 (&a)[4], u32 thread, u32 number) {
    if (std::find(t.unfenced_loads.begin(), t.unfenced_loads.end(), a) != t.unfenced_loads.end()) {
        fail("wgmma: A registers were loaded since the last wgmma.fence (missing wgmma.fence)");
    }
    t.fragments.push_back({a, {a[0], a[1], a[2], a[3]}, number});
    with_operand_type(op.arguments.form.a, [&]<class T>() {
        constexpr u32 per_word = 4 / sizeof(T), k = 32 / sizeof(T);
        float values[4 * per_word];
        decode_chunk<T>(reinterpret_cast<const u8*>(a), values);
        for (u32 word = 0; word < 4; ++word) {
            const u32 row = 16 * (thread / 32) + thread % 32 / 4 + 8 * (word % 2);
            const u32 column = (thread % 4 + 4 * (word / 2)) * per_word;
            std::copy_n(values + word * per_word, per_word, op.a.data() + row * k + column);
        }
    });
}

/// The first thread to issue an instruction enters it into the queue and registers its reads.
inline void enter_instruction(cta_state& cta, wgmma_state& state, const wgmma_arguments& arguments) {
    wgmma_instruction& op = state.instructions.emplace_back(arguments);
    const wgmma_form& form = arguments.form;
    if (arguments.a_in_registers) {
        op.a.resize(64 * (32 / size_of(form.a)));
    } else {
        op.a_read = {"wgmma (A)", operand_ranges(a_of(arguments), {form.a, 64, 32}, "wgmma (A)")};
    }
    op.b_read = {"wgmma (B)", operand_ranges(b_of(arguments), {form.b, form.n, 32}, "wgmma (B)")};
    op.read = begin_operand_read(cta, op.b_read, begin_operand_read(cta, op.a_read));
}

/// One thread issues its share of an instruction. `a` is null if A is in shared memory.
inline void issue_wgmma(const wgmma_arguments& arguments, float* d, const u32 (*a)[4]) {
    thread_state& self = me();
    cta_state& cta = *self.cta;
    wgmma_state& state = my_wgmma("wgmma");
    const u32 thread = self.index % 128;
    const u32 number = state.threads[thread].issued++;
    if (number - state.executed == state.instructions.size()) enter_instruction(cta, state, arguments);
    wgmma_instruction& op = state.instructions[number - state.executed];
    if (op.arguments != arguments) {
        fail("wgmma: the threads of the warpgroup disagree on types, shape, descriptors or scale-d");
    }
    hand_over(state, op, d, thread);
    op.accumulator->last = std::max(op.accumulator->last, number);
    if (a != nullptr) take_fragment(state.threads[thread], op, *a, thread, number);
    if (thread % 32 == 0) op.spans[thread / 32] = begin_span(activity::multiply, "wgmma");
    if (++op.arrived == 128) post([&cta, &state] { execute_wgmma(cta, state); }, &state.order);
}

/// Gives back what instructions before number `end` held of a thread.
inline void release_registers(wgmma_state& state, u32 thread, u32 end) {
    wgmma_thread& t = state.threads[thread];
    for (const wgmma_fragment& f : t.fragments) {
        if (f.instruction < end && !still_holds(f)) {
            fail("A registers of a wgmma were overwritten (or went out of scope) while it was in flight");
        }
    }
    std::erase_if(t.fragments, [end](const wgmma_fragment& f) { return f.instruction < end; });
    for (auto& a : state.accumulators) {
        float* d = a->registers[thread];
        if (d == nullptr || a->last >= end) continue;
        for (u32 i = 0; current().options.check_poison && i < a->n / 2; ++i) {
            if (bit_cast<u32>(d[i]) != in_flight_pattern) {
                fail("accumulator register %u was written while a wgmma on it was in flight", i);
            }
        }
        give_registers(*a, thread);
        a->registers[thread] = nullptr;
        --a->owners;
        t.fenced = false;
    }
    std::erase_if(state.accumulators, [](const auto& a) { return a->owners == 0; });
}

}  // namespace detail

/// wgmma with A in shared memory. Called by 128 threads; takes effect later, in issue order.
inline void wgmma(const wgmma_form& form, float* d, u64 a_descriptor, u64 b_descriptor, bool scale_d) {
    detail::issue_wgmma({form, false, a_descriptor, b_descriptor, scale_d}, d, nullptr);
}

/// wgmma with A in four registers per thread, which must stay in scope and unchanged until the wait.
inline void wgmma(const wgmma_form& form, float* d, const u32 (&a)[4], u64 b_descriptor, bool scale_d) {
    detail::issue_wgmma({form, true, 0, b_descriptor, scale_d}, d, &a);
}

inline void wgmma_fence() {
    wgmma_thread& t = detail::my_wgmma("wgmma.fence").threads[me().index % 128];
    t.fenced = true;
    t.unfenced_loads.clear();
}

/// Tells the fence check that an instruction has just written registers that may hold a fragment of A.
inline void note_register_load(const u32* registers) {
    slot& s = me().cta->warpgroups[me().index / 128].wgmma;
    if (s.empty()) return;
    auto& loads = s.get<wgmma_state>().threads[me().index % 128].unfenced_loads;
    if (loads.size() == 32) loads.erase(loads.begin());
    loads.push_back(registers);
}

inline void wgmma_commit() {
    wgmma_state& state = detail::my_wgmma("wgmma.commit_group");
    wgmma_thread& t = state.threads[me().index % 128];
    if (t.commits == state.groups.size()) {
        state.groups.push_back(t.issued);
    } else if (state.groups[t.commits] != t.issued) {
        fail("wgmma.commit_group: the threads of the warpgroup disagree on the instructions before it");
    }
    ++t.commits;
}

/// Waits until at most `pending` groups of the running thread are unfinished.
inline void wgmma_wait(u32 pending) {
    wgmma_state& state = detail::my_wgmma("wgmma.wait_group");
    const u32 thread = me().index % 128;
    const u32 commits = state.threads[thread].commits;
    if (commits <= pending) return;
    const u32 end = state.groups[commits - pending - 1];
    if (state.executed < end) {
        const std::size_t span = begin_span(activity::wait, "wgmma.wait_group");
        while (state.executed < end) {
            block(state.waiters, {wait_reason::kind::other, "wgmma.wait_group"});
        }
        end_span(span);
    }
    detail::release_registers(state, thread, end);
}

}  // namespace deepgemm::sim
