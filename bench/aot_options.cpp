// SPDX-License-Identifier: MIT
// The options of `deepgemm aot`.
#include "aot_options.hpp"

#include <stdexcept>

#include "command_line.hpp"
#include "options.hpp"
#include "planning.hpp"
#include "products.hpp"

namespace deepgemm::bench {

namespace {

constexpr const char* about =
    "Compiles the kernels that a list of products needs on a GPU, which need not be here, into a directory. A\n"
    "program that has the directory among its DEEPGEMM_CACHE_DIR finds them there and compiles nothing, as long\n"
    "as its deepgemm headers and its NVRTC are the same. DIR/manifest.json says which kernel serves which\n"
    "product, and what it takes.\n\n"
    "FILE has one product a line, M,N,K[:R] as for 'explain', or <=M,N,K[:R] for every number of rows up to M;\n"
    "# begins a comment.\n\n"
    "  echo '<=4096,7168,2048' > products.txt\n"
    "  deepgemm aot --problems products.txt --gpu h200 --out kernels --fatbin kernels/all.fatbin\n"
    "  DEEPGEMM_CACHE_DIR=/var/cache/mine:kernels my_server";

}  // namespace

bool parse(arguments given, aot_options& result, std::ostream& out) {
    command_line line("deepgemm aot --problems FILE --out DIR [options]", about);
    line.option("--problems", "FILE", result.problems, "the list of products");
    line.option("--out", "DIR", result.out, "the directory, made if it is not there; what it has already is kept");
    line.reading("--gpu", "NAME", "h200 (default), h100, b200 or b300",
                 [&](const auto& v) { result.device = device_named(v); });
    line.reading("--table", "FILE", "a table that 'deepgemm tune --table' made, consulted before the library's own",
                 [&](const auto& v) { result.table = read_table(v); });
    line.reading("--objective", "NAME", "of the engines that will use the kernels: latency (default) or sustained",
                 [&](const auto& v) { result.objective = objective_named(v); });
    line.option("--jobs", "N", result.jobs, "threads that compile (default: one for each processor)")
        ->transform(whole_number(1, 1024));
    line.toggle("--fixed", result.fixed,
                "N and K of each line as constants in its kernels, for programs that ask for them so");
    line.toggle("--cubins", result.cubins,
                "plain cubins as well, in DIR/cubins, for tools that read or load such files");
    line.option("--fatbin", "FILE", result.fatbin,
                "all kernels in one fat binary as well, for programs that load it by themselves");
    line.option("--fatbinary", "PROGRAM", result.fatbinary,
                "the CUDA toolkit's program that makes it, if it is not where CMake looked");
    line.toggle("--dry-run", result.dry_run, "print which kernels it would compile, and stop");
    if (!line.read(given, out)) return false;
    if (result.problems.empty()) throw std::invalid_argument("--problems FILE is missing; --help tells what is in it");
    if (result.out.empty() && !result.dry_run) throw std::invalid_argument("--out DIR is missing");
    return true;
}

}  // namespace deepgemm::bench
