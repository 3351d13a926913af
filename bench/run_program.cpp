// SPDX-License-Identifier: MIT
// Starts a program by posix_spawn; what it prints goes to a file first.
#include "run_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "files.hpp"

namespace fs = std::filesystem;

namespace deepgemm::bench {

namespace {

/// What a child does before it becomes another program.
class file_actions {
public:
    file_actions() { ::posix_spawn_file_actions_init(&actions_); }
    ~file_actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    file_actions(const file_actions&) = delete;
    file_actions& operator=(const file_actions&) = delete;
    posix_spawn_file_actions_t* get() { return &actions_; }

private:
    posix_spawn_file_actions_t actions_;
};

}  // namespace

temporary_directory::temporary_directory() {
    std::string name = (fs::temp_directory_path() / "deepgemm-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("cannot make the directory " + name + ": " + std::strerror(errno));
    path_ = name;
}

temporary_directory::~temporary_directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

program_end run_program(const std::vector<std::string>& command, const fs::path& directory) {
    // The child changes its directory before it looks for the program, so a relative path must become absolute here.
    const bool is_path = command[0].find('/') != std::string::npos;
    const std::string program = is_path ? fs::absolute(command[0]).string() : command[0];
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);

    const temporary_directory scratch;
    const std::string said = (scratch.path() / "said").string();
    file_actions actions;
    ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, said.c_str(), O_WRONLY | O_CREAT, 0600);
    ::posix_spawn_file_actions_adddup2(actions.get(), STDOUT_FILENO, STDERR_FILENO);
    ::posix_spawn_file_actions_addchdir_np(actions.get(), directory.c_str());
    pid_t child = 0;
    const int failed = ::posix_spawnp(&child, program.c_str(), actions.get(), nullptr, words.data(), environ);
    if (failed != 0) throw std::runtime_error("cannot run " + program + ": " + std::strerror(failed));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw std::runtime_error("lost " + program + ": " + std::strerror(errno));
    }
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(said)};
}

}  // namespace deepgemm::bench
