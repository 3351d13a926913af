// SPDX-License-Identifier: MIT
// Matrices in host memory for references, casts, tests and examples: a strided view, and an owner whose padding is poisoned.
// This is no linear algebra library: elements, strides and a loop over rows on all cores, nothing else.
#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// A matrix in memory that the caller owns: element (r, c) is data[r * row_stride + c * column_stride]; strides in elements.
template <class T>
struct matrix_view {
    T* data = nullptr;
    i64 rows = 0, columns = 0;
    i64 row_stride = 0, column_stride = 1;

    T& operator()(i64 row, i64 column) const { return data[row * row_stride + column * column_stride]; }
    /// The same memory with rows and columns exchanged.
    matrix_view transposed() const { return {data, columns, rows, column_stride, row_stride}; }
    /// `count` rows from row `first` on.
    matrix_view row_range(i64 first, i64 count) const {
        return {data + first * row_stride, count, columns, row_stride, column_stride};
    }
    /// The same matrix, read-only.
    template <class U>
        requires(is_same_v<U, const T> && !is_same_v<U, T>)
    operator matrix_view<U>() const { return {data, rows, columns, row_stride, column_stride}; }
};

/// A row-major matrix that owns its memory. Every byte starts as 0xff, which is NaN in e4m3, e5m2, bf16, f16 and float, and the
/// NaN exponent of UE8M0. So code that reads the padding between `columns` and `pitch` shows in its results.
template <class T>
class matrix {
public:
    matrix() = default;
    /// `rows` x `columns` elements, rows `pitch` elements apart (0: no padding).
    matrix(i64 rows, i64 columns, i64 pitch = 0)
        : rows_(rows), columns_(columns), pitch_(pitch == 0 ? columns : pitch), storage_(std::size_t(rows * pitch_)) {
        if (rows < 0 || columns < 0 || pitch_ < columns)
            throw std::invalid_argument("matrix: the pitch is below the columns");
        fill_bytes(0xff);
    }

    i64 rows() const { return rows_; }
    i64 columns() const { return columns_; }
    i64 pitch() const { return pitch_; }
    T* data() { return storage_.data(); }
    const T* data() const { return storage_.data(); }
    /// Stored elements, padding included, and their bytes.
    std::size_t size() const { return storage_.size(); }
    std::size_t bytes() const { return storage_.size() * sizeof(T); }

    T& operator()(i64 row, i64 column) { return storage_[std::size_t(row * pitch_ + column)]; }
    const T& operator()(i64 row, i64 column) const { return storage_[std::size_t(row * pitch_ + column)]; }
    matrix_view<T> view() { return {data(), rows_, columns_, pitch_, 1}; }
    matrix_view<const T> view() const { return {data(), rows_, columns_, pitch_, 1}; }
    operator matrix_view<T>() { return view(); }
    operator matrix_view<const T>() const { return view(); }

    /// Sets every byte, padding included.
    void fill_bytes(u8 byte) {
        if (!storage_.empty()) std::memset(static_cast<void*>(storage_.data()), byte, bytes());
    }

private:
    i64 rows_ = 0, columns_ = 0, pitch_ = 0;
    std::vector<T> storage_;
};

/// A float as an element of type `T`: rounded to nearest even, or itself.
template <class T>
constexpr T from_float(float x) {
    if constexpr (is_same_v<T, float> || is_same_v<T, double>) {
        return x;
    } else {
        return T::from_float(x);
    }
}

/// Calls body(first, last) for consecutive ranges that together are 0 ... count - 1, on all cores if `count * cost` elementary
/// steps are worth the threads. Ranges are disjoint, so a body that writes only rows of its range needs no lock.
template <class Body>
void parallel_ranges(i64 count, i64 cost, const Body& body) {
    const i64 worth = count * (cost < 1 ? 1 : cost) / 100000;  // below a fraction of a millisecond a thread costs more
    const i64 cores = i64(std::thread::hardware_concurrency());
    const i64 threads = max(i64(1), min(min(worth, cores), count));
    std::vector<std::thread> pool;
    pool.reserve(std::size_t(threads));
    for (i64 t = 1; t < threads; ++t) pool.emplace_back(body, count * t / threads, count * (t + 1) / threads);
    body(i64(0), count / threads);
    for (std::thread& thread : pool) thread.join();
}

}  // namespace deepgemm
