// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4). It names cache entries and detects damaged ones. CMake's file(SHA256) computes the same function, so
// embedded headers come with their hashes. It is not meant to keep secrets.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string>
#include <string_view>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A running hash. Host; one thread at a time.
class sha256 {
public:
    /// Appends bytes to what is hashed.
    sha256& update(std::string_view bytes) {
        length_ += bytes.size();
        while (!bytes.empty()) {
            const std::size_t taken = std::min(bytes.size(), block_bytes - filled_);
            std::copy_n(bytes.data(), taken, block_.begin() + std::ptrdiff_t(filled_));
            filled_ += taken;
            bytes.remove_prefix(taken);
            if (filled_ == block_bytes) take_block();
        }
        return *this;
    }

    /// Appends a field: its length, then its bytes. So different lists of fields never hash the same bytes.
    sha256& field(std::string_view bytes) { return update(std::to_string(bytes.size())).update(":").update(bytes); }

    /// The hash of all bytes so far, as 64 hexadecimal digits. More bytes may be appended afterwards.
    std::string hex() const {
        sha256 last = *this;
        last.finish();
        std::string text;
        for (const u32 word : last.state_) {
            for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
        }
        return text;
    }

private:
    static constexpr std::size_t block_bytes = 64;
    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static constexpr std::array<u32, 64> constants{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    void take_block() {
        std::array<u32, 64> w;
        for (std::size_t i = 0; i < 16; ++i) {
            const auto byte = [&](std::size_t j) { return u32(static_cast<unsigned char>(block_[4 * i + j])); };
            w[i] = byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
        }
        for (std::size_t i = 16; i < 64; ++i) {
            const u32 x = w[i - 15], y = w[i - 2];
            w[i] = w[i - 16] + w[i - 7] + (std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3) +
                   (std::rotr(y, 17) ^ std::rotr(y, 19) ^ y >> 10);
        }
        auto [a, b, c, d, e, f, g, h] = state_;
        for (std::size_t i = 0; i < 64; ++i) {
            const u32 sum_e = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25), choice = (e & f) ^ (~e & g);
            const u32 sum_a = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
            const u32 majority = (a & b) ^ (a & c) ^ (b & c);
            const u32 first = h + sum_e + choice + constants[i] + w[i], second = sum_a + majority;
            h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
        }
        const std::array<u32, 8> change{a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < 8; ++i) state_[i] += change[i];
        filled_ = 0;
    }

    /// Appends the padding: a one bit, zeros, the length in bits.
    void finish() {
        const u64 bits = length_ * 8;
        update("\x80");
        while (filled_ != block_bytes - 8) update(std::string_view("\0", 1));
        for (int shift = 56; shift >= 0; shift -= 8) {
            const char byte = char(bits >> shift & 255);
            update({&byte, 1});
        }
    }

    // The first 32 bits of the fractional parts of the square roots of the first eight primes.
    std::array<u32, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<char, block_bytes> block_{};
    std::size_t filled_ = 0;
    u64 length_ = 0;
};

/// The hash of some bytes, as 64 hexadecimal digits.
inline std::string sha256_of(std::string_view bytes) { return sha256().update(bytes).hex(); }

}  // namespace deepgemm::rtc
