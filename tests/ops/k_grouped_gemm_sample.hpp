// SPDX-License-Identifier: MIT
// Problems of the GEMM in groups of K: groups that follow each other along K, with elements between and behind them that are
// NaN in A and in B. Matrices of D that no product and no zeros must reach are poisoned.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <variant>

#include <deepgemm/ops/k_grouped_gemm/k_grouped_gemm.hpp>

#include "../kernel/groups.hpp"
#include "gemm_sample.hpp"

namespace deepgemm::test {

/// Elements of K of each group; each starts at a multiple of `alignment`, and `more` elements follow the last one's.
struct group_sizes {
    std::vector<i32> sizes;
    i32 alignment = 128;
    i32 more = 0;
    bool by_end = false;
    i64 words = 0;  ///< of packed scales along K; 0: as many as groups need, or a few more, and one at least

    /// Where each group begins; the last entry is where another one would.
    std::vector<i32> starts() const {
        std::vector<i32> first{0};
        for (const i32 size : sizes) first.push_back(align_up(first.back() + size, alignment));
        return first;
    }
    i32 k() const { return starts().back() + more; }
};

/// A product in groups of K for kernels of the traits `what`; exact integers unless `kind` says otherwise.
template <>
class sample_of<ops::k_grouped_gemm> {
public:
    sample_of(random_source& random, i32 m, i32 n, const group_sizes& groups, const gemm_traits& what,
              numbers kind = numbers::exact)
        : groups_(groups),
          concatenated_(what.groups == grouping::k_concatenated),
          what_(what),
          a_(what.a, 1, m, groups.k(), random, kind),
          b_(what.b, 1, n, groups.k(), random, kind),
          d_(results_of(what.d, i64(groups.sizes.size()), m, n)) {
        const std::vector<i32> first = groups.starts();
        if (scales_per_word(what.a.format) > 1) {
            i64 needed = 0;
            for (const i32 size : groups.sizes) needed += ceil_div(size, 512);
            for (operand_stack* const x : {&a_, &b_}) {
                const i64 more = random.integer(0, 2);
                const i64 words = groups.words == 0 ? max(needed + more, i64(1)) : groups.words;
                x->pack_scales(first, groups.sizes, words - needed);
            }
        }
        for (std::size_t g = 0; g < groups.sizes.size(); ++g) {
            const i32 size = groups.sizes[g], end = first[g] + size;
            list_.push_back(groups.by_end ? end : size);
            poison(end, first[g + 1]);
            if (size == 0 && what.in_place) continue;
            on_d([&](auto& d) { d.expect(i64(g), 0, a_.k_group(g, first[g], size), b_.k_group(g, first[g], size)); });
        }
        poison(first.back(), groups.k());
        if (concatenated_) {
            a_.concatenate(groups.sizes);
            b_.concatenate(groups.sizes);
        }
        if (what.in_place) {
            on_d([&](auto& d) {
                d.fill(random);
                d.add(d.view());
            });
        } else if (what.accumulate) {
            c_ = guarded_matrix(what.d, i64(groups.sizes.size()) * m, n, 8);
            on_d([&]<class T>(group_results<T>& d) {
                random.fill_integers(c_.template view<T>(), -8, 8);
                d.add(c_.template view<const T>());
            });
        }
    }

    /// Groups of any sizes up to twice the mean, in the K that there is, the first of none. Concatenated ones have all of it.
    static sample_of of(const gemm_info& kernel, const k_grouped_workload& work, u64 seed) {
        random_source random(seed);
        const bool all = work.concatenated;
        const i32 unit = all ? 128 : 1, alignment = work.a.format == scale_kind::none ? 1 : 128;
        group_sizes groups{.sizes = std::vector<i32>(std::size_t(work.groups), 0), .alignment = alignment};
        i32 left = work.shape.k / alignment * alignment;
        for (std::size_t g = 1; g < groups.sizes.size(); ++g) {
            const i64 mean = max(work.shape.k / work.groups, 1);
            i32& size = groups.sizes[g];
            size = i32(random.integer(0, min(2 * mean, i64(left)))) / unit * unit;
            left -= align_up(size, alignment);
        }
        if (all) groups.sizes.back() += left;
        groups.more = work.shape.k - groups.k();
        // FP8 is multiplied up to a multiple of 16 elements.
        if (!all && alignment != 1) {
            for (i32& size : groups.sizes) size = size / 16 * 16;
            groups.more += work.shape.k - groups.k();
        }
        return {random, work.shape.m, work.shape.n, groups, kernel.traits};
    }
    static double host_bytes(const k_grouped_workload& work) {
        return 2 * sample_of<ops::gemm>::host_bytes(work.one()) +
               (2 * size_of(work.d) + 16) * double(work.groups) * work.shape.m * work.shape.n;
    }

    /// What the shipped kernels compute: of FP8 by rows, of FP8 concatenated, with scales of a format, and of BF16; each adds
    /// to D in place.
    static constexpr gemm_traits usual(grouping by = grouping::along_k, scale_kind format = scale_kind::fp32) {
        const operand_info tokens{dtype::e4m3, format, {1, 128}};
        return {.a = tokens, .b = tokens, .d = dtype::f32, .accumulate = true, .in_place = true, .groups = by};
    }
    static constexpr gemm_traits half() {
        constexpr operand_info plain{dtype::bf16, scale_kind::none, {}, major::mn};
        gemm_traits made = usual();
        made.a = made.b = plain;
        return made;
    }
    /// The same without C.
    static constexpr gemm_traits alone(gemm_traits what, dtype d = dtype::f32) {
        what.accumulate = what.in_place = false;
        what.d = d;
        return what;
    }
    /// The same with C elsewhere.
    static constexpr gemm_traits with_c(gemm_traits what) {
        what.in_place = false;
        return what;
    }
    static constexpr std::array<gemm_traits, 16> all_shipped() {
        constexpr grouping apart = grouping::k_concatenated, along = grouping::along_k;
        constexpr scale_kind words = scale_kind::ue8m0;
        return {usual(),
                usual(apart),
                half(),
                alone(usual()),
                alone(usual(), dtype::bf16),
                alone(usual(apart)),
                alone(half()),
                alone(half(), dtype::bf16),
                with_c(usual()),
                with_c(half()),
                usual(along, words),
                usual(apart, words),
                alone(usual(along, words)),
                alone(usual(along, words), dtype::bf16),
                alone(usual(apart, words)),
                with_c(usual(along, words))};
    }

    /// A, its scales, B, its scales, D, the list of groups, and C unless it is D.
    std::array<sample_memory, 7> memory() {
        const auto piece = [](const auto& all) {
            return sample_memory{const_cast<void*>(static_cast<const void*>(all.data())), all.size() * sizeof all[0]};
        };
        std::array<sample_memory, 7> all{piece(a_.bytes()),  piece(a_.words()), piece(b_.bytes()), piece(b_.words()),
                                         piece(d().bytes()), piece(list_),      piece(c_.bytes())};
        all[4].written = true;
        return all;
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    k_grouped_problem problem(std::span<void* const> at) {
        k_grouped_problem made{.a = a_.argument(at[0], at[1]).first,
                               .b = b_.argument(at[2], at[3]).first,
                               .groups = {.count = i64(list_.size()),
                                          .data = static_cast<const i32*>(at[5]),
                                          .by_end = groups_.by_end,
                                          .alignment = groups_.alignment,
                                          .concatenated = concatenated_,
                                          .host_sizes = concatenated_ ? groups_.sizes.data() : nullptr}};
        on_d([&](auto& d) { made.d = d.argument(at[4]); });
        if (what_.in_place) {
            made.c = made.d;
        } else if (what_.accumulate) {
            input_matrix first = c_.argument(at[6]);
            first.rows = made.d.first.rows;
            made.c = input_stack{first, made.d.count, first.rows * c_.pitch()};
        }
        return made;
    }
    k_grouped_problem problem() {
        std::array<void*, 7> here;
        std::ranges::transform(memory(), here.begin(), &sample_memory::data);
        return problem(here);
    }

    std::string verdict() {
        std::string wrong;
        on_d([&](auto& d) { wrong = d.verdict(); });
        return wrong;
    }
    void restore() { d().restore(); }

    const operand_stack& a() const { return a_; }
    const operand_stack& b() const { return b_; }
    guarded_matrix& d() {
        guarded_matrix* found = nullptr;
        on_d([&](auto& d) { found = &d.memory(); });
        return *found;
    }
    std::vector<i32>& list() { return list_; }

private:
    using any_results = std::variant<group_results<float>, group_results<bf16>>;
    static any_results results_of(dtype type, i64 matrices, i64 rows, i64 columns) {
        if (type == dtype::bf16) return group_results<bf16>(matrices, rows, columns);
        return group_results<float>(matrices, rows, columns);
    }
    template <class Action>
    void on_d(const Action& action) {
        std::visit(action, d_);
    }
    /// Elements [first, end) of K have no group.
    void poison(i32 first, i32 end) {
        a_.poison_k(0, first, end);
        b_.poison_k(0, first, end);
    }

    group_sizes groups_;
    bool concatenated_;
    gemm_traits what_;
    operand_stack a_, b_;
    any_results d_;
    guarded_matrix c_;
    std::vector<i32> list_;
};

/// A sample of the GEMM in groups of K.
using k_grouped_sample = sample_of<ops::k_grouped_gemm>;

/// Runs a problem through the named operation of its types.
template <engine_for<ops::k_grouped_gemm> Engine>
result<void> run_named(const Engine& engine, const k_grouped_problem& p, k_grouped_options options = {}) {
    options.c = p.c;
    if (p.a.matrix.type == dtype::bf16) {
        return k_grouped_bf16_gemm_tn_contiguous(engine, transposed(p.a.matrix), transposed(p.b.matrix), p.d, p.groups,
                                                 options);
    }
    return k_grouped_fp8_gemm_nt_contiguous(engine, p.a, p.b, p.d, p.groups, options);
}

/// Groups as kernels of `what` take them: of any sizes up to `most`, in the middle one of none.
inline group_sizes random_k_groups(random_source& random, const gemm_traits& what, i32 most) {
    const bool scaled = what.a.format != scale_kind::none, apart = what.groups == grouping::k_concatenated;
    const i32 unit = apart ? 128 : scaled ? 16 : 1;
    group_sizes made{.sizes = std::vector<i32>(std::size_t(random.integer(1, 6)))};
    for (i32& size : made.sizes) size = i32(random.integer(0, most / unit)) * unit;
    made.sizes.insert(made.sizes.begin() + i64(made.sizes.size() / 2), 0);
    made.alignment = scaled ? 128 << random.integer(0, apart ? 0 : 1) : i32(random.integer(1, 130));
    made.more = apart ? 0 : i32(random.integer(0, 2)) * 16;
    made.by_end = !apart && random.integer(0, 1) == 0;
    return made;
}

}  // namespace deepgemm::test
