// SPDX-License-Identifier: MIT
// Values of options, and the help page.
#include "command_line.hpp"

namespace deepgemm::bench {

double number(const std::string& text) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size() || value < 0)
        throw std::invalid_argument("'" + text + "' is not a number that may stand here");
    return value;
}

int count(const std::string& text) {
    const double value = number(text);
    if (value > 1e9 || value != int(value)) throw std::invalid_argument("'" + text + "' is not a whole number");
    return int(value);
}

std::string one_of(const std::string& text, std::initializer_list<const char*> allowed) {
    std::string list;
    for (const char* a : allowed) {
        if (text == a) return text;
        list += std::string(list.empty() ? "" : ", ") + a;
    }
    throw std::invalid_argument("'" + text + "' is not one of " + list);
}

void print_help(std::ostream& out, const char* usage, const char* about, const std::vector<option_text>& options) {
    constexpr std::size_t width = 120, indent = 26;
    out << "usage: " << usage << "\n\n" << about << "\n\n";
    for (const auto& [name, value, help] : options) {
        std::string line = "  " + std::string(name) + (value != nullptr ? " " + std::string(value) : "");
        line.resize(std::max(line.size() + 1, indent), ' ');
        std::string rest = help;
        while (line.size() + rest.size() > width) {
            const std::size_t end = rest.rfind(' ', width - line.size());
            if (end == std::string::npos) break;
            out << line << rest.substr(0, end) << '\n';
            rest.erase(0, end + 1);
            line.assign(indent, ' ');
        }
        out << line << rest << '\n';
    }
    out << "  --help" << std::string(indent - 8, ' ') << "print this\n";
}

}  // namespace deepgemm::bench
