// SPDX-License-Identifier: MIT
// Problems of transpose: stacks of matrices of any bytes, with padding between rows and between matrices.
#pragma once

#include <deepgemm/ops/transpose/transpose.hpp>
#include <deepgemm/reference/random.hpp>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "sample.hpp"

namespace deepgemm::test {

/// Matrices as their bytes.
template <>
class sample_of<ops::transpose> {
public:
    sample_of(random_source& random, transpose_workload size) : size_(size) {
        const auto placed = [&](i64 rows, i64 columns) {
            const i64 pitch = align_up(max(columns, i64(1)), i64(16)) + 16 * random.integer(0, 3);
            return place{pitch, rows * pitch + 16 * random.integer(0, 3)};
        };
        x_place_ = placed(size.rows, size.columns);
        y_place_ = placed(size.columns, size.rows);
        fill(random);
    }
    static sample_of of(const transpose_info&, const transpose_workload& work, u64 seed) {
        random_source random(seed);
        return {random, work};
    }
    static double host_bytes(const transpose_workload& work) { return 2 * demand_of(work).bytes; }

    /// X, Y.
    std::array<sample_memory, 2> memory() {
        return {sample_memory{x_.data(), x_.size(), false}, sample_memory{y_.data(), y_.size(), true}};
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    transpose_problem problem(std::span<void* const> at) const {
        return {
            .x = {{at[0], size_.type, size_.rows, size_.columns, x_place_.pitch, 1}, size_.matrices, x_place_.distance},
            .y = {
                {at[1], size_.type, size_.columns, size_.rows, y_place_.pitch, 1}, size_.matrices, y_place_.distance}};
    }
    transpose_problem problem() {
        void* const here[] = {x_.data(), y_.data()};
        return problem(here);
    }

    /// "" or the first byte of Y that is wrong: that of X, and padding as it was.
    std::string verdict() const {
        for (i64 i = 0; i < i64(y_.size()); ++i) {
            const i64 matrix = i / y_place_.distance, row = i % y_place_.distance / y_place_.pitch,
                      column = i % y_place_.distance % y_place_.pitch;
            const bool element = row < size_.columns && column < size_.rows;
            const u8 want = element ? x_[std::size_t(matrix * x_place_.distance + column * x_place_.pitch + row)]
                                    : before_[std::size_t(i)];
            if (y_[std::size_t(i)] != want)
                return "byte (" + std::to_string(row) + ", " + std::to_string(column) + ") of matrix " +
                       std::to_string(matrix) + " is " + std::to_string(y_[std::size_t(i)]) + ", not " +
                       std::to_string(want) + (element ? "" : ", as it was");
        }
        return "";
    }
    void restore() { y_ = before_; }
    /// Other bytes in memory of the same sizes.
    void renew(random_source& random) { fill(random); }

private:
    struct place {
        i64 pitch = 0, distance = 0;
    };

    void fill(random_source& random) {
        const auto made = [&](const place& of) {
            std::vector<u8> bytes(std::size_t(size_.matrices * of.distance));
            for (u8& byte : bytes) byte = u8(random.integer(0, 255));
            return bytes;
        };
        x_ = made(x_place_);
        before_ = made(y_place_);
        y_ = before_;
    }

    transpose_workload size_;
    place x_place_, y_place_;
    std::vector<u8> x_, y_, before_;
};

/// A sample of transpose.
using transpose_sample = sample_of<ops::transpose>;

/// Runs a problem through the named operation.
template <engine_for<ops::transpose> Engine>
result<void> run_named(const Engine& engine, const transpose_problem& p, const transpose_options& options = {}) {
    return transpose(engine, p.x, p.y, options);
}

}  // namespace deepgemm::test
