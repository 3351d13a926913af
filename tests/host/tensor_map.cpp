// SPDX-License-Identifier: MIT
// The limits of tensor maps, and how a request that exceeds one is refused.
#include <doctest/doctest.h>

#include <deepgemm/host/tensor_map_rules.hpp>

using namespace deepgemm;

namespace {

/// What check() says of a usual request after a change to it.
template <class Change>
std::string after(Change change) {
    auto request =
        matrix_map(reinterpret_cast<const void*>(4096), dtype::bf16, 1000, 500, 1024, 64, 64, swizzle_mode::b128);
    change(request);
    const auto outcome = check(request);
    return outcome ? "fine" : concat(name_of(outcome.failure().code), ": ", outcome.failure().message);
}

}  // namespace

TEST_CASE("tensor maps within and beyond the limits of TMA") {
    CHECK(after([](auto&) {}) == "fine");
    CHECK(after([](auto& r) { r.rank = 6; }) == "bad_layout: a tensor map has rank 6; TMA takes 1 to 5 dimensions");
    CHECK(after([](auto& r) { r.base = nullptr; }) == "null_pointer: a tensor map has no base address");
    CHECK(after([](auto& r) { r.base = reinterpret_cast<const void*>(4100); }) ==
          "misaligned: a tensor map's base address is 4 bytes past a multiple of 16; TMA needs 16-byte alignment");
    CHECK(after([](auto& r) { r.extent[1] = 0; }) ==
          "bad_extent: dimension 1 of a tensor map has 0 elements; TMA takes 1 to 4294967296");
    CHECK(after([](auto& r) { r.box[1] = 257; }) ==
          "bad_extent: dimension 1 of a tensor map's box has 257 elements; TMA takes 1 to 256");
    CHECK(after([](auto& r) { r.stride_bytes[0] = 1000; }) ==
          "misaligned: dimension 1 of a tensor map has a stride of 1000 bytes; TMA takes multiples of 16 below 2^40");
    CHECK(after([](auto& r) { r.stride_bytes[0] = u64(1) << 40; }) ==
          "misaligned: dimension 1 of a tensor map has a stride of 1099511627776 bytes; TMA takes multiples of 16 "
          "below 2^40");
    CHECK(after([](auto& r) { r.box[0] = 12; }) ==
          "misaligned: a row of a tensor map's box has 24 bytes; TMA takes multiples of 16");
    CHECK(after([](auto& r) { r.fetch_bytes = 128; }) == "fine");
    CHECK(after([](auto& r) { r.fetch_bytes = 64; }) ==
          "bad_layout: L2 is to fetch 64 bytes at once for a tensor map; it is asked for 128 or 256");
    CHECK(after([](auto& r) { r.swizzle = swizzle_mode::b64; }) ==
          "bad_layout: a row of a tensor map's box has 128 bytes; the swizzle allows 64");
}

namespace {

/// The same of a usual request for padded FP4.
template <class Change>
std::string after_padded(Change change) {
    auto request = padded_map(
        matrix_map(reinterpret_cast<const void*>(4096), dtype::e2m1x2, 1000, 512, 256, 64, 128, swizzle_mode::b128));
    change(request);
    const auto outcome = check(request);
    return outcome ? "fine" : concat(name_of(outcome.failure().code), ": ", outcome.failure().message);
}

}  // namespace

TEST_CASE("tensor maps of elements of 4 and 6 bits within and beyond the limits of TMA") {
    CHECK(after_padded([](auto&) {}) == "fine");
    CHECK(after_padded([](auto& r) { r.type = dtype::e2m3; }) == "fine");
    CHECK(after_padded([](auto& r) { r.type = dtype::e4m3; }) ==
          "bad_layout: a tensor map of e4m3 is padded; TMA pads elements of e2m1x2, e2m3 and e3m2");
    CHECK(after_padded([](auto& r) { r.base = reinterpret_cast<const void*>(4112); }) ==
          "misaligned: a padded tensor map's base address is 16 bytes past a multiple of 32; TMA needs 32-byte "
          "alignment");
    CHECK(after_padded([](auto& r) { r.stride_bytes[0] = 272; }) ==
          "misaligned: dimension 1 of a padded tensor map has a stride of 272 bytes; TMA takes multiples of 32");
    CHECK(after_padded([](auto& r) { r.extent[0] = 448; }) ==
          "bad_extent: dimension 0 of a padded tensor map has 448 elements and a box of 128; TMA takes multiples of "
          "128 and boxes of 128");
    CHECK(after_padded([](auto& r) { r.swizzle = swizzle_mode::b64; }) ==
          "bad_layout: a padded tensor map has a swizzle over 64 bytes; TMA takes 128 or none");
    const auto packed = [](auto change) {
        return after_padded([&](auto& r) {
            r.padded = false;
            change(r);
        });
    };
    CHECK(packed([](auto&) {}) == "fine");
    CHECK(packed([](auto& r) { r.box[0] = 256; }) == "fine");
    CHECK(packed([](auto& r) { r.box[0] = 16; }) ==
          "misaligned: a row of a tensor map's box has 8 bytes; TMA takes multiples of 16");
    CHECK(packed([](auto& r) { r.extent[0] = 511; }) ==
          "bad_extent: dimension 0 of a tensor map has 511 elements of e2m1x2; TMA takes multiples of 2");
}
