// SPDX-License-Identifier: MIT
// Values or errors: what a result holds, how messages are put together, and the throwing form on top.
#include <doctest/doctest.h>

#include <deepgemm/host/exception.hpp>

#include <memory>
#include <string_view>

using namespace deepgemm;

TEST_CASE("a result holds a value or an error") {
    const result<int> seven = 7, none = fail(errc::bad_extent, "M is ", -1);
    CHECK(seven);
    CHECK(*seven == 7);
    CHECK(!none);
    CHECK(none.failure().code == errc::bad_extent);
    CHECK(none.failure().message == "M is -1");
    const result<void> fine, broken = fail(errc::no_kernel, "no");
    CHECK(fine);
    CHECK(!broken);
    CHECK(broken.failure().message == "no");
}

TEST_CASE("a result can hold what moves only, and an error of its own kind") {
    result<std::unique_ptr<int>> held = std::make_unique<int>(3);
    CHECK(**held == 3);
    const std::unique_ptr<int> taken = *std::move(held);
    CHECK(*taken == 3);
    result<std::string> text = std::string("text");
    CHECK(text->size() == 4);
}

TEST_CASE("messages are made of strings, integers and types") {
    CHECK(concat("K is ", i64(1) << 40, " of ", dtype::e4m3, std::string(", not "), 3u) ==
          "K is 1099511627776 of e4m3, not 3");
}

TEST_CASE("or_throw gives the value or throws the error") {
    CHECK(or_throw(result<int>(5)) == 5);
    CHECK_NOTHROW(or_throw(result<void>()));
    try {
        or_throw(result<int>(fail(errc::bad_heads, "three heads")));
        FAIL("nothing was thrown");
    } catch (const exception& thrown) {
        CHECK(thrown.code() == errc::bad_heads);
        CHECK(std::string_view(thrown.what()) == "three heads");
    }
    CHECK_THROWS_AS(or_throw(result<void>(fail(errc::no_kernel, "none"))), exception);
}

TEST_CASE("every error code has a name") {
    for (int code = 0; code <= int(errc::simulator_failure); ++code)
        CHECK(std::string_view(name_of(errc(code))) != "?");
}
