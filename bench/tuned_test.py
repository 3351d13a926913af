#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of bench/tuned.py on races made up here: how they are joined and trimmed, and the rows of tables that they give."""
import copy
import json
import pathlib
import tempfile
import unittest
import unittest.mock

import tuned

WIDE, TALL = "config{.block = {256, 128, 128}, .stages = 4}", "config{.block = {192, 128, 128}, .stages = 5}"
KNOWN = {WIDE: {"block": "{256, 128, 128}", "stages": "4", "swap": "false"},
         TALL: {"block": "{192, 128, 128}", "stages": "5", "swap": "true"}}


def ran(config, us):
    return {"config": config, "epilogue": "store<bf16>", "us": us, "predicted_us": 1.0, "joules": 0.5}


def race(*recipes, objective="sustained", gpu="NVIDIA H200"):
    rows = [{"op": "fp8_gemm", "m": 8192, "n": 8192, "k": 4096 + i, "layout": "nt", "recipe": recipe, "d_type": "bf16", "accumulate": False,
             "objective": objective, "ranking": [ran(WIDE, 500.0), ran(TALL, 600.0), ran(WIDE, 510.0)]}
            for i, recipe in enumerate(recipes)]
    return {"machine": {"gpu": gpu, "command": "./dg tune --suite sustained --out x.json --sustained 1"}, "rows": rows}


def written(folder, *races):
    files = []
    for i, one in enumerate(races):
        files.append(pathlib.Path(folder, f"{i}.json"))
        files[-1].write_text(json.dumps(one))
    return files


def table_of(made):
    """The table of a race whose kernels the model predicts to be equally fast, so that it chooses the first of them."""
    in_order = [[(1.0 if config == TALL else 2.0, place) for place, (config, _, _) in enumerate(case)]
                for case in tuned.runners(made)]
    with unittest.mock.patch.object(tuned, "predictions", lambda *_: in_order), \
            unittest.mock.patch.object(tuned, "members", lambda *_: (KNOWN, ["stages"])):
        return tuned.table("h200", tuned.choices(made, "h200"))


class Tuned(unittest.TestCase):
    def test_family(self):
        self.assertEqual(tuned.family_of(race("1d2d")["rows"][0]), "FP8, back to back,")
        self.assertEqual(tuned.family_of(race("tensor")["rows"][0]), "FP8, back to back,")
        self.assertEqual(tuned.family_of(race("bf16")["rows"][0]), "BF16, back to back,")
        self.assertEqual(tuned.family_of(race("row", objective="latency")["rows"][0]), "FP8 with scales for all of K")

    def test_trimmed_race_keeps_the_smaller_time_and_the_objective(self):
        made = tuned.trimmed(race("1d2d", "tensor"))
        self.assertEqual([kernel["config"] for kernel in made["kernels"]], [TALL, WIDE])
        self.assertEqual([row["us"] for row in made["rows"]], [[600.0, 500.0]] * 2)
        self.assertEqual([row["objective"] for row in made["rows"]], ["sustained"] * 2)
        self.assertNotIn("--out", made["machine"]["command"])
        self.assertNotIn("objective", tuned.trimmed(race("1d2d", objective="latency"))["rows"][0])

    def test_rows_of_races_back_to_back(self):
        text = table_of(tuned.trimmed(race("1d2d", "tensor")))
        self.assertIn("std::array<gemm_tuned_row, 2> tuned_h200", text)
        self.assertEqual(text.count("// 500.0 us back to back; the model's choice takes 20.0 % longer"), 2)
        self.assertEqual(text.count(".objective = objective_kind::sustained"), 2)
        self.assertEqual(text.count(".cfg = config{.block = {256, 128, 128}}"), 2)
        self.assertEqual(text.count(".model = {.cfg = config{.block = {192, 128, 128}}, .us = 600.00f}"), 2)
        # Kernels for a scale a row serve one for an operand, and tables name them all by that tile.
        self.assertIn(".m_max = 8192, .n = 8192, .k = 4096,\n", text)
        self.assertIn(".m_max = 8192, .n = 8192, .k = 4097, .b = {1, 0},\n", text)
        self.assertNotIn("objective", table_of(tuned.trimmed(race("1d2d", objective="latency"))))

    def test_parts_of_a_race_are_joined(self):
        with tempfile.TemporaryDirectory() as folder:
            parts = written(folder, race("1d2d"), race("bf16"), race("tensor", "tensor"))
            made = tuned.joined(parts)
            self.assertEqual({family: len(one["rows"]) for family, one in made.items()},
                             {"FP8, back to back,": 3, "BF16, back to back,": 1})
            for wrong in (race("1d2d", gpu="NVIDIA H100"), tuned.trimmed(copy.deepcopy(race("1d2d")))):
                with self.assertRaises(SystemExit):
                    tuned.joined(written(folder, race("tensor"), wrong))


if __name__ == "__main__":
    unittest.main()
