// SPDX-License-Identifier: MIT
//! The C interface from Rust: a BF16 product on the simulator. Declares what it uses of deepgemm.h; bindgen would write the
//! same. With a GPU the addresses are those of device memory, and nothing else changes.
use std::ffi::{c_char, c_void, CStr};
use std::ptr::{null, null_mut};

const BF16: i32 = 3; // DEEPGEMM_BF16

// [declarations]
/// deepgemm_input and deepgemm_output, which differ in C only by a const.
#[repr(C)]
struct Matrix {
    data: *mut c_void,
    rows: i64,
    columns: i64,
    row_stride: i64,
    column_stride: i64,
    kind: i32,
}

#[repr(C)]
struct Message {
    text: [c_char; 512],
}

/// An engine, seen only by its address.
#[repr(C)]
struct RawEngine([u8; 0]);

#[link(name = "deepgemm_c")]
extern "C" {
    fn deepgemm_status_name(status: i32) -> *const c_char;
    fn deepgemm_engine_create(options: *const c_void, made: *mut *mut RawEngine, message: *mut Message) -> i32;
    fn deepgemm_engine_destroy(engine: *mut RawEngine);
    fn deepgemm_bf16_gemm_nt(
        engine: *const RawEngine, a: *const Matrix, b: *const Matrix, d: *const Matrix, epilogue: *const c_void,
        stream: *mut c_void, message: *mut Message,
    ) -> i32;
}
// [declarations]

// [calls]
/// The compiled kernels, ready for the current device.
struct Engine(*mut RawEngine);

// The library lets any thread use an engine.
unsafe impl Send for Engine {}
unsafe impl Sync for Engine {}

impl Engine {
    fn new() -> Result<Engine, String> {
        let mut made = null_mut();
        call(|message| unsafe { deepgemm_engine_create(null_mut(), &mut made, message) })?;
        Ok(Engine(made))
    }

    /// D = A x B^T. Unsafe, since the matrices are addresses.
    unsafe fn bf16_gemm_nt(&self, a: &Matrix, b: &Matrix, d: &Matrix, stream: *mut c_void) -> Result<(), String> {
        call(|message| deepgemm_bf16_gemm_nt(self.0, a, b, d, null(), stream, message))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        unsafe { deepgemm_engine_destroy(self.0) }
    }
}

/// Makes a Result of a status and its message.
fn call(body: impl FnOnce(&mut Message) -> i32) -> Result<(), String> {
    let mut message = Message { text: [0; 512] };
    let status = body(&mut message);
    if status == 0 {
        return Ok(());
    }
    let text = |from| unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned();
    Err(format!("{}: {}", text(unsafe { deepgemm_status_name(status) }), text(message.text.as_ptr())))
}
// [calls]

/// Row-major BF16 elements at an address that is a multiple of 16.
#[repr(C, align(16))]
struct Elements<const N: usize>([u16; N]);

fn matrix<const N: usize>(elements: &mut Elements<N>, rows: usize, columns: usize) -> Matrix {
    assert_eq!(rows * columns, N);
    let data = elements.0.as_mut_ptr().cast();
    Matrix { data, rows: rows as i64, columns: columns as i64, row_stride: columns as i64, column_stride: 1, kind: BF16 }
}

fn to_bf16(value: i32) -> u16 {
    ((value as f32).to_bits() >> 16) as u16
}

fn main() {
    const M: usize = 24;
    const N: usize = 40;
    const K: usize = 48;
    let a_value = |row: usize, column: usize| ((row + 3 * column) % 5) as i32 - 2;
    let b_value = |row: usize, column: usize| ((2 * row + column) % 5) as i32 - 2;
    let mut a_elements = Elements::<{ M * K }>(std::array::from_fn(|i| to_bf16(a_value(i / K, i % K))));
    let mut b_elements = Elements::<{ N * K }>(std::array::from_fn(|i| to_bf16(b_value(i / K, i % K))));
    let mut d_elements = Elements::<{ M * N }>([0xffff; M * N]);
    let a = matrix(&mut a_elements, M, K);
    let mut b = matrix(&mut b_elements, N, K);
    let d = matrix(&mut d_elements, M, N);

    let engine = Engine::new().expect("no engine");
    unsafe { engine.bf16_gemm_nt(&a, &b, &d, null_mut()) }.expect("no product");
    for (i, &code) in d_elements.0.iter().enumerate() {
        // The sums are below 256, and so exact in BF16.
        let expected: i32 = (0..K).map(|x| a_value(i / N, x) * b_value(i % N, x)).sum();
        assert_eq!(f32::from_bits(u32::from(code) << 16), expected as f32, "element {i}");
    }

    b.columns -= 16;
    let refused = unsafe { engine.bf16_gemm_nt(&a, &b, &d, null_mut()) }.expect_err("K differs");
    assert!(refused.starts_with("shape_mismatch: "), "{refused}");
    println!("PASS: all {} elements are exact", M * N);
}
