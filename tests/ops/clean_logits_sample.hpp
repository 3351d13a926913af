// SPDX-License-Identifier: MIT
// Problems of clean_logits: logits of any bits, with padding, and ranges of which some are empty, inverted or too long.
#pragma once

#include <deepgemm/ops/clean_logits/clean_logits.hpp>
#include <deepgemm/reference/random.hpp>

#include <array>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "sample.hpp"

namespace deepgemm::test {

/// Logits of one type as their bits.
template <>
class sample_of<ops::clean_logits> {
public:
    sample_of(random_source& random, clean_logits_workload size)
        : size_(size), pitch_(size.keys + i64(random.integer(0, 9))) {
        fill(random);
    }
    static sample_of of(const clean_logits_info&, const clean_logits_workload& work, u64 seed) {
        random_source random(seed);
        return {random, work};
    }
    static double host_bytes(const clean_logits_workload& work) { return 2 * demand_of(work).bytes; }

    /// Logits, first keys, last keys.
    std::array<sample_memory, 3> memory() {
        return {sample_memory{d_.data(), d_.size(), true}, sample_memory{first_.data(), first_.size() * 4, false},
                sample_memory{last_.data(), last_.size() * 4, false}};
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    clean_logits_problem problem(std::span<void* const> at) const {
        return {.d = {at[0], size_.logits, size_.queries, size_.keys, pitch_, 1},
                .first = static_cast<const i32*>(at[1]),
                .last = static_cast<const i32*>(at[2])};
    }
    clean_logits_problem problem() {
        void* const here[] = {d_.data(), first_.data(), last_.data()};
        return problem(here);
    }

    /// "" or the first element that is wrong: minus infinity outside of ranges, all else as it was.
    std::string verdict() const {
        const std::size_t bytes = element();
        for (i64 i = 0; i < size_.queries; ++i) {
            const i32 from = first_[std::size_t(i)], to = last_[std::size_t(i)];
            for (i64 j = 0; j < pitch_; ++j) {
                const std::size_t at = std::size_t(i * pitch_ + j) * bytes;
                const bool cleaned = j < size_.keys && (j < from || j >= to);
                const u32 got = bits(d_, at), want = cleaned ? minus_infinity() : bits(before_, at);
                if (got != want)
                    return "element (" + std::to_string(i) + ", " + std::to_string(j) + ") of range [" +
                           std::to_string(from) + ", " + std::to_string(to) + ") is " + std::to_string(got) +
                           (cleaned ? ", not minus infinity" : ", not as it was");
            }
        }
        return "";
    }
    void restore() { d_ = before_; }
    /// Other logits and ranges in memory of the same sizes.
    void renew(random_source& random) { fill(random); }

private:
    std::size_t element() const { return std::size_t(size_of(size_.logits)); }
    u32 minus_infinity() const {
        return size_.logits == dtype::f32 ? 0xff800000u : size_.logits == dtype::bf16 ? 0xff80u : 0xfc00u;
    }
    u32 bits(const std::vector<u8>& of, std::size_t at) const {
        u32 made = 0;
        std::memcpy(&made, of.data() + at, element());
        return made;
    }
    void fill(random_source& random) {
        before_.resize(std::size_t(size_.queries * pitch_) * element());
        for (u8& byte : before_) byte = u8(random.integer(0, 255));
        d_ = before_;
        first_.resize(std::size_t(size_.queries));
        last_.resize(std::size_t(size_.queries));
        for (std::size_t i = 0; i < first_.size(); ++i) {
            first_[i] = i32(random.integer(-9, size_.keys));
            last_[i] = i32(random.integer(-9, size_.keys + 9));  // inverted half of the time
            const i64 kind = random.integer(0, 7);
            if (kind < 4 && first_[i] > last_[i]) std::swap(first_[i], last_[i]);
            if (kind == 4) last_[i] = first_[i];
            if (kind == 5) first_[i] = 0, last_[i] = size_.keys;
        }
    }

    clean_logits_workload size_;
    i64 pitch_;
    std::vector<u8> d_, before_;
    std::vector<i32> first_, last_;
};

/// A sample of clean_logits.
using clean_logits_sample = sample_of<ops::clean_logits>;

/// Runs a problem through the named operation.
template <engine_for<ops::clean_logits> Engine>
result<void> run_named(const Engine& engine, const clean_logits_problem& p, const clean_logits_options& options = {}) {
    return clean_logits(engine, p.d, p.first, p.last, options);
}

}  // namespace deepgemm::test
