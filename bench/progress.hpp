// SPDX-License-Identifier: MIT
// A progress bar for long commands.
#pragma once

#include <string>

namespace deepgemm::bench {

/// A progress bar on the terminal's error stream; silent where that is no terminal.
class progress {
public:
    explicit progress(int total) : total_(total) {}
    ~progress() { clear(); }
    /// Shows that `done` of the total are done and what comes now.
    void show(int done, const std::string& now);
    void clear();

private:
    int total_;
};

}  // namespace deepgemm::bench
