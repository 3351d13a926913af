// SPDX-License-Identifier: MIT
// The resources of a compiled kernel beside shared memory, read from its cubin: registers, and the stack, where spilled
// registers are kept. It needs neither GPU nor driver. It reads attributes of the section .nv.info, which cubins of other
// compilers lack.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <deepgemm/rtc/image.hpp>

namespace deepgemm::rtc {

/// Resources of each thread of a kernel. Spilled registers are part of the stack, so a stack of 0 means that none are spilled.
struct kernel_resources {
    u32 registers = 0, stack_bytes = 0;
    friend constexpr bool operator==(const kernel_resources&, const kernel_resources&) = default;
};

/// The resources of the kernel `entry`; none if the cubin does not state them.
inline std::optional<kernel_resources> resources_of(std::string_view cubin, std::string_view entry) {
    constexpr u32 info_section = 0x70000000;                               // the type of .nv.info
    constexpr u8 with_size = 4, register_count = 0x2f, frame_size = 0x11;  // its attributes
    struct head {
        u8 form, name;
        u16 bytes;
    };
    struct amount {
        u32 symbol, value;
    };
    Elf64_Ehdr file;
    if (!detail::read_at(cubin, 0, file)) return std::nullopt;
    const auto section = [&](u64 index, Elf64_Shdr& header) {
        return detail::read_section(cubin, file, index, header);
    };
    std::optional<kernel_resources> found;
    Elf64_Shdr info, symbols, names;
    for (u64 i = 0; section(i, info); ++i) {
        // A section of this type with a kernel in sh_info describes parameters; the one without describes all kernels.
        if (info.sh_type != info_section || info.sh_info != 0) continue;
        if (!section(info.sh_link, symbols) || !section(symbols.sh_link, names)) return std::nullopt;
        u64 at = info.sh_offset;
        const u64 end = at + info.sh_size;
        head next{};
        for (; at < end; at += sizeof next + (next.form == with_size ? next.bytes : 0)) {
            if (!detail::read_at(cubin, at, next)) return std::nullopt;
            amount given;
            if (next.form != with_size || next.bytes != sizeof given) continue;
            Elf64_Sym symbol;
            if (!detail::read_at(cubin, at + sizeof next, given) ||
                !detail::read_at(cubin, symbols.sh_offset + given.symbol * sizeof symbol, symbol))
                return std::nullopt;
            if (detail::name_at(cubin, names, symbol.st_name) != entry) continue;
            if (next.name != register_count && next.name != frame_size) continue;
            if (!found) found.emplace();
            (next.name == register_count ? found->registers : found->stack_bytes) = given.value;
        }
    }
    return found;
}

/// An error if a kernel keeps anything in local memory, or if its cubin does not state that.
inline result<void> refuse_local_memory(std::string_view cubin, std::string_view entry) {
    const auto found = resources_of(cubin, entry);
    if (!found)
        return fail(errc::compile_failure, "the cubin does not tell how much local memory ", std::string(entry),
                    " takes");
    if (found->stack_bytes == 0) return {};
    return fail(errc::compile_failure, "the kernel ", std::string(entry), " keeps ", found->stack_bytes,
                " bytes per thread in local memory, beside ", found->registers,
                " registers; fail_on_local_memory allows 0 bytes");
}

/// The resources of an image's kernel.
inline std::optional<kernel_resources> resources_of(const image& compiled) {
    return resources_of(compiled.cubin(), compiled.entry());
}

}  // namespace deepgemm::rtc
