#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of bench/predicted.py on a page and results made up here, and on the page that it reads."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import predicted

TEXT = """
| pass | m | n | k | orders | recipe | D | tile | predicted, µs | TFLOPS | bound by |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| forward | 1 | 128 | 256 | nt | bf16 | bf16 | 32 x 16 | 2.0 | 4 | device memory |
| forward | 1 | 128 | 256 | nt | bf16 | bf16 acc | 32 x 16 | 4.0 | 4 | device memory |
| wgrad | 64 | 128 | 256 | tn | bf16 | f32 acc | 128 x 256 in pairs | 8.0 | 4 | the tensor cores |
| figure | value |
"""


def row(m, us, layout="nt", d_type="bf16", accumulate=False, **more):
    return {"pass": "forward", "m": m, "n": 128, "k": 256, "layout": layout, "recipe": "bf16", "d_type": d_type,
            "accumulate": accumulate, "us": us, **more}


class Predicted(unittest.TestCase):
    def test_rows_of_a_page(self):
        found = predicted.predictions(TEXT)
        self.assertEqual(len(found), 3)
        self.assertEqual(found["forward", 1, 128, 256, "nt", "bf16", "bf16 acc"], (4.0, "device memory"))

    def test_products_meet(self):
        rows = [row(1, 3.0), row(1, 2.0, accumulate=True), row(2, 1.0), row(1, None, layout="tn"),
                row(64, 16.0, "tn", "f32", True, **{"pass": "wgrad"})]
        lines = predicted.compared(rows, predicted.predictions(TEXT))
        self.assertEqual([line[1:] for line in lines], [(3.0, 2.0, "device memory"), (2.0, 4.0, "device memory"),
                                                        (16.0, 8.0, "the tensor cores")])
        text = predicted.report(lines)
        self.assertIn("device memory: 2 products, ratio 0.87 on average, 0.50 to 1.50", text)
        self.assertIn("the tensor cores: 1 products, ratio 2.00 on average, 2.00 to 2.00", text)

    def test_the_page_and_files(self):
        self.assertEqual(len(predicted.predictions((predicted.ROOT / predicted.PAGE).read_text())), 63 + 63 + 42 + 75)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "results.json"
            made = [row(1, 10.0, n=2112, k=7168), row(1, 10.0, n=7, k=7)]
            file.write_text(json.dumps({"machine": {"gpu": "any"}, "rows": made}))
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                self.assertEqual(predicted.main([str(file)]), 0)
            self.assertIn("forward 1x2112x7168 nt bf16 bf16", printed.getvalue())
            self.assertNotIn("1x7x7", printed.getvalue())
            file.write_text(json.dumps({"machine": {"gpu": "any"}, "rows": made[1:]}))
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                self.assertEqual(predicted.main([str(file)]), 1)
            self.assertIn("no product of docs/sm100-times.md is in these files", printed.getvalue())


if __name__ == "__main__":
    unittest.main()
