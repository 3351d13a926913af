#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of bench/check.py on results made up here, and of bench/targets.json against the results that are kept."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import check


def row(m, us, peer, **more):
    """A row of results of m x 128 x 256 that took `us` microseconds, and a peer `peer`."""
    return {"op": "fp8_gemm", "pass": "-", "m": m, "n": 128, "k": 256, "layout": "nt", "recipe": "1d2d", "d_type": "bf16",
            "accumulate": False, "us": us, "us_sustained": None, "peers": {"cublaslt_tensorwise": peer}, **more}


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        results = self.root / "bench/results/gpu"
        results.mkdir(parents=True)
        rows = [row(1, 2.0, 4.0), row(64, 4.0, 2.0, us_sustained=8.0), row(128, 1.0, None)]
        (results / "fp8_dense.json").write_text(json.dumps({"machine": {"gpu": "GPU"}, "rows": rows}))

    def judge(self, measure, where=None, results="gpu/fp8_dense.json"):
        return check.judge({"results": results, "where": where or {}, "measure": measure}, self.root)

    def missed(self, *targets):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            missed = check.check({"gemm": list(targets)}, self.root)
        return missed, printed.getvalue()

    def test_ratios(self):
        self.assertEqual(self.judge({"ratio": "cublaslt_tensorwise", "over": "worst"}), (0.5, "2 rows of 3"))
        self.assertEqual(self.judge({"ratio": "cublaslt_tensorwise", "over": "best"})[0], 2.0)
        self.assertAlmostEqual(self.judge({"ratio": "cublaslt_tensorwise", "over": "all"})[0], 1.0)

    def test_rates(self):
        self.assertAlmostEqual(self.judge({"tflops": "flushed", "over": "worst"}, {"m": 64})[0], 2e-6 * 64 * 128 * 256 / 4)
        self.assertAlmostEqual(self.judge({"tflops": "sustained", "over": "best"})[0], 2e-6 * 64 * 128 * 256 / 8)
        # (64 + 128) x 256 bytes at 1 TB/s are 0.049152 us.
        self.assertAlmostEqual(self.judge({"read_share": 1, "over": "worst"}, {"m": 64})[0], 0.049152 / 4)

    def test_rows_are_selected(self):
        measure = {"tflops": "flushed", "over": "worst"}
        for where, count in [({"m": [1, 128]}, 2), ({"m": {"min": 64}}, 2), ({"m": {"max": 64, "not": 1}}, 1),
                             ({"n*k": 32768, "m": 1}, 1), ({"d_type": "bf16"}, 3)]:
            self.assertEqual(self.judge(measure, where)[1], f"{count} rows", where)
        with self.assertRaises(ValueError):
            self.judge(measure, {"m": {"least": 1}})

    def test_what_cannot_be_judged_is_missed(self):
        measure = {"ratio": "cublaslt_tensorwise", "over": "all"}
        self.assertEqual(self.judge(measure, {"m": 5}), (None, "no row of the results is of this suite"))
        self.assertEqual(self.judge(measure, {"m": 128}), (None, "no row has what the measure needs"))
        self.assertEqual(self.judge(measure, results="gpu/none.json"), (None, "there is no bench/results/gpu/none.json"))
        self.assertEqual(self.missed({"suite": "s", "results": "gpu/none.json", "where": {}, "measure": measure, "at_least": 0})[0], 1)

    def test_the_table(self):
        target = {"suite": "all of it", "results": "gpu/fp8_dense.json", "where": {}, "measure": {"ratio": "cublaslt_tensorwise", "over": "all"},
                  "limit": "the moon"}
        missed, text = self.missed({**target, "at_least": 0.99, "goal": 2}, {**target, "at_least": 1.01})
        self.assertEqual(missed, 1)
        self.assertIn("| gemm | all of it | cuBLASLt, tensor-wise / ours | 0.990 | 2.000 | 1.000 | yes | 2 rows of 3 |", text)
        self.assertIn("| 1.010 |  | 1.000 | NO | 2 rows of 3; the moon |", text)

    def test_the_targets_that_are_kept_can_be_judged(self):
        for operation, targets in json.loads((check.ROOT / "bench/targets.json").read_text()).items():
            for target in targets:
                reached, remark = check.judge(target, check.ROOT)
                self.assertIsNotNone(reached, f"{operation}, {target['suite']}: {remark}")


if __name__ == "__main__":
    unittest.main()
