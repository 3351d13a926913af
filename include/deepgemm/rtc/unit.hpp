// SPDX-License-Identifier: MIT
// Writes the translation unit of a kernel: includes, an alias, assertions that name each broken requirement, and one explicit
// instantiation. The kernel is named by a C++ type of the host program, or by text. Compiles nothing.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/ops.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A kernel to compile, as text.
struct source {
    std::vector<std::string> include{};  ///< headers beside deepgemm/deepgemm.cuh, as between < and >
    /// The kernel as a C++ type, such as "gemm<arch::sm90, ...>": names of deepgemm with or without `deepgemm::`.
    std::string type{};
    static_extents extents{};  ///< extents to fix, of a GEMM; 0 leaves one open
    std::string described{};   ///< the kernel's name for people, a comment of the unit; may be empty
};

/// What host and device must agree on: threads of a CTA, its dynamic shared memory in bytes, size and alignment of the
/// parameters. The unit asserts it.
struct layout_facts {
    u32 threads, smem_bytes;
    std::size_t params_bytes, params_alignment;
};

template <class K>
constexpr layout_facts facts_of() {
    return {K::launch.threads, K::launch.smem_bytes, sizeof(typename K::params), alignof(typename K::params)};
}

/// How a kernel whose type the host program has is described to a run-time compiler.
struct kernel_source {
    source text;
    layout_facts facts;
};

/// The name of the kernel's entry in the unit, for NVRTC.
inline constexpr const char* entry_expression = "deepgemm::entry<deepgemm_unit_kernel>";
/// The variables of a unit that describe the kernel to the host: its launch_info, and the size of its parameters.
inline constexpr const char *launch_symbol = "deepgemm_unit_launch", *params_symbol = "deepgemm_unit_params_bytes";

/// The type `T` as C++ source, from the global namespace. An error if another translation unit could not name it.
template <class T>
result<std::string> type_name() {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(typeid(T).name(), nullptr, nullptr, &status),
                                                      &std::free);
    if (status != 0) return fail(errc::bad_option, "a type has no name that can be read: ", typeid(T).name());
    const std::string text = name.get();
    for (const char* const hidden : {"(anonymous namespace)", ")::", "{lambda", "'lambda"}) {
        if (text.find(hidden) != std::string::npos) {
            return fail(errc::bad_option, "NVRTC cannot name the type ", text,
                        ": it must not be, or use, a type in an anonymous namespace or inside a function");
        }
    }
    return text;
}

/// Kernel `K` of operation `O` as a source that names it. `include` lists the headers that define names other than deepgemm's.
/// An operation may name a header for all of its kernels: `static constexpr const char* kernel_header`, as between < and >.
template <class K, class O = operation_of<K>>
result<source> source_of(std::vector<std::string> include = {}, static_extents extents = {}) {
    auto name = type_name<K>();
    if (!name) return name.failure();
    source made{std::move(include), *std::move(name), extents};
    if constexpr (!same_as<O, void>) made.described = O::source_of(K::info);
    if constexpr (requires { O::kernel_header; }) made.include.emplace_back(O::kernel_header);
    return made;
}

/// Kernel `K` as a source, with the facts on which host and device must agree.
template <class K>
result<kernel_source> kernel_source_of(std::vector<std::string> include = {}) {
    auto text = source_of<K>(std::move(include));
    if (!text) return text.failure();
    return kernel_source{*std::move(text), facts_of<K>()};
}

/// An assertion that a type is laid out as the host knows it.
inline std::string assertion_of(const std::string& type, const layout_facts& facts) {
    return concat("static_assert(", type, "::launch.threads == ", facts.threads, " && ", type,
                  "::launch.smem_bytes == ", facts.smem_bytes, " &&\n              sizeof(", type,
                  "::params) == ", facts.params_bytes, " && alignof(", type, "::params) == ", facts.params_alignment,
                  ",\n              \"the kernel is not the one that the host program knows by this name\");\n");
}

/// The beginning of a unit: the headers.
inline std::string unit_head(const std::vector<std::string>& include) {
    std::string text = "#include <deepgemm/deepgemm.cuh>\n";
    for (const std::string& name : include) text += concat("#include <", name, ">\n");
    // A name that both deepgemm and the user define is an error here, and never selects the wrong kernel.
    return text + "using namespace deepgemm;\n";
}

/// Declares the alias `deepgemm_unit_kernel<suffix>` of a kernel. Asserts that the type models deepgemm::kernel, and `facts` if
/// they are given.
inline std::string unit_alias(const source& kernel, const layout_facts* facts, const std::string& suffix = "") {
    const std::string name = "deepgemm_unit_kernel" + suffix, dynamic = "deepgemm_unit_dynamic" + suffix;
    const auto [m, n, k] = kernel.extents;
    const bool fixed = (m | n | k) != 0;
    const std::string lengths = concat("static_extents{", m, ", ", n, ", ", k, "}");
    std::string text;
    if (!kernel.described.empty()) text = concat("// ", kernel.described, fixed ? " with " + lengths : "", "\n");
    text += concat("using ", fixed ? dynamic : name, " = ", kernel.type, ";\n");
    if (fixed) {
        text += concat("using ", name, " = deepgemm::with_extents<", dynamic, ", deepgemm::", lengths, ">;\n");
    }
    text += concat("static_assert(deepgemm::kernel<", name, ">, \"the type must model deepgemm::kernel\");\n",
                   "static_assert(deepgemm::arch::compiled_here(", name,
                   "::launch.arch), \"the kernel is for another architecture than the compiler's: "
                   "compiler_options::arch, which rtc::arch_of(device) gives\");\n",
                   "static_assert(sizeof(deepgemm::kernel_concept::model<", name, ">) != 0);\n");
    if (facts != nullptr) text += assertion_of(name, *facts);
    return text;
}

/// The unit that instantiates a kernel. With `facts` it compiles only if host and device agree on them.
inline std::string unit_text(const source& kernel, const layout_facts* facts = nullptr) {
    const std::string text = unit_head(kernel.include) + unit_alias(kernel, facts);
    return concat(text, "extern \"C\" {\nextern __device__ const deepgemm::launch_info ", launch_symbol,
                  ";\n__device__ const deepgemm::launch_info ", launch_symbol, " = deepgemm_unit_kernel::launch;\n",
                  "extern __device__ const unsigned ", params_symbol, ";\n__device__ const unsigned ", params_symbol,
                  " = sizeof(deepgemm_unit_kernel::params);\n}\ntemplate __global__ void ", entry_expression,
                  "(const __grid_constant__ deepgemm_unit_kernel::params);\n");
}

}  // namespace deepgemm::rtc
