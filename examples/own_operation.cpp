// SPDX-License-Identifier: MIT
// A user's own operation beside the library's, in one engine: low-rank adapters, one for each request. The groups, the epilogue
// and the kernels are in own_operation.cuh. This file describes them to the host and runs both operations.
#include "own_operation.cuh"
#include <deepgemm/host/explain.hpp>
#include <deepgemm/ops.hpp>

#include "common/operands.hpp"

namespace own {

/// The problem that a caller describes: a product whose B is the first adapter, and the distance of the other adapters from it,
/// in elements.
struct adapters_problem {
    dg::gemm_problem product{};
    requests groups{};
    dg::i64 adapters = 1, adapter_stride = 0;
};

/// The operation. It inherits everything else from the library's product of matrices.
struct adapters : dg::ops::gemm {
    static constexpr const char *name = "adapters", *kernel_header = "own_operation.cuh";
    using problem = adapters_problem;
    using arguments = small::arguments;
    using gemm::check, gemm::why_not;

    static dg::result<void> check(const problem& p) {
        if (dg::i64(p.groups.count) * p.groups.rows != p.product.d.rows)
            return dg::fail(dg::errc::shape_mismatch, "D has ", p.product.d.rows, " rows; the requests have others");
        return gemm::check(p.product);
    }
    static auto memory_of(const problem& p) {
        auto uses = gemm::memory_of(p.product);
        dg::memory_use weights = dg::memory_of("the adapters", p.product.b.matrix);
        weights.steps[2] = {p.adapters, 2 * p.adapter_stride};
        uses.add(weights);
        uses.add({.name = "the requests", .data = p.groups.of_request, .width = 4, .steps = {{{p.groups.count, 4}}}});
        return uses;
    }
    static workload workload_of(const problem& p) { return gemm::workload_of(p.product); }
    static arguments arguments_of(const problem& p) {
        arguments made{gemm::arguments_of(p.product)};
        made.matrices = i32(p.adapters);
        made.b.matrix_pitch = p.adapter_stride;
        made.tiles = p.groups;
        return made;
    }
    static const char* why_not(const traits& kernel, const workload&) {
        return kernel == small::traits ? nullptr : "it computes something else";
    }
    static std::span<const tuned_row> tuned_rows(const dg::device_info&) { return {}; }  // nothing was measured
    static std::string describe(const workload& work) { return "adapters, " + gemm::describe(work); }
    static std::string source_of(const dg::gemm_info& kernel) { return "own::kernel<" + to_source(kernel.cfg) + ">"; }
    static dg::gemm_info wanted(const workload&, const dg::device_info&) { return small::info; }
};
static_assert(dg::operation<adapters>);

}  // namespace own

namespace dg = deepgemm;

int main() {
    constexpr dg::i32 requests = 5, rows = 20, experts = 3, n = 72, k = 136;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> a(requests * rows, k), b(experts * n, k), d(requests * rows, n), plain(requests * rows, n);
    random.fill_integers(a.view(), -2, 2);
    random.fill_integers(b.view(), -2, 2);
    const std::vector<dg::i32> chosen{2, 0, 0, 1, 2};
    backend::array<dg::bf16> a_there(a), b_there(b), d_there(d.size()), plain_there(d.size());
    backend::array<dg::i32> chosen_there(chosen);

    dg::engine_of<dg::ops::gemm, own::adapters> engine(backend::device());
    engine.with(backend::kernels<own::theirs>()).with(backend::kernels<own::small, own::large>());
    const dg::gemm_problem product{.a = unscaled(argument_of(std::as_const(a), a_there.data())),
                                   .b = unscaled(dg::row_major<dg::bf16>(b_there.data(), n, k)),
                                   .d = argument_of(d, d_there.data())};
    const own::adapters_problem problem{product, {requests, rows, chosen_there.data()}, experts, n * k};
    std::printf("%s", explain(dg::or_throw(engine.plan(problem))).c_str());
    dg::or_throw(engine.run(problem));
    dg::gemm_problem first = product;
    first.d = argument_of(plain, plain_there.data());
    dg::or_throw(engine.run(first));
    backend::synchronise();
    d_there.read(d);
    plain_there.read(plain);

    int wrong = 0;
    for (dg::i64 row = 0; row < d.rows(); ++row) {
        for (dg::i64 column = 0; column < n; ++column) {
            float own = 0, sum = 0;  // exact: small integers
            for (dg::i64 i = 0; i < k; ++i) {
                own += float(a(row, i)) * float(b(chosen[std::size_t(row / rows)] * n + column, i));
                sum += float(a(row, i)) * float(b(column, i));
            }
            wrong += d(row, column).bits != dg::bf16::from_float(own > 0 ? own * own : 0).bits;
            wrong += plain(row, column).bits != dg::bf16::from_float(sum).bits;
        }
    }
    std::printf("%s: %d of %zu elements are wrong, of ours and of theirs\n", wrong == 0 ? "PASS" : "FAIL", wrong,
                2 * d.size());
    return wrong != 0;
}
