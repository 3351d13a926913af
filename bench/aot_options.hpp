// SPDX-License-Identifier: MIT
// The options of `deepgemm aot`. Every build of the program reads them, so that the help page is there without NVRTC, too.
#pragma once

#include <deepgemm/host/device.hpp>

#include <ostream>
#include <string>

#include "arguments.hpp"
#include "fat_binary.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

/// What to compile, for which GPU, and where it goes.
struct aot_options {
    std::string problems;                         ///< file with the list of products
    std::string out;                              ///< directory of the kernels
    std::string fatbin;                           ///< file for a fat binary; empty: none
    std::string fatbinary = fatbinary_program();  ///< the program that makes it
    device_info device = device_info::h200();
    tuned_table table{};                                 ///< consulted before the library's own
    objective_kind objective = objective_kind::latency;  ///< of the engines that will use the kernels
    int jobs = 0;                                        ///< threads; 0: one for each processor
    bool fixed = false;                                  ///< N and K as constants
    bool cubins = false;                                 ///< plain cubins as well
    bool dry_run = false;                                ///< name the kernels, compile nothing
};

/// Reads a command line into `result`. Returns false if help was asked for, which it prints to `out`. Throws
/// std::invalid_argument with a sentence about what is wrong or missing.
bool parse(arguments given, aot_options& result, std::ostream& out);

}  // namespace deepgemm::bench
