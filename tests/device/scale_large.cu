// SPDX-License-Identifier: MIT
// The scale kernels on more than 2^31 elements, where 32-bit offsets would wrap around: the first and the last rows, and those
// on either side of 2^31 elements, bit for bit against the host's reference. Filled and kept on the GPU.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_launch.hpp>

#include "../scale/kernel_cases.hpp"

using namespace scale_cases;
using scale::cast_scales;

namespace {

void require(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// True if the device has `bytes` to spare; else the test says that it is skipped.
bool have_memory(std::size_t bytes) {
    std::size_t free = 0, total = 0;
    require(cudaMemGetInfo(&free, &total));
    if (free < bytes + (std::size_t(1) << 30)) MESSAGE("skipped: the device has only ", free, " bytes");
    return free >= bytes + (std::size_t(1) << 30);
}

DEEPGEMM_BOTH u32 mix(u64 i) {
    i = (i ^ i >> 31) * 0x7fb5d329728ea185ull;
    i = (i ^ i >> 27) * 0x81dadef4bc2dd44dull;
    return u32(i >> 32);
}
/// Element `i` of a large matrix: an integer, exact in bf16.
struct integers {
    static DEEPGEMM_BOTH float at(u64 i) { return float(int(mix(i) % 255) - 127); }
};
/// Scale `i` of a large array: a power of two.
struct powers {
    static DEEPGEMM_BOTH float at(u64 i) { return bit_cast<float>((mix(i) % 250 + 1) << 23); }
};

template <class Values, class T>
__global__ void fill_kernel(T* out, i64 count) {
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        if constexpr (is_same_v<T, float>) {
            out[i] = Values::at(u64(i));
        } else {
            out[i] = T::from_float(Values::at(u64(i)));
        }
    }
}

/// An array on the device.
template <class T>
class large {
public:
    explicit large(i64 count) : count_(count) {
        require(cudaMalloc(&memory_, std::size_t(count) * sizeof(T)));
        require(cudaMemset(memory_, 0xff, std::size_t(count) * sizeof(T)));
    }
    large(const large&) = delete;
    large& operator=(const large&) = delete;
    ~large() { cudaFree(memory_); }
    T* get() const { return static_cast<T*>(memory_); }
    template <class Values>
    void fill() const {
        fill_kernel<Values><<<4096, 256>>>(get(), count_);
        require(cudaGetLastError());
    }
    T at(i64 i) const {
        T value;
        require(cudaMemcpy(&value, get() + i, sizeof value, cudaMemcpyDeviceToHost));
        return value;
    }
    /// `rows` x `columns` elements from element `first` on, rows `pitch` apart.
    matrix<T> window(i64 first, i64 rows, i64 columns, i64 pitch) const {
        matrix<T> out(rows, columns);
        require(cudaMemcpy2D(out.data(), std::size_t(columns) * sizeof(T), get() + first,
                             std::size_t(pitch) * sizeof(T), std::size_t(columns) * sizeof(T), std::size_t(rows),
                             cudaMemcpyDeviceToHost));
        return out;
    }

private:
    void* memory_ = nullptr;
    i64 count_;
};

template <class K>
void run(const typename K::arguments& arguments) {
    check_arguments<K>(arguments);
    or_throw(cuda::launch<K>(arguments));
    require(cudaDeviceSynchronize());
}

// A matrix of more than 2^31 bf16, rows padded to whole vectors; element 2^31 lies in row `wrap`.
constexpr i64 rows = 262147, columns = 8200, pitch = 8208, wrap = (i64(1) << 31) / pitch;
constexpr i64 blocks_down = ceil_div(rows, i64(128)), blocks_across = ceil_div(columns, i64(128));
static_assert(rows * columns > i64(1) << 31 && wrap + 128 < rows);

/// The elements of x from (row, column) on, as the device was filled with them.
matrix<bf16> part_of_x(i64 row, i64 column, i64 row_count, i64 column_count) {
    matrix<bf16> x(row_count, column_count);
    for (i64 i = 0; i < row_count; ++i) {
        for (i64 j = 0; j < column_count; ++j) {
            x(i, j) = bf16::from_float(integers::at(u64((row + i) * pitch + column + j)));
        }
    }
    return x;
}

template <class T>
bool same(const matrix<T>& a, const matrix<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

/// Blocks of 128 rows to look at.
constexpr i64 some_blocks[] = {0, wrap / 128, wrap / 128 + 1, blocks_down - 1};

}  // namespace

TEST_CASE("large: casts per token, per channel and per block") {
    if (!have_memory(std::size_t(rows * pitch) * 3 + std::size_t(rows * blocks_across) * 4)) return;
    const large<bf16> x(rows * pitch);
    const large<e4m3> q(rows * pitch);
    const large<u32> words(rows * blocks_across);  // enough for each of the casts
    x.fill<integers>();

    SUBCASE("per token") {
        const i64 word_pitch = reference::tma_aligned(rows);
        run<scale::cast_per_token<e4m3, bf16, 128, cast_scales::packed>>(
            {x.get(), pitch, q.get(), pitch, i32(rows), i32(columns), words.get(), 1, word_pitch});
        for (const i64 row : {i64(0), i64(1), wrap - 1, wrap, wrap + 1, rows - 1}) {
            CAPTURE(row);
            const auto part = part_of_x(row, 0, 1, columns);
            const auto expected = quantize::per_token<e4m3>(part.view(), 128, scale_kind::ue8m0);
            CHECK(same(q.window(row * pitch, 1, columns, pitch), expected.data));
            const auto packed = reference::to_packed(reference::raw(expected.scales.view()), 1);
            for (i64 word = 0; word < packed.k_words; ++word) {
                CHECK(words.at(word * word_pitch + row) == packed.at(0, 0, word));
            }
        }
    }
    SUBCASE("per channel") {
        run<scale::cast_per_channel<e4m3, bf16, 128, cast_scales::fp32>>(
            {x.get(), pitch, q.get(), pitch, i32(rows), i32(columns), words.get(), columns, 1});
        for (const i64 block : some_blocks) {
            CAPTURE(block);
            const i64 row = block * 128, count = min(i64(128), rows - row), column = columns - 72;
            const auto part = part_of_x(row, column, count, 72);
            const auto expected = quantize::per_channel<e4m3>(part.view(), 128, scale_kind::fp32);
            CHECK(same(q.window(row * pitch + column, count, 72, pitch), expected.data));
            for (i64 j = 0; j < 72; ++j) {
                CHECK(words.at(block * columns + column + j) == bit_cast<u32>(expected.scales(0, j)));
            }
        }
    }
    SUBCASE("per block") {
        run<scale::cast_per_block<e4m3, bf16, cast_scales::fp32>>(
            {x.get(), pitch, q.get(), pitch, i32(rows), i32(columns), words.get(), blocks_across, 1});
        for (const i64 block : some_blocks) {
            for (const i64 across : {i64(0), blocks_across - 1}) {
                CAPTURE(block);
                CAPTURE(across);
                const i64 row = block * 128, count = min(i64(128), rows - row);
                const i64 column = across * 128, width = min(i64(128), columns - column);
                const auto part = part_of_x(row, column, count, width);
                const auto expected = quantize::per_block<e4m3>(part.view(), 128, scale_kind::fp32);
                CHECK(same(q.window(row * pitch + column, count, width, pitch), expected.data));
                CHECK(words.at(block * blocks_across + across) == bit_cast<u32>(expected.scales(0, 0)));
            }
        }
    }
}

TEST_CASE_TEMPLATE("large: scale layouts", Format, scale::fp32, scale::ue8m0) {
    // Row-major and MN-major sources of two groups, each group 2^30 scales and some.
    constexpr i64 mn = 32537635, blocks = 33, group = mn * blocks;
    constexpr i64 word_pitch = reference::tma_aligned(mn), k_words = ceil_div(blocks, i64(Format::per_word));
    static_assert(2 * group > i64(1) << 31);
    if (!have_memory(std::size_t(2 * group) * 4 + std::size_t(2 * word_pitch * k_words) * 4)) return;
    const large<float> in(2 * group);
    in.fill<powers>();
    for (const bool turned : {false, true}) {
        CAPTURE(turned);
        const large<u32> out(2 * word_pitch * k_words), invalid(1);
        require(cudaMemset(invalid.get(), 0, 4));
        const i64 row_stride = turned ? 1 : blocks, block_stride = turned ? mn : 1;
        run<scale::to_mn_major<Format>>(
            {in.get(), group, row_stride, block_stride, 2, i32(mn), i32(blocks), 1, out.get(), invalid.get()});
        CHECK(invalid.at(0) == 0);
        for (const i64 g : {0, 1}) {
            for (const i64 row : {i64(0), i64(1), mn / 2, mn - 1}) {
                CAPTURE(g);
                CAPTURE(row);
                const auto scale = [&](i64 block) {
                    return powers::at(u64(g * group + row * row_stride + block * block_stride));
                };
                for (i64 word = 0; word < k_words; ++word) {
                    u32 expected = bit_cast<u32>(scale(word));
                    if constexpr (Format::kind == scale_kind::ue8m0) {
                        expected = reference::packed_word(scale, 4 * word, blocks);
                    }
                    CHECK(out.at((g * k_words + word) * word_pitch + row) == expected);
                }
            }
        }
    }
}
