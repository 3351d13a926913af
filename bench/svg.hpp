// SPDX-License-Identifier: MIT
// Pictures as SVG text: a few shapes, no library. What a shape looks like is said by the style of its class.
#pragma once

#include <string>
#include <string_view>

namespace deepgemm::bench {

/// A text as XML holds it.
std::string escaped(std::string_view text);

/// A picture. Lengths are pixels, from the upper left corner; a `kind` is a class of the style. Calls may be chained.
class svg {
public:
    svg& rectangle(std::string_view kind, double x, double y, double width, double height);
    svg& line(std::string_view kind, double x1, double y1, double x2, double y2);
    svg& text(std::string_view kind, double x, double y, std::string_view words);
    /// What is drawn until end() belongs together; viewers show `hint` where a pointer rests on it.
    svg& begin(std::string_view kind, std::string_view hint);
    svg& end();

    /// The whole file, with a background and a style in CSS.
    std::string document(int width, int height, std::string_view style) const;

private:
    std::string body_;
};

}  // namespace deepgemm::bench
