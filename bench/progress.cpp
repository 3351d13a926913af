// SPDX-License-Identifier: MIT
// The bar is a line that the next one overwrites.
#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace deepgemm::bench {

void progress::show(int done, const std::string& now) {
    if (!isatty(STDERR_FILENO)) return;
    constexpr int width = 30;
    const int filled = total_ > 0 ? done * width / total_ : width;
    std::string line = "[" + std::string(std::size_t(filled), '#') + std::string(std::size_t(width - filled), '.') +
                       "] " + std::to_string(done) + "/" + std::to_string(total_) + " " + now;
    // A line that wraps cannot be taken back.
    winsize terminal{};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &terminal) == 0 && terminal.ws_col > 1;
    line.resize(std::min<std::size_t>(line.size(), known ? terminal.ws_col - 1 : 79));
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
}

void progress::clear() {
    if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
}

}  // namespace deepgemm::bench
