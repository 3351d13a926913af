// SPDX-License-Identifier: MIT
// Truth table of operation: what models it, and near misses that each lack one thing. docs/concepts/operation.md shows the
// table.
#include <deepgemm/ops.hpp>

#include <array>

using namespace deepgemm;

namespace truth_table {

/// Sets a range of floats to a number: the smallest operation. Its kernels differ in how many threads they have.
struct fill {
    static constexpr const char* name = "fill";
    struct problem {
        float* out;
        i64 count;
        float value;
    };
    struct workload {
        i32 count = 0;
        friend constexpr bool operator==(const workload&, const workload&) = default;
    };
    struct arguments {
        float* out;
        i32 count;
        float value;
    };
    struct traits {
        friend constexpr bool operator==(const traits&, const traits&) = default;
    };
    struct config {
        int threads = 128;
        friend constexpr bool operator==(const config&, const config&) = default;
    };

    static result<void> check(const problem& given) { return check_extent("the count", given.count); }
    static result<void> check(const workload&) { return {}; }
    static std::array<memory_use, 1> memory_of(const problem& given) {
        return {memory_use{"the output", given.out, 4, {{{given.count, 4}}}, memory_access::writes, 4, "it is floats"}};
    }
    static workload workload_of(const problem& given) { return {i32(given.count)}; }
    static arguments arguments_of(const problem& given) { return {given.out, i32(given.count), given.value}; }
    static bool is_empty(const workload& work) { return work.count == 0; }
    static u64 hash(const workload& work) { return u64(work.count); }
    static const char* why_not(const traits&, const workload&) { return nullptr; }
    static const char* why_not(const config&, const workload&) { return nullptr; }
    static cost predict(const kernel_info<traits, config>& kernel, const workload& work, const device_info&, int) {
        return {.total_us = work.count / double(kernel.cfg.threads)};
    }
    static u64 workspace_bytes(const config&, const workload&, int) { return 0; }
    static std::string describe(const workload& work) { return concat(work.count, " floats"); }
    static std::string source_of(const kernel_info<traits, config>&) { return "fill"; }
    static kernel_info<traits, config> wanted(const workload&, const device_info&) { return {}; }
};

}  // namespace truth_table

template <>
struct deepgemm::fields_of<truth_table::fill::config> {
    static constexpr const char* name = "fill::config";
    static constexpr auto all = field_list{field{"threads", &truth_table::fill::config::threads}};
};

namespace truth_table {

// Each has all that an operation has, but for one thing.
struct no_name : fill {
private:
    using fill::name;
};
struct no_workload : fill {
private:
    using fill::workload;
};
struct one_type : fill {
    using problem = workload;
};
struct config_without_table : fill {
    struct config {
        friend constexpr bool operator==(const config&, const config&) = default;
    };
};
struct traits_without_equality : fill {
    struct traits {};
};
struct short_hash : fill {
    static u32 hash(const workload&) { return 0; }
};
struct no_check : fill {
private:
    using fill::check;
};
struct says_yes_or_no : fill {
    static bool check(const problem&) { return true; }
    static bool check(const workload&) { return true; }
};
struct no_memory : fill {
private:
    using fill::memory_of;
};
struct names_pointers : fill {
    static std::array<void*, 1> memory_of(const problem& given) { return {given.out}; }
};
struct no_arguments_of : fill {
private:
    using fill::arguments_of;
};
struct no_empty : fill {
private:
    using fill::is_empty;
};
struct silent : fill {
    static bool why_not(const traits&, const workload&) { return false; }
    static bool why_not(const config&, const workload&) { return false; }
};
struct no_prediction : fill {
private:
    using fill::predict;
};
struct predicts_a_number : fill {
    static double predict(const kernel_info<traits, config>&, const workload&, const device_info&, int) { return 1; }
};
struct no_workspace : fill {
private:
    using fill::workspace_bytes;
};
struct no_description : fill {
private:
    using fill::describe;
};
struct no_wish : fill {
private:
    using fill::wanted;
};

/// All of the library's GEMM under another name; a user's variation would start so.
struct renamed : ops::gemm {
    static constexpr const char* name = "renamed";
};

// [table]
//            type                                 what it lacks
static_assert(operation<ops::gemm>);
static_assert(operation<renamed>);
static_assert(operation<fill>);
static_assert(!operation<no_name>);                  // names_types: name
static_assert(!operation<no_workload>);              // names_types: workload
static_assert(!operation<one_type>);                 // names_types: problem and workload are two types
static_assert(!operation<config_without_table>);     // names_types: fields_of<config>
static_assert(!operation<traits_without_equality>);  // compares: traits == traits
static_assert(!operation<short_hash>);               // compares: a hash of 64 bits
static_assert(!operation<no_check>);                 // checks: check
static_assert(!operation<says_yes_or_no>);           // checks: a result
static_assert(!operation<no_memory>);                // lists_memory: memory_of
static_assert(!operation<names_pointers>);           // lists_memory: memory_use, with extents and a name
static_assert(!operation<no_arguments_of>);          // translates: arguments_of
static_assert(!operation<no_empty>);                 // translates: is_empty
static_assert(!operation<silent>);                   // matches: words
static_assert(!operation<no_prediction>);            // predicts: predict
static_assert(!operation<predicts_a_number>);        // predicts: a cost
static_assert(!operation<no_workspace>);             // predicts: workspace_bytes
static_assert(!operation<no_description>);           // has_text: describe
static_assert(!operation<no_wish>);                  // has_text: wanted
static_assert(!operation<config>);                   // a configuration is no operation
// [table]

// What an operation may have beside that.
static_assert(operation_concept::varies_rows<ops::gemm> && operation_concept::has_measurements<ops::gemm>);
static_assert(!operation_concept::varies_rows<fill> && !operation_concept::has_measurements<fill>);
static_assert(same_as<tuned_row<ops::gemm>, gemm_tuned_row> && same_as<tuned_row<fill>, exact_choice<fill>>);

// Which operations an engine serves.
using both = engine_of<ops::gemm, fill>;
static_assert(engine_for<both, fill> && engine_for<both, ops::gemm> && !engine_for<engine_of<fill>, ops::gemm>);

// A problem that two operations have needs the name of one.
template <class Engine>
concept runs_any_gemm_problem = requires(const Engine& engine, const gemm_problem& problem) {
    engine.run(problem);
};
static_assert(runs_any_gemm_problem<both> && !runs_any_gemm_problem<engine_of<ops::gemm, renamed>>);

}  // namespace truth_table
