// SPDX-License-Identifier: MIT
// Times logits of paged keys: `deepgemm bench --suite paged_mqa_logits`. The work is shared out in the launch that is
// timed.
#include <deepgemm/ops/paged_mqa_logits/operation.hpp>

#include "data.cuh"
#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

/// The members of a case's row in a result file. `keys` are those of all requests: flops are 2 keys next_n k.
json members_of(const paged_mqa_logits_case& c) {
    return json::object({{"op", c.op()},
                         {"case", c.name()},
                         {"pass", c.pass()},
                         {"m", c.rows},
                         {"n", c.columns},
                         {"k", c.heads * c.depth},
                         {"heads", c.heads},
                         {"depth", c.depth},
                         {"next_n", c.next_n},
                         {"block", c.block},
                         {"keys", c.keys()},
                         {"form", name_of(c.form)},
                         {"layout", "nt"},
                         {"recipe", "fp8"},
                         {"d_type", name_of(c.logits)},
                         {"accumulate", false}});
}

std::unique_ptr<contest> words<ops::paged_mqa_logits>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::paged_mqa_logits, paged_mqa_logits_data>>(o, suite_paged_mqa_logits());
}

}  // namespace deepgemm::bench
