// SPDX-License-Identifier: MIT
// What the commands of the program need of an operation: the notation of its products, its suites, its races. The commands
// themselves know no operation; CMake lists all operations in deepgemm_bench_operations.hpp.
#pragma once

#include <deepgemm/host/operation.hpp>

namespace deepgemm::bench {

class contest;
struct options;

/// Products of operation `O` in words. Each operation specialises it, in bench/ops/<operation>/words.hpp:
///     product                  what a text describes; has name(), flops(), bytes()
///     takes(text)              true if a text is meant as a product of this operation, right or wrong. The first operation has
///                              none: it is asked last, and takes what no other does
///     parse(text)              the product; throws std::invalid_argument with a sentence
///     workload_of(product)     as the planner sees it; workload_of(product, device) where that depends on the device, too
///     text_of(workload)        a text that parse() takes for that workload; needed if the operation has no tuned rows of its
///                              own form
///     rows_of(workload)        the rows that O::with_rows() sets
///     fixed_by(workload)       extents for kernels of that workload alone, any number of rows; absent if no kernel fixes any
///     variant(kernel, work)    what tells kernels of one configuration apart on a workload; "" if nothing does
///     to_json(row), row_of(json)   its tuned rows, if it has some of its own
///     form, suites, about_suites, about   texts for --help: how a product is written, and the names of its suites
///     heading                  of the column of names in a contest's table
///     simulated                products that `bench --sim` runs unless it is told others
///     contest_of(options)      what `bench` and `tune` do on a GPU; defined where there is nvcc
template <class O>
struct words;

/// A product as the planner of a device sees it.
template <class O>
typename O::workload workload_on(const typename words<O>::product& product, const device_info& device) {
    if constexpr (requires { words<O>::workload_of(product, device); }) {
        return words<O>::workload_of(product, device);
    } else {
        return words<O>::workload_of(product);
    }
}

/// A list of operations.
template <class... O>
struct operation_list {};

}  // namespace deepgemm::bench
