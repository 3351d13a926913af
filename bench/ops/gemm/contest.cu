// SPDX-License-Identifier: MIT
// Chooses cases of dense GEMMs and runs them by family, since each family has a result file of its own.
#include <stdexcept>

#include "files.hpp"
#include "memory.hpp"
#include "ops/contest.hpp"
#include "run.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

namespace {

class gemm_contest final : public contest {
public:
    explicit gemm_contest(const options& o) : o_(o) {
        for (const std::string& shape : o.shapes) cases_.push_back(parse_shape(shape));
        if (o.shapes.empty()) cases_ = suite(o.suite);
        cases_ = filtered(cases_, o.filter);
        if (cases_.empty()) throw std::invalid_argument("no case contains '" + o.filter + "'");
        families_ = families_of(o, cases_);
    }

    std::size_t cases() const override { return cases_.size(); }
    void check_outputs() const override { o_.out.empty() ? check_folder(o_.results) : check_output(o_.out); }
    /// Operands, D, and, unless kernels run once, the reference in FP32 and the memory of the flush.
    void check_memory(double free) const override {
        for (const gemm_case& c : cases_) {
            const double checking = o_.once ? 0 : 4.0 * c.m * c.n + o_.flush_bytes;
            bench::check_memory("the case " + c.name(), c.bytes() + checking, free, "on the GPU");
        }
    }
    int run_once() override { return bench::run_once(cases_); }
    int run(const machine& board, timer& clock) override {
        int wrong = 0;
        tuned_table winners{board.gpu()};
        for (const auto& family : families_) {
            wrong += o_.tune ? run_tuning(o_, family, board, clock, winners.rows<ops::gemm>())
                             : run_comparison(o_, family, board, clock);
            if (!o_.table.empty()) write_table(o_.table, winners);
        }
        return wrong;
    }

private:
    const options& o_;
    std::vector<gemm_case> cases_;
    std::vector<std::vector<gemm_case>> families_;
};

}  // namespace

std::unique_ptr<contest> words<ops::gemm>::contest_of(const options& o) { return std::make_unique<gemm_contest>(o); }

}  // namespace deepgemm::bench
