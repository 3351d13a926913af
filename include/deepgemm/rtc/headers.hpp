// SPDX-License-Identifier: MIT
// The headers that a run-time compiler is given: names and texts in memory, with one hash over all of them. They are embedded
// in the program (embedded.hpp), read from a directory, or a user's own. The toolkit's headers are not among them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/sha256.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A header that CMake's deepgemm_embed() has put into the program: the name that #include <...> asks for, text and SHA-256.
struct embedded_header {
    std::string_view name, text, sha256;
};

/// Headers by the name that an include directive asks for. A value; host.
class header_set {
public:
    header_set() = default;

    /// The headers that a program carries.
    explicit header_set(std::span<const embedded_header> headers) {
        for (const auto& [name, text, hash] : headers)
            headers_.insert_or_assign(std::string(name), entry{std::string(text), std::string(hash)});
    }

    /// Every .cuh below a directory, named by its path there. For deepgemm's own, give the directory that holds deepgemm/.
    static result<header_set> from_directory(const std::filesystem::path& directory) {
        namespace fs = std::filesystem;
        header_set set;
        std::error_code status;
        for (fs::recursive_directory_iterator at(directory, status), end; !status && at != end; at.increment(status)) {
            if (at->path().extension() != ".cuh") continue;
            std::ifstream in(at->path(), std::ios::binary);
            std::string text{std::istreambuf_iterator<char>(in), {}};
            if (!in) return fail(errc::bad_option, "cannot read the header ", at->path().string());
            set.add(at->path().lexically_relative(directory).generic_string(), std::move(text));
        }
        if (status)
            return fail(errc::bad_option, "cannot read the headers in ", directory.string(), ": ", status.message());
        if (set.headers_.empty()) {
            return fail(errc::bad_option, "there is no .cuh file below ", directory.string(),
                        "; it must be a directory that holds deepgemm/");
        }
        return set;
    }

    /// Adds a user's header, or replaces the one of that name.
    header_set& add(std::string name, std::string text) {
        std::string hash = sha256_of(text);
        headers_.insert_or_assign(std::move(name), entry{std::move(text), std::move(hash)});
        return *this;
    }

    std::size_t size() const { return headers_.size(); }

    /// The text of a header; null if there is none of that name. Valid as long as the set, or until the header is replaced.
    const std::string* find(const std::string& name) const {
        const auto found = headers_.find(name);
        return found == headers_.end() ? nullptr : &found->second.text;
    }

    /// The names in order, with their texts, as C strings that are valid as long as the set.
    std::vector<const char*> names() const {
        std::vector<const char*> all;
        for (const auto& [name, header] : headers_) all.push_back(name.c_str());
        return all;
    }
    std::vector<const char*> texts() const {
        std::vector<const char*> all;
        for (const auto& [name, header] : headers_) all.push_back(header.text.c_str());
        return all;
    }

    /// A hash of all names and texts, 64 hexadecimal digits. It does not depend on where they came from.
    std::string hash() const {
        sha256 sum;
        for (const auto& [name, header] : headers_) sum.field(name).field(header.hash);
        return sum.hex();
    }

private:
    struct entry {
        std::string text, hash;
    };
    std::map<std::string, entry> headers_;
};

}  // namespace deepgemm::rtc
