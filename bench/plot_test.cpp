// SPDX-License-Identifier: MIT
// Pictures: the text of shapes, and what `explain --plot` draws against what `explain --json` says.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>

#include <nlohmann/json.hpp>

#include "command_test.hpp"
#include "files.hpp"
#include "plan_plot.hpp"
#include "svg.hpp"

using namespace deepgemm;
using namespace deepgemm::bench;

namespace {

/// True for XML in which every tag is closed in its order, attributes are quoted and no text has a bare < > or &.
bool is_well_formed(const std::string& text) {
    static const std::regex piece(
        R"re(<(/?)([a-z]+)((?: [A-Za-z0-9]+="(?:[^<>&"]|&\w+;)*")*)(/?)>|(?:[^<>&]|&\w+;)+)re");
    std::vector<std::string> open;
    std::size_t at = 0;
    for (std::sregex_iterator found(text.begin(), text.end(), piece), end; found != end; ++found) {
        const std::smatch& tag = *found;
        if (std::size_t(tag.position()) != at) return false;  // something between two pieces is neither
        at += std::size_t(tag.length());
        if (!tag[2].matched || tag.length(4) != 0) continue;  // text, or a tag that closes itself
        if (tag.length(1) == 0) {
            open.push_back(tag[2]);
        } else {
            if (open.empty() || open.back() != tag[2]) return false;
            open.pop_back();
        }
    }
    return at == text.size() && open.empty();
}

/// What one of the bars is made of.
struct drawn_bar {
    bool chosen;
    double length;  ///< of all parts, in pixels
    double memory;  ///< of the line below
};

std::vector<drawn_bar> bars_of(const std::string& picture) {
    static const std::regex shape(
        R"re(<g class="candidate( chosen)?">|<rect class="([a-z-]+)" .* width="([0-9.]+)")re");
    std::vector<drawn_bar> bars;
    for (std::sregex_iterator found(picture.begin(), picture.end(), shape), end; found != end; ++found) {
        const std::string kind = (*found)[2];
        if (kind.empty()) {
            bars.push_back({(*found)[1].matched, 0, 0});
        } else if (!bars.empty() && kind != "mark") {
            (kind == "memory" ? bars.back().memory : bars.back().length) += std::stod((*found)[3]);
        }
    }
    return bars;
}

}  // namespace

TEST_CASE("shapes are XML, whatever their texts hold") {
    const std::string odd = "a < b && \"c\" > d";
    CHECK(escaped(odd) == "a &lt; b &amp;&amp; &quot;c&quot; &gt; d");
    svg picture;
    picture.begin(odd, odd).text(odd, 1, 2, odd).rectangle(odd, 1, 2, 3, 4).line(odd, 1, 2, 3, 4).end();
    const std::string file = picture.document(10, 20, "a > b { fill: #000000 }");
    CHECK(is_well_formed(file));
    CHECK(file.find("x=\"1.00\" y=\"2.00\" width=\"3.00\" height=\"4.00\"/>") != std::string::npos);
    CHECK_FALSE(is_well_formed(svg().begin("a", "b").document(1, 1, "")));
    CHECK_FALSE(is_well_formed("<a>" + odd + "</a>"));
}

TEST_CASE("explain --plot draws what explain --json says") {
    const scratch folder;
    const std::string path = (folder.path() / "made" / "plot.svg").string();
    for (const char* product : {"4096,7168,2048", "128,7168,2048", "1,4096,7168:bf16", "32*4096,7168,2048:masked-192",
                                "512,4096,1024:1d1d-acc"}) {
        CAPTURE(product);
        const json all = parse_json(run(explain_command, {"--json", "--plot", path, product}).text);
        const auto& ranked = all[0].at("ranked");
        const std::string picture = read_text(path);
        CHECK(is_well_formed(picture));
        const auto bars = bars_of(picture);
        REQUIRE(bars.size() == std::min(ranked.size(), plotted_kernels));
        const double pixels_per_us = bars[0].length / ranked[0].at("predicted_us").get<double>();
        CHECK(pixels_per_us > 1);
        for (std::size_t i = 0; i < bars.size(); ++i) {
            const json& kernel = ranked[i];
            CHECK(bars[i].chosen == (i == 0));
            CHECK(std::abs(bars[i].length - pixels_per_us * kernel.at("predicted_us").get<double>()) < 0.1);
            CHECK(std::abs(bars[i].memory - pixels_per_us * kernel.at("memory_us").get<double>()) < 0.1);
            CHECK(picture.find(escaped(kernel.at("config").get<std::string>())) != std::string::npos);
        }
    }
    CHECK(read_text(path).find(", accumulate&lt;float&gt;</text>") != std::string::npos);
}

TEST_CASE("explain --plot draws several products below each other, and says what it cannot write") {
    const scratch folder;
    const std::string path = (folder.path() / "plot.svg").string();
    const said both = run(explain_command, {"--gpu", "h100", "--plot=" + path, "64,512,512:bf16", "128,7168,2048"});
    CHECK(both.has("\n\nm = 128"));  // the text is as without a picture
    const std::string picture = read_text(path);
    CHECK(is_well_formed(picture));
    CHECK(bars_of(picture).size() == 2 * plotted_kernels);
    CHECK(picture.find(">m = 64, n = 512, k = 512, A bf16") < picture.find(">m = 128, n = 7168, k = 2048, A e4m3"));
    CHECK(picture.find(" SMs of NVIDIA H100</text>") != std::string::npos);
    CHECK_THROWS_WITH_AS(run(explain_command, {"--plot", folder.path().string(), "64,512,512:bf16"}),
                         ("cannot write '" + folder.path().string() + "': it names a directory, not a file").c_str(),
                         std::runtime_error);
}

TEST_CASE(
    "the picture in the documentation is what explain draws: ./dg explain --plot docs/images/explain.svg "
    "128,7168,2048") {
    const scratch folder;
    const std::string path = (folder.path() / "plot.svg").string();
    run(explain_command, {"--plot", path, "128,7168,2048"});
    CHECK(read_text(path) == read_text(DEEPGEMM_SOURCE_DIR "/docs/images/explain.svg"));
}
