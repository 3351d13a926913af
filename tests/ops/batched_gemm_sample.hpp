// SPDX-License-Identifier: MIT
// Problems of the batched GEMM: stacks whose matrices lie one after the other or row by row among each other, with NaN between.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <deepgemm/ops/batched_gemm/einsum.hpp>

#include "gemm_sample.hpp"

namespace deepgemm::test {

/// How the matrices of a stack lie.
enum class stack_order {
    apart,  ///< one after the other
    among,  ///< row by row among each other, as the heads of tokens do
};

/// Operands (rows, k) as a kernel takes a stack of them, with NaN between rows and between matrices.
class placed_stack {
public:
    placed_stack(const operand_info& info, i64 matrices, i64 rows, i64 k, stack_order order, numbers kind,
                 random_source& random)
        : kind_(info.format) {
        for (i64 i = 0; i < max(matrices, i64(1)); ++i) one_.push_back(make_operand(info, rows, k, 0, kind, random));
        count_ = matrices;
        const reference::operand& x = one_[0].view;
        const bool along_k = x.k_stride == 1;
        const i64 lines = along_k ? rows : k, length = along_k ? k : rows, size = size_of(info.type), unit = 16 / size,
                  line = align_up(max(length, i64(1)), unit) + unit;
        const bool mixed = order == stack_order::among;
        matrix_stride_ = mixed ? line : lines * line + unit;
        pitch_ = mixed ? max(matrices, i64(1)) * line + unit : line;
        bytes_.assign(std::size_t(max(matrices, i64(1)) * matrix_stride_ + lines * pitch_) * std::size_t(size), 0xff);
        for (i64 i = 0; i < matrices; ++i) {
            const auto& from = one_[std::size_t(i)].view;
            for (i64 j = 0; j < lines; ++j) {
                std::memcpy(&bytes_[std::size_t((i * matrix_stride_ + j * pitch_) * size)],
                            static_cast<const u8*>(from.data) + j * (along_k ? from.row_stride : from.k_stride) * size,
                            std::size_t(length * size));
            }
        }
        along_k_ = along_k;
        if (info.format != scale_kind::none) place_scales(mixed, matrices, rows, k);
    }

    const reference::operand& operator[](i64 i) const { return one_.at(std::size_t(i)).view; }
    /// All elements, and all words of scales.
    const std::vector<u8>& bytes() const { return bytes_; }
    const std::vector<u32>& words() const { return words_; }

    /// The stack as an argument; `elements` and `scales` say where copies of bytes() and words() lie.
    scaled_stack argument(const void* elements, const void* scales) const {
        scaled_matrix first = one_[0].argument(elements, scales);
        (along_k_ ? first.matrix.row_stride : first.matrix.column_stride) = pitch_;
        if (kind_ != scale_kind::none) {
            first.scales.row_stride = scale_strides_[1];
            first.scales.column_stride = scale_strides_[2];
        }
        return {first, count_, matrix_stride_, scale_strides_[0]};
    }

private:
    void place_scales(bool mixed, i64 matrices, i64 rows, i64 k) {
        const auto& scale = one_[0].view.scale;
        const i64 mn = ceil_div(rows, i64(scale.tile.mn)), words = ceil_div(k, k_per_word(scale.kind, scale.tile));
        const bool mn_major = scale.tile.mn == 1 && scale.stride_mn == 1 && scale.stride_k != 1;
        const i64 length = mn_major ? align_up(mn, i64(4)) : words + 1, lines = mn_major ? words : mn;
        const i64 pitch = mixed ? max(matrices, i64(1)) * length : length,
                  stride = mixed ? length : max(lines, i64(1)) * length;
        scale_strides_ = {stride, mn_major ? 1 : pitch, mn_major ? pitch : 1};
        words_.assign(std::size_t(max(matrices, i64(1)) * stride + lines * pitch), 0xffffffffu);
        for (i64 i = 0; i < matrices; ++i) {
            const auto& from = one_[std::size_t(i)].view.scale;
            for (i64 row = 0; row < mn; ++row) {
                for (i64 word = 0; word < words; ++word)
                    words_[std::size_t(i * stride + row * scale_strides_[1] + word * scale_strides_[2])] =
                        static_cast<const u32*>(from.words)[row * from.stride_mn + word * from.stride_k];
            }
        }
    }

    std::vector<any_operand> one_;
    i64 count_ = 0, matrix_stride_ = 0, pitch_ = 0;
    bool along_k_ = true;
    scale_kind kind_;
    std::array<i64, 3> scale_strides_{};  ///< from matrix to matrix, from row to row, from word to word along K
    std::vector<u8> bytes_;
    std::vector<u32> words_;
};

/// A batch of `count` products, or their sum if the traits say so; exact integers unless `kind` says otherwise. `order` says
/// how all stacks lie.
template <>
class sample_of<ops::batched_gemm> {
public:
    sample_of(random_source& random, i64 count, problem_shape shape, const gemm_traits& what,
              stack_order order = stack_order::apart, numbers kind = numbers::exact)
        : traits_(what),
          count_(count),
          shape_(shape),
          sums_(what.groups == grouping::summed),
          mixed_(order == stack_order::among && !sums_),
          kind_(kind),
          a_(what.a, count, shape.m, shape.k, order, kind, random),
          b_(what.b, count, shape.n, shape.k, order, kind, random),
          width_(align_up(max(i64(shape.n), i64(1)), i64(16)) + 16),
          d_(what.d, mixed_ || sums_ ? shape.m : count * shape.m, mixed_ ? max(count, i64(1)) * width_ : shape.n, 8) {
        for (i64 i = 0; i < count; ++i) expected_.push_back(reference::gemm(a_[i], b_[i]));
        if (sums_) sum_up();
        if (!what.accumulate) return;
        on_type([&](auto element) {
            for (i64 i = 0; i < results(); ++i) {
                const auto values = of<decltype(element)>(i);
                kind == numbers::exact ? random.fill_integers(values, -8, 8) : random.fill_normal(values, 32.0f);
                reference::add(expected_[std::size_t(i)], values);
            }
        });
        d_.remember();
    }

    static sample_of of(const gemm_info& kernel, const batched_workload& work, u64 seed) {
        random_source random(seed);
        return {random, work.count, work.one.shape, kernel.traits};  // a sum with room for four multiprocessors
    }
    static double host_bytes(const batched_workload& work) {
        return 2 * work.count *
               sample_of<ops::gemm>::host_bytes(work.one);  // operands twice: in their stack, and alone
    }

    /// A, its scales, B, its scales, D, the workspace of a sum.
    std::array<sample_memory, 6> memory() {
        const auto piece = [](const auto& all) {
            return sample_memory{const_cast<void*>(static_cast<const void*>(all.data())), all.size() * sizeof all[0]};
        };
        std::array<sample_memory, 6> all{piece(a_.bytes()), piece(a_.words()),
                                         piece(b_.bytes()), piece(b_.words()),
                                         piece(d_.bytes()), {workspace(), workspace_.size() - slack}};
        if (workspace_.empty()) all[5] = {};
        all[4].written = all[5].written = true;
        return all;
    }
    /// The problem as the named operations take it; `at` says where copies of memory() lie.
    batched_problem problem(std::span<void* const> at) {
        output_matrix first = d_.argument(at[4]);
        first.rows = shape_.m;
        first.columns = shape_.n;
        const i64 stride = mixed_ ? width_ : shape_.m * first.row_stride;
        batched_problem made{.a = a_.argument(at[0], at[1]),
                             .b = b_.argument(at[2], at[3]),
                             .d = {first, results(), stride},
                             .accumulate = traits_.accumulate,
                             .sum = sums_};
        if (sums_) made.workspace = {at[5], workspace_.size() - slack};
        return made;
    }
    batched_problem problem() {
        std::array<void*, 6> here;
        std::ranges::transform(memory(), here.begin(), &sample_memory::data);
        return problem(here);
    }

    /// What is wrong with D, in a sentence; "" if nothing is.
    std::string verdict() {
        std::string wrong = d_.trespass([&](i64, i64 column) { return !mixed_ || column % width_ < shape_.n; });
        const double allowed = traits_.a.format == scale_kind::none ? tolerance::half : tolerance::hopper_fp8;
        on_type([&](auto element) {
            for (i64 i = 0; i < results() && wrong.empty(); ++i) {
                const matrix_view<const decltype(element)> d = of<decltype(element)>(i);
                const reference::product& ought = expected_[std::size_t(i)];
                const comparison found = kind_ == numbers::exact ? reference::compare_exact(d, ought)
                                                                 : reference::compare(d, ought, allowed);
                if (!found) wrong = concat("product ", i, ": ", found.text());
            }
        });
        for (std::size_t i = 0; sums_ && i < summed_batch::head_bytes; ++i) {
            if (workspace()[i] != 0) return "the head of the workspace is not zero";
        }
        return wrong;
    }
    void restore() { d_.restore(); }
    /// Gives a sum as much workspace as it can use on so many multiprocessors.
    void enlarge_workspace(int num_sms) {
        workspace_.assign(std::size_t(batch_sum_workspace_bytes(shape_.m, shape_.n, num_sms)) + slack, 0xff);
        std::memset(workspace(), 0, summed_batch::head_bytes);
    }
    guarded_matrix& d() { return d_; }

private:
    static constexpr std::size_t slack = 128;  ///< bytes to align the workspace in

    i64 results() const { return sums_ ? 1 : count_; }
    u8* workspace() {
        return workspace_.data() + (slack - reinterpret_cast<std::uintptr_t>(workspace_.data()) % slack) % slack;
    }
    /// Makes the one expected result, and a workspace that holds NaN behind its head.
    void sum_up() {
        reference::product sum = reference::gemm(k_of(a_, 0), k_of(b_, 0));
        for (const reference::product& one : expected_) {
            for (i64 row = 0; row < sum.value.rows(); ++row) {
                for (i64 column = 0; column < sum.value.columns(); ++column) {
                    sum.value(row, column) += one.value(row, column);
                    sum.magnitude(row, column) += one.magnitude(row, column);
                }
            }
        }
        expected_.assign(1, std::move(sum));
        enlarge_workspace(4);
    }
    /// The first matrix of a stack without K.
    static reference::operand k_of(const placed_stack& x, i64 k) {
        reference::operand none = x[0];
        none.k = k;
        return none;
    }

    /// Matrix `i` of D.
    template <class T>
    matrix_view<T> of(i64 i) {
        matrix_view<T> d = d_.template view<T>();
        d.data += mixed_ ? i * width_ : i * shape_.m * d.row_stride;
        d.rows = shape_.m;
        d.columns = shape_.n;
        return d;
    }
    template <class Body>
    void on_type(const Body& body) const {
        switch (traits_.d) {
            case dtype::f16: return body(f16{});
            case dtype::f32: return body(float{});
            default: return body(bf16{});
        }
    }

    gemm_traits traits_;
    i64 count_;
    problem_shape shape_;
    bool sums_, mixed_;
    numbers kind_;
    placed_stack a_, b_;
    i64 width_;  ///< elements from one matrix of a mixed D to the next
    guarded_matrix d_;
    std::vector<reference::product> expected_;
    std::vector<u8> workspace_;
};

/// A sample of the batched GEMM.
using batched_sample = sample_of<ops::batched_gemm>;

/// Runs a problem through the named operation of its types and orders.
template <engine_for<ops::batched_gemm> Engine>
result<void> run_named(const Engine& engine, const batched_problem& p, batched_options options = {}) {
    options.accumulate = p.accumulate;
    options.ready = p.ready;
    const dtype type = p.a.first.matrix.type;
    if (p.sum) {
        const auto tensor = [](const scaled_stack& x) {
            const input_matrix& one = x.first.matrix;
            return input_tensor{one.data,
                                one.type,
                                {x.count, one.rows, one.columns},
                                {x.matrix_stride, one.row_stride, one.column_stride}};
        };
        return bf16_einsum_bmk_bnk_mn(engine, tensor(p.a), tensor(p.b), p.d.first, p.workspace, options);
    }
    if (type == dtype::e4m3) return fp8_batched_gemm_nt(engine, p.a, p.b, p.d, options);
    const input_stack a{p.a.first.matrix, p.a.count, p.a.matrix_stride},
        b{p.b.first.matrix, p.b.count, p.b.matrix_stride};
    const bool bf16 = type == dtype::bf16, a_turned = contiguous_along(a.first) == major::mn,
               b_turned = contiguous_along(b.first) == major::mn;
    if (a_turned && b_turned) {
        return bf16 ? bf16_batched_gemm_tn(engine, transposed(a), transposed(b), p.d, options)
                    : f16_batched_gemm_tn(engine, transposed(a), transposed(b), p.d, options);
    }
    if (a_turned) {
        return bf16 ? bf16_batched_gemm_tt(engine, transposed(a), b, p.d, options)
                    : f16_batched_gemm_tt(engine, transposed(a), b, p.d, options);
    }
    if (b_turned) {
        return bf16 ? bf16_batched_gemm_nn(engine, a, transposed(b), p.d, options)
                    : f16_batched_gemm_nn(engine, a, transposed(b), p.d, options);
    }
    return bf16 ? bf16_batched_gemm_nt(engine, a, b, p.d, options) : f16_batched_gemm_nt(engine, a, b, p.d, options);
}

}  // namespace deepgemm::test
