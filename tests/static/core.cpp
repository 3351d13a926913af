// SPDX-License-Identifier: MIT
// Arithmetic of core/ and the traits that stand in for the C++ library's, which device code does not include.
#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/version.cuh>

using namespace deepgemm;

namespace {

static_assert(version == DEEPGEMM_VERSION_MAJOR * 10000 + DEEPGEMM_VERSION_MINOR * 100 + DEEPGEMM_VERSION_PATCH);

// Host code compiles for all architectures, of which the numbers are CUDA's.
static_assert(arch::sm90::compiled_here && arch::sm100::compiled_here && arch::any_compiled_here);
static_assert(arch::compiled_here(0) && arch::compiled_here(90) && arch::compiled_here(100) &&
              !arch::compiled_here(89));
static_assert(arch::flag_of(90) == arch::sm90::flag && arch::flag_of(100) == arch::sm100::flag && !arch::flag_of(80));
static_assert(arch::flag_of(103) == arch::sm100::flag && !arch::flag_of(110));
static_assert(arch::sm90::smem_bytes == 227 * 1024 && arch::sm90::tmem_columns == 0);

static_assert(ceil_div(0, 128) == 0 && ceil_div(1, 128) == 1 && ceil_div(128, 128) == 1 && ceil_div(129, 128) == 2);
static_assert(align_up(0, 16) == 0 && align_up(1, 16) == 16 && align_up(16, 16) == 16);
static_assert(gcd(192, 128) == 64 && gcd(160, 128) == 32 && gcd(7, 1) == 1);
static_assert(is_power_of_two(1) && is_power_of_two(1ull << 63) && !is_power_of_two(0) && !is_power_of_two(12));

/// The quotients at the places where a rounded multiplier would first go wrong.
constexpr bool divides_exactly(int divisor) {
    const fast_divider by = fast_divider::of(divisor);
    constexpr int largest = 0x7fffffff;
    const int multiples[] = {0, 1, 2, 3, 1000, largest / divisor - 1, largest / divisor};
    for (int multiple : multiples) {
        if (multiple < 0 || multiple > largest / divisor) continue;
        const int x = multiple * divisor;
        if (by.divide(x) != multiple) return false;
        if (x > 0 && by.divide(x - 1) != (x - 1) / divisor) return false;
        if (x < largest && by.divide(x + 1) != (x + 1) / divisor) return false;
    }
    return by.divide(largest) == largest / divisor;
}
constexpr bool all_divide_exactly() {
    for (int divisor = 1; divisor <= 2000; ++divisor) {
        if (!divides_exactly(divisor)) return false;
    }
    const int large[] = {65535, 65536, 65537, 1 << 24, 0x3fffffff, 0x40000001, 0x7ffffffe, 0x7fffffff};
    for (int divisor : large) {
        if (!divides_exactly(divisor)) return false;
    }
    return true;
}
static_assert(all_divide_exactly());

static_assert(same_as<conditional_t<true, int, float>, int> && same_as<conditional_t<false, int, float>, float>);
static_assert(same_as<remove_cvref_t<const int&>, int> && same_as<remove_reference_t<int&&>, int>);
static_assert(one_of<int, float, int> && !one_of<int, float> && !one_of<int>);
static_assert(converts_to<int, long> && !converts_to<double, int>);  // without narrowing

//            element                 fp8_element               output_element
static_assert(fp8_element<e4m3> && !output_element<e4m3>);
static_assert(fp8_element<e5m2> && !output_element<e5m2>);
static_assert(!fp8_element<bf16> && output_element<bf16>);
static_assert(!fp8_element<float> && output_element<float>);
static_assert(!fp8_element<f16> && output_element<f16>);
static_assert(!fp8_element<tf32> && !output_element<tf32>);

}  // namespace
