// SPDX-License-Identifier: MIT
// The content of a compiled unit: the cubin, the name of the kernel in it, and the unit's variables that describe the kernel.
// It parses the cubin as an ELF file and needs neither GPU nor driver.
#pragma once

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/rtc/unit.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

namespace detail {

/// Copies a value out of bytes; false if it does not lie inside.
template <class T>
bool read_at(std::string_view bytes, u64 offset, T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (offset > bytes.size() || bytes.size() - offset < sizeof value) return false;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return true;
}

/// Copies the header of section `index` of an ELF file, whose own header is `file`; false if there is none.
inline bool read_section(std::string_view bytes, const Elf64_Ehdr& file, u64 index, Elf64_Shdr& header) {
    return index < file.e_shnum && read_at(bytes, file.e_shoff + index * sizeof header, header);
}

/// The name at an offset of a string table.
inline std::string_view name_at(std::string_view bytes, const Elf64_Shdr& table, u64 offset) {
    if (offset >= table.sh_size || table.sh_offset > bytes.size() || bytes.size() - table.sh_offset < table.sh_size)
        return {};
    const std::string_view names = bytes.substr(table.sh_offset, table.sh_size);
    return names.substr(offset, names.find('\0', offset) - offset);
}

}  // namespace detail

/// Copies the initial value of a variable out of a cubin; false if there is no such variable, or it has another size.
template <class T>
bool read_symbol(std::string_view cubin, std::string_view name, T& value) {
    Elf64_Ehdr file;
    if (!detail::read_at(cubin, 0, file) || std::memcmp(file.e_ident, ELFMAG, SELFMAG) != 0) return false;
    const auto section = [&](u64 index, Elf64_Shdr& header) {
        return detail::read_section(cubin, file, index, header);
    };
    Elf64_Shdr symbols, names, home;
    for (u64 i = 0; section(i, symbols); ++i) {
        if (symbols.sh_type != SHT_SYMTAB || !section(symbols.sh_link, names)) continue;
        Elf64_Sym symbol;
        for (u64 at = 0; at + sizeof symbol <= symbols.sh_size; at += sizeof symbol) {
            if (!detail::read_at(cubin, symbols.sh_offset + at, symbol)) return false;
            if (detail::name_at(cubin, names, symbol.st_name) != name || symbol.st_size != sizeof value) continue;
            return section(symbol.st_shndx, home) && home.sh_type == SHT_PROGBITS &&
                   detail::read_at(cubin, home.sh_offset + symbol.st_value, value);
        }
    }
    return false;
}

/// An error if a cubin cannot be loaded as it is, because the options left something to be linked.
inline result<void> check_loadable(std::string_view cubin) {
    Elf64_Ehdr file;
    if (detail::read_at(cubin, 0, file) && file.e_type == ET_EXEC) return {};
    return fail(errc::bad_option,
                "the cubin is relocatable, so that no program can load it; leave out the option that "
                "asks for that, such as -rdc=true or -dc");
}

/// A compiled kernel. A value; the bytes are shared.
struct image {
    std::shared_ptr<const std::string> bytes{};  ///< the kernel's name, zeros up to a multiple of 16, and the cubin
    launch_info launch{};
    u32 params_bytes = 0;

    /// The name of the kernel in the cubin; ends with a zero.
    const char* entry() const { return bytes->c_str(); }
    std::string_view cubin() const {
        const std::string_view all = *bytes;
        return all.substr(std::min(align_up(all.find('\0') + 1, alignment), all.size()));
    }

    /// The `bytes` of an image of the kernel `entry`.
    static std::string pack(const std::string& entry, const std::string& cubin) {
        return std::string(entry).append(align_up(entry.size() + 1, alignment) - entry.size(), '\0').append(cubin);
    }

    /// Reads what pack() wrote; an error if the cubin does not come from a unit of unit_text().
    static result<image> unpack(std::shared_ptr<const std::string> bytes) {
        image read{std::move(bytes)};
        if (auto ok = check_loadable(read.cubin()); !ok) return ok.failure();
        if (!read_symbol(read.cubin(), launch_symbol, read.launch) ||
            !read_symbol(read.cubin(), params_symbol, read.params_bytes)) {
            return fail(errc::compile_failure, "a cubin of ", read.bytes->size(),
                        " bytes does not say what kernel it holds");
        }
        return read;
    }

private:
    static constexpr std::size_t alignment = 16;
};

}  // namespace deepgemm::rtc
