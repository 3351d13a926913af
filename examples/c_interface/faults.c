/* SPDX-License-Identifier: MIT
 * The C interface under wrong calls: each must return its status and a sentence, and none may crash or write D. Needs no
 * device memory, since nothing is launched. */
#include <stdio.h>
#include <string.h>

#include "deepgemm.h"

static int failures = 0;

/* The call must have returned `expected`, with a message that holds `text`, or with none if that is what is expected. */
static void expect(const char* call, deepgemm_status status, deepgemm_status expected, const deepgemm_message* message,
                   const char* text) {
    const int told = *text == '\0' ? message->text[0] == '\0' : strstr(message->text, text) != NULL;
    if (status == expected && told) return;
    printf("FAIL: %s: %s, not %s: \"%s\" should hold \"%s\"\n", call, deepgemm_status_name(status),
           deepgemm_status_name(expected), message->text, text);
    ++failures;
}

#define EXPECT(expected, words, call)                       \
    do {                                                    \
        memset(message.text, 'x', sizeof message.text - 1); \
        const deepgemm_status status = call;                \
        expect(#call, status, expected, &message, words);   \
    } while (0)

int main(void) {
    static _Alignas(16) uint16_t memory[64 * 64], other[64 * 128];
    deepgemm_message message = {{0}};
    deepgemm_engine* engine = NULL;
    EXPECT(DEEPGEMM_NULL_POINTER, "the place for the engine", deepgemm_engine_create(NULL, NULL, &message));
    const deepgemm_options no_objective = {.objective = 2};
    EXPECT(DEEPGEMM_BAD_OPTION, "objective is 2", deepgemm_engine_create(&no_objective, &engine, &message));
    EXPECT(DEEPGEMM_OK, "", deepgemm_engine_create(NULL, &engine, &message));

    const deepgemm_input a = {memory, 64, 64, 64, 1, DEEPGEMM_BF16};
    const deepgemm_input no_type = {memory, 64, 64, 64, 1, 77};
    const deepgemm_input fp8 = {memory, 64, 64, 64, 1, DEEPGEMM_E4M3};
    const deepgemm_input negative = {memory, -1, 64, 64, 1, DEEPGEMM_BF16};
    const deepgemm_input nowhere = {NULL, 64, 64, 64, 1, DEEPGEMM_BF16};
    const deepgemm_output d = {other, 64, 64, 64, 1, DEEPGEMM_BF16};
    const deepgemm_output wide = {other, 64, 64, 64, 1, DEEPGEMM_F32};
    const deepgemm_scales rows = {memory, 1, 64, DEEPGEMM_SCALES_FP32, 1};
    const deepgemm_scales no_format = {memory, 1, 64, 0, 1};
    const deepgemm_scales no_tile = {memory, 1, 64, DEEPGEMM_SCALES_FP32, 32};

    EXPECT(DEEPGEMM_NULL_POINTER, "the engine is", deepgemm_bf16_gemm_nt(NULL, &a, &a, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the engine is", deepgemm_engine_prepare(NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "B is a null", deepgemm_bf16_gemm_nt(engine, &a, NULL, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "D is a null", deepgemm_bf16_gemm_nt(engine, &a, &a, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "A", deepgemm_bf16_gemm_nt(engine, &nowhere, &a, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "type is 77",
           deepgemm_bf16_gemm_nt(engine, &no_type, &a, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "a BF16 GEMM", deepgemm_bf16_gemm_nt(engine, &fp8, &a, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_EXTENT, "-1", deepgemm_bf16_gemm_nt(engine, &negative, &a, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NO_KERNEL, "kernels runs m = 64, n = 64, k = 64,",
           deepgemm_bf16_gemm_nt(engine, &a, &a, &wide, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "A's structure of scales",
           deepgemm_fp8_gemm_nt(engine, &fp8, NULL, &fp8, &rows, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_SCALES, "format 0",
           deepgemm_fp8_gemm_nt(engine, &fp8, &no_format, &fp8, &rows, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_SCALES, "serve 32 rows",
           deepgemm_fp8_gemm_nt(engine, &fp8, &rows, &fp8, &no_tile, &d, NULL, NULL, &message));
    const deepgemm_scales fine_blocks = {memory, 1, 64, DEEPGEMM_SCALES_MX, 128};
    EXPECT(DEEPGEMM_BAD_SCALES, "B's scales serve 128 rows each; in this format it is 1",
           deepgemm_fp8_gemm_nt(engine, &fp8, &rows, &fp8, &fine_blocks, &d, NULL, NULL, &message));
    const deepgemm_input fp4 = {memory, 64, 64, 64, 1, DEEPGEMM_E2M1};
    const deepgemm_scales nv = {memory, 1, 64, DEEPGEMM_SCALES_NV, 1};
    EXPECT(DEEPGEMM_NO_KERNEL, "A is e2m1x2; kernels of Hopper",
           deepgemm_fp8_gemm_nt(engine, &fp4, &nv, &fp4, &nv, &d, NULL, NULL, &message));
    const deepgemm_scales odd_rows = {memory, 1, 1, DEEPGEMM_SCALES_FP32_ALL_OF_K, 128};
    EXPECT(DEEPGEMM_BAD_SCALES, "serve 128 rows",
           deepgemm_fp8_gemm_nt(engine, &fp8, &odd_rows, &fp8, &rows, &d, NULL, NULL, &message));
    const deepgemm_epilogue no_activation = {.activation = 9}, no_cast = {.cast = 4},
                            odd = {.use_alpha = 1, .alpha_stride = -1};
    const deepgemm_epilogue no_vector = {.bias = memory, .bias_type = 77}, not_there = {.activation = DEEPGEMM_RELU};
    EXPECT(DEEPGEMM_BAD_OPTION, "activation is 9",
           deepgemm_bf16_gemm_nt(engine, &a, &a, &d, &no_activation, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "cast of D is 4", deepgemm_bf16_gemm_nt(engine, &a, &a, &d, &no_cast, NULL, &message));
    EXPECT(DEEPGEMM_BAD_LAYOUT, "alpha", deepgemm_bf16_gemm_nt(engine, &a, &a, &d, &odd, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "type is 77",
           deepgemm_bf16_gemm_nt(engine, &a, &a, &d, &no_vector, NULL, &message));
    EXPECT(DEEPGEMM_NO_KERNEL, "relu", deepgemm_bf16_gemm_nt(engine, &a, &a, &d, &not_there, NULL, &message));
    const deepgemm_groups no_counts = {2, 64 * 64, 64 * 64, 64 * 64, 64, 1, NULL, 0};
    const deepgemm_scales blocks = {memory, 1, 1, DEEPGEMM_SCALES_FP32, 128};
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_m_grouped_fp8_gemm_nt_masked(engine, &fp8, &rows, &fp8, &blocks, &d, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the counts",
           deepgemm_m_grouped_fp8_gemm_nt_masked(engine, &fp8, &rows, &fp8, &blocks, &d, &no_counts, NULL, NULL,
                                                 &message));
    EXPECT(
        DEEPGEMM_UNSUPPORTED_TYPE, "A is bf16",
        deepgemm_m_grouped_fp8_gemm_nt_masked(engine, &a, &rows, &fp8, &blocks, &d, &no_counts, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the engine is",
           deepgemm_m_grouped_bf16_gemm_nt_masked(NULL, &a, &a, &d, &no_counts, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "B is a null",
           deepgemm_m_grouped_bf16_gemm_nt_masked(engine, &a, NULL, &d, &no_counts, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_m_grouped_bf16_gemm_nt_masked(engine, &a, &a, &d, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the counts",
           deepgemm_m_grouped_bf16_gemm_nt_masked(engine, &a, &a, &d, &no_counts, NULL, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "B is e4m3; a BF16 GEMM",
           deepgemm_m_grouped_bf16_gemm_nt_masked(engine, &a, &fp8, &d, &no_counts, NULL, NULL, &message));
    const int32_t ends[2] = {32, 64};
    const deepgemm_row_groups no_list = {2, 64 * 64, 1, DEEPGEMM_GROUPS_BY_END, 0, NULL, 128, 0};
    const deepgemm_row_groups no_kind = {2, 64 * 64, 1, 7, 0, ends, 128, 0};
    const deepgemm_row_groups not_aligned = {2, 64 * 64, 1, DEEPGEMM_GROUPS_BY_ROW, 0, ends, 0, 0};
    EXPECT(
        DEEPGEMM_NULL_POINTER, "the structure of groups",
        deepgemm_m_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &blocks, &d, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the ends of groups",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &blocks, &d, &no_list, NULL, NULL,
                                                     &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "of kind 7",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &blocks, &d, &no_kind, NULL, NULL,
                                                     &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous(engine, &a, &a, &d, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "alignment of groups is 0",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous(engine, &a, &a, &d, &not_aligned, NULL, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "B is e4m3; a BF16 GEMM",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous(engine, &a, &fp8, &d, &no_list, NULL, NULL, &message));
    const deepgemm_row_groups one_group = {1, 64 * 64, 1, DEEPGEMM_GROUPS_BY_END, 0, ends, 1, 0};
    const deepgemm_input of_columns = {memory, 64, 64, 1, 64, DEEPGEMM_E4M3};
    uint64_t turned_bytes = 0;
    EXPECT(DEEPGEMM_BAD_OPTION, "the workspace has 100 bytes; it must have at least 8192",
           deepgemm_m_grouped_fp8_gemm_contiguous_with_workspace(engine, &fp8, &rows, &of_columns, &blocks, &d,
                                                                 &one_group, NULL, memory, 100, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_m_grouped_fp8_gemm_contiguous_with_workspace(engine, &fp8, &rows, &of_columns, &blocks, &d, NULL,
                                                                 NULL, memory, 100, NULL, &message));
    EXPECT(DEEPGEMM_NO_KERNEL, "m_grouped_fp8_gemm_nn_contiguous transposes it",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &of_columns, &blocks, &d, &one_group, NULL,
                                                     NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "B is a null",
           deepgemm_m_grouped_fp8_gemm_contiguous_workspace_bytes(NULL, 2, &turned_bytes, &message));
    const deepgemm_row_list list = {memory, 64, 32}, short_list = {memory, 63, 64}, no_rows = {NULL, 64, 32},
                            odd_list = {memory, 64, 16}, empty_list = {NULL, 0, 64};
    EXPECT(DEEPGEMM_NULL_POINTER, "the list of rows of A",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous_gathered(engine, &a, &a, &d, NULL, &one_group, NULL, NULL,
                                                               &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "have 16 bits",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous_gathered(engine, &a, &a, &d, &odd_list, &one_group, NULL, NULL,
                                                               &message));
    EXPECT(DEEPGEMM_SHAPE_MISMATCH, "has 0 entries",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous_gathered(engine, &a, &a, &d, &empty_list, &one_group, NULL, NULL,
                                                               &message));
    EXPECT(DEEPGEMM_SHAPE_MISMATCH, "63 entries",
           deepgemm_m_grouped_bf16_gemm_nt_contiguous_scattered(engine, &a, &a, &d, &short_list, &one_group, NULL, NULL,
                                                                &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the entries of the list of rows of A",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous_gathered(engine, &fp8, &rows, &fp8, &blocks, &d, &no_rows,
                                                              &one_group, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the list of rows of D",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous_scattered(engine, &fp8, &rows, &fp8, &blocks, &d, NULL, &one_group,
                                                               NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous_gathered(engine, &fp8, &rows, &fp8, &blocks, &d, &list, NULL, NULL,
                                                              NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "A is bf16",
           deepgemm_m_grouped_fp8_gemm_nt_contiguous_scattered(engine, &a, &rows, &fp8, &blocks, &d, &list, &one_group,
                                                               NULL, NULL, &message));
    const int32_t odd_sizes[2] = {32, 32};
    const deepgemm_k_groups no_sizes = {1, 64 * 64, NULL, NULL, 0, 1, 128, 0},
                            odd_start = {1, 64 * 64, ends, NULL, 0, 1, 64, 0},
                            odd_groups = {2, 64 * 64, ends, odd_sizes, 0, 0, 128, 0},
                            no_words = {1, 64 * 64, ends, NULL, 0, 1, 128, 0};
    const deepgemm_scales words = {rows.data, rows.row_stride, rows.column_stride, DEEPGEMM_SCALES_UE8M0, 1};
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_k_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &rows, &wide, NULL, NULL, &message));
    EXPECT(
        DEEPGEMM_NULL_POINTER, "the sizes of groups",
        deepgemm_k_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &rows, &wide, &no_sizes, NULL, &message));
    EXPECT(
        DEEPGEMM_BAD_OPTION, "a multiple of 128 elements of K",
        deepgemm_k_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &rows, &wide, &odd_start, NULL, &message));
    EXPECT(DEEPGEMM_BAD_EXTENT, "group 0 has 32 elements",
           deepgemm_k_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &rows, &fp8, &rows, &wide, &odd_groups, NULL,
                                                     &message));
    EXPECT(DEEPGEMM_BAD_SCALES, "have 0 words along K",
           deepgemm_k_grouped_fp8_gemm_nt_contiguous(engine, &fp8, &words, &fp8, &words, &wide, &no_words, NULL,
                                                     &message));
    const deepgemm_input of_tokens = {memory, 64, 64, 1, 64, DEEPGEMM_E4M3};
    const deepgemm_k_groups one_k = {1, 64 * 64, ends, NULL, 0, 1, 128, 0};
    uint64_t k_bytes = 0;
    EXPECT(DEEPGEMM_NULL_POINTER, "A is a null",
           deepgemm_k_grouped_fp8_gemm_workspace_bytes(NULL, &fp8, &k_bytes, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the place for",
           deepgemm_k_grouped_fp8_gemm_workspace_bytes(&fp8, &fp8, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "the workspace has 100 bytes",
           deepgemm_k_grouped_fp8_gemm_with_workspace(engine, &of_tokens, &rows, &of_tokens, &rows, &wide, &one_k,
                                                      memory, 100, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "A is e4m3; a BF16 GEMM",
           deepgemm_k_grouped_bf16_gemm_tn_contiguous(engine, &fp8, &a, &wide, &odd_start, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of groups",
           deepgemm_k_grouped_bf16_gemm_tn_contiguous(engine, &a, &a, &wide, NULL, NULL, &message));
    const deepgemm_batch batch = {2, 32 * 64, 32 * 64, 64 * 64, 0, 0, 0};
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of a batch",
           deepgemm_bf16_batched_gemm_nt(engine, &a, &a, &d, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_LAYOUT, "D has matrix stride",
           deepgemm_bf16_batched_gemm_nt(engine, &a, &a, &d, &(deepgemm_batch){2, 64 * 64, 64 * 64, 64, 0, 0, 0}, NULL,
                                         &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "A is bf16; an FP8",
           deepgemm_fp8_batched_gemm_nt(engine, &a, &rows, &fp8, &blocks, &d, &batch, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "the workspace has 0 bytes",
           deepgemm_bf16_batched_sum(engine, &a, &a, &d, &batch, NULL, 0, NULL, &message));
    const deepgemm_input weights = {memory, 32, 64, 64, 1, DEEPGEMM_F32};
    const deepgemm_output sums = {other, 64, 32, 32, 1, DEEPGEMM_F32}, squares = {other, 1, 64, 64, 1, DEEPGEMM_F32};
    EXPECT(DEEPGEMM_NULL_POINTER, "q is a null",
           deepgemm_tf32_hc_prenorm_gemm(engine, &a, &weights, &sums, 1, 0, NULL, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "B is bf16; in a prenorm",
           deepgemm_tf32_hc_prenorm_gemm(engine, &a, &a, &sums, 1, 0, &squares, NULL, &message));
    EXPECT(DEEPGEMM_BAD_EXTENT, "the number of parts is 0",
           deepgemm_tf32_hc_prenorm_gemm(engine, &a, &weights, &sums, 0, 0, &squares, NULL, &message));
    EXPECT(DEEPGEMM_SHAPE_MISMATCH, "2 matrices of D need 2 x 64",
           deepgemm_tf32_hc_prenorm_gemm(engine, &a, &weights, &sums, 2, 64 * 32, &squares, NULL, &message));
    EXPECT(DEEPGEMM_BAD_ALIAS, "q overlaps D",
           deepgemm_tf32_hc_prenorm_gemm(engine, &a, &weights, &sums, 1, 0, &squares, NULL, &message));
    const int32_t one = 1;
    const deepgemm_mqa_logits scores = {.queries = 1,
                                        .heads = 64,
                                        .depth = 128,
                                        .keys = 16,
                                        .q = memory,
                                        .key = memory,
                                        .scale = (const float*)memory,
                                        .weights = memory,
                                        .first = &one,
                                        .last = &one,
                                        .logits = other,
                                        .weights_type = DEEPGEMM_F32,
                                        .logits_type = DEEPGEMM_F32};
    deepgemm_mqa_logits odd_heads = scores, no_weights = scores, no_form = scores, by_no_type = scores, halves = scores;
    odd_heads.heads = 63;
    no_weights.weights = NULL;
    no_form.form = 3;
    by_no_type.weights_type = 0;
    halves.logits_type = DEEPGEMM_F16;
    EXPECT(DEEPGEMM_NULL_POINTER, "the engine is", deepgemm_fp8_mqa_logits(NULL, &scores, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of queries and keys is",
           deepgemm_fp8_mqa_logits(engine, NULL, NULL, &message));
    EXPECT(DEEPGEMM_SHAPE_MISMATCH, "63 heads", deepgemm_fp8_mqa_logits(engine, &odd_heads, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the weights have no", deepgemm_fp8_mqa_logits(engine, &no_weights, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "form of logits is 3", deepgemm_fp8_mqa_logits(engine, &no_form, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "a weight's type is 0",
           deepgemm_fp8_mqa_logits(engine, &by_no_type, NULL, &message));
    EXPECT(DEEPGEMM_NO_KERNEL, "none of 4 kernels", deepgemm_fp8_mqa_logits(engine, &halves, NULL, &message));
    const deepgemm_paged_mqa_logits pages = {.requests = 1,
                                             .next_n = 1,
                                             .heads = 64,
                                             .depth = 128,
                                             .columns = 16,
                                             .block = 64,
                                             .pages = 1,
                                             .q = memory,
                                             .cache = memory,
                                             .weights = memory,
                                             .lengths = &one,
                                             .block_table = &one,
                                             .logits = other,
                                             .weights_type = DEEPGEMM_F32,
                                             .logits_type = DEEPGEMM_F32};
    deepgemm_paged_mqa_logits compressed = pages, odd_page = pages;
    compressed.form = DEEPGEMM_LOGITS_COMPRESSED;
    odd_page.block = 48;
    EXPECT(DEEPGEMM_NULL_POINTER, "the structure of queries and pages is",
           deepgemm_fp8_paged_mqa_logits(engine, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "form of logits is 2",
           deepgemm_fp8_paged_mqa_logits(engine, &compressed, NULL, &message));
    EXPECT(DEEPGEMM_SHAPE_MISMATCH, "48 keys", deepgemm_fp8_paged_mqa_logits(engine, &odd_page, NULL, &message));
    EXPECT(DEEPGEMM_BAD_EXTENT, "schedule_words is 0",
           deepgemm_make_paged_mqa_schedule(engine, &pages, NULL, &message));
    const deepgemm_output logits = {other, 1, 64, 64, 1, DEEPGEMM_F32}, codes = {other, 1, 64, 64, 1, DEEPGEMM_E4M3};
    EXPECT(DEEPGEMM_NULL_POINTER, "D is a null", deepgemm_clean_logits(engine, NULL, &one, &one, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the last keys", deepgemm_clean_logits(engine, &logits, &one, NULL, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "D is e4m3", deepgemm_clean_logits(engine, &codes, &one, &one, NULL, &message));
    const deepgemm_input row = {other, 1, 64, 64, 1, DEEPGEMM_F32};
    int32_t best[4];
    EXPECT(DEEPGEMM_NULL_POINTER, "the matrix of logits is a null",
           deepgemm_topk(engine, NULL, 4, best, 4, NULL, 0, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the indices",
           deepgemm_topk(engine, &row, 4, NULL, 4, NULL, 0, NULL, NULL, NULL, &message));
    EXPECT(DEEPGEMM_BAD_EXTENT, "k is 2049",
           deepgemm_topk(engine, &row, 2049, best, 2049, NULL, 0, NULL, NULL, NULL, &message));
    const deepgemm_input turned = {memory, 64, 64, 1, 64, DEEPGEMM_E4M3};
    uint64_t bytes;
    EXPECT(DEEPGEMM_NULL_POINTER, "B is a null", deepgemm_fp8_gemm_workspace_bytes(&fp8, NULL, &bytes, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the place for", deepgemm_fp8_gemm_workspace_bytes(&fp8, &fp8, NULL, &message));
    EXPECT(
        DEEPGEMM_BAD_OPTION, "at least 8192 to transpose B",
        deepgemm_fp8_gemm_with_workspace(engine, &fp8, &rows, &turned, &rows, &d, NULL, memory, 100, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "A is a null",
           deepgemm_fp8_batched_gemm_workspace_bytes(NULL, &fp8, 2, &bytes, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "the place for",
           deepgemm_fp8_batched_gemm_workspace_bytes(&fp8, &fp8, 2, NULL, &message));
    const deepgemm_batch stacked = {2, 64 * 64, 64 * 64, 64 * 64, 64, 64, 0};
    const deepgemm_input tall = {memory, 256, 64, 1, 256, DEEPGEMM_E4M3};
    const deepgemm_scales tall_rows = {other, 1, 256, DEEPGEMM_SCALES_FP32, 1};
    const deepgemm_output tall_d = {other, 256, 64, 64, 1, DEEPGEMM_F32};
    EXPECT(DEEPGEMM_BAD_OPTION, "the workspace has 100 bytes",
           deepgemm_fp8_batched_gemm_with_workspace(engine, &tall, &tall_rows, &turned, &rows, &tall_d,
                                                    &(deepgemm_batch){2, 256 * 64, 64 * 64, 256 * 64, 256, 64, 0},
                                                    memory, 100, NULL, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "at least 16384 to transpose B",
           deepgemm_fp8_batched_gemm_nt(engine, &fp8, &rows, &turned, &rows, &d, &stacked, NULL, &message));
    EXPECT(DEEPGEMM_UNSUPPORTED_TYPE, "X is bf16", deepgemm_transpose(engine, &a, &d, NULL, &message));
    EXPECT(DEEPGEMM_NULL_POINTER, "Y is a null", deepgemm_transpose(engine, &fp8, NULL, NULL, &message));
    deepgemm_engine_destroy(engine);

    const deepgemm_options too_many = {.num_sms = 1000000};
    EXPECT(DEEPGEMM_OK, "", deepgemm_engine_create(&too_many, &engine, &message));
    EXPECT(DEEPGEMM_BAD_OPTION, "1000000", deepgemm_bf16_gemm_nt(engine, &a, &a, &d, NULL, NULL, &message));
    if (deepgemm_bf16_gemm_nt(engine, &a, &a, &d, NULL, NULL, NULL) != DEEPGEMM_BAD_OPTION)
        ++failures;  // no message wanted
    deepgemm_engine_destroy(engine);
    deepgemm_engine_destroy(NULL);

    for (unsigned i = 0; i < sizeof other / sizeof *other; ++i) failures += other[i] != 0;
    if (strcmp(deepgemm_status_name(-1), "unknown") != 0 || strcmp(deepgemm_status_name(DEEPGEMM_OK), "ok") != 0)
        ++failures;
    printf("%s\n", failures ? "FAIL" : "PASS: every mistake was refused with a sentence");
    return failures != 0;
}
