// SPDX-License-Identifier: MIT
// Nothing reaches a cubin that is not in its key: options and includes that name files are refused, files of the working
// directory are not found, cubins that cannot be loaded are not stored, and builds of a library are told apart.
#include <deepgemm/rtc/compiler.hpp>

#include <dlfcn.h>

#include "support.hpp"
#include "tiny.cuh"

using namespace deepgemm;
using namespace deepgemm::rtc;
using test::expect;

namespace {

const std::string tiny_text = test::text_of(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh");

/// The failure of a compiler that has these options and this text for tiny.cuh, and the files it leaves in its cache.
struct refusal {
    error why;
    std::size_t files;
};
refusal refused(std::vector<std::string> options, const std::string& text = tiny_text) {
    const test::scratch root;
    const compiler all(header_set(test::headers()).add("tiny.cuh", text),
                       {.options = std::move(options), .cache = {.roots = {root.path()}}});
    const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh"});
    REQUIRE(!built);
    return {built.failure(), test::files_below(root.path()).size()};
}

}  // namespace

TEST_CASE("options that name headers on disk are refused, in all their forms") {
    const std::vector<std::vector<std::string>> all{{"-Ihere"},
                                                    {"-I", "here"},
                                                    {"-I=here"},
                                                    {"-lineinfo", "--include-path=here"},
                                                    {"--include-path", "here"},
                                                    {"-include=here.cuh"},
                                                    {"-include", "here.cuh"},
                                                    {"--pre-include=here.cuh"},
                                                    {"--pre-include", "here.cuh"}};
    for (const auto& options : all) {
        CAPTURE(options.back());
        const refusal found = refused(options);
        CHECK(found.why.code == errc::bad_option);
        expect(found.why.message,
               "makes NVRTC read headers that the key of a cache entry does not hold; put them into "
               "the header_set: add(name, text), from_directory(path)");
        CHECK(found.files == 0);
    }
    expect(refused({"-I", "here"}).why.message, "the option -I makes");
}

TEST_CASE("options that name other files are refused") {
    for (const char* const option : {"-pch", "--pch-dir=here", "--create-pch=a.pch", "-use-pch=a.pch"}) {
        CAPTURE(option);
        expect(refused({option}).why.message, "precompiled headers, which the key of a cache entry does not hold");
    }
    for (const std::vector<std::string>& options : {std::vector<std::string>{"-Xcudafe", "-Ihere"},
                                                    {"-Xcudafe=-Ihere"},
                                                    {"-Xptxas=-optf=file"},
                                                    {"-Xptxas", "--options-file=file"},
                                                    {"--ptxas-options=--options-file=file"}}) {
        CAPTURE(options.front());
        expect(refused(options).why.message, "options that may name files");
    }
    const compiler usual(test::headers(),
                         {.options = {"-lineinfo", "-DX=1", "--ptxas-options=-v", "-w", "-Xptxas", "-O3"}});
    CHECK(usual.get(source{.type = "gemm<arch::sm90>"}).failure().code == errc::compile_failure);
}

TEST_CASE("a text that includes a file by its path, or by a macro, is refused") {
    const test::scratch directory;
    std::ofstream(directory.path() / "mine.cuh") << "\n";
    const std::string path = (directory.path() / "mine.cuh").string();
    for (const std::string& line :
         {"#include <" + path + ">", "  # \tinclude \"" + path + "\"", "#include_next <" + path + ">",
          "#define MINE <" + path + ">\n#include MINE", "#include \\\n<" + path + ">"}) {
        CAPTURE(line);
        const refusal found = refused({}, line + "\n" + tiny_text);
        CHECK(found.why.code == errc::bad_option);
        expect(found.why.message, "the header tiny.cuh has #include ");
        expect(found.why.message, "may read a file that the key of a cache entry does not hold");
        CHECK(found.files == 0);
    }
    const compiler all(header_set(test::headers()).add("tiny.cuh", tiny_text));
    const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh", path});
    REQUIRE(!built);
    expect(built.failure().message, "the unit has #include <" + path + ">");
}

TEST_CASE("files of the working directory are not found, and headers in memory are, also between quotation marks") {
    const test::scratch directory;
    std::ofstream(directory.path() / "near.cuh") << "#define NEAR 1\n";
    const auto before = std::filesystem::current_path();
    const auto with_include = [&](const header_set& more) {
        const compiler all(header_set(more).add("tiny.cuh", "#include \"near.cuh\"\n" + tiny_text));
        std::filesystem::current_path(directory.path());
        const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh"});
        std::filesystem::current_path(before);
        return built ? std::string() : built.failure().message;
    };
    expect(with_include(test::headers()), "could not open source file \"near.cuh\"");
    CHECK(with_include(header_set(test::headers()).add("near.cuh", "#define NEAR 2\n")) == "");
}

TEST_CASE("a cubin that cannot be loaded is an error and is not stored") {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"-rdc=true"}, {"-dc"}, {"--relocatable-device-code", "true"}}) {
        CAPTURE(options.front());
        const refusal found = refused(options);
        CHECK(found.why.code == errc::bad_option);
        CHECK(found.why.message ==
              "the cubin is relocatable, so that no program can load it; leave out the option that asks "
              "for that, such as -rdc=true or -dc");
        CHECK(found.files == 0);
    }
    expect(refused({"-dlto"}).why.message,
           "there is no cubin; an option such as -dlto or -optix-ir asks for another output");
    const compiler together(test::headers(), {.options = {"-rdc=true"}});
    const auto all = together.get_together({});
    REQUIRE(!all);
    CHECK(all.failure().code == errc::bad_option);
}

TEST_CASE("builds of a library are told apart by what their linkers wrote into them") {
    const loaded_object nvrtc = object_at(reinterpret_cast<const void*>(::dlsym(RTLD_DEFAULT, "nvrtcVersion")));
    const loaded_object c_library = object_at(reinterpret_cast<const void*>(::dlsym(RTLD_DEFAULT, "printf")));
    expect(nvrtc.path, "libnvrtc");
    expect(c_library.path, "libc");
    CHECK(nvrtc.build_id.size() == 40);
    CHECK(c_library.build_id.size() == 40);
    CHECK(nvrtc.build_id != c_library.build_id);
    CHECK(nvrtc_build().starts_with(nvrtc.build_id + "."));
    CHECK(nvrtc_build().size() == 81);  // that of the built-in functions comes second
    // The id lies in the file, too, as bytes.
    const std::string file = test::text_of(c_library.path);
    std::string bytes;
    for (std::size_t i = 0; i < c_library.build_id.size(); i += 2)
        bytes += char(std::stoi(c_library.build_id.substr(i, 2), nullptr, 16));
    CHECK(file.find(std::string("GNU\0", 4) + bytes) != std::string::npos);
    // Without an id it is the file's content that counts.
    CHECK(identity_of({.path = c_library.path, .build_id = "", .fixed_address = false}) == sha256_of(file));
    CHECK(identity_of({}) == "unknown");
    CHECK(object_at(nullptr).path.empty());
    CHECK(object_at(&tiny_text).path == "/proc/self/exe");
}
