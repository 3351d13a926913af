// SPDX-License-Identifier: MIT
// Redraws what docs/hardware/tensor-memory.md shows of the shapes of loads and copies, from the functions that kernels and the
// simulator use; the steps that hand an accumulator on run on the simulator, which misses each of them.
#include <deepgemm/layout/tensor_memory.cuh>
#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tcgen05.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/sim/launch.hpp>

#include <sstream>

#include "page.hpp"

namespace tensor_memory_drawings_tests {

using namespace deepgemm;

namespace {

constexpr const char* page = "docs/hardware/tensor-memory.md";

/// `text` with spaces up to `width`, in front of it or behind.
std::string right(const std::string& text, std::size_t width) {
    return std::string(width - std::min(width, text.size()), ' ') + text;
}
std::string left(const std::string& text, std::size_t width) {
    return text + std::string(width - std::min(width, text.size()), ' ');
}

/// "thread.register" that holds lane `lane`, column `column`.
std::string holder(tmem_shape shape, int repeat, int split, int lane, int column) {
    std::string found;
    for (int thread = 0; thread < 32; ++thread) {
        for (int r = 0; r < tmem_registers(shape, repeat); ++r) {
            const int at = tmem_column(shape, thread, r) + (shape == tmem_shape::s16x32bx2 ? thread / 16 * split : 0);
            if (tmem_lane(shape, thread, r) != lane || at != column) continue;
            if (!found.empty()) return "two";
            found = std::to_string(thread) + "." + std::to_string(r);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("the shapes of loads are drawn right") {
    struct row {
        const char* name;
        tmem_shape shape;
        int repeat;
        std::vector<int> lanes;
    };
    const row rows[] = {{"32x32b.x8", tmem_shape::s32x32b, 8, {0, 31}},
                        {"16x64b.x4", tmem_shape::s16x64b, 4, {0, 1, 8}},
                        {"16x128b.x2", tmem_shape::s16x128b, 2, {0, 1, 8}},
                        {"16x256b.x1", tmem_shape::s16x256b, 1, {0, 1, 8}},
                        {"16x32bx2.x4", tmem_shape::s16x32bx2, 4, {0, 15}}};
    std::string expected = "           lane  column 0";
    for (int column = 1; column < 8; ++column) expected += right(std::to_string(column), 6);
    expected += "\n";
    for (const row& r : rows) {
        for (const int lane : r.lanes) {
            expected += left(r.name, 11) + right(std::to_string(lane), 4) + "    ";
            for (int column = 0; column < 8; ++column) expected += right(holder(r.shape, r.repeat, 4, lane, column), 6);
            expected += "\n";
        }
    }
    CHECK(drawing(page, "shapes") == expected);
}

TEST_CASE("the shapes of copies are drawn right") {
    const std::pair<const char*, tmem_copy_shape> shapes[] = {{"128x256b", tmem_copy_shape::s128x256b},
                                                              {"128x128b", tmem_copy_shape::s128x128b},
                                                              {"64x128b.02_13", tmem_copy_shape::s64x128b_02_13},
                                                              {"64x128b.01_23", tmem_copy_shape::s64x128b_01_23},
                                                              {"32x128b.warpx4", tmem_copy_shape::s32x128b_warpx4},
                                                              {"4x256b", tmem_copy_shape::s4x256b}};
    std::string expected = left("", 17) + "lanes 0-31   lanes 32-63  lanes 64-95  lanes 96-127\n";
    for (const auto& [name, shape] : shapes) {
        std::string line = left(name, 17);
        for (int quarter = 0; quarter < 4; ++quarter) {
            const int first = tmem_copy_row(shape, 32 * quarter), last = tmem_copy_row(shape, 32 * quarter + 31);
            std::string text = std::to_string(first);
            if (last != first) text += "-" + std::to_string(last);
            line += quarter < 3 ? left(text, 13) : text;
        }
        expected += line + "\n";
    }
    CHECK(drawing(page, "copies") == expected);
}

namespace {

/// The steps of the drawing in their order of time, without step number `without`; the error that the simulator ends with.
std::string run_steps(const std::vector<std::pair<std::string, bool>>& steps, std::size_t without) {
    sim::geometry g;
    g.threads = 64;
    g.smem_bytes = 16384;
    std::string unknown;
    try {
        sim::launch({}, g, [&] {
            const u32 smem = ptx::dynamic_smem(), given = smem + 8192, done = given + 8, slot = given + 16;
            const bool reads = ptx::warp_index() == 0;
            for (u32 i = ptx::thread_index(); i < 4096; i += 64) ptx::st_shared(smem + 2 * i, u16(0x3f80));
            ptx::fence_proxy_async();
            if (ptx::thread_index() == 0) {
                ptx::mbarrier_init(given, 32);
                ptx::mbarrier_init(done, 1);
                ptx::fence_mbarrier_init();
            }
            if (reads) ptx::tmem_allocate<1>(slot, 32);
            ptx::sync_cta();
            const u64 operand = sm100::make_descriptor(smem, 0, 256, swizzle_mode::b32);
            u32 r[32];
            for (std::size_t i = 0; i < steps.size(); ++i) {
                const auto& [step, by_reader] = steps[i];
                if (i == without || by_reader != reads || (!reads && ptx::lane_index() != 0)) continue;
                if (step == "tcgen05.ld") {
                    ptx::tcgen05_load(r, 0);
                } else if (step == "tcgen05.wait::ld") {
                    ptx::tcgen05_wait_load();
                } else if (step == "tcgen05.fence::before_thread_sync") {
                    ptx::tcgen05_fence_before();
                } else if (step == "tcgen05.fence::after_thread_sync") {
                    ptx::tcgen05_fence_after();
                } else if (step == "mbarrier.arrive") {
                    ptx::mbarrier_arrive(given);
                } else if (step == "mbarrier.try_wait") {
                    ptx::mbarrier_wait(reads ? done : given, 0, "accumulator");
                } else if (step == "tcgen05.mma") {
                    ptx::tcgen05_mma<1, ptx::tcgen05_kind::f16>(0, operand, operand,
                                                                sm100::instruction<bf16, bf16>(128, 32), false);
                } else if (step == "tcgen05.commit") {
                    ptx::tcgen05_commit<1>(done);
                } else {
                    unknown = step;
                }
            }
            if (reads) ptx::tcgen05_wait_load();
            ptx::sync_cta();
            if (reads) ptx::tmem_free<1>(0, 32);
        });
    } catch (const sim::error& e) {
        return e.what();
    }
    return unknown;
}

}  // namespace

TEST_CASE("the steps that hand an accumulator on are all needed, and enough") {
    std::istringstream lines(drawing(page, "order"));
    std::string line;
    std::getline(lines, line);
    const std::size_t second = line.find("thread that multiplies");
    REQUIRE(second != std::string::npos);
    std::vector<std::pair<std::string, bool>> steps;
    while (std::getline(lines, line)) {
        for (const bool by_reader : {true, false}) {
            std::string part = by_reader ? line.substr(0, second) : line.size() > second ? line.substr(second) : "";
            part = part.substr(0, part.find_first_of(" <"));
            if (!part.empty()) steps.push_back({part, by_reader});
        }
    }
    REQUIRE(steps.size() == 11);
    CHECK(run_steps(steps, steps.size()) == "");
    for (std::size_t i = 1; i + 1 < steps.size(); ++i) {
        if (steps[i].first == "tcgen05.mma") continue;  // nothing is wrong without it
        const std::string error = run_steps(steps, i);
        CAPTURE(steps[i].first);
        CAPTURE(error);
        CHECK(error != "");
        if (steps[i].first.starts_with("tcgen05.fence") || steps[i].first.starts_with("tcgen05.wait")) {
            CHECK(error.find(steps[i].first) != std::string::npos);
        }
    }
}

}  // namespace tensor_memory_drawings_tests
