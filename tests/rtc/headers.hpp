// SPDX-License-Identifier: MIT
// The device-capable headers as NVRTC wants them: names and texts in memory. Nothing of the toolkit is added, so what
// compiles here compiles on a machine that has NVRTC and nothing else.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// [headers]
/// Every .cuh below `include_dir`, by the name that `#include <deepgemm/...>` asks for.
struct header_set {
    std::vector<std::string> names, texts;
    std::vector<const char*> name_pointers, text_pointers;

    explicit header_set(const std::filesystem::path& include_dir) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(include_dir)) {
            if (entry.path().extension() != ".cuh") continue;
            std::ifstream in(entry.path(), std::ios::binary);
            names.push_back(entry.path().lexically_relative(include_dir).generic_string());
            texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        }
        for (const std::string& name : names) name_pointers.push_back(name.c_str());
        for (const std::string& text : texts) text_pointers.push_back(text.c_str());
    }
    header_set(const header_set&) = delete;
};
// [headers]
