// SPDX-License-Identifier: MIT
// The format of a cache entry: lines that identify it, a note for people, the payload, and a checksum over note and payload.
// Reading accepts only a complete entry. These functions work on bytes; file.hpp reads and writes files.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/sha256.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// The version of this format, and part of every key.
inline constexpr int cache_schema = 1;

/// True for a key: 64 hexadecimal digits in lower case.
inline bool is_key(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// An entry as a file. `note` is for people: what was compiled, and how.
inline std::string write_entry(std::string_view key, std::string_view note, std::string_view payload) {
    std::string body = std::string(note).append("\n").append(payload);
    std::string text =
        concat("deepgemm cache entry, schema ", cache_schema, "\nkey ", std::string(key), "\nsha256 ", sha256_of(body),
               "\nnote bytes ", note.size(), "\npayload bytes ", payload.size(), "\n\n");
    return text.append(body);
}

/// True if bytes begin as an entry of that key, of any schema, complete or damaged. No other program writes such files, so they
/// may be removed.
inline bool begins_as_entry(std::string_view bytes, std::string_view key) {
    if (!bytes.starts_with("deepgemm cache entry, schema ")) return false;
    const std::size_t line = bytes.find('\n');
    return line != bytes.npos && bytes.substr(line + 1).starts_with(concat("key ", std::string(key), "\n"));
}

/// The parts of an entry; they point into its bytes.
struct entry_parts {
    std::string_view key, note, payload;
};

/// The parts of an entry of any key; none unless the bytes are a complete and undamaged entry.
inline std::optional<entry_parts> parts_of_entry(std::string_view bytes) {
    const auto take = [&](std::string_view expected) {
        const bool found = bytes.starts_with(expected);
        if (found) bytes.remove_prefix(expected.size());
        return found;
    };
    const auto digits = [&](std::string_view& hash) {
        hash = bytes.substr(0, 64);
        bytes.remove_prefix(hash.size());
        return is_key(hash);
    };
    const auto number = [&](std::size_t& value) {
        const auto [end, status] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
        bytes.remove_prefix(std::size_t(end - bytes.data()));
        return status == std::errc{};
    };
    entry_parts parts;
    std::string_view sum;
    std::size_t note_bytes = 0, payload_bytes = 0;
    if (!take(concat("deepgemm cache entry, schema ", cache_schema, "\nkey ")) || !digits(parts.key) ||
        !take("\nsha256 ") || !digits(sum) || !take("\nnote bytes ") || !number(note_bytes) ||
        !take("\npayload bytes ") || !number(payload_bytes) || !take("\n\n"))
        return std::nullopt;
    if (bytes.size() <= note_bytes || bytes.size() - note_bytes - 1 != payload_bytes || sha256_of(bytes) != sum)
        return std::nullopt;
    parts.note = bytes.substr(0, note_bytes);
    parts.payload = bytes.substr(note_bytes + 1);
    return parts;
}

/// The payload of the entry of that key; none unless the bytes are that entry, complete and undamaged.
inline std::optional<std::string> read_entry(std::string_view bytes, std::string_view key) {
    const auto parts = parts_of_entry(bytes);
    if (!parts || parts->key != key) return std::nullopt;
    return std::string(parts->payload);
}

}  // namespace deepgemm::rtc
