// SPDX-License-Identifier: MIT
// deepgemm aot: plans a list of products for a GPU and compiles the kernels by NVRTC into a cache directory, under the keys that
// programs look up, with a manifest beside them. Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/resources.hpp>

#include <algorithm>
#include <map>

#include "command.hpp"
#include "planning.hpp"
#include "problems.hpp"
#include "result.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Compiles the kernels that a list of products needs on a GPU, which need not be here, into a directory. A program "
    "that\n"
    "has the directory among its DEEPGEMM_CACHE_DIR finds them there and compiles nothing, as long as its deepgemm "
    "headers\n"
    "and its NVRTC are the same. DIR/manifest.json says which kernel serves which product, and what it takes.\n\n"
    "FILE has one product a line, M,N,K[:R] as for 'explain', or <=M,N,K[:R] for every number of rows up to M; # "
    "begins a\n"
    "comment.\n\n"
    "  echo '<=4096,7168,2048' > products.txt\n"
    "  deepgemm aot --problems products.txt --gpu h200 --out kernels\n"
    "  DEEPGEMM_CACHE_DIR=/var/cache/mine:kernels my_server";

struct settings {
    std::string problems, out;
    device_info device = device_info::h200();
    tuned_table table{};
    int jobs = 0;
    bool dry_run = false;
};

const command_line<settings>& line() {
    static const command_line<settings> made{
        "deepgemm aot --problems FILE --out DIR [options]",
        about,
        {
            {"--problems", "FILE", "the list of products", [](settings& s, const std::string& v) { s.problems = v; }},
            {"--out", "DIR", "the directory, made if it is not there; what it has already is kept",
             [](settings& s, const std::string& v) { s.out = v; }},
            {"--gpu", "NAME", "h200 (default) or h100",
             [](settings& s, const std::string& v) { s.device = device_named(v); }},
            {"--table", "FILE", "a table that 'deepgemm tune --table' made, consulted before the library's own",
             [](settings& s, const std::string& v) { s.table = read_table(v); }},
            {"--jobs", "N", "threads that compile (default: one for each processor)",
             [](settings& s, const std::string& v) { s.jobs = count(v); }},
            {"--dry-run", nullptr, "print which kernels it would compile, and stop",
             [](settings& s, const std::string&) { s.dry_run = true; }},
        }};
    return made;
}

/// The kernels that the list needs, by their place among the described ones, and which of them serves each product.
struct needed_kernels {
    std::vector<std::size_t> kernels;
    std::vector<std::vector<std::size_t>> of_problem;  ///< places in `kernels`
};

needed_kernels chosen_kernels(const std::vector<listed_problem>& problems, const settings& s) {
    const std::span<const kernel_handle> all = described_kernels();
    const context knobs{.overrides = s.table.rows};
    needed_kernels made;
    for (const listed_problem& p : problems) {
        const workload work = workload_of(p.problem);
        std::vector<const kernel_handle*> serve;
        if (p.any_rows) {
            serve = or_throw(enumerate(work, work.shape.m, s.device, all, knobs));
        } else {
            serve.push_back(or_throw(choose(work, s.device, all, knobs)).kernel);
        }
        auto& places = made.of_problem.emplace_back();
        for (const kernel_handle* const kernel : serve) {
            const auto index = std::size_t(kernel - all.data());
            const auto at = std::find(made.kernels.begin(), made.kernels.end(), index);
            places.push_back(std::size_t(at - made.kernels.begin()));
            if (at == made.kernels.end()) made.kernels.push_back(index);
        }
    }
    return made;
}

/// A compiled kernel as the manifest tells of it.
json described(const rtc::compiler& compiler, const kernel_source& from, const rtc::image& made) {
    const std::string key = compiler.key_of(from.text, &from.facts);
    json row = json::object();
    row.add("key", key)
        .add("file", rtc::entry_path("", key).generic_string())
        .add("kernel", to_source(made.info))
        .add("config", to_source(made.info.cfg))
        .add("smem_bytes", int(made.info.smem_bytes))
        .add("cubin_bytes", static_cast<long long>(made.cubin().size()));
    const auto resources = rtc::resources_of(made);
    row.add("registers", resources ? json(int(resources->registers)) : json());
    row.add("stack_bytes", resources ? json(int(resources->stack_bytes)) : json());
    return row;
}

/// Compiles the kernels, or finds them in the directory; shows a progress bar.
std::vector<rtc::image> compiled(const rtc::compiler& compiler, const needed_kernels& needed, int jobs) {
    std::vector<rtc::image> images(needed.kernels.size());
    std::vector<rtc::warm_up_task> tasks;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const std::size_t index = needed.kernels[i];
        tasks.push_back(
            {to_source(described_kernels()[index].info.cfg), [&images, &compiler, i, index]() -> result<void> {
                 const kernel_source& from = kernel_sources()[index];
                 auto made = compiler.get(from.text, &from.facts);
                 if (!made) return made.failure();
                 images[i] = *std::move(made);
                 return {};
             }});
    }
    progress bar(int(tasks.size()));
    const auto report = [&bar](const rtc::warm_up_progress& now) { bar.show(int(now.done), now.name); };
    or_throw(rtc::warm_up(tasks, {.threads = unsigned(jobs), .report = report}));
    return images;
}

json manifest(const settings& s, const rtc::compiler& compiler, const std::vector<listed_problem>& problems,
              const needed_kernels& needed, const std::vector<rtc::image>& images) {
    json kernels = json::array(), served = json::array();
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < images.size(); ++i) {
        kernels.push(described(compiler, kernel_sources()[needed.kernels[i]], images[i]));
        keys.push_back(kernels.elements().back().second.at("key").string());
    }
    for (std::size_t i = 0; i < problems.size(); ++i) {
        json of = json::array();
        for (const std::size_t place : needed.of_problem[i])
            of.push(json::object().add("config", to_source(images[place].info.cfg)).add("key", keys[place]));
        served.push(json::object().add("problem", problems[i].text).add("kernels", of));
    }
    return json::object()
        .add("schema", "deepgemm kernels 1")
        .add("deepgemm", concat(version / 10000, ".", version / 100 % 100, ".", version % 100))
        .add("gpu", s.device.name)
        .add("arch", compiler.arch())
        .add("nvrtc", rtc::nvrtc_version())
        .add("headers", compiler.headers().hash())
        .add("kernels", kernels)
        .add("problems", served);
}

}  // namespace

int aot_command(arguments given, std::ostream& out) {
    settings s;
    if (!line().parse(given, s, out)) return 0;
    if (s.problems.empty()) throw std::invalid_argument("--problems FILE is missing; --help tells what is in it");
    if (s.out.empty() && !s.dry_run) throw std::invalid_argument("--out DIR is missing");
    std::vector<listed_problem> problems;
    try {
        problems = parse_problems(read_text(s.problems));
    } catch (const std::invalid_argument& why) {
        throw std::invalid_argument(s.problems + ": " + why.what());
    }
    const needed_kernels needed = chosen_kernels(problems, s);
    if (s.dry_run) {
        for (const std::size_t index : needed.kernels) out << to_source(described_kernels()[index].info) << '\n';
        return 0;
    }

    std::string trouble;
    const rtc::compiler compiler(
        rtc::embedded_headers(),
        {.arch = rtc::arch_of(s.device),
         .cache = {.roots = {s.out}, .report = [&](const std::string& what) { trouble = what; }}});
    const auto images = compiled(compiler, needed, s.jobs);
    const rtc::cache_counts counts = compiler.counts();
    if (counts.not_written != 0) throw std::runtime_error(trouble);
    const auto path = (std::filesystem::path(s.out) / "manifest.json").string();
    write_file(path, manifest(s, compiler, problems, needed, images).dump(3) + "\n");
    out << images.size() << " kernels for " << problems.size() << " lines: " << counts.made << " compiled, "
        << counts.disk_hits << " were there; " << path << '\n';
    return 0;
}

}  // namespace deepgemm::bench
