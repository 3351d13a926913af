// SPDX-License-Identifier: MIT
// deepgemm cache: lists, checks and clears directories of compiled kernels. Needs neither GPU nor NVRTC.
#include <deepgemm/rtc/cache.hpp>
#include <deepgemm/rtc/file.hpp>
#include <deepgemm/rtc/resources.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace deepgemm::bench {

namespace {

namespace fs = std::filesystem;

constexpr const char* about =
    "Looks into directories where compiled kernels are kept. Without DIR: those that programs use, from\n"
    "DEEPGEMM_CACHE_DIR or below the user's cache directory. Damaged entries do no harm, since programs make\n"
    "them anew, but they take space.\n\n"
    "  list     each entry with its size, registers per thread and kernel\n"
    "  check    names the entries that are damaged; the exit code is 1 if there are any\n"
    "  clear    removes the entries, and nothing else: no links, and no files that do not begin as an entry does;\n"
    "           programs that run meanwhile make them anew\n\n"
    "  deepgemm cache list /opt/kernels\n"
    "  deepgemm cache clear --damaged";

struct settings {
    std::string action;
    std::vector<fs::path> roots;
    bool as_json = false, damaged_only = false;
};

bool parse(arguments given, settings& s, std::ostream& out) {
    command_line line("deepgemm cache list|check|clear [options] [DIR]...", about);
    std::vector<std::string> roots;
    line.add_option("action", s.action)->check(one_of({"list", "check", "clear"}));
    line.toggle("--json", s.as_json, "with list: as JSON");
    line.toggle("--damaged", s.damaged_only, "with clear: only damaged entries");
    line.add_option("DIR", roots);
    if (!line.read(given, out)) return false;
    if (s.action.empty()) throw std::invalid_argument("say what to do: list, check or clear; --help tells more");
    s.roots.assign(roots.begin(), roots.end());
    return true;
}

/// A file that has the place of an entry.
struct found_entry {
    fs::path path;
    std::string key, compiler{}, kernel{};  ///< as the note tells; empty if the entry is damaged
    std::size_t bytes = 0;
    std::optional<rtc::kernel_resources> resources{};
    bool whole = false;
    bool removable = false;  ///< begins as an entry of this key does, so that only a cache can have written it
};

/// Reads compiler and kernel from an entry's note: a line on the compiler, then the unit, which names the kernel in an alias.
void read_note(std::string_view note, found_entry& to) {
    to.compiler = note.substr(0, note.find('\n'));
    // The operation's text for the kernel is preferred, which is a comment of the unit; else the type's name is taken.
    for (const std::string_view alias : {"// ", "using deepgemm_unit_dynamic = ", "using deepgemm_unit_kernel = "}) {
        const std::size_t begin = note.find(alias);
        if (begin == note.npos) continue;
        const std::string_view rest = note.substr(begin + alias.size());
        to.kernel = rest.substr(0, rest.find_first_of(";\n"));
        return;
    }
}

found_entry examined(const fs::path& path) {
    found_entry made{.path = path, .key = path.filename().string()};
    const auto bytes = rtc::read_file(path);
    if (!bytes) return made;
    made.bytes = bytes->size();
    made.removable = rtc::begins_as_entry(*bytes, made.key);
    const auto parts = rtc::parts_of_entry(*bytes);
    if (!parts || parts->key != made.key) return made;
    const auto image = rtc::image::unpack(std::make_shared<const std::string>(parts->payload));
    if (!image) return made;
    made.whole = true;
    made.resources = rtc::resources_of(*image);
    read_note(parts->note, made);
    return made;
}

/// True if a directory entry itself is of that type. Links do not count, because a cache makes none.
bool is_own(const fs::directory_entry& found, fs::file_type type) { return found.symlink_status().type() == type; }

std::vector<found_entry> entries_of(const fs::path& root) {
    if (!fs::is_directory(root)) throw std::runtime_error(root.string() + " is no directory");
    std::vector<found_entry> all;
    for (const auto& folder : fs::directory_iterator(root)) {
        if (!is_own(folder, fs::file_type::directory) || folder.path().filename().string().size() != 2) continue;
        // Folders that may not be read are skipped: a cache makes none.
        for (const auto& file : fs::directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
            const std::string key = file.path().filename().string();
            if (!is_own(file, fs::file_type::regular)) continue;
            if (rtc::is_key(key) && file.path() == rtc::entry_path(root, key)) all.push_back(examined(file.path()));
        }
    }
    std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) { return x.key < y.key; });
    return all;
}

json to_json(const found_entry& e) {
    json made = json::object();
    made["key"] = e.key;
    made["file"] = e.path.string();
    made["bytes"] = e.bytes;
    made["whole"] = e.whole;
    if (!e.whole) return made;
    made["compiler"] = e.compiler;
    made["kernel"] = e.kernel;
    if (e.resources) {
        made["registers"] = e.resources->registers;
        made["stack_bytes"] = e.resources->stack_bytes;
    }
    return made;
}

/// What is wrong with an entry that is not whole.
const char* trouble_of(const found_entry& e) {
    return e.removable ? "damaged" : "no entry: it does not begin as one, so that clear leaves it";
}

std::string line_of(const found_entry& e) {
    char head[64];
    std::snprintf(head, sizeof head, "%.12s %7.1f KiB ", e.key.c_str(), double(e.bytes) / 1024);
    if (!e.whole) return std::string(head) + trouble_of(e);
    const std::string registers =
        e.resources ? std::to_string(e.resources->registers) + " registers" : "registers unknown";
    return std::string(head) + registers + (e.resources && e.resources->stack_bytes != 0 ? ", with a stack" : "") +
           "  " + e.kernel;
}

}  // namespace

int cache_command(arguments given, std::ostream& out) {
    settings s;
    if (!parse(given, s, out)) return 0;
    const bool named = !s.roots.empty();
    if (!named) s.roots = rtc::cache_options::from_environment().roots;
    // A program writes to its first directory only, so the others are not cleared unless they are named.
    if (!named && s.action == "clear" && s.roots.size() > 1) s.roots.resize(1);
    if (s.roots.empty()) throw std::invalid_argument("no directory is given, and the environment names none");
    for (const fs::path& root : s.roots) {
        if (const auto ok = rtc::check_root(root); !ok) throw std::invalid_argument(ok.failure().message);
    }
    json all = json::array();
    std::size_t damaged = 0;
    for (const fs::path& root : s.roots) {
        if (!named && !fs::exists(root)) {
            if (!s.as_json) out << root.string() << ": not there yet\n";
            continue;
        }
        const auto entries = entries_of(root);
        std::size_t bytes = 0, removed = 0;
        for (const found_entry& e : entries) {
            bytes += e.bytes;
            damaged += !e.whole;
            if (s.action == "list" && s.as_json) all.push_back(to_json(e));
            if (s.action == "list" && !s.as_json) out << line_of(e) << '\n';
            if (s.action == "check" && !e.whole) out << e.path.string() << ": " << trouble_of(e) << '\n';
            if (s.action == "clear" && e.removable && !(s.damaged_only && e.whole)) removed += fs::remove(e.path);
        }
        if (s.as_json && s.action == "list") continue;
        out << root.string() << ": " << entries.size() << (entries.size() == 1 ? " entry, " : " entries, ")
            << bytes / 1024 << " KiB";
        if (s.action == "clear") out << ", " << removed << " removed";
        out << '\n';
    }
    if (s.as_json && s.action == "list") out << text_of(all, 1) << '\n';
    return s.action == "check" && damaged != 0 ? 1 : 0;
}

}  // namespace deepgemm::bench
