// SPDX-License-Identifier: MIT
// Double-precision product of operands of any type and order, 64x64 elements of D per CTA of 256 threads, and the comparison.
#include <deepgemm/core/math.cuh>
#include <deepgemm/core/small_types.cuh>

#include "normal.cuh"
#include "reference.cuh"

namespace deepgemm::bench {

namespace {

constexpr int tile = 64, step = 32, block_k = 128;  // a scale covers block_k elements of K

/// Where scales of an operand lie: (row, kk) at (row / rows) * stride_mn + kk / k * stride_k. No pointer: all 1. Those that
/// hold for all of K have a stride_k of 0.
struct scales {
    const float* at = nullptr;
    i64 stride_mn = 1, stride_k = 0;
    int rows = 1;  ///< that a scale covers; 0: all
    int k =
        block_k;  ///< elements of K that it covers; fewer than a block are scaled one by one, which is exact in double
    __host__ __device__ bool are_fine() const { return k < block_k; }
};

/// An E2M1 code in a byte.
struct e2m1_code {
    u8 bits;
    __device__ explicit operator float() const { return decode_e2m1(bits); }
};

/// An operand: element (row, kk) at row * stride_mn + kk * stride_k.
template <class T>
struct operand_view {
    const T* at;
    i64 stride_mn, stride_k;
    scales scale;
};

/// The scale of row `row`, of `rows` rows in all, for the elements of K that `kk` is one of.
__device__ float scale_at(const scales& s, int row, int rows, int kk) {
    if (row >= rows || !s.at) return 1.0f;
    return s.at[(s.rows == 0 ? 0 : row / s.rows) * s.stride_mn + kk / s.k * s.stride_k];
}

/// Loads rows [row, row + 64) x columns [k0, k0 + 32) of an operand as doubles, scaled if the scales are fine, K-major; zeros
/// outside.
template <class T>
__device__ void load_tile(double (&to)[step][tile + 1], const operand_view<T>& x, int row0, int rows, int k0, int k) {
    const int row = row0 + int(threadIdx.x) / 4, first = int(threadIdx.x) % 4 * 8;
    const bool inside = row < rows;
    for (int i = 0; i < 8; ++i) {
        const int column = k0 + first + i;
        const bool valid = inside && column < k;
        double value = valid ? double(float(x.at[row * x.stride_mn + column * x.stride_k])) : 0.0;
        if (valid && x.scale.are_fine()) value *= double(scale_at(x.scale, row, rows, column));
        to[first + i][threadIdx.x / 4] = value;
    }
}

/// The scale of a row for a whole K block; 1 if elements have been scaled.
__device__ float block_scale(const scales& s, int row, int rows, int k0) {
    return s.are_fine() ? 1.0f : scale_at(s, row, rows, k0);
}

/// The product of two scales. The kernels under test form it in FP32, so it is exact only if it is a normal number there.
__device__ double scale_product(float x, float y) {
    const float product = x * y;
    return fabsf(product) >= 0x1p-126f && isfinite(product) ? double(x) * double(y) : double(product);
}

template <class A, class B>
__global__ void __launch_bounds__(256)
    multiply(float* d, operand_view<A> a, operand_view<B> b, int m, int n, int k, bool add_c, u64 seed) {
    __shared__ double as[step][tile + 1], bs[step][tile + 1];
    const int m0 = int(blockIdx.y) * tile, n0 = int(blockIdx.x) * tile, tx = int(threadIdx.x) % 16,
              ty = int(threadIdx.x) / 16;
    double sum[4][4] = {};
    for (int block = 0; block < k; block += block_k) {
        double partial[4][4] = {};
        for (int k0 = block; k0 < min(block + block_k, k); k0 += step) {
            __syncthreads();
            load_tile(as, a, m0, m, k0, k);
            load_tile(bs, b, n0, n, k0, k);
            __syncthreads();
            for (int kk = 0; kk < step; ++kk) {
                double x[4], y[4];
                for (int i = 0; i < 4; ++i) {
                    x[i] = as[kk][ty * 4 + i];
                    y[i] = bs[kk][tx + 16 * i];
                }
                for (int i = 0; i < 4; ++i) {
                    for (int j = 0; j < 4; ++j) partial[i][j] = fma(x[i], y[j], partial[i][j]);
                }
            }
        }
        for (int i = 0; i < 4; ++i) {
            const float row_scale = block_scale(a.scale, m0 + ty * 4 + i, m, block);
            for (int j = 0; j < 4; ++j) {
                const float column_scale = block_scale(b.scale, n0 + tx + 16 * j, n, block);
                sum[i][j] = fma(scale_product(row_scale, column_scale), partial[i][j], sum[i][j]);
            }
        }
    }
    for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 4; ++j) {
            const int row = m0 + ty * 4 + i, column = n0 + tx + 16 * j;
            if (row >= m || column >= n) continue;
            const i64 at = i64(row) * n + column;
            d[at] = float(sum[i][j] + (add_c ? double(c_value(seed, u64(at))) : 0.0));
        }
    }
}

/// Sums over all elements, in device memory.
struct sums {
    double error = 0, result = 0, truth = 0;
    u64 bad = 0, max_error = 0;  ///< max_error: the bits of a non-negative double, which order like the number
};

__device__ double warp_sum(double x) {
    for (int lanes = 16; lanes > 0; lanes /= 2) x += __shfl_xor_sync(0xffffffffu, x, lanes);
    return x;
}

/// Where the elements of a result lie, row by row.
struct element_order {
    i64 rows, columns, pitch;
    __device__ i64 count() const { return rows * columns; }
    __device__ i64 at(i64 i) const { return pitch == columns ? i : i / columns * pitch + i % columns; }
};

template <class D>
__global__ void add_up(sums* total, const D* from, const float* truth, element_order order) {
    double error = 0, result = 0, square = 0;
    u64 bad = 0;
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < order.count(); i += i64(gridDim.x) * blockDim.x) {
        const double d = double(float(from[order.at(i)])), r = truth[i];
        square += r * r;
        if (isfinite(d)) {
            error += (d - r) * (d - r);
            result += d * d;
        } else {
            ++bad;
        }
    }
    error = warp_sum(error);
    result = warp_sum(result);
    square = warp_sum(square);
    if (bad) atomicAdd(&total->bad, bad);
    if (threadIdx.x % 32 == 0) {
        atomicAdd(&total->error, error);
        atomicAdd(&total->result, result);
        atomicAdd(&total->truth, square);
    }
}

template <class D>
__global__ void find_largest(sums* total, const D* from, const float* truth, element_order order) {
    const double typical = fmax(sqrt(total->truth / double(order.count())), 1e-30);
    double largest = 0;
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < order.count(); i += i64(gridDim.x) * blockDim.x) {
        const double d = double(float(from[order.at(i)])), r = truth[i];
        if (isfinite(d)) largest = fmax(largest, fabs(d - r) / fmax(fabs(r), typical));
    }
    atomicMax(&total->max_error, bit_cast<u64>(largest));
}

/// The scales of an operand; all 1 where they are not wanted or there are none.
scales scales_of(const scale_argument& given, bool wanted) {
    if (!wanted || given.kind == scale_kind::none) return {};
    const i64 stride_k = given.tile.all_of_k() ? 0 : given.column_stride;
    return {static_cast<const float*>(given.data), given.row_stride, stride_k, given.tile.mn};
}

template <class A, class B>
void multiply_views(float* d, const gemm_problem& x, const operand_view<A>& a, const operand_view<B>& b, u64 c_seed) {
    const int m = int(x.d.rows), n = int(x.d.columns), k = int(x.a.matrix.columns);
    const dim3 grid(unsigned(ceil_div(n, tile)), unsigned(ceil_div(m, tile)));
    multiply<A, B><<<grid, 256>>>(d, a, b, m, n, k, x.c.has_value(), c_seed);
}

template <class T>
void launch_multiply(float* d, const gemm_problem& x, bool scaled, u64 c_seed) {
    const auto view = [scaled](const scaled_matrix& operand) {
        const input_matrix& q = operand.matrix;
        return operand_view<T>{static_cast<const T*>(q.data), q.row_stride, q.column_stride,
                               scales_of(operand.scales, scaled)};
    };
    multiply_views(d, x, view(x.a), view(x.b), c_seed);
}

/// An operand with packed scales, from what is kept of it unpacked.
template <class T>
operand_view<T> view_of(const unpacked_operand& x, i64 k, bool scaled) {
    operand_view<T> made{reinterpret_cast<const T*>(x.codes), k, 1, {}};
    if (scaled) made.scale = {x.scales, x.columns, 1, x.tile.mn, x.tile.k};
    return made;
}
void launch_packed(float* d, const problem_data& data, bool scaled) {
    const gemm_problem x = data.product();
    const unpacked_operand a = data.unpacked_a(), b = data.unpacked_b();
    const i64 k = x.a.matrix.columns;
    if (a.fp4) {
        multiply_views(d, x, view_of<e2m1_code>(a, k, scaled), view_of<e2m1_code>(b, k, scaled), data.seed());
    } else if (b.fp4) {
        multiply_views(d, x, view_of<e4m3>(a, k, scaled), view_of<e2m1_code>(b, k, scaled), data.seed());
    } else {
        multiply_views(d, x, view_of<e4m3>(a, k, scaled), view_of<e4m3>(b, k, scaled), data.seed());
    }
}

/// Calls body(d), where `d` points to D's elements in their type.
template <class Body>
void visit(const output_matrix& d, Body body) {
    switch (d.type) {
        case dtype::bf16: body(static_cast<const bf16*>(d.data)); break;
        case dtype::f16: body(static_cast<const f16*>(d.data)); break;
        default: body(static_cast<const float*>(d.data)); break;
    }
}

}  // namespace

void reference::compute(const problem_data& data, bool scaled) {
    if (!data.is_packed()) return compute(data.product(), scaled, data.seed());
    const output_matrix d = data.product().d;
    launch_packed(product_.as<float>(std::size_t(d.rows) * std::size_t(d.columns)), data, scaled);
    check(cudaGetLastError(), "reference product");
    check(cudaDeviceSynchronize(), "reference product");
}

void reference::compute(const gemm_problem& product, bool scaled, u64 c_seed) {
    float* const d = product_.as<float>(std::size_t(product.d.rows) * std::size_t(product.d.columns));
    switch (product.a.matrix.type) {
        case dtype::bf16: launch_multiply<bf16>(d, product, scaled, c_seed); break;
        case dtype::f16: launch_multiply<f16>(d, product, scaled, c_seed); break;
        default: launch_multiply<e4m3>(d, product, scaled, c_seed); break;
    }
    check(cudaGetLastError(), "reference product");
    check(cudaDeviceSynchronize(), "reference product");
}

comparison reference::compare(const output_matrix& result_d) {
    const element_order order{result_d.rows, result_d.columns, result_d.row_stride};
    const float* const truth = product_.as<float>(0);
    sums host{}, *const device = sums_.as<sums>(1);
    check(cudaMemcpy(device, &host, sizeof host, cudaMemcpyHostToDevice), "cudaMemcpy");
    visit(result_d, [=](const auto* d) {
        add_up<<<1024, 256>>>(device, d, truth, order);
        find_largest<<<1024, 256>>>(device, d, truth, order);
    });
    check(cudaGetLastError(), "comparison");
    check(cudaMemcpy(&host, device, sizeof host, cudaMemcpyDeviceToHost), "comparison");
    comparison result;
    const double norm = host.result + host.truth;
    result.bad = (long long)host.bad;
    result.diff = host.bad ? __builtin_nan("") : norm > 0 ? host.error / norm : 0.0;
    result.max_error = bit_cast<double>(host.max_error);
    return result;
}

}  // namespace deepgemm::bench
