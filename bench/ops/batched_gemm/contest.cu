// SPDX-License-Identifier: MIT
// Times batches: `deepgemm bench --suite einsum`, and with --tune all kernels against one another. Every matrix of D is checked
// against the reference; sums of batches are checked against sums in double precision of their own.
#include <functional>
#include <optional>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/batched_gemm/batched_gemm.hpp>

#include "cublaslt.hpp"
#include "normal.cuh"
#include "ops/group_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

/// to[row * blocks + block] = from[row + block * stride]: scales in the order of the data.
__global__ void to_k_major(float* to, const float* from, i64 rows, i64 blocks, i64 stride) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < rows * blocks; i += i64(gridDim.x) * blockDim.x)
        to[i] = from[i / blocks + i % blocks * stride];
}

/// to[s * matrix_stride + k * pitch + row] = from[(s * rows + row) * columns + k]: an FP8 operand as it is stored along M or N.
__global__ void to_mn_major(u8* to, const u8* from, i64 count, i64 rows, i64 columns, i64 pitch, i64 matrix_stride) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count * rows * columns;
         i += i64(gridDim.x) * blockDim.x) {
        const i64 row = i / columns;
        to[row / rows * matrix_stride + i % columns * pitch + row % rows] = from[i];
    }
}

/// Fills D, matrix by matrix, with what an accumulating product adds to.
template <class T>
__global__ void fill_d(T* d, i64 count, i64 rows, i64 columns, i64 pitch, i64 matrix_stride, u64 seed) {
    for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count * rows * columns;
         i += i64(gridDim.x) * blockDim.x) {
        const i64 matrix = i / (rows * columns), at = i % (rows * columns);
        T* const to = d + matrix * matrix_stride + at / columns * pitch + at % columns;
        const float c = c_value(seed + u64(matrix), u64(at));
        if constexpr (is_same_v<T, float>) {
            *to = c;
        } else {
            *to = T::from_float(c);
        }
    }
}

constexpr int side = 16, depth = 64;

/// Adds the products of matrices first, first + step and so on to sums(m,n), in double precision.
__global__ void add_products(double* sums, const bf16* a, const bf16* b, int count, int m, int n, int k, int b_pitch) {
    __shared__ float as[side][depth + 1], bs[side][depth + 1];
    const int row = int(blockIdx.y) * side, column = int(blockIdx.x) * side, x = int(threadIdx.x) % side,
              y = int(threadIdx.x) / side;
    double sum = 0;
    for (int s = int(blockIdx.z); s < count; s += int(gridDim.z)) {
        for (int k0 = 0; k0 < k; k0 += depth) {
            __syncthreads();
            for (int i = int(threadIdx.x); i < side * depth; i += side * side) {
                const int r = i / depth, kk = k0 + i % depth;
                as[r][i % depth] = row + r < m && kk < k ? float(a[(i64(s) * m + row + r) * k + kk]) : 0.0f;
                bs[r][i % depth] = column + r < n && kk < k ? float(b[(i64(s) * n + column + r) * b_pitch + kk]) : 0.0f;
            }
            __syncthreads();
            for (int i = 0; i < depth; ++i) sum = fma(double(as[y][i]), double(bs[x][i]), sum);
        }
    }
    if (row + y < m && column + x < n) atomicAdd(&sums[i64(row + y) * n + column + x], sum);
}

struct sum_errors {
    double error = 0, result = 0, truth = 0, largest = 0;
    unsigned long long bad = 0;
};

/// One block: compares D with the sums, to which C is added where there is C.
template <class T>
__global__ void judge_sums(const T* d, const double* sums, i64 count, bool add_c, u64 seed, sum_errors* to) {
    __shared__ sum_errors all;
    if (threadIdx.x == 0) all = sum_errors{};
    __syncthreads();
    for (i64 i = threadIdx.x; i < count; i += blockDim.x) {
        const double want = sums[i] + (add_c ? double(c_value(seed, u64(i))) : 0.0), got = double(float(d[i]));
        if (!isfinite(got)) {
            atomicAdd(&all.bad, 1ull);
            continue;
        }
        atomicAdd(&all.error, (got - want) * (got - want));
        atomicAdd(&all.result, got * got);
        atomicAdd(&all.truth, want * want);
    }
    __syncthreads();
    if (threadIdx.x == 0) *to = all;
}

/// Device memory of one batch at a time.
class batched_data {
public:
    /// Host: makes new operands on the default stream.
    void generate(const batched_case& problem, u64 seed) {
        problem_ = problem;
        seed_ = seed;
        const i64 count = problem.count, m = problem.each.m, n = problem.each.n, k = problem.each.k,
                  size = problem.each.operand_bytes();
        a_ = a_buffer_.as<u8>(std::size_t(count * m * k * size));
        b_ = b_buffer_.as<u8>(std::size_t(b_elements() * size));
        d_ = d_buffer_.as<u8>(d_bytes());
        if (problem.each.is_fp8()) {
            generate_fp8();
        } else {
            normal(a_, problem.each.operands, count * m * k, 2 * seed + 1);
            normal(b_, problem.each.operands, b_elements(), 2 * seed + 2);
        }
        if (sums()) {
            int sms = 0;
            check(cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, 0), "number of multiprocessors");
            workspace_bytes_ = batch_sum_workspace_bytes(m, n, sms);
            workspace_ = workspace_buffer_.as<u8>(workspace_bytes_);
            check(cudaMemset(workspace_, 0, summed_batch::head_bytes), "cudaMemset");
        }
        if (problem.turns_first()) {
            const batched_problem given = stored();
            workspace_bytes_ = fp8_batched_gemm_workspace_bytes(given.a, given.b);
            workspace_ = workspace_buffer_.as<u8>(workspace_bytes_);
            whole()(nullptr);  // for kernels that are timed alone
        }
        check(cudaDeviceSynchronize(), "making of operands");
    }

    /// Host: makes every element of D NaN, or what an accumulating product adds to.
    void reset_d() {
        if (!problem_.each.accumulate) {
            check(cudaMemset(d_, 0xff, d_bytes()), "cudaMemset");
        } else {
            const output_stack d = product().d;
            const auto fill = [&](auto* to) {
                fill_d<<<1024, 256>>>(to, d.count, d.first.rows, d.first.columns, d.first.row_stride, d.matrix_stride,
                                      seed_);
                check(cudaGetLastError(), "fill_d");
            };
            visit_d(fill);
        }
        check(cudaDeviceSynchronize(), "reset of D");
    }

    /// The batch that kernels compute: that of users, or behind the transposition of its operands.
    batched_problem product() const {
        const batched_problem given = stored();
        if (!problem_.turns_first()) return given;
        return deepgemm::detail::turned_batch::of(given, deepgemm::detail::turned_of(given),
                                                  {workspace_, workspace_bytes_})
            .product;
    }
    /// All that the named operation launches, where that is more than a kernel for product().
    std::function<void(cudaStream_t)> whole() {
        if (!problem_.turns_first()) return {};
        if (!engine_) {
            engine_.emplace(instances::of<ops::batched_gemm>(), or_throw(cuda::describe_current_device()));
            engine_->with(instances::of<ops::transpose>());
        }
        return [this, given = stored()](cudaStream_t stream) {
            or_throw(fp8_batched_gemm_nt(
                *engine_, given.a, given.b, given.d,
                {.accumulate = given.accumulate, .stream = stream, .workspace = {workspace_, workspace_bytes_}}));
        };
    }

    /// The batch as users of deepgemm describe it.
    batched_problem stored() const {
        const gemm_case& each = problem_.each;
        const i64 count = problem_.count, m = each.m, n = each.n, k = each.k;
        const bool heads = problem_.form == batch_form::heads, gradient = problem_.form == batch_form::gradient;
        const gemm_workload one = workload_of(problem_).one;
        const u8* const a_data = each.is_fp8() && each.a_mn_major() ? a_stored_ : a_;
        const u8* const b_data = each.is_fp8() && each.b_mn_major() ? b_stored_ : b_;
        // A and D by rows of heads, or matrix after matrix; an operand that is contiguous along M or N likewise.
        const auto placed = [&](const void* data, dtype type, i64 rows, i64 columns, bool turned, bool among, i64 pad) {
            const i64 lines = turned ? columns : rows, length = turned ? rows : columns,
                      pitch = among ? count * length : length + pad;
            const input_matrix lined{data, type, lines, length, pitch, 1};
            return input_stack{turned ? transposed(lined) : lined, count, among ? length : lines * pitch};
        };
        batched_problem made{
            .a = unscaled(placed(a_data, one.a.type, m, k, each.a_mn_major(), heads || gradient, 0)),
            .b = unscaled(placed(b_data, one.b.type, n, k, each.b_mn_major(), gradient, problem_.padding)),
            .accumulate = each.accumulate,
            .sum = sums()};
        made.d = {{d_, one.d, m, n, heads ? count * n : n, 1}, sums() ? 1 : count, heads ? n : m * n};
        if (sums()) made.workspace = {workspace_, workspace_bytes_};
        if (each.is_fp8()) add_scales(made);
        return made;
    }

    /// The errors of D: the worst of its matrices, or those of the sum. Sets `wrong` if a workspace is not left as it must be.
    comparison judge(reference& truth, std::string& wrong) {
        if (sums()) return judge_sum(wrong);
        comparison worst;
        const batched_problem all = stored();
        for (i64 i = 0; i < problem_.count; ++i) {
            const gemm_problem one = product_of(all, i);
            truth.compute(one, true, seed_ + u64(i));
            add_errors(worst, truth.compare(one.d));
        }
        return worst;
    }

    /// cuBLASLt, if the products are of a 16-bit type and are not summed up.
    contender peer(const options& o) {
        if (problem_.each.is_fp8() || sums()) return {};
        plan_ = plan_cublaslt(product(), o.search);
        cublaslt_gemm* const plan = plan_.get();
        return {"cublaslt", [plan](cudaStream_t stream) { plan->launch(stream); }};
    }

private:
    bool sums() const { return problem_.form == batch_form::sum; }
    i64 blocks() const { return ceil_div(problem_.each.k, 128); }
    i64 b_elements() const {
        const i64 n = problem_.each.n, k = problem_.each.k;
        const bool turned = problem_.each.b_mn_major();
        return problem_.count * (turned ? k * (n + problem_.padding) : n * (k + problem_.padding));
    }
    std::size_t d_bytes() const {
        return std::size_t(sums() ? 1 : problem_.count) * std::size_t(problem_.each.m) * std::size_t(problem_.each.n) *
               std::size_t(problem_.each.d_bytes());
    }
    template <class Body>
    void visit_d(const Body& body) const {
        switch (problem_.each.d) {
            case output::bf16: return body(reinterpret_cast<bf16*>(d_));
            case output::f16: return body(reinterpret_cast<f16*>(d_));
            case output::f32: return body(reinterpret_cast<float*>(d_));
        }
    }

    void generate_fp8() {
        const i64 count = problem_.count, m = problem_.each.m, n = problem_.each.n, k = problem_.each.k,
                  b_rows = ceil_div(n, i64(128));
        sa_ = sa_buffer_.as<float>(std::size_t(blocks() * align_up(count * m, i64(4))));
        if (problem_.form == batch_form::gradient) {  // scales are (b / 128, h, d) and (b / 128, h, r)
            sb_ = sb_buffer_.as<float>(std::size_t(blocks() * align_up(count * n, i64(4))));
            quantise_tokens(a_, sa_, int(count * m), int(k), seed_);
            quantise_tokens(b_, sb_, int(count * n), int(k), seed_ + 1);
            a_stored_ = stored_copy(a_stored_buffer_, a_, m, true);
            b_stored_ = stored_copy(b_stored_buffer_, b_, n, true);
            return;
        }
        sb_ = sb_buffer_.as<float>(std::size_t(count * b_rows * blocks()));
        if (problem_.form == batch_form::heads) {
            quantise_tokens(a_, sa_, int(count * m), int(k), seed_);  // all rows of all heads, in their order
            float* const turned = turned_buffer_.as<float>(std::size_t(count * m * blocks()));
            to_k_major<<<1024, 256>>>(turned, sa_, count * m, blocks(), align_up(count * m, i64(4)));
            check(cudaGetLastError(), "to_k_major");
            sa_ = turned;
        } else {
            for (i64 i = 0; i < count; ++i)
                quantise_tokens(a_ + i * m * k, sa_ + i * blocks() * align_up(m, i64(4)), int(m), int(k),
                                seed_ + u64(i));
        }
        for (i64 i = 0; i < count; ++i) {
            quantise_blocks(b_ + i * n * k, sb_ + i * b_rows * blocks(), blocks(), int(n), int(k),
                            seed_ + u64(count + i));
        }
        if (problem_.each.b_mn_major()) b_stored_ = stored_copy(b_stored_buffer_, b_, n, false);
    }
    /// A copy of matrices (rows, k) as they are stored along their rows: among each other, or one after the other.
    u8* stored_copy(device_buffer& buffer, const u8* from, i64 rows, bool among) const {
        const i64 count = problem_.count, k = problem_.each.k;
        u8* const made = buffer.as<u8>(std::size_t(count * rows * k));
        to_mn_major<<<4096, 256>>>(made, from, count, rows, k, among ? count * rows : rows, among ? rows : k * rows);
        check(cudaGetLastError(), "to_mn_major");
        return made;
    }
    void add_scales(batched_problem& to) const {
        const i64 m = problem_.each.m, n = problem_.each.n, k = problem_.each.k, count = problem_.count;
        const bool heads = problem_.form == batch_form::heads;
        if (problem_.form == batch_form::gradient) {
            const auto by_token = [&](scaled_stack& x, const float* words, i64 rows) {
                x.first.scales = per_token_scales(words, scale_kind::fp32, rows, k);
                x.first.scales.column_stride = align_up(count * rows, i64(4));
                x.scale_stride = rows;
            };
            by_token(to.a, sa_, m);
            by_token(to.b, sb_, n);
            return;
        }
        to.a.first.scales = heads ? k_major_scales(sa_, scale_kind::fp32, m, k, count * blocks())
                                  : per_token_scales(sa_, scale_kind::fp32, m, k);
        to.a.scale_stride = heads ? blocks() : blocks() * align_up(m, i64(4));
        to.b.first.scales = per_block_scales(sb_, scale_kind::fp32, n, k);
        to.b.scale_stride = ceil_div(n, i64(128)) * blocks();
    }

    /// Product `i` of a batch.
    gemm_problem product_of(const batched_problem& all, i64 i) const {
        gemm_problem one = deepgemm::detail::first_of(all);
        const auto move = [i](auto& matrix, i64 stride) {
            using bytes = conditional_t<is_same_v<decltype(matrix.data), void*>, u8*, const u8*>;
            matrix.data = static_cast<bytes>(matrix.data) + i * stride * i64(size_of(matrix.type));
        };
        move(one.a.matrix, all.a.matrix_stride);
        move(one.b.matrix, all.b.matrix_stride);
        move(one.d, all.d.matrix_stride);
        if (one.c) one.c = input_matrix(one.d);
        if (one.a.scales.data != nullptr) {
            one.a.scales.data = static_cast<const float*>(one.a.scales.data) + i * all.a.scale_stride;
            one.b.scales.data = static_cast<const float*>(one.b.scales.data) + i * all.b.scale_stride;
        }
        return one;
    }

    comparison judge_sum(std::string& wrong) {
        const int m = problem_.each.m, n = problem_.each.n, k = problem_.each.k;
        double* const sums = sums_buffer_.as<double>(std::size_t(m) * std::size_t(n));
        check(cudaMemset(sums, 0, sizeof(double) * std::size_t(m) * std::size_t(n)), "cudaMemset");
        const dim3 grid(unsigned(ceil_div(n, side)), unsigned(ceil_div(m, side)), unsigned(min(problem_.count, 64)));
        add_products<<<grid, side * side>>>(sums, reinterpret_cast<const bf16*>(a_), reinterpret_cast<const bf16*>(b_),
                                            problem_.count, m, n, k, k + int(problem_.padding));
        sum_errors* const device = errors_buffer_.as<sum_errors>(1);
        visit_d([&](const auto* d) {
            judge_sums<<<1, 1024>>>(d, sums, i64(m) * n, problem_.each.accumulate, seed_, device);
        });
        check(cudaGetLastError(), "reference of a sum");
        sum_errors host;
        check(cudaMemcpy(&host, device, sizeof host, cudaMemcpyDeviceToHost), "reference of a sum");
        u8 head[summed_batch::head_bytes];
        check(cudaMemcpy(head, workspace_, sizeof head, cudaMemcpyDeviceToHost), "cudaMemcpy");
        for (const u8 byte : head) {
            if (byte != 0) wrong = "the head of the workspace is not zero";
        }
        comparison found;
        const double norm = host.result + host.truth;
        found.bad = (long long)host.bad;
        found.diff = host.bad != 0 ? __builtin_nan("") : norm > 0 ? host.error / norm : 0.0;
        found.max_error = std::sqrt(host.truth > 0 ? host.error / host.truth : 0.0);
        return found;
    }

    batched_case problem_{};
    u64 seed_ = 0, workspace_bytes_ = 0;
    device_buffer a_buffer_, b_buffer_, a_stored_buffer_, b_stored_buffer_, d_buffer_, sa_buffer_, sb_buffer_,
        turned_buffer_, workspace_buffer_, sums_buffer_, errors_buffer_;
    u8 *a_ = nullptr, *b_ = nullptr, *d_ = nullptr, *workspace_ = nullptr;
    u8 *a_stored_ = nullptr, *b_stored_ = nullptr;  ///< FP8 as it is stored along M or N
    std::optional<engine_of<ops::batched_gemm, ops::transpose>> engine_;
    float *sa_ = nullptr, *sb_ = nullptr;
    std::unique_ptr<cublaslt_gemm> plan_;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const batched_case& problem) {
    const gemm_case& each = problem.each;
    return json::object({{"op", problem.op()},
                         {"case", problem.peer.empty() ? problem.name() : problem.peer},
                         {"pass", problem.pass()},
                         {"form", problem.expression},
                         {"m", each.m},
                         {"n", each.n},
                         {"k", each.k},
                         {"heads", problem.count},
                         {"pairs", double(problem.count) * each.m * each.n},
                         {"layout", each.layout()},
                         {"recipe", each.recipe()},
                         {"d_type", each.d_type()},
                         {"accumulate", each.accumulate}});
}

std::unique_ptr<contest> words<ops::batched_gemm>::contest_of(const options& o) {
    const auto suite = o.shapes.empty() ? suite_einsum(o.suite) : std::vector<batched_case>{};
    return std::make_unique<case_contest<ops::batched_gemm, batched_data>>(o, suite);
}

}  // namespace deepgemm::bench
