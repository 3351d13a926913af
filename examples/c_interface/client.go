// SPDX-License-Identifier: MIT

// The C interface from Go: a BF16 product on the simulator. cgo reads deepgemm.h as it is. With a GPU the addresses are
// those of device memory, and nothing else changes.
package main

// [declarations]

/*
#cgo LDFLAGS: -ldeepgemm_c
#include <stdlib.h>
#include "deepgemm.h"
*/
import "C"

// [declarations]

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"unsafe"
)

// [calls]

// Engine holds the compiled kernels, ready for the current device. Any number of goroutines may use it.
type Engine struct{ raw *C.deepgemm_engine }

// NewEngine makes an engine, to be closed after use.
func NewEngine() (*Engine, error) {
	var raw *C.deepgemm_engine
	var message C.deepgemm_message
	if err := failure(C.deepgemm_engine_create(nil, &raw, &message), &message); err != nil {
		return nil, err
	}
	return &Engine{raw}, nil
}

// Close ends an engine that no call is using.
func (e *Engine) Close() {
	C.deepgemm_engine_destroy(e.raw)
	e.raw = nil
}

// BF16GemmNT computes D = A x B^T. The matrices are addresses of C or device memory, never of Go's.
func (e *Engine) BF16GemmNT(a, b C.deepgemm_input, d C.deepgemm_output, stream unsafe.Pointer) error {
	var message C.deepgemm_message
	return failure(C.deepgemm_bf16_gemm_nt(e.raw, &a, &b, &d, nil, stream, &message), &message)
}

// Error is what a call returns that has failed.
type Error struct {
	Status  C.deepgemm_status
	Message string
}

func (e *Error) Error() string {
	return C.GoString(C.deepgemm_status_name(e.Status)) + ": " + e.Message
}

// failure makes an error of a status and its message, nil after a success.
func failure(status C.deepgemm_status, message *C.deepgemm_message) error {
	if status == C.DEEPGEMM_OK {
		return nil
	}
	return &Error{status, C.GoString(&message.text[0])}
}

// [calls]

// allocate returns row-major BF16 elements in C's memory, at an address that is a multiple of 16, and their matrix.
func allocate(rows, columns int) ([]uint16, C.deepgemm_output) {
	size := (2*rows*columns + 15) / 16 * 16
	data := C.aligned_alloc(16, C.size_t(size))
	if data == nil {
		panic("out of memory")
	}
	return unsafe.Slice((*uint16)(data), rows*columns), C.deepgemm_output{
		data: data, rows: C.int64_t(rows), columns: C.int64_t(columns), row_stride: C.int64_t(columns), column_stride: 1,
		_type: C.DEEPGEMM_BF16,
	}
}

// operand makes a matrix of value(row, column).
func operand(rows, columns int, value func(row, column int) int) C.deepgemm_input {
	elements, matrix := allocate(rows, columns)
	for i := range elements {
		elements[i] = uint16(math.Float32bits(float32(value(i/columns, i%columns))) >> 16)
	}
	return C.deepgemm_input(matrix) // the two differ in C only by a const
}

func fromBF16(code uint16) float32 { return math.Float32frombits(uint32(code) << 16) }

func run() error {
	const m, n, k = 24, 40, 48
	aValue := func(row, column int) int { return (row+3*column)%5 - 2 }
	bValue := func(row, column int) int { return (2*row+column)%5 - 2 }
	a, b := operand(m, k, aValue), operand(n, k, bValue)
	elements, d := allocate(m, n)
	defer C.free(a.data)
	defer C.free(b.data)
	defer C.free(d.data)
	for i := range elements {
		elements[i] = 0xffff
	}

	engine, err := NewEngine()
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := engine.BF16GemmNT(a, b, d, nil); err != nil {
		return err
	}
	for i, code := range elements {
		sum := 0 // below 256, and so exact in BF16
		for x := 0; x < k; x++ {
			sum += aValue(i/n, x) * bValue(i%n, x)
		}
		if fromBF16(code) != float32(sum) {
			return fmt.Errorf("element %d is %v, not %d", i, fromBF16(code), sum)
		}
	}

	b.columns -= 16
	err = engine.BF16GemmNT(a, b, d, nil)
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != C.DEEPGEMM_SHAPE_MISMATCH ||
		!strings.HasPrefix(err.Error(), "shape_mismatch: ") {
		return fmt.Errorf("K differs, and the call says %v", err)
	}
	fmt.Printf("PASS: all %d elements are exact\n", m*n)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Println("FAIL:", err)
		os.Exit(1)
	}
}
