// SPDX-License-Identifier: MIT
// What follows from tables of members: pins, parts with tables of their own, and that exchanging operands misses no member.
#include <doctest/doctest.h>

#include <deepgemm/host/parse.hpp>

using namespace deepgemm;

namespace parts {

struct inner {
    int stages = 0, rows = 4;
    friend constexpr bool operator==(const inner&, const inner&) = default;
};
struct outer {
    int columns = 8;
    inner sm90{};
    friend constexpr bool operator==(const outer&, const outer&) = default;
};

}  // namespace parts

namespace deepgemm {

template <>
struct fields_of<parts::inner> {
    static constexpr const char* name = "inner";
    static constexpr auto all =
        field_list{field{"stages", &parts::inner::stages, by_default::open}, field{"rows", &parts::inner::rows}};
};
template <>
struct fields_of<parts::outer> {
    static constexpr const char* name = "outer";
    static constexpr auto all =
        field_list{field{"columns", &parts::outer::columns}, field{"sm90", &parts::outer::sm90}};
};

}  // namespace deepgemm

namespace {

std::string read_back(const char* text) {
    const auto read = detail::source_reader(text).read<parts::outer>("outer");
    return read ? to_source(*read) : read.failure().message;
}

}  // namespace

static_assert(agrees(config{.block = {64, 64, 128}}, config{.block = {64, 64, 128}, .stages = 4, .store_rows = 16}));

TEST_CASE("a pin decides by every member, and leaves open those that say so") {
    int open = 0;
    for_each_field<config>([&](const auto& field) {
        using member = std::remove_cvref_t<decltype(config{}.*field.member)>;
        CAPTURE(field.name);
        config other{};
        if constexpr (has_fields<member>) {
            for_each_field<member>([&](const auto& part) {
                auto& value = other.*field.member.*part.member;
                value = std::remove_reference_t<decltype(value)>(!int(value));
            });
        } else {
            other.*field.member = member(!int(other.*field.member));
        }
        CHECK(other != config{});
        CHECK(agrees(other, other));
        CHECK(!agrees(other, config{}));
        CHECK(agrees(config{}, other) == (field.usual == by_default::open));
        open += field.usual == by_default::open;
    });
    CHECK(open == 4);
}

TEST_CASE("a part with a table of its own prints, parses and agrees member by member") {
    constexpr parts::outer full{.columns = 2, .sm90 = {.stages = 3, .rows = 1}};
    CHECK(to_source(full) == "outer{.columns = 2, .sm90 = inner{.stages = 3, .rows = 1}}");
    CHECK(to_source(parts::outer{}) == "outer{}");
    CHECK(read_back("outer{.sm90 = inner{.rows = 1}, .columns = 2}") ==
          "outer{.columns = 2, .sm90 = inner{.rows = 1}}");
    CHECK(read_back("outer{.sm90 = inner{.row = 1}}").ends_with("at character 22 there must be stages or rows"));
    CHECK(read_back("outer{.sm90 = inner{.rows = 1}, .sm90 = inner{}}").ends_with("a member that has no value yet"));
    CHECK(agrees(parts::outer{.columns = 2, .sm90 = {.rows = 1}}, full));
    CHECK(!agrees(parts::outer{.columns = 2, .sm90 = {.stages = 4, .rows = 1}}, full));
    CHECK(!agrees(parts::outer{.columns = 2}, full));
}

TEST_CASE("exchanging A and B exchanges every member along M and N") {
    config given{};
    int next = 2;
    for_each_field<config>([&](const auto& field) {
        if constexpr (requires { (given.*field.member).m, (given.*field.member).n; }) {
            (given.*field.member).m = next++;
            (given.*field.member).n = next++;
        }
    });
    const config turned = exchanged(given);
    CHECK(exchanged(turned) == given);
    for_each_field<config>([&](const auto& field) {
        CAPTURE(field.name);
        const auto &was = given.*field.member, &is = turned.*field.member;
        if constexpr (requires { was.m, was.n; }) {
            CHECK((is.m == was.n && is.n == was.m));
        } else {
            CHECK((is == was) == (std::string_view(field.name) != "swap"));
        }
    });
}
