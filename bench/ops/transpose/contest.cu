// SPDX-License-Identifier: MIT
// Times transpositions: `deepgemm bench --suite transpose`. Every byte is checked.
#include <deepgemm/ops/transpose/operation.hpp>

#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// Byte `i` of all, any value; the same for the same seed.
__device__ u8 byte_of(u64 i, u64 seed) {
    u64 x = (i + 1) * 0x9e3779b97f4a7c15ull + seed;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    return u8(x >> 40);
}

__global__ void fill_bytes(u8* to, i64 count, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x)
        to[i] = byte_of(u64(i), seed);
}

/// Counts the bytes of Y that are not those of X.
__global__ void judge_transposed(transpose_problem p, u64 seed, unsigned long long* wrong) {
    const i64 rows = p.x.first.rows, columns = p.x.first.columns, count = rows * columns * p.x.count;
    const u8* const y = static_cast<const u8*>(p.y.first.data);
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        const i64 matrix = i / (rows * columns), row = i / columns % rows, column = i % columns;
        if (y[matrix * p.y.matrix_stride + column * p.y.first.row_stride + row] != byte_of(u64(i), seed))
            atomicAdd(wrong, 1ull);
    }
}

/// Device memory of one case at a time. Rows have no padding beyond multiples of 16 bytes.
class transpose_data {
public:
    /// Host: makes new bytes on the default stream.
    void generate(const transpose_case& c, u64 seed) {
        seed_ = seed;
        bytes_ = std::size_t(c.rows) * std::size_t(c.columns) * std::size_t(c.matrices);
        const i64 distance = i64(c.rows) * c.columns;
        product_ = {
            .x = {{x_buffer_.as<u8>(bytes_), dtype::e4m3, c.rows, c.columns, c.columns, 1}, c.matrices, distance},
            .y = {{y_buffer_.as<u8>(bytes_), dtype::e4m3, c.columns, c.rows, c.rows, 1}, c.matrices, distance}};
        fill_bytes<<<4096, 256>>>(static_cast<u8*>(const_cast<void*>(product_.x.first.data)), i64(bytes_), seed);
        check(cudaGetLastError(), "bytes");
        reset_d();
    }
    /// Host: makes every byte of Y the same.
    void reset_d() {
        check(cudaMemset(product_.y.first.data, 0x5b, bytes_), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of Y");
    }
    /// The problem as users of deepgemm describe it.
    transpose_problem product() const { return product_; }

    /// Nothing, or a sentence with the number of wrong bytes.
    comparison judge(reference&, std::string& wrong) {
        unsigned long long count = 0;
        unsigned long long* const device = count_buffer_.as<unsigned long long>(1);
        check(cudaMemcpy(device, &count, sizeof count, cudaMemcpyHostToDevice), "cudaMemcpy");
        judge_transposed<<<4096, 256>>>(product_, seed_, device);
        check(cudaGetLastError(), "reference of transposition");
        check(cudaMemcpy(&count, device, sizeof count, cudaMemcpyDeviceToHost), "reference of transposition");
        if (count != 0) wrong = concat(count, " bytes are wrong");
        return {};
    }

private:
    transpose_problem product_{};
    u64 seed_ = 0;
    std::size_t bytes_ = 0;
    device_buffer x_buffer_, y_buffer_, count_buffer_;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const transpose_case& c) {
    return json::object({{"op", c.op()}, {"case", c.name()}, {"m", c.rows}, {"n", c.columns}, {"groups", c.matrices}});
}

std::unique_ptr<contest> words<ops::transpose>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::transpose, transpose_data>>(o, suite_transpose());
}

}  // namespace deepgemm::bench
