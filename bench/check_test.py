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
    return {"op": "fp8_gemm", "case": f"{m}x128x256", "pass": "-", "m": m, "n": 128, "k": 256, "layout": "nt", "recipe": "1d2d",
            "d_type": "bf16", "accumulate": False, "us": us, "us_sustained": None, "peers": {"cublaslt_tensorwise": peer}, **more}


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        results = self.root / "bench/results/gpu"
        results.mkdir(parents=True)
        rows = [row(1, 2.0, 4.0), row(64, 4.0, 2.0, us_sustained=8.0), row(128, 1.0, None)]
        (results / "fp8_dense.json").write_text(json.dumps({"machine": {"gpu": "GPU"}, "rows": rows}))

    def judge(self, measure, where=None, results="gpu/fp8_dense.json", rows=3):
        return check.judge({"results": results, "where": where or {}, "rows": rows, "measure": measure}, self.root)

    def missed(self, *targets):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            missed = check.check({"gemm": list(targets)}, self.root)
        return missed, printed.getvalue()

    def test_ratios(self):
        remark = "2 rows judged of 3 in the results; the suite has 3"
        self.assertEqual(self.judge({"ratio": "cublaslt_tensorwise", "over": "worst"}), (0.5, remark, False))
        self.assertEqual(self.judge({"ratio": "cublaslt_tensorwise", "over": "best"})[0], 2.0)
        self.assertAlmostEqual(self.judge({"ratio": "cublaslt_tensorwise", "over": "all"})[0], 1.0)

    def test_time_and_energy_back_to_back(self):
        results = check.report.Report(self.root / "bench/results/gpu/fp8_dense.json")
        full = row(64, 4.0, 2.0, us_sustained=8.0, peers_sustained={"cublaslt_tensorwise": 6.0}, joules=0.5,
                   peers_joules={"cublaslt_tensorwise": 0.6})
        no_energy = {**full, "joules": None}
        no_peer = {**full, "peers_joules": {"cublaslt_tensorwise": None}, "peers_sustained": {}}
        rows = [full, no_energy, no_peer, row(1, 2.0, 4.0)]
        self.assertEqual(check.figures(results, {"sustained": "cublaslt_tensorwise"}, rows), [0.75, 0.75, None, None])
        self.assertEqual(check.figures(results, {"joules": "cublaslt_tensorwise"}, rows), [1.2, None, None, None])
        self.assertEqual(check.described({"sustained": "cublaslt_tensorwise", "over": "all"}),
                         "cuBLASLt, tensor-wise / ours, sustained")
        self.assertEqual(check.described({"joules": "cublaslt_tensorwise", "over": "worst"}),
                         "joules, cuBLASLt, tensor-wise / ours, worst")
        with self.assertRaises(ValueError):
            check.figures(results, {"watts": "cublaslt_tensorwise"}, rows)

    def test_rates(self):
        self.assertAlmostEqual(self.judge({"tflops": "flushed", "over": "worst"}, {"m": 64})[0], 2e-6 * 64 * 128 * 256 / 4)
        self.assertAlmostEqual(self.judge({"tflops": "sustained", "over": "best"})[0], 2e-6 * 64 * 128 * 256 / 8)
        known = [{"us": 4.0, "gb_s": 2000.0}, {"us": None, "gb_s": None}]
        self.assertEqual(check.figures(None, {"gb_s": True}, known), [2000.0, None])
        # 8 MB at 4 TB/s take 2 us.
        self.assertEqual(check.figures(None, {"bytes_at": 4, "plus_us": 1}, known), [0.75, None])
        self.assertEqual(check.described({"bytes_at": 4, "plus_us": 1, "over": "worst"}), "bytes at 4 TB/s and 1 us / ours, worst")
        # (64 + 128) x 256 bytes at 1 TB/s are 0.049152 us.
        self.assertAlmostEqual(self.judge({"read_share": 1, "over": "worst"}, {"m": 64})[0], 0.049152 / 4)

    def test_rates_of_pairs(self):
        results = check.report.Report(self.root / "bench/results/gpu/fp8_dense.json")
        self.assertEqual(check.figures(results, {"tflops": "flushed"}, [row(64, 4.0, None, pairs=50)]), [2e-6 * 50 * 256 / 4])

    def test_times_of_other_rows(self):
        self.assertEqual(self.judge({"than": {"m": 64}, "over": "worst"}, {"m": 128}, rows=1), (4.0, "1 rows", True))
        self.assertEqual(self.judge({"than": {"m": 64}, "over": "all"}, {"m": 1}, rows=1)[0], 2.0)
        none = "0 rows judged of 1 in the results; the suite has 1"
        for other in ({"m": 63}, {"m": 64, "d_type": "f32"}):
            self.assertEqual(self.judge({"than": other, "over": "worst"}, {"m": 128}, rows=1), (None, none, False), other)
        target = {"suite": "s", "results": "gpu/fp8_dense.json", "where": {"m": 128}, "rows": 1,
                  "measure": {"than": {"m": 64}, "over": "worst"}, "at_least": 3.9, "goal": 5}
        missed, text = self.missed(target, {**target, "at_least": 4.1})
        self.assertEqual(missed, 1)
        self.assertIn("| m 64 / ours, worst | 3.900 | 5.000 | 4.000 | yes | 1 rows |", text)

    def test_times_of_other_cases(self):
        self.assertEqual(self.judge({"than_case": ["^128", "64"], "over": "worst"}, {"m": 128}, rows=1), (4.0, "1 rows", True))
        none = "0 rows judged of 1 in the results; the suite has 1"
        self.assertEqual(self.judge({"than_case": ["^128", "63"], "over": "worst"}, {"m": 128}, rows=1), (None, none, False))
        self.assertEqual(check.described({"than_case": [" 1$", " 128"], "over": "worst"}), "128 / ours, worst")

    def test_rows_without_a_time_have_no_figure(self):
        results = check.report.Report(self.root / "bench/results/gpu/fp8_dense.json")
        for measure in ({"ratio": "cublaslt_tensorwise"}, {"tflops": "flushed"}, {"read_share": 1}, {"than": {"m": 1}},
                        {"than_case": ["x", "y"]}):
            self.assertEqual(check.figures(results, measure, [row(64, None, 2.0)]), [None], measure)

    def test_rows_are_selected(self):
        measure = {"tflops": "flushed", "over": "worst"}
        for where, count in [({"m": [1, 128]}, 2), ({"m": {"min": 64}}, 2), ({"m": {"max": 64, "not": 1}}, 1),
                             ({"n*k": 32768, "m": 1}, 1), ({"d_type": "bf16"}, 3),
                             ([{"m": 1, "k": 256}, {"m": 64, "k": 256}, {"m": 128, "k": 1}], 2)]:
            self.assertEqual(self.judge(measure, where, rows=count)[1:], (f"{count} rows", True), where)
        with self.assertRaises(ValueError):
            self.judge(measure, {"m": {"least": 1}})

    def test_only_the_whole_suite_is_judged(self):
        measure = {"tflops": "flushed", "over": "worst"}
        for rows, said in [(2, "3 rows judged of 3 in the results; the suite has 2"), (3, "3 rows"),
                           (42, "3 rows judged of 3 in the results; the suite has 42")]:
            self.assertEqual(self.judge(measure, rows=rows)[1:], (said, rows == 3))
            target = {"suite": "s", "results": "gpu/fp8_dense.json", "where": {}, "rows": rows, "measure": measure, "at_least": 0}
            missed, text = self.missed(target)
            self.assertEqual(missed, int(rows != 3), rows)
            self.assertIn(f"| {'yes' if rows == 3 else 'NO'} | {said} |", text)

    def test_what_cannot_be_judged_is_missed(self):
        measure = {"ratio": "cublaslt_tensorwise", "over": "all"}
        none = "0 rows judged of {} in the results; the suite has {}".format
        self.assertEqual(self.judge(measure, {"m": 5}), (None, none(0, 3), False))
        self.assertEqual(self.judge(measure, {"m": 5}, rows=0), (None, none(0, 0), False))
        self.assertEqual(self.judge(measure, {"m": 128}, rows=1), (None, none(1, 1), False))
        self.assertEqual(self.judge(measure, results="gpu/none.json"), (None, "there is no bench/results/gpu/none.json", False))
        for where, file in [({}, "gpu/none.json"), ({"m": 5}, "gpu/fp8_dense.json"), ({"m": 128}, "gpu/fp8_dense.json")]:
            target = {"suite": "s", "results": file, "where": where, "rows": 1, "measure": measure, "at_least": 0}
            self.assertEqual(self.missed(target)[0], 1, where)

    def test_the_table(self):
        target = {"suite": "most of it", "results": "gpu/fp8_dense.json", "where": {"m": [1, 64]}, "rows": 2,
                  "measure": {"ratio": "cublaslt_tensorwise", "over": "all"}, "limit": "the moon"}
        missed, text = self.missed({**target, "at_least": 0.99, "goal": 2}, {**target, "at_least": 1.01})
        self.assertEqual(missed, 1)
        self.assertIn("| gemm | most of it | cuBLASLt, tensor-wise / ours | 0.990 | 2.000 | 1.000 | yes | 2 rows |", text)
        self.assertIn("| 1.010 |  | 1.000 | NO | 2 rows; the moon |", text)

    def test_the_targets_that_are_kept_can_be_judged(self):
        for operation, targets in json.loads((check.ROOT / "bench/targets.json").read_text()).items():
            for target in targets:
                reached, remark, complete = check.judge(target, check.ROOT)
                self.assertIsNotNone(reached, f"{operation}, {target['suite']}: {remark}")
                self.assertTrue(complete, f"{operation}, {target['suite']}: {remark}")


if __name__ == "__main__":
    unittest.main()
