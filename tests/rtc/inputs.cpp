// SPDX-License-Identifier: MIT
// Nothing reaches a cubin that is not in its key: options and includes that name files are refused, files of the working
// directory are not found, cubins that cannot be loaded are not stored, and builds of a library are told apart.
#include <deepgemm/rtc/compiler.hpp>

#include <dlfcn.h>

#include "support.hpp"
#include "tiny.cuh"

namespace inputs_tests {

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
                                                    {" -Ihere"},
                                                    {"\t--include-path=here"},
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
    for (const std::vector<std::string>& options : {std::vector<std::string>{"-DASK=__has_include"},
                                                    {"-D", "ASK(x)=__has_include(x)"},
                                                    {"-DJOIN(x)=__has_##x"}}) {
        CAPTURE(options.back());
        expect(refused(options).why.message,
               "may make NVRTC look for a file that the key of a cache entry does not hold");
    }
    const compiler usual(test::headers(),
                         {.options = {"-lineinfo", "-DX=1", "--ptxas-options=-v", "-w", "-Xptxas", "-O3"}});
    CHECK(usual.get(source{.type = "gemm<arch::sm90>"}).failure().code == errc::compile_failure);
}

TEST_CASE("options of NVRTC_APPEND_FLAGS that name files are refused, too") {
    for (const char* const value :
         {"-Ihere", "-lineinfo -I here", "-w \"--include-path=here\"", "\t-include=here.cuh"}) {
        CAPTURE(value);
        ::setenv("NVRTC_APPEND_FLAGS", value, 1);
        const refusal found = refused({});
        ::unsetenv("NVRTC_APPEND_FLAGS");
        CHECK(found.why.code == errc::bad_option);
        expect(found.why.message, "in NVRTC_APPEND_FLAGS, the option -");
        expect(found.why.message, "makes NVRTC read headers that the key of a cache entry does not hold");
        CHECK(found.files == 0);
    }
}

TEST_CASE("a text that includes a file by its path, or by a macro, is refused") {
    const test::scratch directory;
    std::ofstream(directory.path() / "mine.cuh") << "\n";
    const std::string path = (directory.path() / "mine.cuh").string();
    for (const std::string& line :
         {"#include <" + path + ">", "  # \tinclude \"" + path + "\"", "#include_next <" + path + ">",
          "#define MINE <" + path + ">\n#include MINE", "#include \\\n<" + path + ">", "#include\"" + path + "\""}) {
        CAPTURE(line);
        const refusal found = refused({}, line + "\n" + tiny_text);
        CHECK(found.why.code == errc::bad_option);
        expect(found.why.message, "the header tiny.cuh has #include");
        expect(found.why.message, "may read a file that the key of a cache entry does not hold");
        CHECK(found.files == 0);
    }
    const compiler all(header_set(test::headers()).add("tiny.cuh", tiny_text));
    const auto built = all.get<tiny::kernel<5>>({}, {"tiny.cuh", path});
    REQUIRE(!built);
    expect(built.failure().message, "the unit has #include <" + path + ">");
}

TEST_CASE("an include is seen behind comments, continued lines and literals, and where %: stands for #") {
    for (const std::string& text : {
             std::string("/* x */ #include </x>"),
             std::string("/* x\n y */ #include </x>"),
             std::string("# /**/ include </x>"),
             std::string("#/* a */ /* b\n */include/* c */</x>"),
             std::string("%:include </x>"),
             std::string("  %: include \"/x\""),
             std::string("%\\\n:include </x>"),
             std::string("#inc\\\nlude </x>"),
             std::string("#inc\\\r\nlude </x>"),
             std::string("#inc\\\r\r\nlude </x>"),
             std::string("#inc\\\n\\\nlude </x>"),
             std::string("#/\\\n**/include </x>"),
             std::string("#include <\\\n/x>"),
             std::string("\\\n\v\f\r#include\v</x>"),
             std::string("// a \\ \n#include </x>"),  // a blank behind the backslash: the comment ends with its line
             std::string("const char* a = \"/*\";\n#include </x>\nconst char* b = \"*/\";"),
             std::string("const char a = '\"';\n#include </x>\nconst char b = '\"';"),
             std::string("const char* a = \"\\\"/*\";\n#include </x>\n/**/"),
             std::string("const int a = 1'0; int b = '/*';\n#include </x>\n/**/"),
             std::string("const int a = 1.'0 '/*'\n#include </x>\n/**/"),
             std::string("const char* a = R\"(\" /*)\";\n#include </x>\n/**/"),
             std::string("const char* a = u8R\"x(\n\" /*)x\";\n#include </x>\n/**/"),
             std::string("const char* a = R\\\n\"(\" /*)\";\n#include </x>\n/**/"),
             std::string("#if 0\nit's /*\n#endif\n#include </x>\n/**/"),
             std::string("#include <a/*b>\n#include </x>\n/**/"),
             std::string("#include <a\"b>\n#include </x>\n#include <a\"b>"),
             std::string("#embed </x>"),
             std::string("#import \"/x\""),
         }) {
        CAPTURE(std::string(text));
        const auto seen = check_includes("the text", text);
        CHECK(!seen);
        if (seen) continue;
        CHECK(seen.failure().code == errc::bad_option);
        expect(seen.failure().message, "may read a file that the key of a cache entry does not hold");
    }
    expect(refused({}, "/* x */ %:inc\\\nlude /* y */ </x> z\n" + tiny_text).why.message,
           "the header tiny.cuh has #include /* y */ </x> z, which may read a file");
}

TEST_CASE("a question whether there is a file is refused where it names a path or a macro") {
    for (const std::string_view text :
         {"#if __has_include(\"/x\")\n#endif", "#if __has_include /**/ ( </x>)\n#endif",
          "#if __has_include_next(</x>)\n#endif", "#if /* __has_include */ 1 && __has_include(</x>)\n#endif",
          "#if __has_include(MINE)\n#endif", "#if __has_\\\ninclude(</x>)\n#endif", "#define ASK __has_include\n",
          "#define ASK(x) __has_include(x)\n", "#define ASK(x) __has_##x\n", "#if JOIN(__has_, include)(</x>)\n#endif",
          "#if /*\n*/ __has_include(</x>)\n#endif", "#if 1 /* /* \n*/ /*\n*/ && __has_include(</x>)\n#endif",
          "#if __has_embed(</x>)\n#endif"}) {
        CAPTURE(std::string(text));
        const auto seen = check_includes("the text", text);
        CHECK(!seen);
        if (seen) continue;
        CHECK(seen.failure().code == errc::bad_option);
        expect(seen.failure().message, "may look for a file that the key of a cache entry does not hold");
    }
    const refusal found = refused({}, "#if __has_include( \"/x\")\n#endif\n" + tiny_text);
    expect(found.why.message, "the header tiny.cuh has __has_include( \"/x\"), which may look for a file");
    CHECK(found.files == 0);
}

TEST_CASE("what no preprocessor acts on, and names of the header_set, are let through") {
    for (const char* const text : {"// #include MINE and #include </x>",
                                   "/* text\n#include MINE\n*/",
                                   "// a \\\n#include </x>",
                                   "int a;  // 'quoted'\n/// #include is a directive",
                                   "const char* a = \"#include </x>\";",
                                   "int a; #include </x>",
                                   "const char* a = \"\\\"\"; /*\n#include </x>\n*/",
                                   "#include <a.cuh>\n# include /**/ \"b/c.cuh\"\n%:include <d>",
                                   "#include <a//b>\n",
                                   "#includes </x>",
                                   "#define STRING(x) #x",
                                   "#define JOIN(a, b) a %:%: b",
                                   "#if defined(__has_include) && __has_include(<a.cuh>)\n#endif",
                                   "#ifdef __has_include\n#endif",
                                   "#if defined __has_include\n#endif",
                                   "// __has_include(MINE)",
                                   "#if 1\n#endif  // __has_include",
                                   "#define ASK \"__has_include(MINE)\"",
                                   "const char* a = \"__has_include\";",
                                   "#if __has_attribute(x)\n#endif",
                                   "#define our__has_include(x) 0",
                                   ""}) {
        CAPTURE(std::string(text));
        const auto seen = check_includes("the text", text);
        CHECK_MESSAGE(seen, (seen ? "" : seen.failure().message));
    }
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

}  // namespace inputs_tests
