// SPDX-License-Identifier: MIT
// A cache of compiled kernels, in memory and on disk, shared by threads, processes and machines. It knows keys and bytes, but
// not their meaning, and needs no compiler and no GPU. A fault of the disk fails no request: the entry is then made and kept in
// memory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/entry_file.hpp>
#include <deepgemm/rtc/file.hpp>
#include <deepgemm/rtc/file_lock.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// Where a cache keeps its entries.
struct cache_options {
    /// Directories to look in, in order. New entries go to the first one only; the others may be read-only. With none the cache
    /// is in memory only. A directory that check_root() refuses is reported and not used.
    std::vector<std::filesystem::path> roots{};
    /// Called once for each problem with a disk: an entry that is not whole, a directory that takes no entry. The thread that
    /// met the problem calls it.
    std::function<void(const std::string&)> report{};
    /// How long to wait for another process that makes the same entry, before making it here as well.
    std::chrono::milliseconds patience{60000};

    /// The roots that the environment names: the directories of DEEPGEMM_CACHE_DIR, separated by colons; none if it is empty.
    /// If it is not set, XDG_CACHE_HOME/deepgemm, else HOME/.cache/deepgemm, else none. A relative path in one of the last two
    /// counts as not set, as the XDG base directory specification says.
    static cache_options from_environment() {
        cache_options made;
        if (const char* const given = std::getenv("DEEPGEMM_CACHE_DIR"); given != nullptr) {
            std::string_view rest = given;
            while (!rest.empty()) {
                const std::size_t end = std::min(rest.find(':'), rest.size());
                if (end != 0) made.roots.emplace_back(rest.substr(0, end));
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
        } else if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
            made.roots.push_back(std::filesystem::path(cache) / "deepgemm");
        } else if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
            made.roots.push_back(std::filesystem::path(home) / ".cache/deepgemm");
        }
        return made;
    }
};

/// errc::bad_option if the name of a cache directory is empty, or begins with `~` or `$`, which only a shell replaces.
inline result<void> check_root(const std::filesystem::path& root) {
    const std::string& text = root.native();
    if (text.empty()) return fail(errc::bad_option, "the cache directory is empty, so it is not used; name one");
    if (!text.starts_with('~') && !text.starts_with('$')) return {};
    return fail(errc::bad_option, "the cache directory ", text, " is not used: no shell has replaced \"",
                text.substr(0, text.find('/')), "\"; write the path out, or ./", text,
                " for a directory that is called so");
}

/// The path at which a directory keeps the entry of a key.
inline std::filesystem::path entry_path(const std::filesystem::path& root, const std::string& key) {
    return root / key.substr(0, 2) / key;
}

/// The folder of a root in which a cache keeps locks and unfinished files. Apart from entries, it writes and removes files only
/// there.
inline std::filesystem::path scratch_path(const std::filesystem::path& root) { return root / "deepgemm-scratch"; }

/// The file that a process locks while it makes the entry of a key.
inline std::filesystem::path lock_path(const std::filesystem::path& root, const std::string& key) {
    return scratch_path(root) / concat("lock-", key);
}

/// How many requests were answered from memory, from disk and by making the entry; how many damaged entries were met, and how
/// many that no disk took.
struct cache_counts {
    u64 memory_hits = 0, disk_hits = 0, made = 0, corrupt = 0, not_written = 0;
};

/// Maps keys (64 hexadecimal digits) to bytes that are made once. Any number of threads.
class cache {
public:
    using bytes = std::shared_ptr<const std::string>;
    /// Makes the bytes of a key that is nowhere yet.
    using maker = std::function<result<std::string>()>;

    /// True for bytes that can be used.
    using checker = std::function<bool(const bytes&)>;

    /// `usable` checks what is on disk; what it refuses counts as damaged.
    explicit cache(cache_options options = {}, checker usable = {})
        : options_(with_usable_roots(std::move(options))), usable_(std::move(usable)) {}
    cache(const cache&) = delete;
    cache& operator=(const cache&) = delete;

    /// The bytes of a key: from memory, else from disk, else from `make`. Requests for one key at the same time share one call
    /// of `make`: threads wait for each other, and processes do as long as locks work and `patience` lasts. A failure is
    /// returned to all that wait and is not kept. `note` is stored beside the bytes, for people.
    result<bytes> get(const std::string& key, std::string_view note, const maker& make) {
        std::promise<result<bytes>> mine;
        std::shared_future<result<bytes>> theirs;
        {
            const std::lock_guard lock(guard_);
            if (const auto found = memory_.find(key); found != memory_.end()) {
                theirs = found->second;
                ++counts_.memory_hits;
            } else {
                memory_.emplace(key, mine.get_future().share());
            }
        }
        if (theirs.valid()) return theirs.get();
        promised answer(*this, key, std::move(mine));
        result<bytes> outcome = find_or_make(key, note, make);
        answer.give(outcome);
        return outcome;
    }

    /// How requests have been answered so far.
    cache_counts counts() const {
        const std::lock_guard lock(guard_);
        return counts_;
    }

private:
    /// Delivers the result that other threads wait for. If an exception ends the making, the destructor delivers an error, so
    /// that they do not wait for ever.
    class promised {
    public:
        promised(cache& owner, const std::string& key, std::promise<result<bytes>> to)
            : owner_(owner), key_(key), to_(std::move(to)) {}
        promised(const promised&) = delete;
        promised& operator=(const promised&) = delete;
        ~promised() {
            if (!given_) give(fail(errc::compile_failure, "the making of a cache entry was cut short"));
        }
        void give(const result<bytes>& outcome) {
            if (!outcome) {
                const std::lock_guard lock(owner_.guard_);
                owner_.memory_.erase(key_);
            }
            given_ = true;
            to_.set_value(outcome);
        }

    private:
        cache& owner_;
        const std::string& key_;
        std::promise<result<bytes>> to_;
        bool given_ = false;
    };

    static cache_options with_usable_roots(cache_options options) {
        std::erase_if(options.roots, [&](const std::filesystem::path& root) {
            const auto ok = check_root(root);
            if (!ok && options.report) options.report(ok.failure().message);
            return !ok;
        });
        return options;
    }

    result<bytes> find_or_make(const std::string& key, std::string_view note, const maker& make) {
        if (bytes found = find_on_disk(key)) return found;
        if (options_.roots.empty()) return made(make);
        const std::filesystem::path& root = options_.roots.front();
        std::error_code ignored;  // a missing directory shows when the entry is written
        std::filesystem::create_directories(scratch_path(root), ignored);
        const file_lock lock(lock_path(root, key), options_.patience);
        // The previous holder of the lock has probably made the entry.
        if (lock.holds()) {
            if (bytes found = find_in(root, key)) return found;
        }
        auto fresh = made(make);
        if (fresh) write(root, key, note, **fresh);
        return fresh;
    }

    result<bytes> made(const maker& make) {
        count(&cache_counts::made);
        auto fresh = make();
        if (!fresh) return fresh.failure();
        return std::make_shared<const std::string>(*std::move(fresh));
    }

    bytes find_on_disk(const std::string& key) {
        for (const auto& root : options_.roots) {
            if (bytes found = find_in(root, key)) return found;
        }
        return nullptr;
    }

    bytes find_in(const std::filesystem::path& root, const std::string& key) {
        const auto path = entry_path(root, key);
        const auto file = read_file(path);
        if (!file) return nullptr;
        auto payload = read_entry(*file, key);
        bytes found = payload ? std::make_shared<const std::string>(*std::move(payload)) : nullptr;
        if (found != nullptr && (!usable_ || usable_(found))) {
            count(&cache_counts::disk_hits);
            return found;
        }
        if (first_time(path.string())) {
            count(&cache_counts::corrupt);
            tell(concat("the cache entry ", path.string(), " is damaged and is not used"));
        }
        return nullptr;
    }

    void write(const std::filesystem::path& root, const std::string& key, std::string_view note,
               std::string_view payload) {
        const auto path = entry_path(root, key);
        std::error_code ignored;
        std::filesystem::create_directories(path.parent_path(), ignored);
        remove_stale_files(scratch_path(root));
        const auto written = publish_file(path, scratch_path(root), write_entry(key, note, payload));
        if (written) return;
        count(&cache_counts::not_written);
        if (first_time(root.string()))
            tell(concat("the cache directory ", root.string(), " takes no entry: ", written.failure().message));
    }

    bool first_time(const std::string& what) {
        const std::lock_guard lock(guard_);
        return told_.insert(what).second;
    }
    void tell(const std::string& what) const {
        if (options_.report) options_.report(what);
    }
    void count(u64 cache_counts::*which) {
        const std::lock_guard lock(guard_);
        ++(counts_.*which);
    }

    const cache_options options_;
    const checker usable_;
    mutable std::mutex guard_;
    std::unordered_map<std::string, std::shared_future<result<bytes>>> memory_;
    std::set<std::string> told_;
    cache_counts counts_;
};

}  // namespace deepgemm::rtc
