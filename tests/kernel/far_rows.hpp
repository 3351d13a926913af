// SPDX-License-Identifier: MIT
// Rows that lie further apart than 32 bits count elements, in memory of which only what is touched exists.
#pragma once

#include <deepgemm/core/types.cuh>

#include <doctest/doctest.h>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>

namespace deepgemm::test {

/// `rows` rows of `T`, `pitch` elements apart; zero until they are written.
template <class T>
class far_rows {
public:
    static constexpr i64 pitch = i64(3) << 30;

    explicit far_rows(i64 rows)
        : rows_(rows),
          data_(mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
        REQUIRE(data_ != MAP_FAILED);
    }
    far_rows(const far_rows&) = delete;
    far_rows& operator=(const far_rows&) = delete;
    ~far_rows() { munmap(data_, bytes()); }

    T* data() const { return static_cast<T*>(data_); }
    /// Copies `columns` elements of each row from or to rows that are `apart` elements apart.
    void write(const T* from, i64 apart, i64 columns) const {
        for (i64 i = 0; i < rows_; ++i) std::copy_n(from + i * apart, columns, data() + i * pitch);
    }
    void read(T* to, i64 apart, i64 columns) const {
        for (i64 i = 0; i < rows_; ++i) std::copy_n(data() + i * pitch, columns, to + i * apart);
    }

private:
    std::size_t bytes() const { return std::size_t(rows_ * pitch) * sizeof(T); }
    i64 rows_;
    void* data_;
};

}  // namespace deepgemm::test
