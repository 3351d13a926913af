// SPDX-License-Identifier: MIT
// Checks of values, the help page, and CLI11's errors as ours.
#include "command_line.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace deepgemm::bench {

namespace {

/// Usage, what the command does, and its options in two columns.
class help_page : public CLI::FormatterBase {
public:
    explicit help_page(const char* usage) : usage_(usage) {}

    std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
        std::string page = "usage: " + usage_ + "\n\n" + app->get_description() + "\n\n";
        for (const CLI::Option* option : app->get_options()) {
            if (option->get_positional() || option == app->get_help_ptr()) continue;
            const std::string value = option->get_type_name();
            page += entry(option->get_name() + (value.empty() ? "" : " " + value), option->get_description());
        }
        return page + entry("--help", "print this");
    }

private:
    /// An option and its description, which is broken into lines at blanks.
    static std::string entry(const std::string& name, std::string description) {
        constexpr std::size_t width = 120, indent = 26;
        std::string made, line = "  " + name;
        line.resize(std::max(line.size() + 1, indent), ' ');
        while (line.size() + description.size() > width) {
            const std::size_t end = description.rfind(' ', width - line.size());
            if (end == std::string::npos) break;
            made += line + description.substr(0, end) + "\n";
            description.erase(0, end + 1);
            line.assign(indent, ' ');
        }
        return made + line + description + "\n";
    }

    std::string usage_;
};

/// The Damerau-Levenshtein distance of two words, in its form of optimal string alignment.
std::size_t distance(const std::string& from, const std::string& to) {
    std::vector<std::vector<std::size_t>> least(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
    for (std::size_t i = 0; i <= from.size(); ++i) {
        for (std::size_t j = 0; j <= to.size(); ++j) {
            std::size_t& here = least[i][j] = std::max(i, j);
            if (i == 0 || j == 0) continue;
            here =
                std::min({least[i - 1][j] + 1, least[i][j - 1] + 1, least[i - 1][j - 1] + (from[i - 1] != to[j - 1])});
            const bool exchanged = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (exchanged) here = std::min(here, least[i - 2][j - 2] + 1);
        }
    }
    return least[from.size()][to.size()];
}

template <class T>
std::string in_words(T value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
    const auto judge = [=](std::string& text) -> std::string {
        std::int64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, status] = std::from_chars(text.data(), end, value);
        if (status != std::errc{} || stop != end || value < least || value > most)
            return "'" + text + "' is not a whole number from " + in_words(least) + " to " + in_words(most);
        text = std::to_string(value);  // CLI11 reads digits behind a zero as octal ones
        return {};
    };
    return {judge, ""};
}

CLI::Validator decimal_number(double least, double most) {
    const auto judge = [=](std::string& text) -> std::string {
        // std::stod() would also accept blanks, signs, hexadecimal numbers and infinity.
        const bool plain = !text.empty() && text[0] >= '0' && text[0] <= '9' &&
                           text.find_first_not_of("0123456789.eE+-") == std::string::npos;
        double value = least - 1;
        std::size_t used = 0;
        try {
            if (plain) value = std::stod(text, &used);
        } catch (const std::out_of_range&) {
        }
        if (used == text.size() && value >= least && value <= most && plain) return {};
        return "'" + text + "' is not a number from " + in_words(least) + " to " + in_words(most);
    };
    return {judge, ""};
}

CLI::Validator one_of(std::vector<const char*> allowed) {
    const auto judge = [names = std::vector<std::string>(allowed.begin(), allowed.end())](std::string& text) {
        std::string list;
        for (const std::string& name : names) {
            if (text == name) return std::string();
            list += (list.empty() ? "" : ", ") + name;
        }
        return "'" + text + "' is not one of " + list;
    };
    return {judge, ""};
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(3, word.size() / 2);  // a word that is farther away is another word
    for (const std::string& each : known) {
        const std::size_t away = distance(word, each);
        if (away >= least) continue;
        least = away;
        best = each;
    }
    return best;
}

command_line::command_line(const char* usage, const std::string& about) : CLI::App(about) {
    formatter(std::make_shared<help_page>(usage));
    allow_extras();  // refuse() reports them
}

CLI::Option* command_line::reading(const char* name, const char* value, const char* help,
                                   const std::function<void(const std::string&)>& read) {
    const auto named = [=](const std::string& text) {
        try {
            read(text);
        } catch (const std::invalid_argument& why) {
            throw CLI::ValidationError(name, why.what());
        }
    };
    return add_option_function<std::string>(name, named, help)->type_name(value);
}

bool command_line::read(arguments given, std::ostream& out) {
    for (const std::string& word : given) {
        // CLI11 would take the next argument for the value.
        if (word.starts_with("--") && word.find('=') + 1 == word.size())
            throw std::invalid_argument(word.substr(0, word.size() - 1) + ": '' is no value");
    }
    try {
        parse(std::vector<std::string>(given.rbegin(), given.rend()));
    } catch (const CLI::CallForHelp&) {
        out << help();
        return false;
    } catch (const CLI::ParseError& wrong) {
        throw std::invalid_argument(wrong.what());
    }
    for (const std::string& argument : remaining()) refuse(argument);
    return true;
}

void command_line::refuse(const std::string& argument) const {
    if (!argument.starts_with("-"))
        throw std::invalid_argument("'" + argument + "' is one argument too many; --help tells what is taken");
    std::vector<std::string> known;
    for (const CLI::Option* option : get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    const std::string meant = nearest(argument.substr(0, argument.find('=')), known);
    throw std::invalid_argument("unknown option '" + argument + "'; " +
                                (meant.empty() ? "" : "did you mean " + meant + "? ") + "--help lists them");
}

std::string command_line::typed(std::initializer_list<const char*> except) const {
    std::string text;
    for (const CLI::Option* option : get_options()) {
        const std::string name = option->get_name();
        if (option->get_positional() || option->count() == 0) continue;
        if (std::find(except.begin(), except.end(), name) != except.end()) continue;
        const bool is_switch = option->get_items_expected_max() == 0;
        if (is_switch) text += " " + name;
        for (const std::string& value : is_switch ? std::vector<std::string>() : option->results())
            text += " " + name + " " + value;
    }
    return text;
}

}  // namespace deepgemm::bench
