// SPDX-License-Identifier: MIT
// Text on a terminal: escape codes and box drawing are here and nowhere else.
#include "page.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace page {

namespace {

std::string painted(const char* code, const std::string& text) {
    static const bool colour = [] {
        const char* const terminal = std::getenv("TERM");
        return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
               std::strcmp(terminal, "dumb") != 0;
    }();
    return colour ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
}

std::string repeated(const char* piece, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += piece;
    return out;
}

/// Breaks a text into lines of at most `columns` bytes, at blanks.
std::string wrapped(const std::string& text, int columns, const std::string& indent) {
    std::istringstream words(text);
    std::string out, row;
    for (std::string word; words >> word;) {
        if (!row.empty() && int(row.size() + 1 + word.size()) > columns) {
            out += row + "\n" + indent;
            row.clear();
        }
        row += (row.empty() ? "" : " ") + word;
    }
    return out + row;
}

constexpr int margin = 3, label = 14;

}  // namespace

std::string bold(const std::string& text) { return painted("1", text); }
std::string dim(const std::string& text) { return painted("2", text); }
std::string good(const std::string& text) { return painted("1;32", text); }
std::string bad(const std::string& text) { return painted("1;31", text); }
std::string kind(int which, const std::string& text) {
    constexpr const char* codes[] = {"34", "32", "35", "33"};
    return painted(codes[which % 4], text);
}

std::string text(const char* format, ...) {
    char buffer[1024];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    return buffer;
}

void title(const std::string& text) {
    const int inside = width - 2;
    const std::string padded = " " + text + std::string(std::size_t(std::max(1, inside - 1 - int(text.size()))), ' ');
    std::printf("╭%s╮\n│%s│\n╰%s╯\n", repeated("─", inside).c_str(), bold(padded).c_str(),
                repeated("─", inside).c_str());
}

void section(const std::string& text) {
    std::printf("\n%s %s\n", bold(text).c_str(), dim(repeated("─", std::max(3, width - 1 - int(text.size())))).c_str());
}

void fact(const std::string& what, const std::string& value) {
    const std::string indent(margin + label, ' ');
    std::printf("%*s%-*s%s\n", margin, "", label, what.c_str(), wrapped(value, width - margin - label, indent).c_str());
}

void note(const std::string& text) {
    const std::string indent(margin + std::min(text.find_first_not_of(' '), text.size()), ' ');
    std::printf("%s%s\n", indent.c_str(), dim(wrapped(text, width - int(indent.size()), indent)).c_str());
}

void line(const std::string& text) { std::printf("%*s%s\n", margin, "", text.c_str()); }

std::string bar(double share, int columns) {
    constexpr const char* eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int length = int(std::lround(std::clamp(share, 0.0, 1.0) * columns * 8));
    return repeated("█", length / 8) + eighths[length % 8];
}

std::string duration(double seconds) {
    if (seconds < 100) return text("%.1f s", seconds);
    if (seconds < 6000) return text("%.0f min", seconds / 60);
    return seconds < 360000 ? text("%.0f h", seconds / 3600) : text("%.0f days", seconds / 86400);
}

std::string grouped(unsigned long long number) {
    std::string digits = std::to_string(number);
    for (int at = int(digits.size()) - 3; at > 0; at -= 3) digits.insert(std::size_t(at), " ");
    return digits;
}

}  // namespace page
