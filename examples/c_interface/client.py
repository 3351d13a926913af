#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C interface from Python by ctypes: a BF16 product on the simulator. `client.py <path of the shared library>`.

With PyTorch the addresses are `tensor.data_ptr()`, the strides `tensor.stride()` and the stream
`torch.cuda.current_stream().cuda_stream`; nothing else changes.
"""
import ctypes
import struct
import sys

BF16 = 3  # DEEPGEMM_BF16


class Matrix(ctypes.Structure):
    """deepgemm_input and deepgemm_output, which differ in C only by a const."""
    _fields_ = [("data", ctypes.c_void_p), ("rows", ctypes.c_int64), ("columns", ctypes.c_int64),
                ("row_stride", ctypes.c_int64), ("column_stride", ctypes.c_int64), ("type", ctypes.c_int32)]


class Message(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char * 512)]


# [calls]
class Engine:
    """The compiled kernels, ready for the current device. Failures are exceptions."""

    def __init__(self, library):
        self._library = ctypes.CDLL(library)
        self._library.deepgemm_status_name.restype = ctypes.c_char_p
        self._engine = ctypes.c_void_p()
        self._call("deepgemm_engine_create", None, ctypes.byref(self._engine))

    def close(self):
        self._library.deepgemm_engine_destroy(self._engine)
        self._engine = None

    def bf16_gemm_nt(self, a, b, d, stream=None):
        """D = A x B^T."""
        self._call("deepgemm_bf16_gemm_nt", self._engine, ctypes.byref(a), ctypes.byref(b), ctypes.byref(d),
                   None, ctypes.c_void_p(stream))

    def _call(self, name, *arguments):
        message = Message()
        status = getattr(self._library, name)(*arguments, ctypes.byref(message))
        if status != 0:
            what = self._library.deepgemm_status_name(status).decode()
            raise RuntimeError(f"{what}: {message.text.decode()}")
# [calls]


def bf16_matrix(rows, columns, value):
    """A row-major matrix of value(row, column) in BF16, at an address that is a multiple of 16, and its owner."""
    owner = (ctypes.c_uint16 * (rows * columns + 8))()
    skipped = -ctypes.addressof(owner) % 16 // 2
    for i in range(rows * columns):
        owner[skipped + i] = struct.unpack("<I", struct.pack("<f", value(i // columns, i % columns)))[0] >> 16
    return Matrix(ctypes.addressof(owner) + 2 * skipped, rows, columns, columns, 1, BF16), owner


def element(matrix, row, column):
    code = ctypes.c_uint16.from_address(matrix.data + 2 * (row * matrix.row_stride + column)).value
    return struct.unpack("<f", struct.pack("<I", code << 16))[0]


def main():
    m, n, k = 24, 40, 48
    def a_value(row, column): return (row + 3 * column) % 5 - 2
    def b_value(row, column): return (2 * row + column) % 5 - 2
    a, a_owner = bf16_matrix(m, k, a_value)
    b, b_owner = bf16_matrix(n, k, b_value)
    d, d_owner = bf16_matrix(m, n, lambda row, column: float("nan"))
    engine = Engine(sys.argv[1])
    engine.bf16_gemm_nt(a, b, d)
    # The sums are below 256, and so exact in BF16.
    wrong = sum(element(d, row, column) != sum(a_value(row, i) * b_value(column, i) for i in range(k))
                for row in range(m) for column in range(n))

    b.columns = k - 16
    try:
        engine.bf16_gemm_nt(a, b, d)
        refused = False
    except RuntimeError as error:
        refused = str(error).startswith("shape_mismatch: ")
    engine.close()
    print(f"{'FAIL' if wrong or not refused else 'PASS'}: {wrong} of {m * n} elements are wrong")
    return 1 if wrong or not refused else 0


if __name__ == "__main__":
    sys.exit(main())
