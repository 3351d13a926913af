// SPDX-License-Identifier: MIT
// deepgemm aot: plans a list of products for a GPU and compiles the kernels by NVRTC into a cache directory, under the keys that
// programs look up, with a manifest beside them. Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/resources.hpp>

#include <filesystem>
#include <mutex>

#include "command.hpp"
#include "needed_kernels.hpp"
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
    bool fixed = false, cubins = false, dry_run = false;
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
            {"--fixed", nullptr, "N and K of each line as constants in its kernels, for programs that ask for them so",
             [](settings& s, const std::string&) { s.fixed = true; }},
            {"--cubins", nullptr, "plain cubins as well, in DIR/cubins, for tools that read or load such files",
             [](settings& s, const std::string&) { s.cubins = true; }},
            {"--dry-run", nullptr, "print which kernels it would compile, and stop",
             [](settings& s, const std::string&) { s.dry_run = true; }},
        }};
    return made;
}

/// Compiles the kernels, or finds them in the directory; shows a progress bar.
std::vector<rtc::image> compiled(const rtc::compiler& compiler, const std::vector<needed_kernel>& kernels, int jobs) {
    std::vector<rtc::image> images(kernels.size());
    std::vector<rtc::warm_up_task> tasks;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        tasks.push_back({to_source(kernels[i].info().cfg), [&images, &compiler, &kernels, i]() -> result<void> {
                             const kernel_source from = kernels[i].source();
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

/// A compiled kernel as the manifest tells of it.
json described(const rtc::image& made, const std::string& key) {
    const auto resources = rtc::resources_of(made);
    return json::object()
        .add("key", key)
        .add("file", rtc::entry_path("", key).generic_string())
        .add("kernel", to_source(made.info))
        .add("config", to_source(made.info.cfg))
        .add("entry", made.entry())
        .add("threads", int(made.info.threads))
        .add("smem_bytes", int(made.info.smem_bytes))
        .add("params_bytes", int(made.params_bytes))
        .add("cubin_bytes", static_cast<long long>(made.cubin().size()))
        .add("registers", resources ? json(int(resources->registers)) : json())
        .add("stack_bytes", resources ? json(int(resources->stack_bytes)) : json());
}

json manifest(const settings& s, const rtc::compiler& compiler, const std::vector<listed_problem>& lines,
              const needed_kernels& needed, const std::vector<rtc::image>& images,
              const std::vector<std::string>& keys) {
    json kernels = json::array(), served = json::array();
    for (std::size_t i = 0; i < images.size(); ++i) kernels.push(described(images[i], keys[i]));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        json of = json::array();
        for (const std::size_t place : needed.of_line[i])
            of.push(json::object().add("config", to_source(images[place].info.cfg)).add("key", keys[place]));
        served.push(json::object().add("problem", lines[i].text).add("kernels", of));
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

std::vector<listed_problem> read_problems(const std::string& path) {
    try {
        return parse_problems(read_text(path));
    } catch (const std::invalid_argument& why) {
        throw std::invalid_argument(path + ": " + why.what());
    }
}

}  // namespace

int aot_command(arguments given, std::ostream& out) {
    settings s;
    if (!line().parse(given, s, out)) return 0;
    if (s.problems.empty()) throw std::invalid_argument("--problems FILE is missing; --help tells what is in it");
    if (s.out.empty() && !s.dry_run) throw std::invalid_argument("--out DIR is missing");
    const std::vector<listed_problem> lines = read_problems(s.problems);
    const needed_kernels needed = kernels_for(lines, s.device, {.overrides = s.table.rows}, s.fixed);
    if (s.dry_run) {
        for (const needed_kernel& kernel : needed.kernels) {
            kernel_info info = kernel.info();
            info.cfg.extents = kernel.extents;
            out << to_source(info) << '\n';
        }
        return 0;
    }

    std::mutex guard;  // several threads may report
    std::string trouble;
    const auto keep = [&](const std::string& what) {
        const std::lock_guard lock(guard);
        trouble = what;
    };
    const rtc::compiler compiler(rtc::embedded_headers(),
                                 {.arch = rtc::arch_of(s.device), .cache = {.roots = {s.out}, .report = keep}});
    const auto images = compiled(compiler, needed.kernels, s.jobs);
    const rtc::cache_counts counts = compiler.counts();
    if (counts.not_written != 0) throw std::runtime_error(trouble);
    std::vector<std::string> keys;
    const std::filesystem::path folder = s.out;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const kernel_source from = needed.kernels[i].source();
        keys.push_back(compiler.key_of(from.text, &from.facts));
        if (s.cubins) write_file((folder / "cubins" / (keys[i] + ".cubin")).string(), std::string(images[i].cubin()));
    }
    const std::string path = (folder / "manifest.json").string();
    write_file(path, manifest(s, compiler, lines, needed, images, keys).dump(3) + "\n");
    out << images.size() << " kernels for " << lines.size() << " lines: " << counts.made << " compiled, "
        << counts.disk_hits << " were there; " << path << '\n';
    return 0;
}

}  // namespace deepgemm::bench
