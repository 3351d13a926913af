// SPDX-License-Identifier: MIT
// Which tiles have registers for their accumulators. The tiles that do not fit were compiled for sm_90a: they spill, or ptxas
// refuses.
#include <deepgemm/kernel/check.cuh>

namespace {

using namespace deepgemm;

constexpr bool fits(int m, int n, int warpgroups, promotion promote = promotion::at_once, bool alternate = false,
                    bool staged = false) {
    return accumulators_fit({.block = {m, n, promote == promotion::never ? 64 : 128},
                             .sm90 = {.warpgroups = warpgroups, .alternate = alternate, .promote = promote}},
                            staged);
}
/// The same if scales of B are in stages.
constexpr bool fits_by_token(int m, int n, int warpgroups, promotion promote = promotion::at_once) {
    return fits(m, n, warpgroups, promote, false, true);
}

static_assert(fits(64, 192, 1) && !fits(64, 200, 1) && !fits(64, 240, 1));
static_assert(fits(128, 192, 2) && !fits(128, 200, 2) && !fits(128, 216, 2));
static_assert(fits(256, 128, 2) && !fits(256, 136, 2));
static_assert(fits(192, 128, 3) && !fits(192, 136, 3) && !fits(192, 144, 3));
static_assert(fits(256, 80, 4) && !fits(256, 88, 4) && !fits(256, 96, 4));
static_assert(fits_by_token(64, 192, 1) && fits_by_token(128, 192, 2) && !fits_by_token(128, 200, 2));
static_assert(fits_by_token(192, 120, 3) && !fits_by_token(192, 128, 3));
static_assert(fits_by_token(256, 72, 4) && !fits_by_token(256, 80, 4));
static_assert(fits_by_token(192, 80, 3, promotion::deferred) && !fits_by_token(192, 88, 3, promotion::deferred));
static_assert(fits(128, 128, 2, promotion::deferred) && !fits(128, 136, 2, promotion::deferred));
static_assert(fits(128, 128, 2, promotion::at_once, true) && !fits(128, 144, 2, promotion::at_once, true));
static_assert(fits(128, 224, 1, promotion::never) && !fits(128, 232, 1, promotion::never));
static_assert(fits(128, 256, 2, promotion::never) && fits(128, 216, 2, promotion::never, true));
static_assert(fits(192, 192, 3, promotion::never) && !fits(192, 256, 3, promotion::never));
static_assert(fits(256, 136, 4, promotion::never) && !fits(256, 144, 4, promotion::never));

}  // namespace
