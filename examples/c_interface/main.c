/* SPDX-License-Identifier: MIT
 * The C interface from C: FP8 and BF16 products of small integers, which must be exact, and what a mistake looks like; on the
 * simulator FP4 products of a Blackwell, too. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "deepgemm.h"
#include "memory.h"

enum { m = 40, n = 72, k = 320, k_blocks = (k + 127) / 128 };

/* Small integers as they are in both operands, and as FP8 and BF16. */
static int a_value(int row, int column) { return (row + 3 * column) % 5 - 2; }
static int b_value(int row, int column) { return (2 * row + column) % 5 - 2; }
static uint8_t e4m3(int value) {
    static const uint8_t codes[] = {0x00, 0x38, 0x40};
    return value < 0 ? (uint8_t)(codes[-value] | 0x80) : codes[value];
}
static uint16_t bf16(int value) {
    const float x = (float)value;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}
static float from_bf16(uint16_t code) {
    const uint32_t bits = (uint32_t)code << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The product of a row of A and one of B. */
static int product_of(int a_row, int b_row) {
    int sum = 0;
    for (int i = 0; i < k; ++i) sum += a_value(a_row, i) * b_value(b_row, i);
    return sum;
}
/* A sum, rounded to BF16 (8 bits, to nearest even). */
static float rounded(int sum) {
    int exponent;
    const float significand = frexpf((float)sum, &exponent);
    return ldexpf(nearbyintf(ldexpf(significand, 8)), exponent - 8);
}
static float expected(int a_row, int b_row) { return rounded(product_of(a_row, b_row)); }

/* Elements of D that are not `factor` times the product of the integers. */
static int wrong_elements(const uint16_t* d, float factor) {
    int wrong = 0;
    for (int row = 0; row < m; ++row) {
        for (int column = 0; column < n; ++column)
            wrong += from_bf16(d[row * n + column]) != factor * expected(row, column);
    }
    return wrong;
}

static int report(const char* what, deepgemm_status status, const deepgemm_message* message, const uint16_t* d,
                  float factor) {
    if (status != DEEPGEMM_OK) {
        printf("FAIL: %s: %s: %s\n", what, deepgemm_status_name(status), message->text);
        return 1;
    }
    const int wrong = wait_for_kernels() ? m * n : wrong_elements(d, factor);
    printf("%s: %s: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", what, wrong, m * n);
    return wrong != 0;
}

enum { groups = 3, slot = 24 };

static const int32_t counts[groups] = {5, 0, slot};

/* Judges D of the groups, whose elements were all ones before; `others` is what the rows of no group must hold. */
static int report_groups(const char* what, deepgemm_status status, const deepgemm_message* message, const uint16_t* d,
                         uint16_t others) {
    if (status != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: %s: %s: %s\n", what, deepgemm_status_name(status), message->text);
        return 1;
    }
    int wrong = 0;
    for (int i = 0; i < groups * slot * n; ++i) {
        const int row = i / n, group = row / slot;
        if (row % slot < counts[group]) {
            wrong += from_bf16(d[i]) != expected(row, group * n + i % n);
        } else {
            wrong += d[i] != others;
        }
    }
    printf("%s: %s: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", what, wrong, groups * slot * n);
    return wrong != 0;
}

/* Products in groups, in FP8 and in BF16, of which 5, 0 and all rows count. */
static int run_groups(const deepgemm_engine* engine) {
    uint8_t* const a = shared_memory(groups * slot * k);
    uint8_t* const b = shared_memory(groups * n * k);
    float* const a_scales = shared_memory(groups * slot * k_blocks * sizeof *a_scales);
    float* const b_scales = shared_memory(groups * k_blocks * sizeof *b_scales);
    uint16_t* const d = shared_memory(groups * slot * n * sizeof *d);
    int32_t* const rows = shared_memory(sizeof counts);
    int32_t* const of_row = shared_memory(groups * slot * sizeof *of_row);
    int32_t* const a_turned = shared_memory(groups * slot * sizeof *a_turned);
    int64_t* const turned = shared_memory(groups * slot * sizeof *turned);
    uint16_t* const a16 = shared_memory(groups * slot * k * sizeof *a16);
    uint16_t* const b16 = shared_memory(groups * n * k * sizeof *b16);
    if (!a || !b || !a_scales || !b_scales || !d || !rows || !of_row || !a_turned || !turned || !a16 || !b16) return 1;
    for (int i = 0; i < groups * slot * k; ++i)
        a[i] = e4m3(a_value(i / k, i % k)), a16[i] = bf16(a_value(i / k, i % k));
    for (int i = 0; i < groups * n * k; ++i) b[i] = e4m3(b_value(i / k, i % k)), b16[i] = bf16(b_value(i / k, i % k));
    for (int i = 0; i < groups * slot * k_blocks; ++i) a_scales[i] = 0.5f;
    for (int i = 0; i < groups * k_blocks; ++i) b_scales[i] = 2.0f;
    memset(d, 0xff, groups * slot * n * sizeof *d);
    memcpy(rows, counts, sizeof counts);

    // [groups]
    const deepgemm_input first_a = {a, slot, k, k, 1, DEEPGEMM_E4M3}, first_b = {b, n, k, k, 1, DEEPGEMM_E4M3};
    const deepgemm_scales by_token = {a_scales, 1, slot, DEEPGEMM_SCALES_FP32, 1};
    const deepgemm_scales by_block = {b_scales, k_blocks, 1, DEEPGEMM_SCALES_FP32, 128};
    const deepgemm_output first_d = {d, slot, n, n, 1, DEEPGEMM_BF16};
    const deepgemm_groups all = {.count = groups,
                                 .a_stride = slot * k,
                                 .b_stride = n * k,
                                 .d_stride = slot * n,
                                 .a_scale_stride = slot * k_blocks,
                                 .b_scale_stride = k_blocks,
                                 .rows = rows,
                                 .expected_rows = 8};
    deepgemm_message message;
    deepgemm_status status = deepgemm_m_grouped_fp8_gemm_nt_masked(engine, &first_a, &by_token, &first_b, &by_block,
                                                                   &first_d, &all, NULL, NULL, &message);
    // [groups]
    int failed = report_groups("FP8 in groups", status, &message, d, 0xffff);  // not written

    const deepgemm_input x = {a16, slot, k, k, 1, DEEPGEMM_BF16}, w = {b16, n, k, k, 1, DEEPGEMM_BF16};
    memset(d, 0xff, groups * slot * n * sizeof *d);
    status = deepgemm_m_grouped_bf16_gemm_nt_masked(engine, &x, &w, &first_d, &all, NULL, NULL, &message);
    failed |= report_groups("BF16 in groups", status, &message, d, 0xffff);

    // The same rows as one matrix, with the group of each.
    for (int row = 0; row < groups * slot; ++row) of_row[row] = row % slot < counts[row / slot] ? row / slot : -1;
    // [rows]
    const deepgemm_input all_a = {a, groups * slot, k, k, 1, DEEPGEMM_E4M3};
    const deepgemm_scales all_scales = {a_scales, 1, groups * slot, DEEPGEMM_SCALES_FP32, 1};
    const deepgemm_output all_d = {d, groups * slot, n, n, 1, DEEPGEMM_BF16};
    const deepgemm_row_groups list = {.count = groups,
                                      .b_stride = n * k,
                                      .b_scale_stride = k_blocks,
                                      .kind = DEEPGEMM_GROUPS_BY_ROW,
                                      .list = of_row,
                                      .alignment = slot};
    status = deepgemm_m_grouped_fp8_gemm_nt_contiguous(engine, &all_a, &all_scales, &first_b, &by_block, &all_d, &list,
                                                       NULL, NULL, &message);
    // [rows]
    failed |= report_groups("FP8 in groups of rows", status, &message, d, 0);

    const deepgemm_input all_x = {a16, groups * slot, k, k, 1, DEEPGEMM_BF16};
    memset(d, 0xff, groups * slot * n * sizeof *d);
    status = deepgemm_m_grouped_bf16_gemm_nt_contiguous(engine, &all_x, &w, &all_d, &list, NULL, NULL, &message);
    failed |= report_groups("BF16 in groups of rows", status, &message, d, 0);

    // Matrices of B along N, which are transposed first.
    enum { pitch = (n + 15) / 16 * 16 };
    uint8_t* const b_turned = shared_memory(groups * k * pitch);
    if (!b_turned) return 1;
    for (int i = 0; i < groups * n * k; ++i) b_turned[(i / (n * k) * k + i % k) * pitch + i / k % n] = b[i];
    memset(d, 0xff, groups * slot * n * sizeof *d);
    // [turned]
    const deepgemm_input along_n = {b_turned, n, k, 1, pitch, DEEPGEMM_E4M3};
    deepgemm_row_groups turned_list = list;
    turned_list.b_stride = k * pitch;
    uint64_t bytes;
    status = deepgemm_m_grouped_fp8_gemm_contiguous_workspace_bytes(&along_n, groups, &bytes, &message);
    if (status != DEEPGEMM_OK) return 1;
    void* const workspace = shared_memory(bytes);
    status = deepgemm_m_grouped_fp8_gemm_contiguous_with_workspace(
        engine, &all_a, &all_scales, &along_n, &by_block, &all_d, &turned_list, NULL, workspace, bytes, NULL, &message);
    // [turned]
    failed |= report_groups("FP8 in groups of rows, B along N", status, &message, d, 0);

    // Rows of A in reverse order, gathered into the order above; rows of D in reverse order, scattered from there. Entries of
    // rows of no group may hold anything.
    for (int row = 0; row < groups * slot; ++row) {
        turned[row] = of_row[row] < 0 ? -1 : groups * slot - 1 - row;
        a_turned[row] = of_row[row] < 0 ? INT32_MAX : groups * slot - 1 - row;
    }
    for (int i = 0; i < groups * slot * k; ++i) {
        const int row = groups * slot - 1 - i / k;
        a[i] = e4m3(a_value(row, i % k));
    }
    memset(d, 0xff, groups * slot * n * sizeof *d);
    // [lists]
    const deepgemm_row_list gathered = {a_turned, groups * slot, 32};
    status = deepgemm_m_grouped_fp8_gemm_nt_contiguous_gathered(engine, &all_a, &all_scales, &first_b, &by_block,
                                                                &all_d, &gathered, &list, NULL, NULL, &message);
    // [lists]
    failed |= report_groups("FP8 of gathered rows", status, &message, d, 0);

    memset(d, 0xff, groups * slot * n * sizeof *d);
    const deepgemm_row_list scattered = {turned, groups * slot, 64};
    status = deepgemm_m_grouped_bf16_gemm_nt_contiguous_scattered(engine, &all_x, &w, &all_d, &scattered, &list, NULL,
                                                                  NULL, &message);
    if (status == DEEPGEMM_OK) wait_for_kernels();
    for (int row = 0; row < groups * slot / 2; ++row) {  // back in order
        uint16_t other[n];
        uint16_t *const low = d + row * n, *const high = d + (groups * slot - 1 - row) * n;
        memcpy(other, low, sizeof other);
        memcpy(low, high, sizeof other);
        memcpy(high, other, sizeof other);
    }
    failed |= report_groups("BF16 with scattered rows", status, &message, d, 0xffff);  // others are not written
    return failed;
}

/* Three groups of K, each added to a matrix of ones: FP8 with one pitch and concatenated, and BF16. All numbers are integers and powers
 * of two, so sums are exact. */
static int run_k_groups(const deepgemm_engine* engine) {
    enum { groups = 3, all_k = 512, blocks = all_k / 128 };
    enum { a_pitch = (m + 15) / 16 * 16, b_pitch = (n + 15) / 16 * 16 }; /* of tokens: multiples of 16 bytes */
    static const int32_t k_of[groups] = {128, 0, 384};
    uint8_t* const a = shared_memory(m * all_k);
    uint8_t* const b = shared_memory(n * all_k);
    uint8_t* const a_apart = shared_memory(m * all_k);
    uint8_t* const b_apart = shared_memory(n * all_k);
    uint8_t* const a_turned = shared_memory(a_pitch * all_k);
    uint8_t* const b_turned = shared_memory(b_pitch * all_k);
    uint16_t* const a16 = shared_memory(m * all_k * sizeof *a16);
    uint16_t* const b16 = shared_memory(n * all_k * sizeof *b16);
    float* const a_scales = shared_memory(m * blocks * sizeof *a_scales);
    float* const b_scales = shared_memory(n * blocks * sizeof *b_scales);
    uint32_t* const a_words = shared_memory(2 * m * sizeof *a_words);
    uint32_t* const b_words = shared_memory(2 * n * sizeof *b_words);
    float* const d = shared_memory(groups * m * n * sizeof *d);
    int32_t* const sizes = shared_memory(sizeof k_of);
    if (!a || !b || !a_apart || !b_apart || !a16 || !b16 || !a_scales || !b_scales || !d || !sizes || !a_words ||
        !b_words || !a_turned || !b_turned)
        return 1;
    memcpy(sizes, k_of, sizeof k_of);
    for (int i = 0; i < m * all_k; ++i) {
        const int row = i / all_k, at = i % all_k;
        a[i] = a_turned[at * a_pitch + row] = e4m3(a_value(row, at)), a16[at * m + row] = bf16(a_value(row, at));
        a_apart[at < k_of[0] ? row * k_of[0] + at : m * k_of[0] + row * k_of[2] + at - k_of[0]] = a[i];
    }
    for (int i = 0; i < n * all_k; ++i) {
        const int row = i / all_k, at = i % all_k;
        b[i] = b_turned[at * b_pitch + row] = e4m3(b_value(row, at)), b16[at * n + row] = bf16(b_value(row, at));
        b_apart[at < k_of[0] ? row * k_of[0] + at : n * k_of[0] + row * k_of[2] + at - k_of[0]] = b[i];
    }
    for (int i = 0; i < m * blocks; ++i) a_scales[i] = 0.5f;
    for (int i = 0; i < n * blocks; ++i) b_scales[i] = 2.0f;
    /* Packed, a word for the one block of the first group and one for the three of the last: the other bytes are NaN. */
    for (int i = 0; i < m; ++i) a_words[i] = 0xffffff7e, a_words[m + i] = 0xff7e7e7e;
    for (int i = 0; i < n; ++i) b_words[i] = 0xffffff80, b_words[n + i] = 0xff808080;
    int failed = 0;
    for (int way = 0; way < 7; ++way) {
        const int apart = way == 1 || way == 3 || way == 6, packed = way == 2 || way == 3;
        for (int i = 0; i < groups * m * n; ++i) d[i] = 1;
        // [k_groups]
        const deepgemm_input left = {apart ? a_apart : a, m, all_k, all_k, 1, DEEPGEMM_E4M3},
                             right = {apart ? b_apart : b, n, all_k, all_k, 1, DEEPGEMM_E4M3};
        const int format = packed ? DEEPGEMM_SCALES_UE8M0 : DEEPGEMM_SCALES_FP32;
        const deepgemm_scales left_scales = {packed ? (void*)a_words : (void*)a_scales, 1, m, format, 1},
                              right_scales = {packed ? (void*)b_words : (void*)b_scales, 1, n, format, 1};
        const deepgemm_output first = {d, m, n, n, 1, DEEPGEMM_F32};
        const deepgemm_k_groups list = {.count = groups,
                                        .d_stride = m * n,
                                        .list = sizes,
                                        .host_sizes = apart ? k_of : NULL,
                                        .accumulate = 1,
                                        .alignment = 128,
                                        .scale_words = 2};
        deepgemm_message message;
        deepgemm_status status = DEEPGEMM_OK;
        if (way < 4) {
            status = deepgemm_k_grouped_fp8_gemm_nt_contiguous(engine, &left, &left_scales, &right, &right_scales,
                                                               &first, &list, NULL, &message);
            // [k_groups]
        } else if (way == 4) {
            const deepgemm_input x = {a_turned, m, all_k, 1, a_pitch, DEEPGEMM_E4M3},
                                 y = {b_turned, n, all_k, 1, b_pitch, DEEPGEMM_E4M3};
            uint64_t bytes = 0;
            if (deepgemm_k_grouped_fp8_gemm_workspace_bytes(&x, &y, &bytes, &message) != DEEPGEMM_OK) return 1;
            void* const workspace = shared_memory(bytes);
            if (!workspace) return 1;
            status = deepgemm_k_grouped_fp8_gemm_with_workspace(engine, &x, &left_scales, &y, &right_scales, &first,
                                                                &list, workspace, bytes, NULL, &message);
        } else if (way == 6) {
            status = deepgemm_k_grouped_fp8_gemm_with_workspace(engine, &left, &left_scales, &right, &right_scales,
                                                                &first, &list, NULL, 0, NULL, &message);
        } else {
            const deepgemm_input x = {a16, all_k, m, m, 1, DEEPGEMM_BF16}, y = {b16, all_k, n, n, 1, DEEPGEMM_BF16};
            status = deepgemm_k_grouped_bf16_gemm_tn_contiguous(engine, &x, &y, &first, &list, NULL, &message);
        }
        if (status != DEEPGEMM_OK || wait_for_kernels()) {
            printf("FAIL: groups of K: %s: %s\n", deepgemm_status_name(status), message.text);
            return 1;
        }
        int wrong = 0;
        for (int group = 0, begin = 0; group < groups; begin += k_of[group++]) {
            for (int i = 0; i < m * n; ++i) {
                int sum = 1;
                for (int at = begin; at < begin + k_of[group]; ++at) sum += a_value(i / n, at) * b_value(i % n, at);
                wrong += d[group * m * n + i] != (float)sum;
            }
        }
        static const char* const names[] = {"FP8",
                                            "FP8, concatenated",
                                            "FP8, packed scales",
                                            "FP8, concatenated, packed scales",
                                            "FP8, a row for each token",
                                            "BF16",
                                            "FP8, concatenated, by the call with a workspace"};
        printf("%s: groups of K in %s: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", names[way], wrong,
               groups * m * n);
        failed |= wrong != 0;
    }
    return failed;
}

/* Two heads, whose rows are among each other in A and in D, and the sum of two products. */
static int run_batches(const deepgemm_engine* engine) {
    enum { heads = 2, tokens = m / heads, columns = 24 };
    const uint64_t bytes = deepgemm_batched_sum_workspace_bytes(engine, tokens, columns);
    uint16_t* const x = shared_memory(m * k * sizeof *x);
    uint16_t* const w = shared_memory(heads * columns * k * sizeof *w);
    uint16_t* const d = shared_memory(m * columns * sizeof *d);
    unsigned char* const memory = shared_memory(bytes + 128);
    if (!x || !w || !d || !memory) return 1;
    unsigned char* const workspace = memory + (128 - (uintptr_t)memory % 128) % 128;
    for (int i = 0; i < m * k; ++i) x[i] = bf16(a_value(i / k, i % k));
    for (int i = 0; i < heads * columns * k; ++i) w[i] = bf16(b_value(i / k, i % k));
    memset(d, 0xff, m * columns * sizeof *d);
    memset(workspace, 0, 128);
    // [batch]
    const deepgemm_input a = {x, tokens, k, heads * k, 1, DEEPGEMM_BF16}, b = {w, columns, k, k, 1, DEEPGEMM_BF16};
    const deepgemm_output of_heads = {d, tokens, columns, heads * columns, 1, DEEPGEMM_BF16};
    const deepgemm_batch batch = {.count = heads, .a_stride = k, .b_stride = columns * k, .d_stride = columns};
    deepgemm_message message;
    deepgemm_status status = deepgemm_bf16_batched_gemm_nt(engine, &a, &b, &of_heads, &batch, NULL, &message);
    // [batch]
    if (status != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: batch: %s: %s\n", deepgemm_status_name(status), message.text);
        return 1;
    }
    int wrong = 0;
    for (int i = 0; i < m * columns; ++i) {
        const int row = i / columns;
        wrong += from_bf16(d[i]) != expected(row, row % heads * columns + i % columns);
    }
    printf("%s: batch: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", wrong, m * columns);
    int failed = wrong != 0;

    const deepgemm_output sum = {d, tokens, columns, columns, 1, DEEPGEMM_BF16};
    status = deepgemm_bf16_batched_sum(engine, &a, &b, &sum, &batch, workspace, bytes, NULL, &message);
    if (status != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: sum of a batch: %s: %s\n", deepgemm_status_name(status), message.text);
        return 1;
    }
    wrong = 0;
    for (int i = 0; i < tokens * columns; ++i) {
        int all = 0;
        for (int head = 0; head < heads; ++head)
            all += product_of(i / columns * heads + head, head * columns + i % columns);
        wrong += from_bf16(d[i]) != rounded(all);
    }
    printf("%s: sum of a batch: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", wrong, tokens * columns);
    failed |= wrong != 0;
    return failed;
}

/* The gradient of the weights of two heads: tokens in FP8, whose heads are among each other, are summed over. */
static int run_gradient(const deepgemm_engine* engine) {
    enum { heads = 2, tokens = 40, inner = 32, outer = 48 };
    uint8_t* const y = shared_memory(tokens * heads * inner);
    uint8_t* const x = shared_memory(tokens * heads * outer);
    float* const ones = shared_memory(heads * outer * sizeof *ones);
    float* const d = shared_memory(heads * inner * outer * sizeof *d);
    if (!y || !x || !ones || !d) return 1;
    for (int i = 0; i < tokens * heads * inner; ++i) y[i] = e4m3(a_value(i / (heads * inner), i % (heads * inner)));
    for (int i = 0; i < tokens * heads * outer; ++i) x[i] = e4m3(b_value(i / (heads * outer), i % (heads * outer)));
    for (int i = 0; i < heads * outer; ++i) ones[i] = 1.0f;
    for (int i = 0; i < heads * inner * outer; ++i) d[i] = 1.0f;
    deepgemm_message message;
    // [gradient]
    const deepgemm_input a = {y, inner, tokens, 1, heads * inner, DEEPGEMM_E4M3},
                         b = {x, outer, tokens, 1, heads * outer, DEEPGEMM_E4M3};
    const deepgemm_scales a_scales = {ones, 1, heads * inner, DEEPGEMM_SCALES_FP32, 1},
                          b_scales = {ones, 1, heads * outer, DEEPGEMM_SCALES_FP32, 1};
    const deepgemm_output of_heads = {d, inner, outer, outer, 1, DEEPGEMM_F32};
    const deepgemm_batch batch = {.count = heads,
                                  .a_stride = inner,
                                  .b_stride = outer,
                                  .d_stride = inner * outer,
                                  .a_scale_stride = inner,
                                  .b_scale_stride = outer,
                                  .accumulate = 1};
    uint64_t bytes;
    if (deepgemm_fp8_batched_gemm_workspace_bytes(&a, &b, heads, &bytes, &message) != DEEPGEMM_OK) return 1;
    void* const workspace = shared_memory(bytes);
    const deepgemm_status status = deepgemm_fp8_batched_gemm_with_workspace(
        engine, &a, &a_scales, &b, &b_scales, &of_heads, &batch, workspace, bytes, NULL, &message);
    // [gradient]
    if (status != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: gradient of heads: %s: %s\n", deepgemm_status_name(status), message.text);
        return 1;
    }
    int wrong = 0;
    for (int i = 0; i < heads * inner * outer; ++i) {
        const int head = i / (inner * outer), row = head * inner + i / outer % inner, column = head * outer + i % outer;
        int sum = 1;
        for (int token = 0; token < tokens; ++token) sum += a_value(token, row) * b_value(token, column);
        wrong += d[i] != (float)sum;
    }
    printf("%s: gradient of heads: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", wrong,
           heads * inner * outer);
    return wrong != 0;
}

/* A prenorm as one sum, and in two parts that are added here. All numbers are integers, so sums are exact. */
static int run_prenorm(const deepgemm_engine* engine) {
    enum { columns = 24, parts = 2 };
    uint16_t* const x = shared_memory(m * k * sizeof *x);
    float* const w = shared_memory(columns * k * sizeof *w);
    float* const d = shared_memory(parts * m * columns * sizeof *d);
    float* const q = shared_memory(parts * m * sizeof *q);
    if (!x || !w || !d || !q) return 1;
    for (int i = 0; i < m * k; ++i) x[i] = bf16(a_value(i / k, i % k));
    for (int i = 0; i < columns * k; ++i) w[i] = (float)b_value(i / k, i % k);
    int failed = 0;
    for (int count = 1; count <= parts; ++count) {
        memset(d, 0xff, parts * m * columns * sizeof *d);
        memset(q, 0xff, parts * m * sizeof *q);
        // [prenorm]
        const deepgemm_input a = {x, m, k, k, 1, DEEPGEMM_BF16}, b = {w, columns, k, k, 1, DEEPGEMM_F32};
        const deepgemm_output sums = {d, m, columns, columns, 1, DEEPGEMM_F32},
                              squares = {q, count, m, m, 1, DEEPGEMM_F32};
        deepgemm_message message;
        const deepgemm_status status =
            deepgemm_tf32_hc_prenorm_gemm(engine, &a, &b, &sums, count, m * columns, &squares, NULL, &message);
        // [prenorm]
        if (status != DEEPGEMM_OK || wait_for_kernels()) {
            printf("FAIL: prenorm: %s: %s\n", deepgemm_status_name(status), message.text);
            return 1;
        }
        int wrong = 0;
        for (int row = 0; row < m; ++row) {
            int square = 0;
            for (int i = 0; i < k; ++i) square += a_value(row, i) * a_value(row, i);
            wrong += q[row] + (count == 2 ? q[m + row] : 0) != (float)square;
            for (int column = 0; column < columns; ++column) {
                int sum = 0;
                for (int i = 0; i < k; ++i) sum += a_value(row, i) * b_value(column, i);
                const int at = row * columns + column;
                wrong += d[at] + (count == 2 ? d[m * columns + at] : 0) != (float)sum;
            }
        }
        printf("%s: prenorm in %d: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", count, wrong,
               m * (columns + 1));
        failed |= wrong != 0;
    }
    return failed;
}

/* Logits of 20 queries, each of which sees six keys less than the next, full and compressed, and their cleaning. All numbers are
 * integers and powers of two, so scores are exact. */
static int run_logits(const deepgemm_engine* engine) {
    enum { queries = 20, heads = 32, depth = 128, keys = 120, rows = queries * heads };
    uint8_t* const q = shared_memory(rows * depth);
    uint8_t* const key = shared_memory(keys * depth);
    float* const scale = shared_memory(keys * sizeof *scale);
    float* const weights = shared_memory(rows * sizeof *weights);
    int32_t* const first = shared_memory(queries * sizeof *first);
    int32_t* const last = shared_memory(queries * sizeof *last);
    float* const logits = shared_memory(queries * keys * sizeof *logits);
    if (!q || !key || !scale || !weights || !first || !last || !logits) return 1;
    for (int i = 0; i < rows * depth; ++i) q[i] = e4m3(a_value(i / depth, i % depth));
    for (int i = 0; i < keys * depth; ++i) key[i] = e4m3(b_value(i / depth, i % depth));
    for (int i = 0; i < keys; ++i) scale[i] = i % 2 ? 0.5f : 2.0f;
    for (int i = 0; i < rows; ++i) weights[i] = (float)(i % 7 - 3);
    for (int i = 0; i < queries; ++i) first[i] = i % 3, last[i] = 6 * i;  // the first query sees no key
    int failed = 0;
    for (int form = DEEPGEMM_LOGITS_FULL; form <= DEEPGEMM_LOGITS_COMPRESSED; form += DEEPGEMM_LOGITS_COMPRESSED) {
        memset(logits, 0xff, queries * keys * sizeof *logits);
        // [logits]
        const deepgemm_mqa_logits problem = {.queries = queries,
                                             .heads = heads,
                                             .depth = depth,
                                             .keys = keys,
                                             .q = q,
                                             .key = key,
                                             .scale = scale,
                                             .weights = weights,
                                             .first = first,
                                             .last = last,
                                             .logits = logits,
                                             .columns = keys,
                                             .weights_type = DEEPGEMM_F32,
                                             .logits_type = DEEPGEMM_F32,
                                             .form = form};
        deepgemm_message message;
        const deepgemm_status status = deepgemm_fp8_mqa_logits(engine, &problem, NULL, &message);
        // [logits]
        if (status != DEEPGEMM_OK || wait_for_kernels()) {
            printf("FAIL: logits: %s: %s\n", deepgemm_status_name(status), message.text);
            return 1;
        }
        int wrong = 0;
        for (int i = 0; i < queries * keys; ++i) {
            const int query = i / keys, at = form == DEEPGEMM_LOGITS_FULL ? i % keys : i % keys + first[query];
            if (at < first[query] || at >= last[query]) {
                wrong += form == DEEPGEMM_LOGITS_FULL ? logits[i] != -INFINITY : !isnan(logits[i]);
                continue;
            }
            float sum = 0;
            for (int h = query * heads; h < (query + 1) * heads; ++h) {
                int dot = 0;
                for (int d = 0; d < depth; ++d) dot += a_value(h, d) * b_value(at, d);
                sum += (float)(dot > 0 ? dot : 0) * weights[h];
            }
            wrong += logits[i] != sum * scale[at];
        }
        printf("%s: logits of form %d: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", form, wrong,
               queries * keys);
        failed |= wrong != 0;
    }

    // The first two queries lose all of their keys, and the others keep what they have.
    memset(logits, 0, queries * keys * sizeof *logits);
    last[1] = 0;
    // [clean]
    const deepgemm_output d = {logits, queries, keys, keys, 1, DEEPGEMM_F32};
    deepgemm_message message;
    const deepgemm_status status = deepgemm_clean_logits(engine, &d, first, last, NULL, &message);
    // [clean]
    if (status != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: cleaning: %s: %s\n", deepgemm_status_name(status), message.text);
        return 1;
    }
    int wrong = 0;
    for (int i = 0; i < queries * keys; ++i) {
        const int query = i / keys, seen = first[query] <= i % keys && i % keys < last[query];
        wrong += logits[i] != (seen ? 0 : -INFINITY);
    }
    printf("%s: cleaning: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS", wrong, queries * keys);
    failed |= wrong != 0;

    // The nine best keys of each query. All logits of a range are 0 but one, so it comes first and the others in their order.
    enum { best = 9 };
    int32_t* const indices = shared_memory(queries * best * sizeof *indices);
    if (!indices) return 1;
    for (int i = 0; i < queries; ++i) logits[i * keys + 50] = 1;
    // [topk]
    const deepgemm_input from = {logits, queries, keys, keys, 1, DEEPGEMM_F32};
    const deepgemm_status selected =
        deepgemm_topk(engine, &from, best, indices, best, NULL, 0, first, last, NULL, &message);
    // [topk]
    if (selected != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: top-k: %s: %s\n", deepgemm_status_name(selected), message.text);
        return 1;
    }
    wrong = 0;
    for (int i = 0; i < queries; ++i) {
        int next = first[i];
        for (int j = 0; j < best; ++j) {
            const int has_best = first[i] <= 50 && 50 < last[i];
            const int want = j == 0 && has_best ? 50 : next < last[i] ? next++ : -1;
            wrong += indices[i * best + j] != want;
        }
    }
    printf("%s: top-k: %d of %d indices are wrong\n", wrong ? "FAIL" : "PASS", wrong, queries * best);
    return failed | (wrong != 0);
}

/* Logits of three requests of two queries each, one without keys, whose keys lie in pages with padding between them; with and
 * without a schedule made before. Pages and entries of nobody hold what no kernel may use. */
static int run_paged_logits(const deepgemm_engine* engine) {
    enum {
        requests = 3,
        next_n = 2,
        heads = 32,
        depth = 128,
        block = 64,
        columns = 140,
        pages = 6,
        entries = 4,
        sms = 3
    };
    enum {
        page_stride = block * (depth + 4) + 16,
        queries = requests * next_n,
        rows = queries * heads,
        pitch = columns + 3
    };
    static const int32_t contexts[requests] = {130, 0, 64},
                         places[requests][entries] = {{4, 0, 2, -1}, {-1, 99, -1, -1}, {5, -1, 99, -1}};
    uint8_t* const q = shared_memory(rows * depth);
    uint8_t* const cache = shared_memory(pages * page_stride);
    float* const weights = shared_memory(rows * sizeof *weights);
    int32_t* const lengths = shared_memory(sizeof contexts);
    int32_t* const table = shared_memory(sizeof places);
    float* const logits = shared_memory(queries * pitch * sizeof *logits);
    int32_t* const schedule = shared_memory(DEEPGEMM_PAGED_MQA_SCHEDULE_WORDS(sms) * sizeof *schedule);
    if (!q || !cache || !weights || !lengths || !table || !logits || !schedule) return 1;
    memcpy(lengths, contexts, sizeof contexts);
    memcpy(table, places, sizeof places);
    memset(cache, 0xff, pages * page_stride);
    for (int i = 0; i < rows * depth; ++i) q[i] = e4m3(a_value(i / depth, i % depth));
    for (int i = 0; i < rows; ++i) weights[i] = (float)(i % 7 - 3);
    for (int r = 0; r < requests; ++r) {
        for (int i = 0; i < contexts[r]; ++i) {
            uint8_t* const page = cache + places[r][i / block] * page_stride;
            const float scale = i % 2 ? 0.5f : 2.0f;
            for (int d = 0; d < depth; ++d) page[i % block * depth + d] = e4m3(b_value(r + i, d));
            memcpy(page + block * depth + i % block * 4, &scale, sizeof scale);
        }
    }
    int failed = 0;
    for (int scheduled = 0; scheduled < 2; ++scheduled) {
        memset(logits, 0xff, queries * pitch * sizeof *logits);
        // [paged]
        const deepgemm_paged_mqa_logits problem = {.requests = requests,
                                                   .next_n = next_n,
                                                   .heads = heads,
                                                   .depth = depth,
                                                   .columns = columns,
                                                   .block = block,
                                                   .pages = pages,
                                                   .q = q,
                                                   .cache = cache,
                                                   .weights = weights,
                                                   .lengths = lengths,
                                                   .block_table = table,
                                                   .logits = logits,
                                                   .schedule = scheduled ? schedule : NULL,
                                                   .schedule_words = DEEPGEMM_PAGED_MQA_SCHEDULE_WORDS(sms),
                                                   .page_stride = page_stride,
                                                   .table_stride = entries,
                                                   .logits_stride = pitch,
                                                   .weights_type = DEEPGEMM_F32,
                                                   .logits_type = DEEPGEMM_F32,
                                                   .form = DEEPGEMM_LOGITS_FULL};
        deepgemm_message message;
        deepgemm_status status = DEEPGEMM_OK;
        if (scheduled) status = deepgemm_make_paged_mqa_schedule(engine, &problem, NULL, &message);
        if (status == DEEPGEMM_OK) status = deepgemm_fp8_paged_mqa_logits(engine, &problem, NULL, &message);
        // [paged]
        if (status != DEEPGEMM_OK || wait_for_kernels()) {
            printf("FAIL: paged logits: %s: %s\n", deepgemm_status_name(status), message.text);
            return 1;
        }
        int wrong = 0;
        for (int i = 0; i < queries * pitch; ++i) {
            const int query = i / pitch, at = i % pitch, request = query / next_n;
            if (at >= contexts[request]) {
                wrong += at < columns ? logits[i] != -INFINITY : !isnan(logits[i]);
                continue;
            }
            float sum = 0;
            for (int h = query * heads; h < (query + 1) * heads; ++h) {
                int dot = 0;
                for (int d = 0; d < depth; ++d) dot += a_value(h, d) * b_value(request + at, d);
                sum += (float)(dot > 0 ? dot : 0) * weights[h];
            }
            wrong += logits[i] != sum * (at % 2 ? 0.5f : 2.0f);
        }
        printf("%s: paged logits%s: %d of %d elements are wrong\n", wrong ? "FAIL" : "PASS",
               scheduled ? " with a schedule" : "", wrong, queries * pitch);
        failed |= wrong != 0;
    }
    return failed;
}

/* The same FP8 product with B (k,n), as the forward pass of a layer may store it, and B (n,k) made of it. */
static int run_turned(const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* by_token,
                      const uint8_t* b8, const deepgemm_scales* by_block, const deepgemm_output* product) {
    enum { pitch = 80 };  // a row of B (k,n), in multiples of 16
    uint8_t* const turned = shared_memory(k * pitch);
    uint8_t* const back = shared_memory(n * k);
    if (!turned || !back) return 1;
    for (int i = 0; i < n * k; ++i) turned[i % k * pitch + i / k] = b8[i];
    memset(product->data, 0xff, m * n * sizeof(uint16_t));
    deepgemm_message message;
    // [turned]
    const deepgemm_input b = {turned, n, k, 1, pitch, DEEPGEMM_E4M3};  // (k,n), seen as (n,k)
    uint64_t bytes;
    if (deepgemm_fp8_gemm_workspace_bytes(a, &b, &bytes, &message) != DEEPGEMM_OK) return 1;
    void* const workspace = shared_memory(bytes);
    deepgemm_status status = deepgemm_fp8_gemm_with_workspace(engine, a, by_token, &b, by_block, product, NULL,
                                                              workspace, bytes, NULL, &message);
    // [turned]
    int failed = report("FP8, B (k,n)", status, &message, product->data, 2.0f);
    const deepgemm_input x = {turned, k, n, pitch, 1, DEEPGEMM_E4M3};
    const deepgemm_output y = {back, n, k, k, 1, DEEPGEMM_E4M3};
    status = deepgemm_transpose(engine, &x, &y, NULL, &message);
    if (status != DEEPGEMM_OK || wait_for_kernels()) {
        printf("FAIL: transposition: %s: %s\n", deepgemm_status_name(status), message.text);
        return 1;
    }
    const int wrong = memcmp(back, b8, n * k) != 0;
    printf("%s: transposition\n", wrong ? "FAIL" : "PASS");
    return failed | wrong;
}

#ifndef C_INTERFACE_CUDA
/* Packs the integers of an operand as E2M1, the element of even index in the low bits. */
static void pack_e2m1(uint8_t* to, int rows, int (*value)(int, int)) {
    static const uint8_t codes[] = {0, 2, 4}; /* 0, 1, 2 */
    for (int i = 0; i < rows * k; ++i) {
        const int x = value(i / k, i % k);
        const uint8_t code = x < 0 ? (uint8_t)(codes[-x] | 8) : codes[x];
        to[i / 2] = i % 2 ? (uint8_t)(to[i / 2] | code << 4) : code;
    }
}

/* FP4 products of a simulated Blackwell in both formats. Their scales are 1/2 and 2, and then 2 and 1. */
static int run_fp4(void) {
    enum { a_pitch = (m + 3) / 4 * 4, b_pitch = (n + 3) / 4 * 4, words = (k + 63) / 64 }; /* NV has the most words */
    uint8_t* const a4 = shared_memory(m * k / 2);
    uint8_t* const b4 = shared_memory(n * k / 2);
    uint32_t* const a_scales = shared_memory(a_pitch * words * sizeof *a_scales);
    uint32_t* const b_scales = shared_memory(b_pitch * words * sizeof *b_scales);
    uint16_t* const d = shared_memory(m * n * sizeof *d);
    if (!a4 || !b4 || !a_scales || !b_scales || !d) return 1;
    pack_e2m1(a4, m, a_value);
    pack_e2m1(b4, n, b_value);

    deepgemm_message message;
    deepgemm_engine* engine;
    const deepgemm_options blackwell = {.simulate_blackwell = 1};
    deepgemm_status status = deepgemm_engine_create(&blackwell, &engine, &message);
    if (status != DEEPGEMM_OK) return 1;
    const deepgemm_input a = {a4, m, k, k, 1, DEEPGEMM_E2M1}, b = {b4, n, k, k, 1, DEEPGEMM_E2M1};
    const deepgemm_output product = {d, m, n, n, 1, DEEPGEMM_BF16};
    int failed = 0;

    /* Exponents: 126 is 1/2, 128 is 2. */
    memset(a_scales, 126, a_pitch * words * sizeof *a_scales);
    memset(b_scales, 128, b_pitch * words * sizeof *b_scales);
    memset(d, 0xff, m * n * sizeof *d);
    const deepgemm_scales a_mx = {a_scales, 1, a_pitch, DEEPGEMM_SCALES_MX, 1};
    const deepgemm_scales b_mx = {b_scales, 1, b_pitch, DEEPGEMM_SCALES_MX, 1};
    status = deepgemm_fp8_gemm_nt(engine, &a, &a_mx, &b, &b_mx, &product, NULL, NULL, &message);
    failed |= report("MXFP4", status, &message, d, 1.0f);

    /* E4M3 without a sign: 0x40 is 2, 0x38 is 1. */
    memset(a_scales, 0x40, a_pitch * words * sizeof *a_scales);
    memset(b_scales, 0x38, b_pitch * words * sizeof *b_scales);
    memset(d, 0xff, m * n * sizeof *d);
    const deepgemm_scales a_nv = {a_scales, 1, a_pitch, DEEPGEMM_SCALES_NV, 1};
    const deepgemm_scales b_nv = {b_scales, 1, b_pitch, DEEPGEMM_SCALES_NV, 1};
    status = deepgemm_fp8_gemm_nt(engine, &a, &a_nv, &b, &b_nv, &product, NULL, NULL, &message);
    failed |= report("NVFP4", status, &message, d, 2.0f);

    /* A mistake: formats that differ. */
    status = deepgemm_fp8_gemm_nt(engine, &a, &a_mx, &b, &b_nv, &product, NULL, NULL, &message);
    printf("%s: %s\n", deepgemm_status_name(status), message.text);
    failed |= status != DEEPGEMM_BAD_SCALES;
    deepgemm_engine_destroy(engine);
    return failed;
}
#endif

int main(void) {
    uint8_t* const a8 = shared_memory(m * k);
    uint8_t* const b8 = shared_memory(n * k);
    uint16_t* const a16 = shared_memory(m * k * sizeof *a16);
    uint16_t* const b16 = shared_memory(n * k * sizeof *b16);
    float* const a_scales = shared_memory(m * k_blocks * sizeof *a_scales);
    float* const b_scales = shared_memory(k_blocks * sizeof *b_scales);
    uint16_t* const d = shared_memory(m * n * sizeof *d);
    if (!a8 || !b8 || !a16 || !b16 || !a_scales || !b_scales || !d) {
        printf("FAIL: no memory for the operands, or no GPU\n");
        return 1;
    }
    for (int i = 0; i < m * k; ++i) a8[i] = e4m3(a_value(i / k, i % k)), a16[i] = bf16(a_value(i / k, i % k));
    for (int i = 0; i < n * k; ++i) b8[i] = e4m3(b_value(i / k, i % k)), b16[i] = bf16(b_value(i / k, i % k));
    for (int i = 0; i < m * k_blocks; ++i) a_scales[i] = 0.5f;
    for (int i = 0; i < k_blocks; ++i) b_scales[i] = 4.0f;
    memset(d, 0xff, m * n * sizeof *d);

    // [engine]
    deepgemm_message message;
    deepgemm_engine* engine;
    deepgemm_status status = deepgemm_engine_create(NULL, &engine, &message);
    if (status != DEEPGEMM_OK) {
        printf("%s: %s\n", deepgemm_status_name(status), message.text);
        return 1;
    }
    // [engine]
    int failed = deepgemm_engine_prepare(engine, &message) != DEEPGEMM_OK;

    // [product]
    const deepgemm_input a = {a8, m, k, k, 1, DEEPGEMM_E4M3}, b = {b8, n, k, k, 1, DEEPGEMM_E4M3};
    const deepgemm_scales by_token = {a_scales, 1, m, DEEPGEMM_SCALES_FP32, 1};  // one per row of A and 128 of K
    const deepgemm_scales by_block = {b_scales, k_blocks, 1, DEEPGEMM_SCALES_FP32, 128};  // one per 128 rows of B
    const deepgemm_output product = {d, m, n, n, 1, DEEPGEMM_BF16};
    status = deepgemm_fp8_gemm_nt(engine, &a, &by_token, &b, &by_block, &product, NULL, NULL, &message);
    // [product]
    failed |= report("FP8", status, &message, d, 2.0f);

    // [epilogue]
    const deepgemm_epilogue halved = {.use_alpha = 1, .alpha = 0.5f};
    status = deepgemm_fp8_gemm_nt(engine, &a, &by_token, &b, &by_block, &product, &halved, NULL, &message);
    // [epilogue]
    failed |= report("FP8 times alpha", status, &message, d, 1.0f);

    // Dynamic quantisation: a scale for each row of A, and one for all of B.
    const deepgemm_scales by_row = {a_scales, 1, 1, DEEPGEMM_SCALES_FP32_ALL_OF_K, 1};
    const deepgemm_scales as_a_whole = {b_scales, 1, 1, DEEPGEMM_SCALES_FP32_ALL_OF_K, 0};
    memset(d, 0xff, m * n * sizeof *d);
    status = deepgemm_fp8_gemm_nt(engine, &a, &by_row, &b, &as_a_whole, &product, NULL, NULL, &message);
    failed |= report("FP8 by row", status, &message, d, 2.0f);

    const deepgemm_input x = {a16, m, k, k, 1, DEEPGEMM_BF16}, w = {b16, n, k, k, 1, DEEPGEMM_BF16};
    memset(d, 0xff, m * n * sizeof *d);
    status = deepgemm_bf16_gemm_nt(engine, &x, &w, &product, NULL, NULL, &message);
    failed |= report("BF16", status, &message, d, 1.0f);

    failed |= run_turned(engine, &a, &by_token, b8, &by_block, &product);
    failed |= run_groups(engine);
    failed |= run_k_groups(engine);
    failed |= run_batches(engine);
    failed |= run_gradient(engine);
    failed |= run_prenorm(engine);
    failed |= run_logits(engine);
    failed |= run_paged_logits(engine);
#ifndef C_INTERFACE_CUDA
    failed |= run_fp4();
#endif

    // A mistake: K of the operands differs. Nothing is launched.
    const deepgemm_input shorter = {b16, n, k - 64, k, 1, DEEPGEMM_BF16};
    status = deepgemm_bf16_gemm_nt(engine, &x, &shorter, &product, NULL, NULL, &message);
    printf("%s: %s\n", deepgemm_status_name(status), message.text);
    failed |= status != DEEPGEMM_SHAPE_MISMATCH;

    deepgemm_engine_destroy(engine);
    return failed;
}
