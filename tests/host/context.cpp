// SPDX-License-Identifier: MIT
// Environment variables as defaults of a context, and the errors for malformed ones.
#include <doctest/doctest.h>

#include <deepgemm/host/context.hpp>

using namespace deepgemm;

namespace {

/// Sets an environment variable while it lives.
struct with_variable {
    const char* name;
    with_variable(const char* variable, const char* value) : name(variable) { ::setenv(variable, value, 1); }
    ~with_variable() { ::unsetenv(name); }
};

}  // namespace

TEST_CASE("an environment without variables gives the defaults") {
    for (const char* name : {"DEEPGEMM_NUM_SMS", "DEEPGEMM_DEPENDENT_LAUNCH", "DEEPGEMM_DETERMINISTIC",
                             "DEEPGEMM_IGNORE_STATIC_EXTENTS", "DEEPGEMM_SPLIT", "DEEPGEMM_OBJECTIVE"}) {
        ::unsetenv(name);  // a developer's own settings
    }
    const auto made = context::from_environment();
    REQUIRE(made);
    CHECK(made->num_sms == 0);
    CHECK(!made->dependent_launch);
    CHECK(made->deterministic);
    CHECK(!made->ignore_static_extents);
    CHECK(made->split == split_rule::fastest);
    CHECK(made->objective == objective_kind::latency);
    CHECK(made->tiles == tile_limits{});
}

TEST_CASE("environment variables change the defaults") {
    const with_variable sms("DEEPGEMM_NUM_SMS", "77"), launch("DEEPGEMM_DEPENDENT_LAUNCH", "1"),
        runs("DEEPGEMM_DETERMINISTIC", "0"), extents("DEEPGEMM_IGNORE_STATIC_EXTENTS", "1");
    const auto made = context::from_environment();
    REQUIRE(made);
    CHECK(made->num_sms == 77);
    CHECK(made->dependent_launch);
    CHECK(!made->deterministic);
    CHECK(made->ignore_static_extents);
    for (const split_rule rule : {split_rule::fastest, split_rule::never, split_rule::as_one_row}) {
        const with_variable split("DEEPGEMM_SPLIT", name_of(rule));
        CHECK(context::from_environment()->split == rule);
    }
    for (const objective_kind objective : {objective_kind::sustained, objective_kind::latency}) {
        const with_variable variable("DEEPGEMM_OBJECTIVE", name_of(objective));
        CHECK(context::from_environment()->objective == objective);
    }
}

TEST_CASE("an empty variable counts as not set") {
    const with_variable sms("DEEPGEMM_NUM_SMS", "");
    CHECK(context::from_environment());
}

TEST_CASE("senseless variables are errors") {
    const auto verdict = [](const char* name, const char* value) {
        const with_variable variable(name, value);
        const auto made = context::from_environment();
        return made ? "fine" : concat(name_of(made.failure().code), ": ", made.failure().message);
    };
    CHECK(verdict("DEEPGEMM_NUM_SMS", "many") ==
          "bad_option: the environment variable DEEPGEMM_NUM_SMS is \"many\"; it must be a number from 0 to 65535");
    CHECK(verdict("DEEPGEMM_NUM_SMS", "-4") ==
          "bad_option: the environment variable DEEPGEMM_NUM_SMS is \"-4\"; it must be a number from 0 to 65535");
    CHECK(verdict("DEEPGEMM_DEPENDENT_LAUNCH", "2") ==
          "bad_option: the environment variable DEEPGEMM_DEPENDENT_LAUNCH is \"2\"; it must be a number from 0 to 1");
    CHECK(verdict("DEEPGEMM_DETERMINISTIC", "1x") ==
          "bad_option: the environment variable DEEPGEMM_DETERMINISTIC is \"1x\"; it must be a number from 0 to 1");
    CHECK(verdict("DEEPGEMM_SPLIT", "sometimes") ==
          "bad_option: the environment variable DEEPGEMM_SPLIT is \"sometimes\"; it must be fastest, never or "
          "as_one_row");
    CHECK(verdict("DEEPGEMM_OBJECTIVE", "Sustained") ==
          "bad_option: the environment variable DEEPGEMM_OBJECTIVE is \"Sustained\"; it must be latency or sustained");
}
