// SPDX-License-Identifier: MIT
// The C interface: turns C structures into those of the library, calls its named operations and reports. All that is
// decided here is what a null pointer and a number that is no enumerator mean.
#include "deepgemm.h"

#include <c_interface_kernels.hpp>
#include <deepgemm/ops.hpp>

#include <memory>

#include "device.hpp"
#include "status.hpp"

namespace dg = deepgemm;

struct deepgemm_engine {
    dg::engine engine;
};

namespace {

dg::result<dg::dtype> type_of(const char* name, int32_t type) {
    switch (type) {
        case DEEPGEMM_E4M3: return dg::dtype::e4m3;
        case DEEPGEMM_E5M2: return dg::dtype::e5m2;
        case DEEPGEMM_BF16: return dg::dtype::bf16;
        case DEEPGEMM_F16: return dg::dtype::f16;
        case DEEPGEMM_F32: return dg::dtype::f32;
    }
    return dg::fail(dg::errc::unsupported_type, name, "'s type is ", type, "; a type is ", int(DEEPGEMM_E4M3),
                    " (E4M3) to ", int(DEEPGEMM_F32), " (F32)");
}

dg::error missing(const char* name) { return dg::fail(dg::errc::null_pointer, name, " is a null pointer"); }

/// A matrix of the library; `Matrix` is input_matrix or output_matrix.
template <class Matrix, class Given>
dg::result<Matrix> matrix_of(const char* name, const Given* given) {
    if (given == nullptr) return missing(name);
    const auto type = type_of(name, given->type);
    if (!type) return type.failure();
    return Matrix{given->data, *type, given->rows, given->columns, given->row_stride, given->column_stride};
}

/// An FP8 operand with its scales.
dg::result<dg::scaled_matrix> operand_of(const char* name, const deepgemm_input* given, const deepgemm_scales* scales) {
    const auto matrix = matrix_of<dg::input_matrix>(name, given);
    if (!matrix) return matrix.failure();
    if (scales == nullptr) return missing(dg::concat(name, "'s structure of scales").c_str());
    if (scales->format != DEEPGEMM_SCALES_FP32 && scales->format != DEEPGEMM_SCALES_UE8M0) {
        return dg::fail(dg::errc::bad_scales, name, "'s scales have format ", scales->format, "; it is ",
                        int(DEEPGEMM_SCALES_FP32), " (FP32) or ", int(DEEPGEMM_SCALES_UE8M0), " (UE8M0)");
    }
    if (scales->tile_rows != 1 && scales->tile_rows != 128) {
        return dg::fail(dg::errc::bad_scales, name, "'s scales serve ", scales->tile_rows,
                        " rows each; it is 1 or 128");
    }
    const auto kind = scales->format == DEEPGEMM_SCALES_FP32 ? dg::scale_kind::fp32 : dg::scale_kind::ue8m0;
    const dg::scale_tile tile{scales->tile_rows, 128};
    return dg::scaled_matrix{
        *matrix,
        {scales->data, kind, tile, dg::ceil_div(matrix->rows, dg::i64(tile.mn)),
         dg::ceil_div(matrix->columns, dg::k_per_word(kind, tile)), scales->row_stride, scales->column_stride}};
}

}  // namespace

extern "C" {

const char* deepgemm_status_name(deepgemm_status status) { return c_interface::name_of(status); }

deepgemm_status deepgemm_engine_create(const deepgemm_options* options, deepgemm_engine** made,
                                       deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (made == nullptr) return missing("the place for the engine");
        *made = nullptr;
        const auto device = c_interface::current_device();
        if (!device) return device.failure();
        dg::context knobs;
        if (options != nullptr) {
            knobs.num_sms = options->num_sms;
            knobs.dependent_launch = options->dependent_launch != 0;
        }
        auto engine = std::make_unique<deepgemm_engine>(deepgemm_engine{dg::engine(*device, knobs)});
        engine->engine.with(dg::instances::c_interface_kernels<dg::ops::gemm>())
            .with(dg::instances::c_interface_kernels<dg::ops::grouped_gemm>());
        *made = engine.release();
        return {};
    });
}

void deepgemm_engine_destroy(deepgemm_engine* engine) { delete engine; }

deepgemm_status deepgemm_engine_prepare(const deepgemm_engine* engine, deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (engine == nullptr) return missing("the engine");
        return engine->engine.prepare();
    });
}

// [operation]
deepgemm_status deepgemm_fp8_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                     const deepgemm_scales* a_scales, const deepgemm_input* b,
                                     const deepgemm_scales* b_scales, const deepgemm_output* d, void* stream,
                                     deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (engine == nullptr) return missing("the engine");
        const auto left = operand_of("A", a, a_scales);
        if (!left) return left.failure();
        const auto right = operand_of("B", b, b_scales);
        if (!right) return right.failure();
        const auto product = matrix_of<dg::output_matrix>("D", d);
        if (!product) return product.failure();
        return dg::fp8_gemm_nt(engine->engine, *left, *right, *product, {.stream = stream});
    });
}
// [operation]

deepgemm_status deepgemm_bf16_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b,
                                      const deepgemm_output* d, void* stream, deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (engine == nullptr) return missing("the engine");
        const auto left = matrix_of<dg::input_matrix>("A", a);
        if (!left) return left.failure();
        const auto right = matrix_of<dg::input_matrix>("B", b);
        if (!right) return right.failure();
        const auto product = matrix_of<dg::output_matrix>("D", d);
        if (!product) return product.failure();
        return dg::bf16_gemm_nt(engine->engine, *left, *right, *product, {.stream = stream});
    });
}

deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_masked(const deepgemm_engine* engine, const deepgemm_input* a,
                                                      const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                      const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                      const deepgemm_groups* groups, void* stream,
                                                      deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (engine == nullptr) return missing("the engine");
        const auto left = operand_of("A", a, a_scales);
        if (!left) return left.failure();
        const auto right = operand_of("B", b, b_scales);
        if (!right) return right.failure();
        const auto product = matrix_of<dg::output_matrix>("D", d);
        if (!product) return product.failure();
        if (groups == nullptr) return missing("the structure of groups");
        return dg::m_grouped_fp8_gemm_nt_masked(
            engine->engine, {*left, groups->count, groups->a_stride, groups->a_scale_stride},
            {*right, groups->count, groups->b_stride, groups->b_scale_stride},
            {*product, groups->count, groups->d_stride}, groups->rows, groups->expected_rows, {.stream = stream});
    });
}

}  // extern "C"
