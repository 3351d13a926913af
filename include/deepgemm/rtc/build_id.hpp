// SPDX-License-Identifier: MIT
// Identifies the build of a loaded library by the build id that its linker wrote into it. The id is read from memory; only a
// library without one is read from its file. Linux, ELF.
#pragma once

#include <link.h>

#include <cstring>
#include <string>
#include <string_view>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/rtc/file.hpp>
#include <deepgemm/rtc/sha256.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A library of this process, or its program.
struct loaded_object {
    std::string path;      ///< where it was loaded from
    std::string build_id;  ///< hexadecimal digits; empty if it has none
    bool fixed_address;    ///< a program that is not position-independent
};

namespace detail {

/// Bytes as hexadecimal digits.
inline std::string hex_of(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        for (const int shift : {4, 0}) text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> shift & 15];
    }
    return text;
}

/// The build id among the notes of a PT_NOTE segment, as hexadecimal digits; empty if there is none. `alignment` is that of the
/// notes, 4 or 8 bytes.
inline std::string build_id_among(std::string_view notes, u64 alignment) {
    const auto padded = [&](u64 bytes) { return (bytes + alignment - 1) / alignment * alignment; };
    ElfW(Nhdr) head;
    for (u64 at = 0; at + sizeof head <= notes.size();) {
        std::memcpy(&head, notes.data() + at, sizeof head);
        const u64 name = at + sizeof head, text = padded(name + head.n_namesz);
        if (text + head.n_descsz > notes.size()) return {};
        if (head.n_type == NT_GNU_BUILD_ID && notes.substr(name, head.n_namesz) == std::string_view("GNU\0", 4))
            return hex_of(notes.substr(text, head.n_descsz));
        at = padded(text + head.n_descsz);
    }
    return {};
}

struct object_search {
    u64 address;
    loaded_object found;
};

/// Called by dl_iterate_phdr() for each object; 1 ends the search.
inline int visit_object(dl_phdr_info* object, std::size_t, void* data) {
    object_search& search = *static_cast<object_search*>(data);
    const auto holds = [&](const ElfW(Phdr) & segment, u64 address, u64 bytes) {
        const u64 begin = object->dlpi_addr + segment.p_vaddr;
        return segment.p_type == PT_LOAD && address >= begin && address + bytes <= begin + segment.p_memsz;
    };
    const auto any_holds = [&](u64 address, u64 bytes) {
        for (int i = 0; i < object->dlpi_phnum; ++i) {
            if (holds(object->dlpi_phdr[i], address, bytes)) return true;
        }
        return false;
    };
    if (!any_holds(search.address, 1)) return 0;
    const bool program = *object->dlpi_name == '\0';
    search.found.path = program ? "/proc/self/exe" : object->dlpi_name;
    search.found.fixed_address = program && object->dlpi_addr == 0;
    for (int i = 0; i < object->dlpi_phnum && search.found.build_id.empty(); ++i) {
        const ElfW(Phdr)& segment = object->dlpi_phdr[i];
        const u64 begin = object->dlpi_addr + segment.p_vaddr;
        if (segment.p_type != PT_NOTE || !any_holds(begin, segment.p_memsz)) continue;
        const std::string_view notes(reinterpret_cast<const char*>(begin), segment.p_memsz);
        search.found.build_id = build_id_among(notes, segment.p_align == 8 ? 8 : 4);
    }
    return 1;
}

}  // namespace detail

/// The library or program that holds `address`, of a function or a variable. Its path is empty if none does. Takes
/// microseconds; host, any thread.
inline loaded_object object_at(const void* address) {
    detail::object_search search{reinterpret_cast<u64>(address), {}};
    ::dl_iterate_phdr(detail::visit_object, &search);
    return search.found;
}

/// What identifies an object: its build id, else the SHA-256 of its file, which takes half a second for 100 MB; "unknown" if
/// that file cannot be read.
inline std::string identity_of(const loaded_object& object) {
    if (!object.build_id.empty()) return object.build_id;
    const auto bytes = read_file(object.path);
    return bytes ? sha256_of(*bytes) : "unknown";
}

}  // namespace deepgemm::rtc
