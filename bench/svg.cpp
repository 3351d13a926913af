// SPDX-License-Identifier: MIT
// The text of shapes.
#include "svg.hpp"

#include <deepgemm/host/error.hpp>

#include <cstdio>

namespace deepgemm::bench {

namespace {

/// An attribute that is a length: hundredths of a pixel, so that the same picture is the same text everywhere.
std::string attribute(const char* name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, " %s=\"%.2f\"", name, value);
    return text;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string made;
    for (const char c : text) {
        switch (c) {
            case '&': made += "&amp;"; break;
            case '<': made += "&lt;"; break;
            case '>': made += "&gt;"; break;
            case '"': made += "&quot;"; break;
            default: made += c;
        }
    }
    return made;
}

svg& svg::rectangle(std::string_view kind, double x, double y, double width, double height) {
    body_ += concat("<rect class=\"", escaped(kind), "\"", attribute("x", x), attribute("y", y),
                    attribute("width", width), attribute("height", height), "/>\n");
    return *this;
}

svg& svg::line(std::string_view kind, double x1, double y1, double x2, double y2) {
    body_ += concat("<line class=\"", escaped(kind), "\"", attribute("x1", x1), attribute("y1", y1),
                    attribute("x2", x2), attribute("y2", y2), "/>\n");
    return *this;
}

svg& svg::text(std::string_view kind, double x, double y, std::string_view words) {
    body_ += concat("<text class=\"", escaped(kind), "\"", attribute("x", x), attribute("y", y), ">", escaped(words),
                    "</text>\n");
    return *this;
}

svg& svg::begin(std::string_view kind, std::string_view hint) {
    body_ += concat("<g class=\"", escaped(kind), "\"><title>", escaped(hint), "</title>\n");
    return *this;
}

svg& svg::end() {
    body_ += "</g>\n";
    return *this;
}

std::string svg::document(int width, int height, std::string_view style) const {
    return concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
                  "\" viewBox=\"0 0 ", width, " ", height, "\">\n<style>\n", escaped(style), "</style>\n",
                  "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n", body_, "</svg>\n");
}

}  // namespace deepgemm::bench
