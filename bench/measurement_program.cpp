// SPDX-License-Identifier: MIT
// One argument, and exceptions as messages.
#include "measurement_program.hpp"

#include <exception>
#include <iostream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "command_line.hpp"

namespace deepgemm::bench {

namespace {

void measure(const measurement_program& program, arguments given) {
    int repetitions = program.repetitions;
    const std::string usage = std::string(program.name) + " [COUNT]";
    command_line line(usage.c_str(), program.about);
    line.add_option("COUNT", repetitions)->transform(whole_number(1, 1000));
    if (line.read(given, std::cout)) std::cout << text_of(program.measure(repetitions), 3) << '\n';
}

}  // namespace

int run(const measurement_program& program, int count, char** values) {
    int code = 0;
    try {
        measure(program, std::vector<std::string>(values + 1, values + count));
    } catch (const std::invalid_argument& why) {
        std::cerr << program.name << ": " << why.what() << '\n';
        code = 2;
    } catch (const std::exception& why) {
        std::cerr << program.name << ": " << why.what() << '\n';
        code = 1;
    }
    return code;
}

}  // namespace deepgemm::bench
