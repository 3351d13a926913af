// SPDX-License-Identifier: MIT
// deepgemm aot: plans a list of products for a GPU and compiles the kernels by NVRTC into a cache directory, under the keys
// that programs look up, with a manifest beside them; also into one fat binary. Needs no GPU.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/embedded.hpp>

#include <filesystem>
#include <mutex>

#include <nlohmann/json.hpp>

#include "aot_options.hpp"
#include "command.hpp"
#include "files.hpp"
#include "manifest.hpp"
#include "needed_kernels.hpp"
#include "progress.hpp"

namespace deepgemm::bench {

namespace {

/// What has been compiled, or found in the directory.
struct compiled_kernels {
    std::vector<rtc::image> images;
    rtc::binary together{};  ///< all of them in one cubin, if a fat binary is wanted
};

/// Compiles the kernels, or finds them in the directory; shows a progress bar.
compiled_kernels compiled(const rtc::compiler& compiler, const std::vector<needed_kernel>& kernels,
                          const aot_options& s) {
    compiled_kernels all{std::vector<rtc::image>(kernels.size())};
    std::vector<rtc::warm_up_task> tasks;
    if (!s.fatbin.empty()) {
        // Takes as long as all others, so it comes first.
        tasks.push_back({"all kernels together", [&]() -> result<void> {
                             std::vector<rtc::kernel_source> sources;
                             for (const needed_kernel& kernel : kernels) sources.push_back(kernel.source());
                             auto made = compiler.get_together(sources);
                             if (!made) return made.failure();
                             all.together = *std::move(made);
                             return {};
                         }});
    }
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        tasks.push_back({kernels[i].cfg, [&all, &compiler, &kernels, i]() -> result<void> {
                             const rtc::kernel_source from = kernels[i].source();
                             auto made = compiler.get(from.text, &from.facts);
                             if (!made) return made.failure();
                             all.images[i] = *std::move(made);
                             return {};
                         }});
    }
    progress bar(int(tasks.size()));
    const auto report = [&bar](const rtc::warm_up_progress& now) { bar.show(int(now.done), now.name); };
    or_throw(rtc::warm_up(tasks, {.threads = unsigned(s.jobs), .report = report}));
    return all;
}

std::vector<listed_product> read_products(const std::string& path) {
    try {
        return parse_products(read_text(path));
    } catch (const std::invalid_argument& why) {
        throw std::invalid_argument(path + ": " + why.what());
    }
}

}  // namespace

int aot_command(arguments given, std::ostream& out) {
    aot_options s;
    if (!parse(given, s, out)) return 0;
    if (!s.out.empty()) {  // a dry run writes nowhere
        if (const auto ok = rtc::check_root(s.out); !ok) throw std::invalid_argument(ok.failure().message);
    }
    const std::vector<listed_product> lines = read_products(s.problems);
    const needed_kernels needed = kernels_for(lines, s.device, s.table, s.fixed, s.objective);
    if (s.dry_run) {
        for (const needed_kernel& kernel : needed.kernels) {
            out << kernel.text << '\n';
        }
        return 0;
    }

    check_folder(s.out);
    if (!s.fatbin.empty()) check_fat_binary(s.fatbin, s.fatbinary);
    std::mutex guard;  // several threads may report
    std::string trouble;
    const auto keep = [&](const std::string& what) {
        const std::lock_guard lock(guard);
        trouble = what;
    };
    const rtc::compiler compiler(rtc::embedded_headers(),
                                 {.arch = rtc::arch_of(s.device), .cache = {.roots = {s.out}, .report = keep}});
    const compiled_kernels made = compiled(compiler, needed.kernels, s);
    const rtc::cache_counts counts = compiler.counts();
    if (counts.not_written != 0) throw std::runtime_error(trouble);
    packed_kernels packed{.gpu = s.device.name,
                          .arch = compiler.arch(),
                          .headers = compiler.headers().hash(),
                          .lines = lines,
                          .of_line = needed.of_line,
                          .kernels = needed.kernels,
                          .images = made.images};
    const std::filesystem::path folder = s.out;
    for (std::size_t i = 0; i < made.images.size(); ++i) {
        const rtc::kernel_source from = needed.kernels[i].source();
        const std::string& key = packed.keys.emplace_back(compiler.key_of(from.text, &from.facts));
        if (s.cubins) write_file((folder / "cubins" / (key + ".cubin")).string(), std::string(made.images[i].cubin()));
    }
    if (!s.fatbin.empty()) {
        const cubin_for cubins[] = {{compiler.arch(), made.together.cubin}};
        const std::size_t bytes = write_fat_binary(s.fatbin, cubins, s.fatbinary);
        packed.fatbin = {
            std::filesystem::proximate(s.fatbin, folder).generic_string(), bytes, {{compiler.arch(), made.together}}};
    }
    const std::string path = (folder / "manifest.json").string();
    write_file(path, text_of(manifest_of(packed), 5) + "\n");
    out << made.images.size() << " kernels for " << lines.size() << " lines: " << counts.made << " compiled, "
        << counts.disk_hits << " were there; " << path << (packed.fatbin ? ", " + s.fatbin : "") << '\n';
    return 0;
}

}  // namespace deepgemm::bench
