// SPDX-License-Identifier: MIT
// Redraws what docs/hardware/tcgen05.md shows of descriptors, chunks, accumulators and scales, from the functions that kernels
// and the simulator use, and compares it with the page.
#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/sim/tcgen05.hpp>

#include <array>
#include <cstring>
#include <set>

#include "page.hpp"

namespace tcgen05_drawings_tests {

using namespace deepgemm;

constexpr const char* page = "docs/hardware/tcgen05.md";

TEST_CASE("the fields of the tcgen05 descriptor are drawn right") {
    // The boxes in the drawing, from the highest bit down: a value that fills each.
    const u32 most = 0x3ffff & ~15u;
    const u64 constant = sm100::make_descriptor(0, 0, 0, swizzle_mode::none);
    const u64 fields[] = {u64(7) << 61,
                          0,
                          constant,
                          sm100::make_descriptor(0, 0, most, swizzle_mode::none) ^ constant,
                          0,
                          sm100::make_descriptor(0, most, 0, swizzle_mode::none) ^ constant,
                          0,
                          sm100::make_descriptor(most, 0, 0, swizzle_mode::none) ^ constant};
    const std::string text = drawing(page, "descriptor");
    std::vector<int> bits;
    for (std::size_t at = 0; at < text.find('\n');) {
        std::size_t used = 1;
        if (text[at] != ' ') bits.push_back(std::stoi(text.substr(at), &used));
        at += used;
    }
    REQUIRE(bits.size() == 2 * std::size(fields));
    u64 all = 0;
    for (std::size_t i = 0; i < std::size(fields); ++i) {
        const u64 box =
            (bits[2 * i] == 63 ? ~u64(0) : (u64(1) << (bits[2 * i] + 1)) - 1) & ~((u64(1) << bits[2 * i + 1]) - 1);
        CAPTURE(bits[2 * i]);
        CHECK((all & box) == 0);
        CHECK((fields[i] & ~box) == 0);
        if (fields[i] != 0 && fields[i] != constant) CHECK(fields[i] == box);
        all |= box;
    }
    CHECK(all == ~u64(0));
    for (const swizzle_mode mode :
         {swizzle_mode::b128, swizzle_mode::b64, swizzle_mode::b32, swizzle_mode::b128_atom32}) {
        CHECK((sm100::make_descriptor(0, 0, 0, mode) & ~fields[0]) == constant);
    }
    for (const u64 code : {0, 2, 4, 6, 1}) {  // in the order of the text
        constexpr swizzle_mode modes[] = {
            swizzle_mode::none, swizzle_mode::b128_atom32, swizzle_mode::b128, {}, swizzle_mode::b64, {},
            swizzle_mode::b32};
        CHECK((sm100::make_descriptor(0, 0, 0, modes[code]) >> 61) == code);
    }
}

/// One line of the drawing of chunks: which elements change when a bit of each byte does.
template <class T>
std::string chunk_line(const char* name) {
    std::string text = format("%-10s", name);
    constexpr u32 count = sim::chunk_format<T>::elements;
    for (u32 byte = 0; byte < 16; ++byte) {
        std::set<u32, std::greater<>> elements;
        for (u32 bit = 0; bit < 8; ++bit) {
            // The last byte of a code in 6 bits may lie before the next element, so all bits are tried.
            u8 chunk[17] = {};
            float before[32], after[32];
            sim::decode_chunk<T>(chunk, before);
            chunk[byte] = u8(1u << bit);
            sim::decode_chunk<T>(chunk, after);
            for (u32 i = 0; i < count; ++i) {
                if (std::memcmp(&before[i], &after[i], sizeof(float)) != 0) elements.insert(i);
            }
        }
        std::string entry;
        for (const u32 element : elements) entry += (entry.empty() ? "" : ":") + std::to_string(element);
        text += format("%6s", entry.empty() ? "-" : entry.c_str());
    }
    return text + '\n';
}

TEST_CASE("the elements of a chunk are drawn right") {
    std::string text = "byte      ";
    for (int byte = 0; byte < 16; ++byte) text += format("%6d", byte);
    CHECK(drawing(page, "chunk") == text + '\n' + chunk_line<e4m3>("e4m3") + chunk_line<e2m3>("e2m3") +
                                        chunk_line<e2m1>("e2m1") + chunk_line<sim::packed_e2m1>("e2m1, mxf4"));
}

/// The rows and columns of D in each quarter of the lanes.
std::string accumulator_line(const char* name, u32 group, u32 m, bool weight_stationary) {
    constexpr u32 n = 64;
    const sim::mma_instruction i = sim::detail::decode_instruction(
        {group, sim::mma_kind::f16, false, weight_stationary}, sm100::instruction<bf16, bf16>(m, n));
    std::array<std::set<u32>, 4> rows, columns;
    for (u32 row = 0; row < m / group; ++row) {
        for (u32 column = 0; column < n; ++column) {
            const u32 quarter = sim::accumulator_place(i, row, column).lane / 32;
            rows[quarter].insert(row);
            columns[quarter].insert(column);
        }
    }
    std::string text = format("%-24s", name);
    for (u32 quarter = 0; quarter < 4; ++quarter) {
        const auto range = [](const std::set<u32>& all) {
            CHECK(*all.rbegin() - *all.begin() + 1 == all.size());
            return format("%u-%u", *all.begin(), *all.rbegin());
        };
        text += format("%-7s%-11s", range(rows[quarter]).c_str(), range(columns[quarter]).c_str());
    }
    return trimmed(text) + '\n';
}

TEST_CASE("the layouts of D are drawn right") {
    CHECK(drawing(page, "accumulators") ==
          format("%24s%-18s%-18s%-18s%s\n", "", "lanes 0-31", "lanes 32-63", "lanes 64-95", "lanes 96-127") +
              accumulator_line("A  M 256, two CTAs", 2, 256, false) +
              accumulator_line("B  M 128, two CTAs", 2, 128, false) + accumulator_line("D  M 128", 1, 128, false) +
              accumulator_line("E  M 64, .ws", 1, 64, true) + accumulator_line("F  M 64", 1, 64, false) +
              accumulator_line("G  M 32, .ws", 1, 32, true));
}

/// The row whose scale lies in `lane` and `column`: that whose scale changes with the word.
int row_of_scale(u32 lane, u32 column) {
    sim::tcgen05_state state;
    const sim::mma_instruction i = sim::detail::decode_instruction({1, sim::mma_kind::mxf8f6f4},
                                                                   sm100::scaled_instruction<e4m3, e4m3>(128, 64, 0));
    static double before[4 * 256], after[4 * 256];
    const sim::detail::scale_source source{0, 128, 0, 128, false, "scales"};
    sim::detail::read_scales(state, i, source, before);
    for (u32 quarter = 0; quarter < 4; ++quarter) state.at(lane + 32 * quarter, column) = 1;
    sim::detail::read_scales(state, i, source, after);
    for (int row = 0; row < 128; ++row) {
        if (before[row] != after[row]) return row;
    }
    return -1;
}

TEST_CASE("the places of scales are drawn right") {
    std::string text = "lane             column 0   column 1   column 2   column 3\n";
    for (const u32 lane : {0u, 1u, 2u, 31u}) {
        text += format("%-15s", format("%u, %u, %u, %u", lane, lane + 32, lane + 64, lane + 96).c_str());
        for (u32 column = 0; column < 4; ++column)
            text += format(column == 0 ? "%10d" : "%11d", row_of_scale(lane, column));
        text += '\n';
    }
    CHECK(drawing(page, "scales") == text);
}

/// The bits in which instruction descriptors differ: "7-9", "23", or "-".
std::string bits_of(const std::vector<u32>& words) {
    u32 differ = 0;
    for (const u32 word : words) differ |= word ^ words.front();
    if (differ == 0) return "-";
    const int low = __builtin_ctz(differ), high = 31 - __builtin_clz(differ);
    CHECK(differ == (u32(2u << (high - low)) - 1) << low);  // no gaps
    return low == high ? std::to_string(low) : format("%d-%d", low, high);
}
std::string instruction_line(const char* field, const std::vector<u32>& dense, const std::vector<u32>& mixed = {0},
                             const std::vector<u32>& packed = {0}) {
    return trimmed(format("%-23s%-19s%-19s%s", field, bits_of(dense).c_str(), bits_of(mixed).c_str(),
                          bits_of(packed).c_str())) +
           '\n';
}

TEST_CASE("the fields of the instruction descriptor are drawn right") {
    using namespace sm100;
    const auto of_n = [](auto make) {
        std::vector<u32> all;
        for (u32 n = 8; n <= 256; n += 8) all.push_back(make(n));
        return all;
    };
    constexpr auto exponents = fp4_scales::ue8m0;
    std::string text = format("%-23s%-19s%-19s%s\n", "", "f16, tf32, f8f6f4", "mxf8f6f4", "mxf4, mxf4nvf4");
    text += instruction_line("type of D",
                             {instruction<f16, f16>(128, 64), instruction<f16, f16, major::k, major::k, f16>(128, 64)});
    text +=
        instruction_line("byte of B's scales", {0},
                         {scaled_instruction<e4m3, e4m3>(128, 64, 0, 0), scaled_instruction<e4m3, e4m3>(128, 64, 0, 1),
                          scaled_instruction<e4m3, e4m3>(128, 64, 0, 2)},
                         {fp4_instruction<exponents>(128, 64, 0, 0), fp4_instruction<exponents>(128, 64, 0, 2)});
    text += instruction_line("type of A",
                             {instruction<e4m3, e4m3>(128, 64), instruction<e5m2, e4m3>(128, 64),
                              instruction<e2m3, e4m3>(128, 64), instruction<e2m1, e4m3>(128, 64)},
                             {scaled_instruction<e4m3, e4m3>(128, 64, 0), scaled_instruction<e5m2, e4m3>(128, 64, 0),
                              scaled_instruction<e2m3, e4m3>(128, 64, 0), scaled_instruction<e2m1, e4m3>(128, 64, 0)});
    text += instruction_line("type of B",
                             {instruction<e4m3, e4m3>(128, 64), instruction<e4m3, e5m2>(128, 64),
                              instruction<e4m3, e2m3>(128, 64), instruction<e4m3, e2m1>(128, 64)},
                             {scaled_instruction<e4m3, e4m3>(128, 64, 0), scaled_instruction<e4m3, e5m2>(128, 64, 0),
                              scaled_instruction<e4m3, e2m3>(128, 64, 0), scaled_instruction<e4m3, e2m1>(128, 64, 0)});
    text += instruction_line(
        "order of A", {instruction<bf16, bf16>(128, 64), instruction<bf16, bf16, major::mn>(128, 64)},
        {scaled_instruction<e4m3, e4m3>(128, 64, 0), scaled_instruction<e4m3, e4m3, major::mn>(128, 64, 0)});
    text += instruction_line(
        "order of B", {instruction<bf16, bf16>(128, 64), instruction<bf16, bf16, major::k, major::mn>(128, 64)},
        {scaled_instruction<e4m3, e4m3>(128, 64, 0), scaled_instruction<e4m3, e4m3, major::k, major::mn>(128, 64, 0)});
    text += instruction_line("N", of_n([](u32 n) { return instruction<bf16, bf16>(128, n); }),
                             of_n([](u32 n) { return scaled_instruction<e4m3, e4m3>(128, n, 0); }),
                             of_n([](u32 n) { return fp4_instruction<exponents>(128, n); }));
    text += instruction_line("type of scales", {0}, {0},
                             {fp4_instruction<exponents>(128, 64), fp4_instruction<fp4_scales::ue4m3>(128, 64)});
    text += instruction_line("M",
                             {instruction<bf16, bf16>(32, 64), instruction<bf16, bf16>(64, 64),
                              instruction<bf16, bf16>(128, 64), instruction<bf16, bf16>(256, 64)},
                             {scaled_instruction<e4m3, e4m3>(128, 64, 0), scaled_instruction<e4m3, e4m3>(256, 64, 0)},
                             {fp4_instruction<exponents>(128, 64), fp4_instruction<exponents>(256, 64)});
    text +=
        instruction_line("byte of A's scales", {0},
                         {scaled_instruction<e4m3, e4m3>(128, 64, 0, 0), scaled_instruction<e4m3, e4m3>(128, 64, 1, 0),
                          scaled_instruction<e4m3, e4m3>(128, 64, 2, 0)},
                         {fp4_instruction<exponents>(128, 64, 0, 0), fp4_instruction<exponents>(128, 64, 2, 0)});
    CHECK(drawing(page, "instruction") == text);
}

TEST_CASE("what each CTA of a pair holds is drawn right") {
    std::string text = format("%9s%-28s%s\n", "", "CTA of even rank", "CTA of odd rank");
    for (const u32 m : {256u, 128u}) {
        const sim::mma_instruction i =
            sim::detail::decode_instruction({2, sim::mma_kind::f16}, sm100::instruction<bf16, bf16>(m, 64));
        const auto part = [](u32 rank, u32 rows) { return format("%u-%u", rank * rows, rank * rows + rows - 1); };
        const auto line = [&](const char* name, const auto& of) {
            text += format("%-6s%-3s%-28s%s\n", *name == 'A' ? format("M %u", m).c_str() : "", name, of(0).c_str(),
                           of(1).c_str());
        };
        line("A", [&](u32 rank) { return part(rank, i.rows_per_cta()); });
        line("B", [&](u32 rank) { return part(rank, i.columns_of_b_per_cta()); });
        line("D", [&](u32 rank) { return part(rank, i.rows_per_cta()) + format(" x 0-%u", i.n - 1); });
    }
    CHECK(drawing(page, "pairs") == text);
}

/// The elements of K of a multiply whose scales each byte of a word holds, if the instruction names byte `byte`.
std::string scale_bytes_line(const char* name, u32 byte, const sim::tcgen05_form& form, u32 instruction) {
    const sim::mma_instruction i = sim::detail::decode_instruction(form, instruction);
    static double before[4 * 256], after[4 * 256];
    const sim::detail::scale_source source{0, 128, i.sa_id, 128, false, "scales"};
    std::string text = format("%-24s%-12u", name, byte);
    for (u32 at = 0; at < 4; ++at) {
        sim::tcgen05_state state;
        sim::detail::read_scales(state, i, source, before);
        for (u32 quarter = 0; quarter < 4; ++quarter) state.at(32 * quarter, 0) = 1u << 8 * at;
        sim::detail::read_scales(state, i, source, after);
        std::string entry = "-";
        for (u32 block = 0; block < i.scales(); ++block) {
            if (before[block * 256] != after[block * 256])
                entry = format("%u-%u", block * i.block, block * i.block + i.block - 1);
        }
        text += format("%-9s", entry.c_str());
    }
    return trimmed(text) + '\n';
}

TEST_CASE("the bytes of scales that a multiply reads are drawn right") {
    using sm100::fp4_scales;
    std::string text = format("%-24s%-12s%-9s%-9s%-9s%s\n", "", "byte named", "byte 0", "byte 1", "byte 2", "byte 3");
    for (const u32 byte : {0u, 1u})
        text += scale_bytes_line("mxf8f6f4", byte, {1, sim::mma_kind::mxf8f6f4},
                                 sm100::scaled_instruction<e4m3, e4m3>(128, 64, byte));
    for (const u32 byte : {0u, 2u})
        text += scale_bytes_line("mxf4", byte, {1, sim::mma_kind::mxf4},
                                 sm100::fp4_instruction<fp4_scales::ue8m0>(128, 64, byte, byte));
    text +=
        scale_bytes_line("mxf4nvf4, blocks of 16", 0, {.group = 1, .kind = sim::mma_kind::mxf4nvf4, .scale_block = 16},
                         sm100::fp4_instruction<fp4_scales::ue4m3>(128, 64));
    CHECK(drawing(page, "scale-bytes") == text);
}

}  // namespace tcgen05_drawings_tests
