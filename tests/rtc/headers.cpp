// SPDX-License-Identifier: MIT
// Sets of headers: what the program carries is what lies in the directory, and a hash tells any difference.
#include "support.hpp"

namespace headers_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

TEST_CASE("SHA-256 of the messages of the standard's examples") {
    CHECK(sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256_of(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256 piecewise;
    for (int i = 0; i < 1000; ++i) piecewise.update(std::string(1000, 'a'));
    CHECK(piecewise.hex() == sha256_of(std::string(1000000, 'a')));
}

TEST_CASE("fields hash by where they end, too") {
    CHECK(sha256().field("ab").field("c").hex() != sha256().field("a").field("bc").hex());
    CHECK(sha256().field("ab").hex() != sha256().field("ab").field("").hex());
}

TEST_CASE("the embedded headers are those of the source tree, byte for byte") {
    const auto read = header_set::from_directory(DEEPGEMM_SOURCE_DIR "/include");
    REQUIRE(read);
    CHECK(test::headers().size() == read->size());
    CHECK(test::headers().hash() == read->hash());  // one hash comes from CMake, the other from here
    for (const char* const name : read->names()) {
        CAPTURE(name);
        const std::string* const embedded = test::headers().find(name);
        REQUIRE(embedded != nullptr);
        CHECK((*embedded == *read->find(name)));
    }
    CHECK(test::headers().find("deepgemm/ops.hpp") == nullptr);
}

TEST_CASE("a hash tells a changed text, a changed name and one more header") {
    const auto hash_of = [](const std::string& name, const std::string& text) {
        return header_set().add(name, text).hash();
    };
    CHECK(hash_of("a.cuh", "int x;") == hash_of("a.cuh", "int x;"));
    CHECK(hash_of("a.cuh", "int x;") != hash_of("a.cuh", "int y;"));
    CHECK(hash_of("a.cuh", "int x;") != hash_of("b.cuh", "int x;"));
    CHECK(header_set(test::headers()).add("a.cuh", "").hash() != test::headers().hash());
    header_set replaced;
    replaced.add("a.cuh", "int y;").add("a.cuh", "int x;");
    CHECK(replaced.hash() == hash_of("a.cuh", "int x;"));
}

TEST_CASE("a directory that holds no headers is an error that names it") {
    const test::scratch empty;
    for (const auto& path : {empty.path(), empty.path() / "missing"}) {
        const auto read = header_set::from_directory(path);
        REQUIRE(!read);
        CHECK(read.failure().code == errc::bad_option);
        test::expect(read.failure().message, path.string());
    }
}

}  // namespace headers_tests
