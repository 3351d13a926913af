// SPDX-License-Identifier: MIT
// How the demo prints: sections, facts, bars, and colour where the output is a terminal. The output is UTF-8.
#pragma once

#include <string>

namespace page {

inline constexpr int width = 100;

/// Colours; text is unchanged unless the output is a terminal that shows them (and NO_COLOR is not set).
std::string bold(const std::string& text);
std::string dim(const std::string& text);
std::string good(const std::string& text);
std::string bad(const std::string& text);
/// One of a few colours that tell kinds of things apart.
std::string kind(int which, const std::string& text);

/// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

/// A frame around the name of the program.
void title(const std::string& text);
/// A heading with a rule.
void section(const std::string& text);
/// A fact: what on the left, the value on the right; long values continue below themselves.
void fact(const std::string& what, const std::string& value);
/// A remark under a fact or a table; one that starts with blanks is indented by them.
void note(const std::string& text);
/// A line as it is, indented.
void line(const std::string& text);

/// A horizontal bar, `share` (0 to 1) of `columns` long, in eighths of a column.
std::string bar(double share, int columns);

/// A time in the unit that suits it: "2.5 s", "17 min", "3 h", "5 days".
std::string duration(double seconds);
/// A number with its thousands apart: 4 096.
std::string grouped(unsigned long long number);

}  // namespace page
