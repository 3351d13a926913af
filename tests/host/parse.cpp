// SPDX-License-Identifier: MIT
// A configuration is read back from its own text. Other text is refused with the place of the mistake and what may stand there.
#include <doctest/doctest.h>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/gemm/shipped.cuh>
#include <deepgemm/reference/random.hpp>

#include <cstdlib>
#include <stdexcept>

namespace parse_tests {

using namespace deepgemm;

namespace {

/// Gives a value, and each of its members, another than its default; numbers count on from `next`.
template <class T>
void differ(T& value, int& next) {
    if constexpr (has_fields<T>) {
        for_each_field<T>([&](const auto& field) { differ(value.*field.member, next); });
    } else if constexpr (std::is_same_v<T, int>) {
        value = next++;
    } else {
        value = T(!int(value));
    }
}

bool comes_back(const config& cfg) {
    const auto read = parse_config(to_source(cfg));
    INFO(to_source(cfg));
    REQUIRE_MESSAGE(read, read.failure().message);
    return *read == cfg;
}

std::string verdict(const char* text) {
    const auto read = parse_config(text);
    return read ? to_source(*read) : concat(name_of(read.failure().code), ": ", read.failure().message);
}

template <class... Kernels>
int count_that_come_back(shipped::kernels<Kernels...>) {
    return (int(comes_back(Kernels::info.cfg)) + ... + 0);
}

template <class... Kernels>
int count(shipped::kernels<Kernels...>) {
    return int(sizeof...(Kernels));
}

}  // namespace

TEST_CASE("every member comes back") {
    config all{};
    int next = 100;
    differ(all, next);
    for_each_field<config>([&](const auto& field) {
        CAPTURE(field.name);
        CHECK(all.*field.member != config{}.*field.member);
        CHECK(to_source(all).find(concat(".", field.name, " = ")) != std::string::npos);
        // Alone, too: no member's text leans on another's.
        config one{};
        one.*field.member = all.*field.member;
        CHECK(comes_back(one));
    });
    for (const promotion when : {promotion::at_once, promotion::deferred, promotion::never}) {
        all.sm90.promote = when;
        CHECK(comes_back(all));
    }
    CHECK(comes_back(config{}));
}

TEST_CASE("shipped configurations come back") {
    using all = shipped::join<shipped::weights_bf16_few, shipped::weights_bf16_few_split, shipped::weights_bf16_split,
                              shipped::weights_bf16_wide, shipped::weights_bf16_widest, shipped::gradients_in_place,
                              shipped::bf16_nt_wide, shipped::bf16_tn_wide>::type;
    CHECK(count_that_come_back(all{}) == count(all{}));
}

TEST_CASE("blanks and the order of members do not matter") {
    CHECK(verdict(" config {.stages=4 ,\n\t.block={ 64,32 , 128 },} ") ==
          "config{.block = {64, 32, 128}, .stages = 4}");
    CHECK(verdict("config{}") == "config{.block = {128, 128, 128}}");
}

TEST_CASE("what is no configuration says where and why") {
    const auto refused = [](const char* text, const char* why) {
        CHECK(verdict(text) == concat("bad_option: \"", text, "\" is no configuration: at character ", why));
    };
    refused("", "1 there must be 'config'");
    refused("config{.block = {64, 32, 128}", "30 there must be ',' or '}'");
    refused("config{.block = {64, 32}}", "24 there must be ','");
    refused("config{.block = {64, 32, 128, 1}}", "29 there must be '}'");
    refused("config{.stages = four}", "18 there must be a number that is not negative");
    refused("config{.stages = -4}", "18 there must be a number that is not negative");
    refused("config{.stages = 99999999999}", "18 there must be a number that is not negative");
    refused("config{.stages 4}", "16 there must be '='");
    refused("config{.swap = 1}", "16 there must be true or false");
    refused("config{.sm90 = {.promote = promotion::later}}", "39 there must be at_once, deferred or never");
    refused("config{.sm100 = {.tiles = tile_source::stolen}}", "40 there must be numbered or claimed");
    refused("config{.stages = 4, .stages = 5}", "22 there must be a member that has no value yet");
    refused("config{.stages = 4} x", "21 there must be the end of the text");
    refused(
        "config{.stage = 4}",
        "9 there must be block, stages, cluster, swap, split_k, raster_rows, store_rows, store_columns, store_buffers, "
        "d_ahead, keeps_b, trigger_dependents, extents, sm90 or sm100");
}

TEST_CASE("extents are digits and nothing else, judged as everywhere") {
    CHECK(*parse_extent("M", "0") == 0);
    CHECK(*parse_extent("M", "007", 1) == 7);
    CHECK(*parse_extent("M", "2147479552") == max_extent);
    const auto refusal = [](const char* text) {
        const auto read = parse_extent("M", text, 1);
        return read ? "" : concat(name_of(read.failure().code), ": ", read.failure().message);
    };
    for (const char* text : {"0", "-5", "2147479553", "4294967424", "99999999999", "9223372036854775807"})
        CHECK(refusal(text) == concat("bad_extent: M is ", text, "; it must be from 1 to 2147479552"));
    for (const char* text : {"", " 5", "5 ", "+5", "1e2", "12x", "0x10", "5.0", "-", "99999999999999999999"}) {
        CHECK(refusal(text) ==
              concat("bad_extent: M is \"", text, "\"; it must be a whole number from 1 to 2147479552"));
    }
}

TEST_CASE("a seed of the environment is a number or an error") {
    const char* const before = std::getenv("DEEPGEMM_SEED");
    const std::string kept = before != nullptr ? before : "";
    ::setenv("DEEPGEMM_SEED", "18446744073709551615", 1);
    CHECK(fresh_seed() == ~u64(0));
    for (const char* text : {"12x", "0x10", "-1", "seed", "18446744073709551616"}) {
        ::setenv("DEEPGEMM_SEED", text, 1);
        CHECK_THROWS_WITH_AS(fresh_seed(),
                             concat("the environment variable DEEPGEMM_SEED is \"", text,
                                    "\"; it must be a number from 0 to 18446744073709551615")
                                 .c_str(),
                             std::invalid_argument);
    }
    before != nullptr ? ::setenv("DEEPGEMM_SEED", kept.c_str(), 1) : ::unsetenv("DEEPGEMM_SEED");
}

}  // namespace parse_tests
