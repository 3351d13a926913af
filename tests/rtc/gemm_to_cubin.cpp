// SPDX-License-Identifier: MIT
// A whole GEMM kernel, from headers in memory to a cubin for sm_90a, by type and by text; kernels of a user's own; extents
// fixed to numbers known late. Needs no GPU and does not run the kernel. docs/how-to/nvrtc.md shows some of this code.
#include <deepgemm/kernel/extents.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/scale/to_mn_major.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>

#include "support.hpp"
#include "tiny.cuh"

namespace dg = deepgemm;
using namespace deepgemm::rtc;
using test::expect;

// [kernel]
using my_gemm = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                         dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>, dg::store<dg::bf16>,
                         dg::config{.block = {128, 64, 128}, .stages = 4}>;
// [kernel]

/// Has the name of a part of deepgemm's.
struct store : tiny::kernel<1> {};

namespace {

struct hidden {};

header_set with_tiny() {
    return header_set(test::headers()).add("tiny.cuh", test::text_of(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh"));
}

}  // namespace

TEST_CASE("a GEMM by its type, from embedded headers to a cubin") {
    // [compile]
    const dg::rtc::compiler compiler(dg::rtc::embedded_headers());
    const dg::result<dg::rtc::image> built = compiler.get<my_gemm>();
    // [compile]
    REQUIRE_MESSAGE(built, (built ? "" : built.failure().message));
    CHECK(std::string(built->entry()).starts_with("_ZN8deepgemm5entryI"));
    CHECK(built->cubin().substr(0, 4) ==
          "\x7f"
          "ELF");
    CHECK(built->cubin().find(built->entry()) != std::string::npos);
    CHECK(built->launch == my_gemm::launch);
    CHECK(built->params_bytes == sizeof(my_gemm::params));
}

TEST_CASE("a GEMM by text is the same kernel") {
    const compiler all(test::headers());
    // [text]
    const dg::rtc::source text{.type =
                                   "gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, "
                                   "operand<e4m3, scale::per_block<scale::fp32>>, store<bf16>, "
                                   "config{.block = {128, 64, 128}, .stages = 4}>"};
    // [text]
    const auto by_text = all.get(text), by_type = all.get<my_gemm>();
    REQUIRE(by_text);
    REQUIRE(by_type);
    CHECK(by_text->entry() == std::string(by_type->entry()));
    CHECK(by_text->launch == my_gemm::launch);
    CHECK(by_text->params_bytes == sizeof(my_gemm::params));
    // What a kernel prints as is what it can be compiled from.
    const auto printed = all.get(source{.type = to_source(my_gemm::info)});
    REQUIRE(printed);
    CHECK(printed->launch == by_type->launch);
}

TEST_CASE("grouped GEMMs by their types: the host and NVRTC agree on parameters that hold groups and stacks") {
    using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
    using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
    constexpr dg::config pair{.block = {128, 64, 128}, .stages = 4, .cluster = {1, 2}};
    const compiler all(test::headers());
    const auto check = [&]<class Kernel>(Kernel*) {
        const auto built = all.get<Kernel>();
        REQUIRE_MESSAGE(built, (built ? "" : built.failure().message));
        CHECK(built->launch == Kernel::launch);
        CHECK(built->params_bytes == sizeof(typename Kernel::params));
    };
    check(static_cast<dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, pair,
                               dg::grouped<pair.block, pair.cluster, dg::masked_groups>>*>(nullptr));
    check(static_cast<dg::gemm<dg::arch::sm90, a, b, dg::store<float>, pair,
                               dg::grouped<pair.block, pair.cluster, dg::psum_groups>>*>(nullptr));
    check(static_cast<dg::gemm<dg::arch::sm90, a, b, dg::store<float>, pair,
                               dg::indexed<pair.block, pair.cluster, pair.raster_rows>>*>(nullptr));
    // Tiles of 64 rows have another schedule by the same name, which is also what they print as.
    constexpr dg::config low{.block = {64, 64, 128}, .stages = 4, .sm90 = {.warpgroups = 1}};
    using few =
        dg::gemm<dg::arch::sm90, a, b, dg::store<float>, low, dg::indexed<low.block, low.cluster, low.raster_rows>>;
    check(static_cast<few*>(nullptr));
    const auto printed = all.get(source{.type = to_source(few::info)});
    REQUIRE(printed);
    CHECK(printed->launch == few::launch);
    CHECK(printed->params_bytes == sizeof(few::params));
}

TEST_CASE("extents fixed to numbers known late: other code, the same parameters") {
    const compiler all(test::headers());
    const volatile int n = 768;
    const auto any = all.get<my_gemm>(), fixed = all.get<my_gemm>({0, n, 1024});
    REQUIRE(any);
    REQUIRE_MESSAGE(fixed, (fixed ? "" : fixed.failure().message));
    CHECK(fixed->params_bytes == any->params_bytes);
    CHECK(fixed->launch == any->launch);
    CHECK(fixed->entry() != std::string(any->entry()));
    CHECK(all.get<my_gemm>({0, -8, 0}).failure().message.find("gemm: static extents are lengths") != std::string::npos);
    const auto named = all.get<dg::with_extents<my_gemm, dg::static_extents{0, 768, 1024}>>();
    REQUIRE(named);
    CHECK(named->entry() == std::string(fixed->entry()));
}

TEST_CASE("a kernel that is no GEMM, and one of a user's own from a header of his own") {
    using transform = dg::scale::to_mn_major<dg::scale::fp32>;
    const compiler all(with_tiny());
    const auto scales = all.get<transform>();
    REQUIRE_MESSAGE(scales, (scales ? "" : scales.failure().message));
    CHECK(scales->launch == transform::launch);
    const auto own = all.get<tiny::kernel<-3>>({}, {"tiny.cuh"});
    REQUIRE_MESSAGE(own, (own ? "" : own.failure().message));
    CHECK(own->launch.smem_bytes == 64);
    CHECK(own->params_bytes == 8);
    expect(all.get<tiny::kernel<-3>>().failure().message, "tiny");  // without its header
}

TEST_CASE("types that NVRTC could not name") {
    struct local {};
    for (const auto& name : {type_name<hidden>(), type_name<local>(), type_name<std::vector<local>>()}) {
        REQUIRE(!name);
        CHECK(name.failure().code == dg::errc::bad_option);
        expect(name.failure().message, "must not be, or use, a type in an anonymous namespace or inside a function");
    }
    CHECK(*type_name<tiny::kernel<-3>>() == "tiny::kernel<-3>");
}

TEST_CASE("a kernel that the host knows otherwise does not compile") {
    const compiler all(header_set(test::headers())
                           .add("tiny.cuh",
                                "#include <deepgemm/deepgemm.cuh>\n"
                                "namespace tiny {\n"
                                "template <int>\n"
                                "struct kernel {\n"
                                "    static constexpr deepgemm::launch_info launch{.arch = 90, .threads = 64};\n"
                                "    struct arguments { void* out; };\n"
                                "    using params = arguments;\n"
                                "    static constexpr int map_count = 0;\n"
                                "    static params make_params(const arguments& a) { return a; }\n"
                                "    static int grid(const arguments&, int) { return 1; }\n"
                                "    __device__ static void run(const params&) {}\n"
                                "};\n"
                                "}\n"));
    expect(all.get<tiny::kernel<1>>({}, {"tiny.cuh"}).failure().message,
           "the kernel is not the one that the host program knows by this name");
}

TEST_CASE("a name that is both deepgemm's and the user's is an error, not the wrong kernel") {
    const compiler all(with_tiny().add("store.cuh", "struct store : tiny::kernel<1> {};"));
    expect(all.get<store>({}, {"tiny.cuh", "store.cuh"}).failure().message, "\"store\" is ambiguous");
}

TEST_CASE("bytes that are no cubin of a unit") {
    const auto unpack = [](std::string bytes) {
        return image::unpack(std::make_shared<const std::string>(std::move(bytes)));
    };
    const compiler all(with_tiny());
    const auto own = all.get<tiny::kernel<1>>({}, {"tiny.cuh"});
    REQUIRE(own);
    const std::string whole = *own->bytes;
    CHECK(unpack(whole));
    const std::string other_file = std::string(whole).replace(whole.find("\x7f"
                                                                         "ELF"),
                                                              4, "text");
    for (const std::string& bytes : {std::string(), std::string("name"), std::string("name\0", 5), other_file})
        CHECK(!unpack(bytes));
    // Wherever the bytes end, reading stays inside them.
    for (std::size_t end = 0; end < whole.size(); end += 7) static_cast<void>(unpack(whole.substr(0, end)));
}
