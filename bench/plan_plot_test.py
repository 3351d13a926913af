#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What plan_plot.py draws against what `deepgemm explain --json` says: python3 plan_plot_test.py <program deepgemm> [--write]

--write draws the picture of the documentation anew. Drawing differs a little between versions of matplotlib, so of that picture
the texts are compared, not the bytes.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import plan_plot

PICTURE = pathlib.Path(__file__).resolve().parent.parent / "docs/images/explain.svg"
PROGRAM = ""


def explained(*arguments):
    return subprocess.run([PROGRAM, "explain", "--json", *arguments], capture_output=True, text=True, check=True).stdout


def draw_file(text, path):
    return subprocess.run([sys.executable, plan_plot.__file__, str(path)], input=text, capture_output=True, text=True)


def texts_of(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    return ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


class Drawing(unittest.TestCase):
    def check_product(self, axes, plan):
        """Every bar is as long as the prediction, and every kernel is named."""
        shown = plan["ranked"][:plan_plot.SHOWN]
        bars = sorted(axes.patches, key=lambda bar: (bar.get_y() + bar.get_height() / 2, bar.get_x()))
        by_kernel = {}
        for bar in bars:
            by_kernel.setdefault((round(bar.get_y() + bar.get_height() / 2), bar.get_height() > 0.1), []).append(bar)
        self.assertEqual(len(by_kernel), 2 * len(shown))
        for rank, kernel in enumerate(shown):
            pieces = by_kernel[rank, True]
            self.assertAlmostEqual(sum(piece.get_width() for piece in pieces),
                                   max(kernel["predicted_us"], sum(piece.get_width() for piece in pieces[:3])), places=6)
            for piece, member in zip(pieces, ("start_us", "main_loop_us", "epilogue_us")):
                self.assertAlmostEqual(piece.get_width(), kernel[member], places=6)
            memory, = by_kernel[rank, False]
            self.assertAlmostEqual(memory.get_x(), kernel["start_us"], places=6)
            self.assertAlmostEqual(memory.get_width(), kernel["memory_us"], places=6)
        words = [text.get_text() for text in axes.texts]
        for rank, kernel in enumerate(shown):
            self.assertIn(kernel["config"], words[2 * rank])
            self.assertIn(f"{kernel['predicted_us']:.1f} us", words[2 * rank + 1])
        self.assertEqual([text.get_weight() for text in axes.texts], ["bold"] * 2 + ["normal"] * (2 * len(shown) - 2))

    def test_every_operation(self):
        plans = json.loads(explained("--gpu", "h100", "4096,7168,2048", "1,4096,7168:bf16", "512,4096,1024:1d1d-acc",
                                     "32*4096,7168,2048:masked-192"))
        figure = plan_plot.draw(plans)
        self.assertEqual(len(figure.axes), len(plans))
        for axes, plan in zip(figure.axes, plans):
            self.check_product(axes, plan)
            self.assertIn("NVIDIA H100", axes.get_title(loc="left"))

    def test_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path, again = pathlib.Path(folder) / "a.svg", pathlib.Path(folder) / "b.svg"
            for file in (path, again):
                self.assertEqual(draw_file(explained("64,512,512:bf16"), file).returncode, 0)
            self.assertEqual(path.read_text(), again.read_text())
            self.assertTrue(any("m = 64, n = 512, k = 512" in text for text in texts_of(path)))
            self.assertIn("cannot read standard input", draw_file("no JSON", path).stderr)
            self.assertIn(f"cannot write '{folder}/none/x.svg'", draw_file(explained("64,512,512"), f"{folder}/none/x.svg").stderr)

    def test_picture_of_the_documentation(self):
        plan, = json.loads(explained("128,7168,2048"))
        texts = texts_of(PICTURE)
        for rank in range(plan_plot.SHOWN):
            self.assertIn(plan_plot.label(plan, rank), texts)
            self.assertIn(plan_plot.facts(plan, rank), [text.strip() for text in texts])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    if sys.argv[1:] == ["--write"]:
        sys.exit(draw_file(explained("128,7168,2048"), PICTURE).stderr or 0)
    unittest.main()
