#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The result files that bench/report.py reads: what each holds, and the groups of cases that its summary shows."""


def larger(row):
    return row["m"] > 128


MASKED = [
    ("about 20 rows a group", lambda r: r["expected_rows"] < 64),
    ("about 200", lambda r: 64 <= r["expected_rows"] < 512),
    ("about 1000", lambda r: r["expected_rows"] >= 512),
    ("all", lambda r: True),
]

CONTIGUOUS = [
    ("by end, NT", lambda r: r["pass"] == "psum" and r["layout"] == "nt"),
    ("by end, NN", lambda r: r["pass"] == "psum" and r["layout"] == "nn"),
    ("by row, NT", lambda r: r["pass"] == "indexed" and r["layout"] == "nt"),
    ("by row, NN", lambda r: r["pass"] == "indexed" and r["layout"] == "nn"),
    ("all", lambda r: True),
]

K_GROUPED = [
    ("concatenated", lambda r: r["pass"] == "concatenated"),
    ("one pitch", lambda r: r["pass"] == "one pitch"),
    ("all", lambda r: True),
]

# Result files: the types and what they hold, and the groups of cases that a summary shows.
FAMILIES = {
    "fp8_dense": ("FP8", "dense FP8 GEMM", [
        ("m = 1", lambda r: r["m"] == 1),
        ("m = 64 and 128", lambda r: r["m"] in (64, 128)),
        ("larger, BF16 D", lambda r: larger(r) and not r["accumulate"]),
        ("larger, FP32 D +=", lambda r: larger(r) and r["accumulate"]),
        ("all", lambda r: True),
    ]),
    "fp8_k_major": ("FP8", "dense FP8 GEMM whose scales of A are K-major in one column", [("all", lambda r: True)]),
    "fp8_layouts": ("FP8", "dense FP8 GEMM in other orders than NT", [
        ("NN: B is transposed", lambda r: r["layout"] == "nn"),
        ("TN: both are", lambda r: r["layout"] == "tn"),
        ("TT: A is", lambda r: r["layout"] == "tt"),
        ("all", lambda r: True),
    ]),
    "fp8_row_scales": ("FP8", "dense FP8 GEMM, a scale a row or an operand", [
        ("by row, m = 1", lambda r: r["recipe"] == "row" and r["m"] == 1),
        ("by row, m = 128", lambda r: r["recipe"] == "row" and r["m"] == 128),
        ("by row, larger, BF16 D", lambda r: r["recipe"] == "row" and larger(r) and not r["accumulate"]),
        ("by row, larger, FP32 D +=", lambda r: r["recipe"] == "row" and larger(r) and r["accumulate"]),
        ("one an operand", lambda r: r["recipe"] == "tensor"),
        ("all", lambda r: True),
    ]),
    "sustained": ("FP8", "dense FP8 GEMM, large products back to back", [
        ("block scales", lambda r: r["recipe"] == "1d2d"),
        ("one scale an operand", lambda r: r["recipe"] == "tensor"),
        ("all", lambda r: True),
    ]),
    "bf16_dense": ("BF16", "dense BF16 GEMM", [
        ("m = 1", lambda r: r["m"] == 1),
        ("m = 128", lambda r: r["m"] == 128),
        ("larger, NT", lambda r: larger(r) and r["layout"] == "nt"),
        ("larger, NN", lambda r: larger(r) and r["layout"] == "nn"),
        ("larger, TN", lambda r: larger(r) and r["layout"] == "tn" and not r["accumulate"]),
        ("larger, TN, FP32 D +=", lambda r: larger(r) and r["layout"] == "tn" and r["accumulate"]),
        ("all", lambda r: True),
    ]),
    "fp8_masked": ("FP8", "masked grouped FP8 GEMM", MASKED),
    "bf16_masked": ("BF16", "masked grouped BF16 GEMM", MASKED),
    "fp8_contiguous": ("FP8", "contiguous grouped FP8 GEMM", CONTIGUOUS),
    "bf16_contiguous": ("BF16", "contiguous grouped BF16 GEMM", CONTIGUOUS),
    "fp8_router": ("FP8", "contiguous grouped FP8 GEMM, a router's groups", CONTIGUOUS),
    "fp8_lists": ("FP8", "contiguous grouped FP8 GEMM, gathered and scattered rows", CONTIGUOUS),
    "bf16_lists": ("BF16", "contiguous grouped BF16 GEMM, gathered and scattered rows", CONTIGUOUS),
    "fp8_k_grouped": ("FP8", "K-grouped FP8 GEMM", K_GROUPED),
    "bf16_k_grouped": ("BF16", "K-grouped BF16 GEMM", K_GROUPED),
    "einsum": ("BF16", "einsums", [
        ("heads, BF16, up to 128 rows", lambda r: r["op"] == "bf16_einsum" and r["form"] != "bmk,bnk->mn" and r["m"] <= 128),
        ("heads, BF16, more rows", lambda r: r["op"] == "bf16_einsum" and r["form"] != "bmk,bnk->mn" and r["m"] > 128),
        ("sums, BF16", lambda r: r["form"] == "bmk,bnk->mn"),
        ("heads, FP8", lambda r: r["op"] == "fp8_einsum"),
        ("all", lambda r: True),
    ]),
    "hc_prenorm": ("TF32", "HyperConnection prenorm", [
        ("up to 137 rows, one sum", lambda r: r["m"] < 4096 and r["num_splits"] == 0),
        ("up to 137 rows, in parts", lambda r: r["m"] < 4096 and r["num_splits"] != 0),
        ("4096 rows and more, one sum", lambda r: r["m"] >= 4096 and r["num_splits"] == 0),
        ("4096 rows and more, in parts", lambda r: r["m"] >= 4096 and r["num_splits"] != 0),
        ("all", lambda r: True),
    ]),
    "mqa_logits": ("FP8", "MQA logits", [
        ("64 heads of 128", lambda r: r["heads"] == 64 and r["depth"] == 128),
        ("64 heads of 64", lambda r: r["heads"] == 64 and r["depth"] == 64),
        ("64 heads of 32", lambda r: r["heads"] == 64 and r["depth"] == 32),
        ("32 heads of 128", lambda r: r["heads"] == 32 and r["depth"] == 128),
        ("32 heads of 64", lambda r: r["heads"] == 32 and r["depth"] == 64),
        ("16 heads of 128", lambda r: r["heads"] == 16),
        ("all", lambda r: True),
    ]),
    "paged_mqa_logits": ("FP8", "paged MQA logits", [
        ("one query, 8192 keys", lambda r: r["next_n"] == 1 and r["m"] == 256 and r["n"] < 20000),
        ("one query, 65536 keys", lambda r: r["next_n"] == 1 and r["m"] == 256 and r["n"] > 20000),
        ("one query of 4096 requests", lambda r: r["next_n"] == 1 and r["m"] == 4096),
        ("two queries", lambda r: r["next_n"] == 2),
        ("four queries", lambda r: r["next_n"] == 4),
        ("all", lambda r: True),
    ]),
    "topk_logits": ("FP8", "the best keys", [
        ("decode", lambda r: r["pass"] == "decode"),
        ("prefill", lambda r: r["pass"] == "prefill"),
    ]),
}

# What else a reader of a family's numbers must know.
NOTES = {
    "sustained": "Kernels are planned for the objective `sustained`. Products with block scales stand beside tensor-wise ones without "
                 "scales, those with one scale an operand beside the same work; *fast* sums in the tensor core alone, as ours then do.",
    "fp8_layouts": "Times are those of all launches, in which at least one kernel runs: transposition and product overlap a little.",
    "mqa_logits": "Full logits are filled with minus infinity outside of ranges in the time given; for DeepGEMM that is the time "
                  "of a second kernel, added to that of the first.",
    "paged_mqa_logits": "The work is shared out in the launch; DeepGEMM's times are without its kernel that does that.",
    "topk_logits": "Times are those of both kernels, scores and selection; for DeepGEMM those of its scores and of `torch.topk`, "
                   "added up.",
}
