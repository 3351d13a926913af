// SPDX-License-Identifier: MIT
// Scores of paged keys against sums in double precision, and bit by bit where these are whole numbers: contexts of any length,
// requests of any number of queries, pages anywhere, all types and forms of logits.
#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include <algorithm>

#include "machines.hpp"
#include "paged_scores.hpp"

namespace paged_mqa_logits_tests {

using namespace deepgemm;
using test::bits_of;
using test::on_machines;
using test::paged_sample;
using test::paged_scores;

namespace {

/// A kernel for paged scores, all in one type.
template <mqa_logits_traits Traits, int Block, class T, logits_form Form, paged_mqa_config Config>
using kernel_of = paged_mqa_logits<arch::sm90, Traits, Block, store_logits<T, Form>, Config>;

template <class K, class Scores>
std::string outcome_of_pages(Scores& on, const sim::options& machine) {
    const auto done = sim::try_launch<K>(on.template arguments<typename K::arguments>(),
                                         {.dependent_launch = machine.dependent_launch}, machine);
    return done ? on.verdict(tolerance::fp32) : done.failure().message;
}

/// A few samples under each policy, on different numbers of multiprocessors; extents are random.
template <mqa_logits_traits Traits, int Block = 64, class T = float, logits_form Form = logits_form::full,
          paged_mqa_config Config = paged_mqa_config{}>
void check(i32 next_n, i32 most_columns = 700, int runs = 2) {
    using kernel = kernel_of<Traits, Block, T, Form, Config>;
    on_machines(runs, [&](random_source& random, sim::options machine) {
        machine.num_sms = int(random.integer(1, 5));
        machine.dependent_launch = random.integer(0, 1) != 0;
        paged_sample size{i32(random.integer(1, 9)), next_n, i32(random.integer(1, most_columns)), true, false, 0};
        size.per_query = random.integer(0, 1) != 0;
        if (next_n == 1 && random.integer(0, 1) != 0) {
            size.varlen = i32(random.integer(2, 7));
            size.requests *= 3;
        }
        CAPTURE(size.requests);
        CAPTURE(size.columns);
        CAPTURE(size.varlen);
        for (const bool whole : {true, false}) {
            size.whole = whole;
            paged_scores<T, mqa_element<Traits.weights>> made(random, Traits, Block, Form, size);
            CHECK(outcome_of_pages<kernel>(made, machine) == "");
        }
    });
}

}  // namespace

TEST_CASE("paged mqa logits: 64 heads of depth 128, one query and two") {
    check<mqa_logits_traits{}>(1);
    check<mqa_logits_traits{}, 64, float, logits_form::full, paged_mqa_config{.queries = 2}>(2);
}

}  // namespace paged_mqa_logits_tests
