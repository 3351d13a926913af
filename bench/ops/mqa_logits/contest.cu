// SPDX-License-Identifier: MIT
// Times MQA logits: `deepgemm bench --suite mqa_logits`. The time of full logits includes filling them with minus infinity.
#include <deepgemm/ops/mqa_logits/operation.hpp>

#include "data.cuh"
#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

/// The members of a case's row in a result file. `pairs` are those that count: flops are 2 pairs k.
json members_of(const mqa_logits_case& c) {
    return json::object({{"op", c.op()},
                         {"case", c.name()},
                         {"pass", c.pass()},
                         {"m", c.rows},
                         {"n", c.keys},
                         {"k", c.heads * c.depth},
                         {"heads", c.heads},
                         {"depth", c.depth},
                         {"pairs", c.pairs()},
                         {"form", name_of(c.form)},
                         {"layout", "nt"},
                         {"recipe", "fp8"},
                         {"d_type", name_of(c.logits)},
                         {"accumulate", false}});
}

std::unique_ptr<contest> words<ops::mqa_logits>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::mqa_logits, mqa_logits_data>>(o, suite_mqa_logits());
}

}  // namespace deepgemm::bench
