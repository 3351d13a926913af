// SPDX-License-Identifier: MIT
// How scores of queries and keys become a matrix of logits, as plain values. store_logits.cuh does it.
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Which elements of a row of logits are written, and where the score of key j goes for a query with keys [first, last).
enum class logits_form : u8 {
    full,        ///< to column j; all other columns become minus infinity
    unclean,     ///< to column j; nothing else is written
    compressed,  ///< to column j - first; nothing else is written
};

/// The name of a form, as written in source.
DEEPGEMM_BOTH constexpr const char* name_of(logits_form form) {
    switch (form) {
        case logits_form::full: return "full";
        case logits_form::unclean: return "unclean";
        case logits_form::compressed: return "compressed";
    }
    return "?";
}
template <>
inline constexpr const char* enum_name<logits_form> = "logits_form";

/// What store_logits is launched with.
struct logits_arguments {
    void* logits = nullptr;  ///< (queries, keys), or (queries, columns) if compressed; device memory
    i64 pitch = 0;           ///< elements from one row to the next; any number
    i32 columns = 0;         ///< if compressed: of a row. Scores of a range that do not fit are left out
};

}  // namespace deepgemm
