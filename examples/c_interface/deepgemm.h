/* SPDX-License-Identifier: MIT
 * A C interface to deepgemm, for programs in C and for languages that call C: Rust, Go, Python and others. It is an
 * example, not a part of the library: ops/ says which kernels are in it, and yours may have others.
 * No call throws, exits or prints. Every call may be made from any thread, and one engine serves any number of them. */
#ifndef DEEPGEMM_C_INTERFACE_H
#define DEEPGEMM_C_INTERFACE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call returns. Numbers stay as they are from version to version; new ones may be added. */
typedef int32_t deepgemm_status;
enum {
    DEEPGEMM_OK = 0,
    DEEPGEMM_BAD_EXTENT = 1,         /* a size is negative or too large */
    DEEPGEMM_SHAPE_MISMATCH = 2,     /* sizes of two arguments disagree */
    DEEPGEMM_UNSUPPORTED_TYPE = 3,   /* an element type that the operation does not take */
    DEEPGEMM_BAD_LAYOUT = 4,         /* a stride that the operation does not take */
    DEEPGEMM_MISALIGNED = 5,         /* an address or a stride is no multiple of what the hardware asks for */
    DEEPGEMM_NULL_POINTER = 6,       /* memory that would be read or written is not given */
    DEEPGEMM_BAD_SCALES = 7,         /* format or layout of scales */
    DEEPGEMM_BAD_ALIAS = 8,          /* arguments overlap in memory */
    DEEPGEMM_BAD_OPTION = 9,         /* an option outside its range */
    DEEPGEMM_NO_KERNEL = 10,         /* a valid product that none of the compiled kernels computes */
    DEEPGEMM_WRONG_DEVICE = 11,      /* the current device cannot run the kernel */
    DEEPGEMM_CUDA_FAILURE = 12,      /* the CUDA runtime or driver reported an error */
    DEEPGEMM_SIMULATOR_FAILURE = 13, /* the simulated machine found a fault in a kernel */
    DEEPGEMM_OUT_OF_MEMORY = 14,     /* host memory */
    DEEPGEMM_OTHER = 15              /* anything else; the message says what */
};

/* The name of a status: "ok", "bad_extent" and so on; "unknown" for a number that is none. */
const char* deepgemm_status_name(deepgemm_status status);

/* A sentence on what is wrong, its value and what is allowed; empty after a success. Longer ones are cut. Calls take a
 * pointer to one, which may be null. */
typedef struct deepgemm_message {
    char text[512];
} deepgemm_message;

/* Element types. Two of E2M1 (FP4, on Blackwell) are in a byte; extents and strides count elements all the same. */
enum { DEEPGEMM_E4M3 = 1, DEEPGEMM_E5M2 = 2, DEEPGEMM_BF16 = 3, DEEPGEMM_F16 = 4, DEEPGEMM_F32 = 5, DEEPGEMM_E2M1 = 6 };

/* A matrix in device memory (host memory where the library is built for the simulator). Element (r, c) is at
 * r * row_stride + c * column_stride, in elements. */
typedef struct deepgemm_input {
    const void* data;
    int64_t rows, columns;
    int64_t row_stride, column_stride;
    int32_t type;
} deepgemm_input;

/* A matrix that is written. */
typedef struct deepgemm_output {
    void* data;
    int64_t rows, columns;
    int64_t row_stride, column_stride;
    int32_t type;
} deepgemm_output;

/* Formats of scales: a float each, or four exponents of powers of two, along K, in a 32-bit word; or a float for all of K. On
 * Blackwell, with a scale for each row, also exponents for 32 elements of K each (MX), and small floats for 16 of FP4 each (NV), four
 * in a word. */
enum {
    DEEPGEMM_SCALES_FP32 = 1,
    DEEPGEMM_SCALES_UE8M0 = 2,
    DEEPGEMM_SCALES_FP32_ALL_OF_K = 3,
    DEEPGEMM_SCALES_MX = 4,
    DEEPGEMM_SCALES_NV = 5
};

/* The scales of an operand: one for every `tile_rows` (1 or 128) rows and 128 elements of K, unless the format says otherwise. Word (i, w) is at
 * i * row_stride + w * column_stride, in words of 32 bits. Scales of single rows are contiguous along rows, with
 * column_stride a multiple of 4. Scales for all of K, which both operands of a dense product must have then, are one for every
 * row (`tile_rows` 1), row_stride words apart, or one in all (0). */
typedef struct deepgemm_scales {
    const void* data;
    int64_t row_stride, column_stride;
    int32_t format;
    int32_t tile_rows;
} deepgemm_scales;

/* What kernels are chosen for: the time of single launches, or of many back to back, where power sets the clock. */
enum { DEEPGEMM_LATENCY = 0, DEEPGEMM_SUSTAINED = 1 };
/* What an engine may be told; all zero is the default, and so is a null pointer. */
typedef struct deepgemm_options {
    int32_t num_sms;            /* multiprocessors to use; 0: all */
    int32_t dependent_launch;   /* not 0: a kernel may start before the stream's previous one has ended (PDL) */
    int32_t objective;          /* DEEPGEMM_LATENCY, or DEEPGEMM_SUSTAINED: kernels tuned for launches back to back */
    int32_t simulate_blackwell; /* not 0: where the library is built for the simulator, the machine is a Blackwell */
} deepgemm_options;

/* The compiled kernels, ready for the device that was current for the thread that made the engine. */
typedef struct deepgemm_engine deepgemm_engine;

/* Makes an engine in `*made`; null if that fails. Loads nothing yet. */
deepgemm_status deepgemm_engine_create(const deepgemm_options* options, deepgemm_engine** made,
                                       deepgemm_message* message);
/* Ends an engine that no call is using. A null pointer is no fault. */
void deepgemm_engine_destroy(deepgemm_engine* engine);
/* Loads all kernels on the current device, so that no later call does. */
deepgemm_status deepgemm_engine_prepare(const deepgemm_engine* engine, deepgemm_message* message);

/* What becomes of a product before it is stored, in this order: D = rounded(activation(alpha * product + bias)). All zero is
 * nothing, and so is a null pointer. The engine must have a kernel with exactly these steps. Strides are from one matrix to the
 * next, in elements: alpha and bias belong to a matrix of B, weights and scales to one of D. */
enum {
    DEEPGEMM_NO_ACTIVATION = 0,
    DEEPGEMM_RELU = 1,
    DEEPGEMM_SILU = 2,
    DEEPGEMM_GELU_TANH = 3,
    DEEPGEMM_SWIGLU =
        4 /* rows of B: eight of the gate, eight of the up-projection, and so on; D has half of the columns */
};
/* How D is cast to FP8: with floats as scales, with powers of two, or with four exponents in a word. */
enum { DEEPGEMM_NO_CAST = 0, DEEPGEMM_CAST_FP32 = 1, DEEPGEMM_CAST_POWER_OF_TWO = 2, DEEPGEMM_CAST_PACKED = 3 };
typedef struct deepgemm_epilogue {
    int32_t use_alpha; /* not 0: the product is multiplied by alpha, and by *alpha_in_memory unless that is null */
    float alpha;
    const float* alpha_in_memory;
    int64_t alpha_stride;
    const void* bias; /* null: none; one element for each column of the product */
    int64_t bias_stride;
    int32_t bias_type;
    int32_t activation;
    float clamp;              /* of swiglu; 0: none */
    int32_t cast;             /* DEEPGEMM_CAST_...: D is FP8 */
    const float* row_weights; /* of swiglu, one for each row of D; null: none */
    int64_t row_weight_stride;
    void* scales; /* of D: word (row, w) is at row * scale_row_stride + w * scale_column_stride */
    int64_t scale_row_stride, scale_column_stride, scale_matrix_stride;
    int32_t scale_columns; /* columns of D under one scale: 128 or 32 */
    int32_t stochastic;    /* not 0: D, in BF16, is rounded up or down at random by the seed, plus *seed_in_memory */
    uint64_t seed;
    const uint64_t* seed_in_memory;
} deepgemm_epilogue;

/* D(m,n) = A(m,k) B(n,k)^T, operands in FP8, on Blackwell also in FP4, contiguous along K; D in BF16, or as the epilogue says. `stream` is a cudaStream_t or null, and null
 * for the simulator. Success means that the kernel is in the stream. Allocates nothing; may be captured into a graph. */
deepgemm_status deepgemm_fp8_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                     const deepgemm_scales* a_scales, const deepgemm_input* b,
                                     const deepgemm_scales* b_scales, const deepgemm_output* d,
                                     const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message);
/* The same of operands in FP8 that may be contiguous along M or N instead: row_stride 1, column_stride the distance from one k to the
 * next. Such an operand is transposed into the workspace first. Scales are given as for deepgemm_fp8_gemm_nt. */
deepgemm_status deepgemm_fp8_gemm_with_workspace(const deepgemm_engine* engine, const deepgemm_input* a,
                                                 const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                 const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                 const deepgemm_epilogue* epilogue, void* workspace,
                                                 uint64_t workspace_bytes, void* stream, deepgemm_message* message);
/* Bytes of device memory, at a multiple of 16, that it needs; 0 if both operands are contiguous along K. */
deepgemm_status deepgemm_fp8_gemm_workspace_bytes(const deepgemm_input* a, const deepgemm_input* b, uint64_t* bytes,
                                                  deepgemm_message* message);
/* deepgemm_fp8_gemm_nt of operands in BF16, without scales. */
deepgemm_status deepgemm_bf16_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b,
                                      const deepgemm_output* d, const deepgemm_epilogue* epilogue, void* stream,
                                      deepgemm_message* message);

/* Groups of one shape. Each has a matrix of A, B and D of its own: that of the first group is given as a matrix, those of the
 * others follow at these distances, in elements, and their scales in words. */
typedef struct deepgemm_groups {
    int64_t count;
    int64_t a_stride, b_stride, d_stride;
    int64_t a_scale_stride, b_scale_stride;
    const int32_t* rows;   /* (count), in device memory: how many rows of each group count */
    int64_t expected_rows; /* a hint: how many that usually are; 0: all */
} deepgemm_groups;

/* D[g](m,n) = A[g](m,k) B[g](n,k)^T for the first rows[g] rows of each group g, as deepgemm_fp8_gemm_nt does it. The other rows
 * of A are not used, and those of D stay as they were. The kernel reads `rows`: a graph may be replayed with others. */
deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_masked(const deepgemm_engine* engine, const deepgemm_input* a,
                                                      const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                      const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                      const deepgemm_groups* groups, const deepgemm_epilogue* epilogue,
                                                      void* stream, deepgemm_message* message);
/* The same of operands in BF16, without scales: distances between scales do not matter. */
deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_masked(const deepgemm_engine* engine, const deepgemm_input* a,
                                                       const deepgemm_input* b, const deepgemm_output* d,
                                                       const deepgemm_groups* groups, const deepgemm_epilogue* epilogue,
                                                       void* stream, deepgemm_message* message);

/* How a list of groups of rows is read: where each group ends, or the group of each row. */
enum { DEEPGEMM_GROUPS_BY_END = 1, DEEPGEMM_GROUPS_BY_ROW = 2 };

/* Groups of rows that follow each other in A and D. Each has a matrix of B: that of the first group is given as a matrix, those of
 * the others follow at these distances, in elements, and their scales in words. */
typedef struct deepgemm_row_groups {
    int64_t count;
    int64_t b_stride, b_scale_stride;
    int32_t kind; /* DEEPGEMM_GROUPS_BY_END or DEEPGEMM_GROUPS_BY_ROW */
    int32_t
        zero_padding; /* by end, not 0: rows behind a group, up to the next multiple of `alignment`, become zero in D */
    const int32_t* list;   /* in device memory: (count) ends, or the group of each row, negative for none */
    int64_t alignment;     /* every group starts at a multiple of as many rows, 1 to 4096 */
    int64_t expected_rows; /* a hint: how many rows a group usually has; 0: as many as all have on average */
} deepgemm_row_groups;

/* D(m,n) = A(m,k) B[g](n,k)^T for the rows of each group g, as deepgemm_fp8_gemm_nt does it. Rows of A that no group has are not
 * used; in D they stay as they were by end, and become zero by row. The kernel reads `list`: a graph may be replayed with
 * another one. */
deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                          const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                          const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                          const deepgemm_row_groups* groups,
                                                          const deepgemm_epilogue* epilogue, void* stream,
                                                          deepgemm_message* message);
/* The same of matrices of B that may be contiguous along N instead: row_stride 1, column_stride the distance from one k to the next.
 * They are transposed into the workspace first, all of them. Scales are given as above. */
deepgemm_status deepgemm_m_grouped_fp8_gemm_contiguous_with_workspace(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_groups* groups,
    const deepgemm_epilogue* epilogue, void* workspace, uint64_t workspace_bytes, void* stream,
    deepgemm_message* message);
/* Bytes of device memory, at a multiple of 16, that it needs for `count` matrices of B; 0 if they are contiguous along K. */
deepgemm_status deepgemm_m_grouped_fp8_gemm_contiguous_workspace_bytes(const deepgemm_input* b, int64_t count,
                                                                       uint64_t* bytes, deepgemm_message* message);
/* The same of operands in BF16, without scales: distances between scales do not matter. */
deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_input* b, const deepgemm_output* d,
                                                           const deepgemm_row_groups* groups,
                                                           const deepgemm_epilogue* epilogue, void* stream,
                                                           deepgemm_message* message);

/* A list of rows in device memory: `count` integers of 32 or 64 bits. */
typedef struct deepgemm_row_list {
    const void* data;
    int64_t count;
    int32_t bits; /* 32 or 64 */
} deepgemm_row_list;

/* The same with gathered rows of A: row m of D is computed from row a_rows[m] of A, which may have any number of rows. The list has
 * an entry for each row of D; those of rows of no group are not read. */
deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous_gathered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_list* a_rows,
    const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message);
deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous_gathered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b, const deepgemm_output* d,
    const deepgemm_row_list* a_rows, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
    deepgemm_message* message);
/* The same with scattered rows of D: what is computed of row m of A goes to row d_rows[m] of D, which may have any number of rows.
 * The list has an entry for each row of A; those of rows of no group are not read, and the others must all differ. Rows of D that
 * are not named stay as they were. */
deepgemm_status deepgemm_m_grouped_fp8_gemm_nt_contiguous_scattered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_scales* a_scales, const deepgemm_input* b,
    const deepgemm_scales* b_scales, const deepgemm_output* d, const deepgemm_row_list* d_rows,
    const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream, deepgemm_message* message);
deepgemm_status deepgemm_m_grouped_bf16_gemm_nt_contiguous_scattered(
    const deepgemm_engine* engine, const deepgemm_input* a, const deepgemm_input* b, const deepgemm_output* d,
    const deepgemm_row_list* d_rows, const deepgemm_row_groups* groups, const deepgemm_epilogue* epilogue, void* stream,
    deepgemm_message* message);

/* Groups of K: each has a matrix of D. That of the first group is given as a matrix, the others follow at `d_stride` elements. */
typedef struct deepgemm_k_groups {
    int64_t count;
    int64_t d_stride;
    const int32_t* list; /* in device memory: (count) elements of K of each group, or before which element each ends */
    const int32_t*
        host_sizes; /* null, or (count) in host memory: the sizes again, multiples of 128, if operands are concatenated: for
                                  each group, one after another, a matrix (M, size) in A and (N, size) in B */
    int32_t by_end;     /* not 0: the list holds ends */
    int32_t accumulate; /* not 0: the products are added to D, which must be FP32 */
    int64_t alignment;  /* every group starts at a multiple of as many elements, 1 to 4096; in FP8 a multiple of 128 */
    /* Packed scales (UE8M0): words along K, of A and of B, at least as many as all groups have together. Group g has
     * ceil(size / 512), and they follow those of the group before without gaps. Not used for scales in FP32. */
    int64_t scale_words;
} deepgemm_k_groups;

/* D[g](m,n) = [D[g](m,n) +] A(m,k) B(n,k)^T over the k of each group g; operands in FP8, contiguous along K, with scales of single rows.
 * What lies between groups is not used; but if a size is no multiple of 16, the elements up to the next one must be zero. The
 * kernel reads `list`: a graph may be replayed with another one, unless operands are concatenated. */
deepgemm_status deepgemm_k_grouped_fp8_gemm_nt_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                          const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                          const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                          const deepgemm_k_groups* groups, void* stream,
                                                          deepgemm_message* message);
/* The same of operands that may be contiguous along M or N instead, a row for each token: row_stride 1, column_stride the distance from
 * one k to the next. Such an operand is transposed into the workspace first. Tokens of concatenated groups are rows one after
 * another; only two operands along K are the matrices of deepgemm_k_groups::host_sizes. */
deepgemm_status deepgemm_k_grouped_fp8_gemm_with_workspace(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                           const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                           const deepgemm_k_groups* groups, void* workspace,
                                                           uint64_t workspace_bytes, void* stream,
                                                           deepgemm_message* message);
/* Bytes of device memory, at a multiple of 16, that it needs; 0 if both operands are contiguous along K. */
deepgemm_status deepgemm_k_grouped_fp8_gemm_workspace_bytes(const deepgemm_input* a, const deepgemm_input* b,
                                                            uint64_t* bytes, deepgemm_message* message);
/* The product of operands A (k,m) and B (k,n) in BF16, without scales. Groups of any sizes; what lies between them is not used. Those
 * of concatenated groups are rows one after another. */
deepgemm_status deepgemm_k_grouped_bf16_gemm_tn_contiguous(const deepgemm_engine* engine, const deepgemm_input* a,
                                                           const deepgemm_input* b, const deepgemm_output* d,
                                                           const deepgemm_k_groups* groups, void* stream,
                                                           deepgemm_message* message);

/* Products of one shape. Matrices are those of the first; the others follow at these distances, in elements, which may be smaller
 * than the pitch of rows, and their scales in words. */
typedef struct deepgemm_batch {
    int64_t count;
    int64_t a_stride, b_stride, d_stride;
    int64_t a_scale_stride, b_scale_stride;
    int32_t accumulate; /* not 0: products are added to what D holds, in FP32 */
} deepgemm_batch;

/* D[s](m,n) = A[s](m,k) B[s](n,k)^T for each matrix s, of operands in BF16; distances between scales do not matter. */
deepgemm_status deepgemm_bf16_batched_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                              const deepgemm_input* b, const deepgemm_output* d,
                                              const deepgemm_batch* batch, void* stream, deepgemm_message* message);
/* The same in FP8, as deepgemm_fp8_gemm_nt does it. */
deepgemm_status deepgemm_fp8_batched_gemm_nt(const deepgemm_engine* engine, const deepgemm_input* a,
                                             const deepgemm_scales* a_scales, const deepgemm_input* b,
                                             const deepgemm_scales* b_scales, const deepgemm_output* d,
                                             const deepgemm_batch* batch, void* stream, deepgemm_message* message);
/* The same of matrices that may be contiguous along M or N instead: row_stride 1, column_stride the distance from one k to the next.
 * Such a stack is transposed into the workspace first. With both operands scaled by row, D may be FP32, to which is added: the
 * gradients of heads. */
deepgemm_status deepgemm_fp8_batched_gemm_with_workspace(const deepgemm_engine* engine, const deepgemm_input* a,
                                                         const deepgemm_scales* a_scales, const deepgemm_input* b,
                                                         const deepgemm_scales* b_scales, const deepgemm_output* d,
                                                         const deepgemm_batch* batch, void* workspace,
                                                         uint64_t workspace_bytes, void* stream,
                                                         deepgemm_message* message);
/* Bytes of device memory, at a multiple of 16, that it needs for `count` matrices; 0 if all are contiguous along K. */
deepgemm_status deepgemm_fp8_batched_gemm_workspace_bytes(const deepgemm_input* a, const deepgemm_input* b,
                                                          int64_t count, uint64_t* bytes, deepgemm_message* message);

/* D(m,n) = the sum of A[s](m,k) B[s](n,k)^T over all matrices s, in BF16, added up in an order that does not depend on timing. The
 * workspace is device memory at a multiple of 128 bytes, whose first 128 bytes are zeros before the first call; each call leaves
 * zeros there. Two calls may not use it at the same time. */
deepgemm_status deepgemm_bf16_batched_sum(const deepgemm_engine* engine, const deepgemm_input* a,
                                          const deepgemm_input* b, const deepgemm_output* d,
                                          const deepgemm_batch* batch, void* workspace, uint64_t workspace_bytes,
                                          void* stream, deepgemm_message* message);
/* Bytes of a workspace that lets all multiprocessors take part, for a D of m x n; 0 without an engine. */
uint64_t deepgemm_batched_sum_workspace_bytes(const deepgemm_engine* engine, int64_t m, int64_t n);

/* D(m,n) = A(m,k) tf32(B(n,k))^T and q(m) = the sum of squares of row m of A: A in BF16, B in FP32, which is rounded to TF32, both
 * contiguous along K; D (m, n) and q (1, m) in FP32. With `parts` above 1 both are left in so many parts of K for the caller to add:
 * that of D is the matrix `d` and others behind it, each `d_stride` elements after the one before, and q is (parts, m). */
deepgemm_status deepgemm_tf32_hc_prenorm_gemm(const deepgemm_engine* engine, const deepgemm_input* a,
                                              const deepgemm_input* b, const deepgemm_output* d, int64_t parts,
                                              int64_t d_stride, const deepgemm_output* q, void* stream,
                                              deepgemm_message* message);

/* Which elements of a row of logits are written, and where the score of key j goes: to column j, all others minus infinity; to
 * column j, and no others; to column j - first, and no others. */
enum { DEEPGEMM_LOGITS_FULL = 0, DEEPGEMM_LOGITS_UNCLEAN = 1, DEEPGEMM_LOGITS_COMPRESSED = 2 };

/* Queries and keys in FP8 (E4M3), and their logits. Strides are in elements from one row to the next; 0 stands for rows without
 * padding. */
typedef struct deepgemm_mqa_logits {
    int64_t queries, heads, depth, keys;
    const void* q;               /* (queries, heads, depth), contiguous */
    const void* key;             /* (keys, depth) */
    const float* scale;          /* (keys), positive */
    const void* weights;         /* (queries, heads) */
    const int32_t *first, *last; /* (queries), in device memory: query i sees keys first[i] to last[i] - 1 */
    void* logits;                /* (queries, keys), or (queries, columns) if compressed */
    int64_t key_stride, weights_stride, logits_stride;
    int64_t columns; /* of compressed logits, at least as many as the longest range has keys */
    int32_t weights_type, logits_type;
    int32_t form; /* DEEPGEMM_LOGITS_... */
} deepgemm_mqa_logits;

/* logits(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) * weight(i, h) for the keys j that query i sees, summed
 * in FP32. The kernel reads the ranges: a graph may be replayed with others. */
deepgemm_status deepgemm_fp8_mqa_logits(const deepgemm_engine* engine, const deepgemm_mqa_logits* problem, void* stream,
                                        deepgemm_message* message);

/* 32-bit words of a schedule for as many multiprocessors. A call with a schedule uses no more than fit. */
#define DEEPGEMM_PAGED_MQA_SCHEDULE_WORDS(multiprocessors) (2 * (int64_t)(multiprocessors) + 8)

/* Queries in FP8 (E4M3) of requests whose keys lie in pages of a cache, and their logits. Query t of request r is row r * next_n + t.
 * Strides are in elements from one row to the next, that of pages in bytes; 0 stands for rows or pages without padding. */
typedef struct deepgemm_paged_mqa_logits {
    int64_t requests; /* with indices: queries of all requests */
    int64_t next_n;   /* queries of a request; with indices: of a usual one, which only chooses a kernel */
    int64_t heads, depth, columns, block, pages;
    const void* q;          /* (queries, heads, depth), contiguous */
    const void* cache;      /* (pages): E4M3 (block, depth), then FP32 scales (block) */
    const void* weights;    /* (queries, heads) */
    const int32_t* lengths; /* (requests), or (queries) with per_query, in device memory: keys of their contexts */
    const int32_t* indices; /* NULL, or (queries), in device memory: neighbours with equal indices are one request */
    const int32_t* block_table; /* (requests, table_columns), in device memory: a request's pages in order */
    void* logits;               /* (queries, columns) */
    int32_t* schedule;          /* NULL, or what deepgemm_make_paged_mqa_schedule has made */
    int64_t schedule_words;     /* DEEPGEMM_PAGED_MQA_SCHEDULE_WORDS(multiprocessors) */
    int64_t page_stride, weights_stride, table_columns, table_stride, logits_stride;
    int32_t weights_type, logits_type;
    int32_t form;      /* DEEPGEMM_LOGITS_FULL or DEEPGEMM_LOGITS_UNCLEAN */
    int32_t per_query; /* 0: lengths are those of requests */
} deepgemm_paged_mqa_logits;

/* The same scores for the keys of each query's context. The kernel reads lengths, indices and block table: a graph may be replayed
 * with others. */
deepgemm_status deepgemm_fp8_paged_mqa_logits(const deepgemm_engine* engine, const deepgemm_paged_mqa_logits* problem,
                                              void* stream, deepgemm_message* message);

/* Writes the schedule of a problem for later calls with the same shape, lengths and indices. Reads only these. */
deepgemm_status deepgemm_make_paged_mqa_schedule(const deepgemm_engine* engine,
                                                 const deepgemm_paged_mqa_logits* problem, void* stream,
                                                 deepgemm_message* message);

/* D(i, j) = minus infinity for each key j outside of first[i] to last[i] - 1: D (queries, keys) in FP32, BF16 or FP16, contiguous
 * along keys. `first` and `last` (queries) are in device memory. All other elements stay as they are. */
deepgemm_status deepgemm_clean_logits(const deepgemm_engine* engine, const deepgemm_output* d, const int32_t* first,
                                      const int32_t* last, void* stream, deepgemm_message* message);

/* The k largest of each row of logits in FP32, BF16 or FP16, contiguous along columns: their columns, from the largest on, to `indices`
 * (rows, k), and their values to `scores` (rows, k), which may be NULL. Of equal elements the lower column comes first, NaN are the
 * largest. `first` and `last` (rows) are in device memory: columns first[i] to last[i] - 1 of row i count; each may be NULL. -1 follows
 * the last element of a row that has fewer than k. k is from 1 to 2048. */
deepgemm_status deepgemm_topk(const deepgemm_engine* engine, const deepgemm_input* logits, int64_t k, int32_t* indices,
                              int64_t indices_stride, float* scores, int64_t scores_stride, const int32_t* first,
                              const int32_t* last, void* stream, deepgemm_message* message);

/* Y(j,i) = X(i,j): X (rows, columns) and Y (columns, rows) in FP8, contiguous along columns, rows at multiples of 16 bytes. */
deepgemm_status deepgemm_transpose(const deepgemm_engine* engine, const deepgemm_input* x, const deepgemm_output* y,
                                   void* stream, deepgemm_message* message);

#ifdef __cplusplus
}
#endif

#endif
