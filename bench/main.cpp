// SPDX-License-Identifier: MIT
// The program `deepgemm`: finds the command that is named first and runs it. What each does is in its own file.
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "command.hpp"

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

void print_commands(std::ostream& out) {
    out << "usage: deepgemm <command> [arguments]\n\n";
    for (const command& c : commands) {
        std::string name = c.name;
        name.resize(10, ' ');
        out << "  " << name << c.summary << '\n';
    }
    out << "\nEach has a page of its own: deepgemm <command> --help\n";
}

int run(arguments given) {
    if (given.empty() || given[0] == "--help" || given[0] == "-h" || given[0] == "help") {
        print_commands(given.empty() ? std::cerr : std::cout);
        return given.empty() ? 2 : 0;
    }
    for (const command& c : commands) {
        if (given[0] != c.name) continue;
        try {
            return c.run(given.subspan(1), std::cout);
        } catch (const std::invalid_argument& e) {
            std::cerr << "deepgemm " << c.name << ": " << e.what() << '\n';
            return 2;
        } catch (const std::exception& e) {
            std::cerr << "deepgemm " << c.name << ": " << e.what() << '\n';
            return 1;
        }
    }
    std::cerr << "deepgemm: unknown command '" << given[0] << "'\n\n";
    print_commands(std::cerr);
    return 2;
}

}  // namespace

}  // namespace deepgemm::bench

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::vector<std::string> given(argv + 1, argv + argc);
    return deepgemm::bench::run(given);
}
