// SPDX-License-Identifier: MIT
// Command lines by a table: each command says what it takes, and one parser and one help page serve all. Written by hand, since
// the program must build where only a compiler is installed.
#pragma once

#include <functional>
#include <initializer_list>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace deepgemm::bench {

/// What a user typed after the name of a command.
using arguments = std::span<const std::string>;

// Values of options. Each throws std::invalid_argument with a sentence about a text that is none.
double number(const std::string& text);  ///< not negative
int count(const std::string& text);      ///< a whole number, not negative
/// The text itself, if it is one of those allowed.
std::string one_of(const std::string& text, std::initializer_list<const char*> allowed);

/// An option of a command whose settings are a `Settings`.
template <class Settings>
struct option {
    const char* name;   ///< "--reps"
    const char* value;  ///< what the value is called in the help; nullptr: a switch
    const char* help;
    std::function<void(Settings&, const std::string&)> set;
};

/// What a help page shows of an option.
struct option_text {
    const char *name, *value, *help;
};
/// Prints a help page: usage, what the command does, options, an example.
void print_help(std::ostream& out, const char* usage, const char* about, const std::vector<option_text>& options);

/// The command line of one command.
template <class Settings>
struct command_line {
    const char* usage;  ///< "deepgemm explain [options] M,N,K[:R]..."
    const char* about;  ///< what it does, then an example
    std::vector<option<Settings>> options;
    /// Takes an argument that is no option; empty: there are none.
    std::function<void(Settings&, const std::string&)> operand{};
    /// Told of each option with what was typed for it; for records of how something was measured.
    std::function<void(Settings&, const std::string& name, arguments typed)> note{};

    /// Reads `given` into `to`. Returns false if help was asked for, and printed. Throws std::invalid_argument with a sentence
    /// about the first argument that is wrong.
    bool parse(arguments given, Settings& to, std::ostream& out) const;
};

template <class Settings>
bool command_line<Settings>::parse(arguments given, Settings& to, std::ostream& out) const {
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string& argument = given[i];
        const std::size_t first = i, equals = argument.find('=');
        if (argument == "--help" || argument == "-h") {
            std::vector<option_text> texts;
            for (const auto& o : options) texts.push_back({o.name, o.value, o.help});
            print_help(out, usage, about, texts);
            return false;
        }
        if (operand && !argument.starts_with("-")) {
            operand(to, argument);
            continue;
        }
        const std::string name = argument.substr(0, equals);
        const option<Settings>* found = nullptr;
        for (const auto& o : options) {
            if (name == o.name) found = &o;
        }
        if (found == nullptr) throw std::invalid_argument("unknown option '" + argument + "'; --help lists them");
        std::string value;
        if (found->value != nullptr && equals != std::string::npos) {
            value = argument.substr(equals + 1);
        } else if (found->value != nullptr) {
            if (++i == given.size()) throw std::invalid_argument(name + " needs a value: " + found->value);
            value = given[i];
        } else if (equals != std::string::npos) {
            throw std::invalid_argument(name + " takes no value");
        }
        if (note) note(to, name, given.subspan(first, i + 1 - first));
        try {
            found->set(to, value);
        } catch (const std::invalid_argument& e) {
            throw std::invalid_argument(name + ": " + e.what());
        }
    }
    return true;
}

}  // namespace deepgemm::bench
