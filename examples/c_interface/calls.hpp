// SPDX-License-Identifier: MIT
// Helpers of the C functions: they convert C structures to the library's and call the library with them. The only errors that
// they detect themselves are null pointers and numbers that are no enumerators.
#pragma once

#include <deepgemm/ops.hpp>

#include "deepgemm.h"
#include "status.hpp"

struct deepgemm_engine {
    deepgemm::engine engine;
};

namespace c_interface {

inline dg::result<dg::dtype> type_of(const char* name, int32_t type) {
    switch (type) {
        case DEEPGEMM_E4M3: return dg::dtype::e4m3;
        case DEEPGEMM_E5M2: return dg::dtype::e5m2;
        case DEEPGEMM_BF16: return dg::dtype::bf16;
        case DEEPGEMM_F16: return dg::dtype::f16;
        case DEEPGEMM_F32: return dg::dtype::f32;
        case DEEPGEMM_E2M1: return dg::dtype::e2m1x2;
    }
    return dg::fail(dg::errc::unsupported_type, name, "'s type is ", type, "; a type is ", int(DEEPGEMM_E4M3),
                    " (E4M3) to ", int(DEEPGEMM_E2M1), " (E2M1)");
}

inline dg::error missing(const char* name) { return dg::fail(dg::errc::null_pointer, name, " is a null pointer"); }

/// The structure that `given` points to; errc::null_pointer if there is none.
template <class Given>
dg::result<Given> structure(const char* name, const Given* given) {
    if (given == nullptr) return missing(name);
    return *given;
}

/// A matrix of the library; `Matrix` is input_matrix or output_matrix.
template <class Matrix, class Given>
dg::result<Matrix> matrix_of(const char* name, const Given* given) {
    if (given == nullptr) return missing(name);
    const auto type = type_of(name, given->type);
    if (!type) return type.failure();
    return Matrix{given->data, *type, given->rows, given->columns, given->row_stride, given->column_stride};
}

/// An FP8 or FP4 operand with its scales.
inline dg::result<dg::scaled_matrix> operand_of(const char* name, const deepgemm_input* given,
                                                const deepgemm_scales* scales) {
    const auto matrix = matrix_of<dg::input_matrix>(name, given);
    if (!matrix) return matrix.failure();
    if (scales == nullptr) return missing(dg::concat(name, "'s structure of scales").c_str());
    if (scales->format < DEEPGEMM_SCALES_FP32 || scales->format > DEEPGEMM_SCALES_NV) {
        return dg::fail(dg::errc::bad_scales, name, "'s scales have format ", scales->format, "; it is ",
                        int(DEEPGEMM_SCALES_FP32), " (FP32), ", int(DEEPGEMM_SCALES_UE8M0), " (UE8M0), ",
                        int(DEEPGEMM_SCALES_FP32_ALL_OF_K), " (FP32_ALL_OF_K), ", int(DEEPGEMM_SCALES_MX), " (MX) or ",
                        int(DEEPGEMM_SCALES_NV), " (NV)");
    }
    if (scales->format == DEEPGEMM_SCALES_FP32_ALL_OF_K) {
        if (scales->tile_rows != 0 && scales->tile_rows != 1) {
            return dg::fail(dg::errc::bad_scales, name, "'s scales for all of K serve ", scales->tile_rows,
                            " rows each; it is 1, or 0 for all");
        }
        return dg::scaled_matrix{*matrix, scales->tile_rows == 0
                                              ? dg::per_tensor_scale(scales->data)
                                              : dg::per_row_scales(scales->data, matrix->rows, scales->row_stride)};
    }
    const bool fine = scales->format == DEEPGEMM_SCALES_MX || scales->format == DEEPGEMM_SCALES_NV;
    if (scales->tile_rows != 1 && (fine || scales->tile_rows != 128)) {
        return dg::fail(dg::errc::bad_scales, name, "'s scales serve ", scales->tile_rows,
                        fine ? " rows each; in this format it is 1" : " rows each; it is 1 or 128");
    }
    const auto kind = scales->format == DEEPGEMM_SCALES_FP32 ? dg::scale_kind::fp32
                      : scales->format == DEEPGEMM_SCALES_NV ? dg::scale_kind::ue4m3
                                                             : dg::scale_kind::ue8m0;
    const dg::scale_tile tile{scales->tile_rows, scales->format == DEEPGEMM_SCALES_MX   ? 32
                                                 : scales->format == DEEPGEMM_SCALES_NV ? 16
                                                                                        : 128};
    return dg::scaled_matrix{
        *matrix,
        {scales->data, kind, tile, dg::ceil_div(matrix->rows, dg::i64(tile.mn)),
         dg::ceil_div(matrix->columns, dg::k_per_word(kind, tile)), scales->row_stride, scales->column_stride}};
}

/// The steps of an epilogue; none if there is no structure.
inline dg::result<dg::epilogue_argument> epilogue_of(const deepgemm_epilogue* given) {
    dg::epilogue_argument made;
    if (given == nullptr) return made;
    if (given->use_alpha != 0) made.alpha = {given->alpha, given->alpha_in_memory, given->alpha_stride};
    if (given->bias != nullptr) {
        const auto type = type_of("the bias", given->bias_type);
        if (!type) return type.failure();
        made.bias = {given->bias, *type, given->bias_stride};
    }
    made.activation = dg::activation_kind(given->activation);
    if (given->activation < 0 || given->activation > DEEPGEMM_SWIGLU) {
        return dg::fail(dg::errc::bad_option, "the activation is ", given->activation, "; it is from 0 (none) to ",
                        int(DEEPGEMM_SWIGLU), " (SWIGLU)");
    }
    if (given->clamp != 0) made.swiglu.clamp = given->clamp;
    made.swiglu.row_weights = given->row_weights;
    made.swiglu.matrix_stride = given->row_weight_stride;
    if (given->stochastic != 0)
        made.stochastic = {given->seed, reinterpret_cast<const dg::u64*>(given->seed_in_memory)};
    if (given->cast != DEEPGEMM_NO_CAST) {
        if (given->cast < 0 || given->cast > DEEPGEMM_CAST_PACKED) {
            return dg::fail(dg::errc::bad_option, "the cast of D is ", given->cast, "; it is from 0 (none) to ",
                            int(DEEPGEMM_CAST_PACKED), " (PACKED)");
        }
        made.cast = {{given->scales, given->scale_row_stride, given->scale_column_stride, given->scale_matrix_stride},
                     dg::scale::cast_scales(given->cast - 1),
                     given->scale_columns};
    }
    return made;
}
static_assert(int(dg::activation_kind::swiglu) == DEEPGEMM_SWIGLU &&
              int(dg::scale::cast_scales::packed) == DEEPGEMM_CAST_PACKED - 1);

/// The body of a function that tells how many bytes of workspace a product of operands in other orders takes: `of(a, b)`.
template <class Of>
deepgemm_status workspace_bytes(const deepgemm_input* a, const deepgemm_input* b, uint64_t* bytes,
                                deepgemm_message* message, Of of) {
    return guarded(message, [&]() -> dg::result<void> {
        const auto left = matrix_of<dg::input_matrix>("A", a), right = matrix_of<dg::input_matrix>("B", b);
        if (!left) return left.failure();
        if (!right) return right.failure();
        if (bytes == nullptr) return missing("the place for the bytes");
        *bytes = of(*left, *right);
        return {};
    });
}

/// Calls body(engine, arguments...). If the engine is null or an argument is an error, it returns the first such error instead.
template <class Body, class... Arguments>
dg::result<void> call(const deepgemm_engine* engine, const Body& body, const dg::result<Arguments>&... arguments) {
    if (engine == nullptr) return missing("the engine");
    dg::result<void> wrong;
    (void)((arguments ? true : (wrong = arguments.failure(), false)) && ...);
    if (!wrong) return wrong;
    return body(engine->engine, *arguments...);
}

}  // namespace c_interface
