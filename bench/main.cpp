// SPDX-License-Identifier: MIT
// The program `deepgemm`: runs the command that its first argument names. Each command is in a file of its own.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/version.cuh>

#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>

#include "command.hpp"
#include "command_line.hpp"

namespace deepgemm::bench {

namespace {

struct command {
    const char* name;
    const char* summary;
    int (*run)(arguments, std::ostream&);
};

constexpr command commands[] = {
    {"explain", "which kernel the planner picks for a product, what it should cost, and why", explain_command},
    {"bench", "times kernels against cuBLASLt on this GPU; with --sim, runs some on the simulator", bench_command},
    {"tune", "races all kernels on this GPU, and keeps the fastest as a table", tune_command},
    {"aot", "compiles the kernels of a list of products into a cache directory, without a GPU", aot_command},
    {"cache", "what lies in a cache directory, what of it is damaged, and its removal", cache_command},
};

std::string list_of_commands() {
    std::string list;
    for (const command& c : commands) {
        std::string name = c.name;
        name.resize(10, ' ');
        list += "  " + name + c.summary + "\n";
    }
    return list + "\nEach has a page of its own: deepgemm <command> --help";
}

/// Runs a command, and turns what it throws into a message and an exit code.
int run(const command& named, arguments given) {
    int code = 0;
    try {
        return named.run(given, std::cout);
    } catch (const std::invalid_argument& e) {
        code = 2;
        std::cerr << "deepgemm " << named.name << ": " << e.what() << '\n';
    } catch (const exception& e) {
        code = e.code() == errc::bad_option || e.code() == errc::bad_extent ? 2 : 1;
        std::cerr << "deepgemm " << named.name << ": " << e.what() << '\n';
    } catch (const std::bad_alloc&) {
        code = 1;
        std::cerr << "deepgemm " << named.name << ": out of memory\n";
    } catch (const std::exception& e) {
        code = 1;
        std::cerr << "deepgemm " << named.name << ": " << e.what() << '\n';
    }
    return code;
}

/// Handles a command line without a command: --help, --version, or nothing.
int run_alone(arguments given) {
    const std::string list = list_of_commands();
    command_line line("deepgemm <command> [arguments]", list.c_str());
    bool version = false;
    line.toggle("--version", version, "print the version of the library");
    if (given.empty()) {
        std::cerr << line.help();
        return 2;
    }
    if (!line.read(given, std::cout)) return 0;
    std::cout << "deepgemm " << DEEPGEMM_VERSION_MAJOR << '.' << DEEPGEMM_VERSION_MINOR << '.' << DEEPGEMM_VERSION_PATCH
              << '\n';
    return 0;
}

int run(arguments given) {
    std::vector<std::string> names;
    for (const command& c : commands) {
        if (!given.empty() && given[0] == c.name) return run(c, given.subspan(1));
        names.push_back(c.name);
    }
    if (!given.empty() && !given[0].starts_with("-")) {
        const std::string meant = nearest(given[0], names);
        std::cerr << "deepgemm: unknown command '" << given[0] << "'; "
                  << (meant.empty() ? "" : "did you mean " + meant + "? ") << "--help lists them\n";
        return 2;
    }
    try {
        return run_alone(given);
    } catch (const std::invalid_argument& e) {
        std::cerr << "deepgemm: " << e.what() << '\n';
        return 2;
    }
}

}  // namespace

}  // namespace deepgemm::bench

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::vector<std::string> given(argv + 1, argv + argc);
    return deepgemm::bench::run(given);
}
