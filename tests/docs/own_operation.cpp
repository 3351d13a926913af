// SPDX-License-Identifier: MIT
// The code of docs/concepts/operation.md: an operation of one's own, with a kernel of one's own, through an engine that has the
// library's, too. On the simulator.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>

#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace dg = deepgemm;

// [types]
/// What kernels of my_scale compute, and how they may differ; what host and device share of an operation.
struct scale_traits {
    dg::dtype type = dg::dtype::f32;
    friend constexpr bool operator==(const scale_traits&, const scale_traits&) = default;
};
struct scale_config {
    int threads = 128;
    friend constexpr bool operator==(const scale_config&, const scale_config&) = default;
};
template <>
struct dg::fields_of<scale_config> {
    static constexpr const char* name = "scale_config";
    static constexpr auto all = field_list{field{"threads", &scale_config::threads}};
};
struct scale_arguments {
    const float* in;
    float* out;
    dg::i32 count;
    float factor;
};
// [types]

// [operation]
/// out(i) = factor in(i). `in` may be `out`.
struct my_scale {
    static constexpr const char* name = "my_scale";
    struct problem {
        const float* in;
        float* out;
        dg::i64 count;
        float factor;
    };
    struct workload {
        dg::i32 count = 0;
        friend constexpr bool operator==(const workload&, const workload&) = default;
    };
    using arguments = scale_arguments;
    using traits = scale_traits;
    using config = scale_config;
    using info = dg::kernel_info<traits, config>;

    static dg::result<void> check(const problem& given) { return dg::check_extent("the count", given.count); }
    static dg::result<void> check(const workload& work) { return dg::check_extent("the count", work.count); }
    static std::array<dg::memory_use, 2> memory_of(const problem& given) {
        using enum dg::memory_access;
        const char* const floats = "its elements have 4 bytes";
        return {dg::memory_use{"out", given.out, 4, {{{given.count, 4}}}, writes, 4, floats},
                dg::memory_use{"in", given.in, 4, {{{given.count, 4}}}, reads_or_updates, 4, floats}};
    }
    static workload workload_of(const problem& given) { return {dg::i32(given.count)}; }
    static arguments arguments_of(const problem& given) {
        return {given.in, given.out, dg::i32(given.count), given.factor};
    }
    static bool is_empty(const workload& work) { return work.count == 0; }
    static dg::u64 hash(const workload& work) { return dg::u64(work.count); }
    static const char* why_not(const traits& kernel, const workload&) {
        return kernel.type == dg::dtype::f32 ? nullptr : "it scales another type";
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }
    static dg::cost predict(const info& kernel, const workload& work, const dg::device_info& device, int num_sms) {
        const double threads = double(kernel.cfg.threads) * num_sms;  // a clock for each element of a thread
        const double start_us = 0.01 * kernel.cfg.threads, elements = std::ceil(work.count / threads);
        return {.total_us = start_us + elements / device.clock_mhz, .start_us = start_us};
    }
    static dg::u64 workspace_bytes(const config&, const workload&, int) { return 0; }
    static std::string describe(const workload& work) { return dg::concat(work.count, " floats"); }
    static std::string source_of(const info& kernel) {
        return dg::concat("scale_kernel<", dg::to_source(kernel.cfg), ">");
    }
    static info wanted(const workload&, const dg::device_info&) { return {}; }
};
static_assert(dg::operation<my_scale>);
// [operation]

// [kernel]
/// A kernel of the operation: it names that, and describes itself.
template <scale_config Config>
struct scale_kernel {
    using operation = my_scale;
    static constexpr dg::launch_info launch{.threads = dg::u32(Config.threads)};
    static constexpr my_scale::info info{launch, {}, Config};
    static constexpr int map_count = 0;
    using arguments = scale_arguments;
    using params = arguments;

    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return args; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return dg::min(dg::ceil_div(args.count, Config.threads), num_sms);
    }
    DEEPGEMM_DEVICE static void run(const params& p) {
        const dg::i32 step = Config.threads * dg::i32(dg::ptx::cta_count());
        for (dg::i32 i = Config.threads * dg::i32(dg::ptx::cta_index()) + dg::i32(dg::ptx::thread_index()); i < p.count;
             i += step) {
            dg::ptx::st_global(p.out + i, p.factor * dg::ptx::ld_global(p.in + i));
        }
    }
};
// [kernel]

TEST_CASE("an operation of one's own, in an engine that has the library's") {
    // [engine]
    constexpr auto kernels =
        dg::sim::kernel_list<scale_kernel<scale_config{.threads = 32}>, scale_kernel<scale_config{}>>;
    dg::engine_of<dg::ops::gemm, my_scale> engine(dg::device_info::simulator());
    engine.with(kernels);

    std::vector<float> in(1000, 3), out(1000, -1);
    const my_scale::problem problem{in.data(), out.data(), 999, 2.5f};
    dg::or_throw(engine.run(problem));
    const std::string why = dg::explain(dg::or_throw(engine.plan(problem)));
    // [engine]
    for (int i = 0; i < 1000; ++i) CHECK(out[std::size_t(i)] == (i < 999 ? 7.5f : -1));
    INFO(why);
    CHECK(why.starts_with("999 floats\n"));
    CHECK(why.find("scale_config{") != std::string::npos);
    dg::or_throw(engine.run(problem));
    CHECK(engine.planned() == 1);

    // Rules of memory hold without a word of the operation's.
    CHECK(engine.run(my_scale::problem{nullptr, out.data(), 9, 1}).failure().message ==
          "in has no data: its pointer is null");
    CHECK(engine.run(my_scale::problem{out.data() + 1, out.data(), 9, 1}).failure().message ==
          "in overlaps out in memory but starts elsewhere; in must be out itself or lie apart from it");
    CHECK(engine.run(my_scale::problem{out.data(), out.data(), 9, 2}));
    CHECK(out[0] == 15);
    CHECK(engine.run(my_scale::problem{nullptr, nullptr, 0, 1}));
    CHECK(engine.run(my_scale::problem{nullptr, nullptr, -1, 1}).failure().code == dg::errc::bad_extent);
    // Pins, rows and knobs are those of any operation.
    const dg::exact_choice<my_scale> rows[] = {{.at = {999}, .cfg = {.threads = 128}, .us = 4}};
    engine.with(kernels, {.overrides = rows});
    CHECK(engine.plan(problem)->chosen_by == dg::choice::overridden);
    CHECK(dg::explain(*engine.plan(problem)).find("measured 4.0 us with 999 floats") != std::string::npos);
    CHECK(engine.plan(problem, {.pin = scale_config{.threads = 32}})->kernel() == kernels.data());
    CHECK(engine.supports(problem, {.pin = scale_config{.threads = 64}}).failure().code == dg::errc::no_kernel);
    // The library's operation has no kernels here.
    CHECK(engine.kernels<dg::ops::gemm>().empty());
}
