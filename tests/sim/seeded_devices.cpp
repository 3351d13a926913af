// SPDX-License-Identifier: MIT
// Two simulated devices that exchange rows through memory which they share, two calls each: a launch writes what is private to
// its device, the next one pushes it to the other device, says so, waits and adds. Bugs of scope, of ownership and of calls
// that overlap, waits with patience, and devices that never come or stop on the way.
#include <deepgemm/sim/devices.hpp>

#include "seeded.hpp"

namespace seeded_devices_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr u32 ranks = 2, ctas = 2, columns = 64, calls = 2;

enum class bug { none, narrow_done, narrow_store, narrow_poll, stranger, one_call_ahead };

struct exchange_kernel {
    alignas(128) float x[ranks][ctas * columns];                   // private
    alignas(128) float rows[ranks][calls][ranks][ctas * columns];  // [at][call][from]
    alignas(128) u32 done[ranks][ranks * ctas];                    // [at][from and its CTA]: the last call
    alignas(128) float out[ranks][calls][ctas * columns];
    sim::memory_region regions[5] = {
        {.name = "x of 0", .first = x[0], .bytes = sizeof x[0], .rewritten = false, .shared = false, .device = 0},
        {.name = "x of 1", .first = x[1], .bytes = sizeof x[1], .rewritten = false, .shared = false, .device = 1},
        {.name = "rows", .first = rows, .bytes = sizeof rows},
        {.name = "done", .first = done, .bytes = sizeof done},
        {.name = "out", .first = out, .bytes = sizeof out}};

    void reset() {
        std::fill_n(&x[0][0], sizeof x / 4, -1.0f);
        std::fill_n(&rows[0][0][0][0], sizeof rows / 4, -1.0f);
        std::fill_n(&done[0][0], sizeof done / 4, 0u);
        std::fill_n(&out[0][0][0], sizeof out / 4, -1.0f);
    }
    static float value(u32 rank, u32 call, u32 i) { return float(1000 * rank + 100 * call + i); }
    bool right() const {
        for (u32 rank = 0; rank < ranks; ++rank) {
            for (u32 call = 0; call < calls; ++call) {
                for (u32 i = 0; i < ctas * columns; ++i) {
                    if (out[rank][call][i] != value(0, call, i) + value(1, call, i)) return false;
                }
            }
        }
        return true;
    }

    void fill(u32 rank, u32 call) {
        ptx::role("fill");
        const u32 i = ptx::cta_index() * columns + ptx::thread_index();
        ptx::st_global(&x[rank][i], value(rank, call, i));
    }

    void exchange(bug with, u32 rank, u32 call) {
        const u32 cta = ptx::cta_index(), thread = ptx::thread_index(), i = (cta + 1) % ctas * columns + thread;
        ptx::role(ptx::warp_index() == 0 ? "leader" : "math");
        const u32 origin = with == bug::stranger ? 1 - rank : rank;
        const float mine = ptx::ld_global(&x[origin][i]);
        for (u32 to = 0; to < ranks; ++to) ptx::st_global(&rows[to][call][rank][i], mine);
        ptx::sync_cta();
        if (ptx::warp_index() == 0) {
            if (with == bug::narrow_done) {
                ptx::fence_acq_rel_gpu();
            } else {
                ptx::fence_acq_rel_sys();
            }
            if (thread < ranks) {
                u32* const word = &done[thread][rank * ctas + cta];
                if (with == bug::narrow_store) {
                    ptx::st_relaxed<memory_scope::gpu>(word, call + 1);
                } else {
                    ptx::st_relaxed<memory_scope::sys>(word, call + 1);
                }
            }
        }
        const u32 expected = with == bug::one_call_ahead ? call : call + 1;
        if (thread < ranks * ctas) {
            const u32* const word = &done[rank][thread];
            if (with == bug::narrow_poll) {
                while (ptx::ld_relaxed<memory_scope::gpu>(word) < expected) {
                }
            } else {
                while (ptx::ld_relaxed<memory_scope::sys>(word) < expected) {
                }
            }
        }
        ptx::fence_acq_rel_sys();
        ptx::sync_cta();
        const u32 at = cta * columns + thread;
        ptx::st_global(&out[rank][call][at],
                       ptx::ld_global(&rows[rank][call][0][at]) + ptx::ld_global(&rows[rank][call][1][at]));
    }

    std::vector<sim::device_launch> launches(bug with) {
        std::vector<sim::device_launch> all;
        for (u32 call = 0; call < calls; ++call) {
            for (u32 rank = 0; rank < ranks; ++rank) {
                all.push_back({int(rank), grid_of(ctas, columns), [=, this] { fill(rank, call); }});
                all.push_back({int(rank), grid_of(ctas, columns), [=, this] { exchange(with, rank, call); }});
            }
        }
        return all;
    }
};

const seeded_bugs<exchange_kernel, bug> bugs(
    "Two devices that exchange rows",
    {{bug::narrow_done,
      "the done words follow a fence of the GPU's scope",
      {"ld.global reads rows+0x", "device 0 CTA (", "device 1 CTA (", "wrote by st.global", "was released at scope gpu",
       "sys is needed"}},
     {bug::narrow_store,
      "the done words are stored at the GPU's scope",
      {"ld.relaxed.sys reads done+0x | st.relaxed.gpu writes done+0x", "device 0 CTA (", "device 1 CTA (",
       "role leader", "at scope gpu | one has gpu", "scope sys is needed"}},
     {bug::narrow_poll,
      "the done words are polled at the GPU's scope",
      {"ld.relaxed.gpu reads done+0x | st.relaxed.sys writes done+0x", "device 0 CTA (", "device 1 CTA (",
       "role leader", "scope sys is needed"}},
     {bug::stranger,
      "rows are read from memory that belongs to the other device alone",
      {"role", "ld.global at x of ", "which is private to device"}},
     {bug::one_call_ahead,
      "a call waits for the done words of the call before",
      {"ld.global reads rows+0x | st.global writes rows+0x", "role ", "device ", "CTA (",
       "wrote by st.global | read by ld.global", "missing"}}});

}  // namespace

TEST_CASE("two devices: clean without bugs, however late a device begins") { bugs.expect_clean(); }
TEST_CASE("two devices: each bug is found") { bugs.expect_found(); }

TEST_CASE("a device that never comes: the other one waits for a word that has a name") {
    exchange_kernel kernel;
    for (const sim::options& o : machines(kernel.regions)) {
        kernel.reset();
        auto launches = kernel.launches(bug::none);
        std::erase_if(launches, [](const sim::device_launch& l) { return l.device == 1; });
        launches.push_back({1, grid_of(1, 32), [] {}});
        const std::string message = error_of([&] { sim::launch_together(o, launches); });
        CAPTURE(message);
        for (const char* word : {"DEADLOCK", "device 0 CTA (0,0,0)", "leader", "ld.relaxed.sys in a loop",
                                 "done+0x8 holds 0, which nobody wrote"}) {
            REQUIRE(message.find(word) != std::string::npos);
        }
    }
}

TEST_CASE("a wait of bounded patience ends, and not too early") {
    alignas(128) u32 word = 0;
    const sim::memory_region regions[] = {{"word", &word, sizeof word}};
    constexpr u64 patience = 30'000'000'000;  // nanoseconds
    for (const sim::options& o : machines(regions)) {
        for (const bool answered : {false, true}) {
            word = 0;
            bool gave_up = false;
            u64 waited = 0;
            std::vector<sim::device_launch> launches;
            launches.push_back({0, grid_of(1, 32), [&] {
                                    if (ptx::lane_index() != 0) return;
                                    const u64 start = ptx::global_timer();
                                    while (ptx::ld_acquire<memory_scope::sys>(&word) == 0) {
                                        waited = ptx::global_timer() - start;
                                        if (waited < patience) continue;
                                        gave_up = true;
                                        return;
                                    }
                                }});
            launches.push_back({1, grid_of(1, 32), [&] {
                                    if (answered && ptx::lane_index() == 0)
                                        ptx::st_release<memory_scope::sys>(&word, 1);
                                }});
            sim::launch_together(o, launches);
            CHECK(gave_up == !answered);
            CHECK((waited >= patience) == !answered);
        }
    }
}

TEST_CASE("a device that stops: who waits for it without end is named, and the word that it owes") {
    exchange_kernel kernel;
    for (sim::options o : machines(kernel.regions)) {
        o.stop = {.device = 1, .after = 4 * o.seed};  // before all of its threads have begun to exchange
        const std::string message = run_seeded(kernel, bug::none, o);
        CAPTURE(message);
        const std::string stopped = "device 1 has stopped, after " + std::to_string(o.stop.after) + " steps";
        for (const char* words : {"DEADLOCK", stopped.c_str(), "device 0 CTA (0,0,0)", "leader",
                                  "ld.relaxed.sys in a loop: nothing it polls changes",
                                  "done+0x8 holds 0, which nobody wrote | done+0xc holds 0, which nobody wrote"}) {
            REQUIRE(says(message, words));
        }
    }
}

namespace {

/// A wait of bounded patience on device 0 for device 1, which works a while, answers, and stops after some steps.
struct patient_pair {
    alignas(128) u32 word = 0;
    bool answered = false, gave_up = false;
    std::string message{};

    patient_pair(sim::options o, u64 steps, bool traps) {
        constexpr u64 patience = 30'000'000'000;  // nanoseconds
        const sim::memory_region regions[] = {{"word", &word, sizeof word}};
        o.regions = regions;
        o.stop = {.device = 1, .after = steps};
        std::vector<sim::device_launch> launches;
        launches.push_back({0, grid_of(1, 64), [=, this] {
                                ptx::role(ptx::warp_index() == 0 ? "gate" : "math");
                                if (ptx::thread_index() == 0) {
                                    const u64 start = ptx::global_timer();
                                    while (!gave_up && ptx::ld_acquire<memory_scope::sys>(&word) == 0) {
                                        gave_up = ptx::global_timer() - start >= patience;
                                    }
                                    if (gave_up && traps) ptx::trap();
                                }
                                ptx::sync_cta();
                            }});
        launches.push_back({1, grid_of(1, 32), [this] {
                                for (int i = 0; i < 10; ++i) ptx::sync_warp();
                                if (ptx::lane_index() != 0) return;
                                answered = true;
                                ptx::st_release<memory_scope::sys>(&word, 1);
                            }});
        message = error_of([&] { sim::launch_together(o, launches); });
    }
};

}  // namespace

TEST_CASE("a device that stops: a wait of bounded patience ends if and only if the word was not stored before") {
    int answered = 0, given_up = 0;
    for (const sim::options& o : machines({})) {
        const patient_pair pair(o, 8 * o.seed, false);
        CAPTURE(o.seed);
        REQUIRE(pair.message == "");
        REQUIRE(pair.gave_up == !pair.answered);
        ++(pair.answered ? answered : given_up);
    }
    CHECK(answered != 0);
    CHECK(given_up != 0);
}

TEST_CASE("a kernel that gives up says what it polled, and who waits for what") {
    for (const sim::options& o : machines({})) {
        const patient_pair pair(o, 4 * o.seed % 64, true);
        CAPTURE(pair.message);
        REQUIRE(pair.gave_up);
        for (const char* words : {"device 0 CTA (0,0,0) rank 0 warp 0 role gate lane 0: a kernel trapped",
                                  "; it polled word+0x0 holds 0, which nobody wrote", "device 1 has stopped, after",
                                  "warp  1 math       32 lanes: ", "bar.sync 0: "}) {
            REQUIRE(says(pair.message, words));
        }
    }
}

TEST_CASE("launches of one device run in order, and see what bulk stores of the one before have written") {
    alignas(128) static float memory[32], out[32];
    for (const sim::options& o : machines({})) {
        std::fill_n(memory, 32, -1.0f);
        std::fill_n(out, 32, -1.0f);
        std::vector<sim::device_launch> launches;
        launches.push_back({0, grid_of(1, 32), [&] {
                                const u32 data = ptx::dynamic_smem();
                                ptx::st_shared(data + 4 * ptx::lane_index(), float(ptx::lane_index()));
                                ptx::fence_proxy_async();
                                ptx::sync_warp();
                                if (ptx::lane_index() != 0) return;
                                ptx::bulk_store(memory, data, 128);
                                ptx::bulk_commit();
                                ptx::bulk_wait_read<0>();
                            }});
        launches.push_back({0, grid_of(2, 32), [&] {
                                const u32 lane = ptx::lane_index();
                                if (ptx::cta_index() == 1) ptx::st_global(out + lane, ptx::ld_global_nc(memory + lane));
                            }});
        sim::launch_together(o, launches);
        for (int i = 0; i < 32; ++i) REQUIRE(out[i] == float(i));
    }
}

}  // namespace seeded_devices_tests
