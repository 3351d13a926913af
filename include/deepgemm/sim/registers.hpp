// SPDX-License-Identifier: MIT
// The register pool of a CTA: setmaxnreg moves registers between its warps and the pool, which starts empty.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/warp.hpp>

#include <algorithm>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Registers of one multiprocessor.
inline constexpr u32 sm_registers = 65536;

/// At the end of a CTA: the warps of a warpgroup must have asked for the same count.
inline void check_registers(cta_state& cta) {
    for (const warp_state& w : cta.warps) {
        const u32 first = cta.warps[w.index / 4 * 4].registers;
        if (w.registers != first) {
            fail(
                "setmaxnreg: warp %u of CTA rank %u ends with %u registers per thread, the first warp of its "
                "warpgroup with %u: all warps of a warpgroup must execute it",
                w.index, cta.rank, w.registers, first);
        }
    }
}

inline void check_register_count(const char* what, u32 count) {
    auto& checks = me().cta->exit_checks;
    if (std::find(checks.begin(), checks.end(), &check_registers) == checks.end()) checks.push_back(&check_registers);
    if (count < 24 || count > 256 || count % 8 != 0) fail("%s %u: not a multiple of 8 in 24..256", what, count);
}

inline void decrease_registers(u32 count) {
    check_register_count("setmaxnreg.dec", count);
    collective("setmaxnreg.dec", count, [count](const u64*, u64*) {
        warp_state& w = *me().warp;
        if (count > w.registers) fail("setmaxnreg.dec %u: the warp owns only %u per thread", count, w.registers);
        w.cta->free_registers += (w.registers - count) * 32;
        w.registers = count;
        wake_all(w.cta->register_waiters);
    });
}

inline void increase_registers(u32 count) {
    check_register_count("setmaxnreg.inc", count);
    warp_state& w = *me().warp;
    cta_state& cta = *w.cta;
    collective("setmaxnreg.inc", count, [&](const u64*, u64*) {
        if (count < w.registers) fail("setmaxnreg.inc %u: the warp owns %u per thread already", count, w.registers);
    });
    while (w.registers < count) {  // the first lane that finds enough takes them for the warp
        const u32 needed = (count - w.registers) * 32;
        if (cta.free_registers >= needed) {
            cta.free_registers -= needed;
            w.registers = count;
        } else {
            block(cta.register_waiters, {wait_reason::kind::registers, "setmaxnreg.inc", "", count, needed});
        }
    }
}

}  // namespace deepgemm::sim
