// SPDX-License-Identifier: MIT
// The options of `deepgemm bench` and `deepgemm tune` on a GPU.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include <deepgemm/host/context.hpp>

#include "arguments.hpp"

namespace deepgemm::bench {

/// What to measure and how. The defaults are the protocol of the published tables.
struct options {
    std::string suite = "fp8_42";       ///< a name that suite() takes
    std::string filter;                 ///< only cases whose name contains it
    std::vector<std::string> shapes;    ///< "m,n,k[:recipe]" instead of a suite
    int reps = 30;                      ///< flushed launches of each contender
    int warmups = 3;                    ///< and before them
    double flush_bytes = 8e9;           ///< written by a memset before each launch
    double sustained_seconds = 1.0;     ///< back-to-back time of each contender; 0: none
    double sustained_above_us = 100.0;  ///< only for cases that take longer than this
    bool peers = true;
    std::string peer_library;    ///< shared library of a peer of the user's own (peer.hpp); empty: none
    bool nvrtc = false;          ///< time our FP8 kernels as NVRTC compiles them, too
    int search = 1;              ///< cuBLASLt: the fastest of so many suggestions; 1 is its first choice
    std::string timer = "auto";  ///< auto, cupti, events
    objective_kind objective = objective_kind::latency;  ///< of plans; with tune: how kernels are timed
    bool tune = false;                      ///< time every instantiated kernel instead of the planner's pick
    std::string table;                      ///< with tune: file for a table of the fastest kernels
    bool once = false;                      ///< one launch of our kernel for each case, for profilers; no JSON
    std::string out;                        ///< JSON file; empty: results/<gpu>/<family>.json
    std::string results = "bench/results";  ///< folder of <gpu>/
    std::string command;                    ///< what was typed, but for the files
};

/// The objective of that name. Throws std::invalid_argument for other names.
objective_kind objective_named(const std::string& name);

/// Parses what follows the command. Throws std::invalid_argument with a sentence about the first argument that is wrong.
/// Returns false if help was asked for (and printed to `out`).
bool parse(arguments given, options& result, std::ostream& out);

}  // namespace deepgemm::bench
