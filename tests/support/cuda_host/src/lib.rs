//! Runs the CUDA kernels of this project on the host: the same text, another compiler.
//!
//! A kernel is found by its name; threads of a block run in an order of the caller's choice, blocks one after another
//! on the calling thread. Bits equal the device's for + - * / and sqrt. What this cannot find: races between blocks.

use std::ffi::{CStr, c_char, c_void};
use std::fmt;
use std::marker::PhantomData;

/// CUDA's limit on the threads of a block (CUDA C++ Programming Guide, compute capabilities).
const THREADS_MAX: u64 = 1024;
/// Dynamic shared memory of a block on compute capability 8.0 (same table): 163 KiB.
const DYNAMIC_SHARED_BYTES_MAX: usize = 163 * 1024;

/// In which order the threads of a block run between barriers. A kernel without races gives the same in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Forward,
    Reversed,
    /// The last warp runs as far ahead of the others as barriers let it.
    WarpsAhead,
    /// With this seed.
    Shuffled(u32),
}

/// One kernel argument: a value that outlives the launch.
#[derive(Clone, Copy)]
pub struct Argument<'a> {
    pointer: *const c_void,
    bytes: usize,
    value: PhantomData<&'a ()>,
}

impl<'a> Argument<'a> {
    /// A number, pointer or `repr(C)` struct of the kernel parameter's own type.
    pub fn of<T: Copy>(value: &'a T) -> Self {
        Self {
            pointer: std::ptr::from_ref(value).cast(),
            bytes: size_of::<T>(),
            value: PhantomData,
        }
    }

    /// The bytes of such a value.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self {
            pointer: bytes.as_ptr().cast(),
            bytes: bytes.len(),
            value: PhantomData,
        }
    }
}

/// Why a kernel could not be launched, or could not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchError(pub String);

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LaunchError {}

#[repr(C)]
struct Shape {
    grid: [u32; 3],
    block: [u32; 3],
    dynamic_shared_bytes: usize,
    order: u64,
}

/// Twin of `cuda_host::Kernel` in include/launch.hpp.
#[repr(C)]
struct Kernel {
    name: *const c_char,
    argument_bytes: *const usize,
    argument_count: usize,
    launch: unsafe extern "C" fn(*const Shape, *const *const c_void) -> *const c_char,
}

unsafe extern "C" {
    /// Ended by a null pointer; written by build.rs.
    static cuda_host_kernels: [*const Kernel; 1];
}

/// Names of all kernels, those that check this crate included.
pub fn kernel_names() -> Vec<String> {
    table().map(|kernel| name(kernel).into_owned()).collect()
}

/// Runs `kernel` for `grid` blocks of `block` threads (x, y, z).
///
/// # Errors
/// No such kernel; a grid, block or shared memory that CUDA would refuse; arguments that differ from the parameters in
/// number or size; threads that wait for others that never come.
///
/// # Safety
/// Arguments must have the types of the kernel's parameters, and pointers among them must be good for all that the
/// kernel reads and writes.
pub unsafe fn launch(
    kernel: &str,
    grid: [u32; 3],
    block: [u32; 3],
    dynamic_shared_bytes: usize,
    arguments: &[Argument],
    order: Order,
) -> Result<(), LaunchError> {
    let found = table().find(|entry| name(entry) == kernel);
    let entry = found.ok_or_else(|| {
        LaunchError(format!(
            "no kernel {kernel:?}; there are {}",
            kernel_names().join(", ")
        ))
    })?;
    check_arguments(entry, arguments)?;
    let shape = Shape {
        grid,
        block,
        dynamic_shared_bytes,
        order: order_number(order),
    };
    check_shape(&shape)?;
    let pointers: Vec<*const c_void> = arguments.iter().map(|argument| argument.pointer).collect();
    // SAFETY: number and sizes of the arguments are checked; their types and pointers are the caller's promise.
    let why = unsafe { (entry.launch)(&shape, pointers.as_ptr()) };
    if why.is_null() {
        return Ok(());
    }
    // SAFETY: a null-terminated text, alive until this thread's next launch.
    let why = unsafe { CStr::from_ptr(why) }.to_string_lossy();
    Err(LaunchError(format!("{kernel}: {why}")))
}

fn table() -> impl Iterator<Item = &'static Kernel> {
    let first = (&raw const cuda_host_kernels).cast::<*const Kernel>();
    // SAFETY: the table ends with a null pointer, at which the iteration ends; its entries are static.
    (0..).map_while(move |index| unsafe { (*first.add(index)).as_ref() })
}

fn name(kernel: &Kernel) -> std::borrow::Cow<'static, str> {
    // SAFETY: a string literal.
    unsafe { CStr::from_ptr(kernel.name) }.to_string_lossy()
}

fn order_number(order: Order) -> u64 {
    match order {
        Order::Forward => 0,
        Order::Reversed => 1,
        Order::WarpsAhead => 2,
        Order::Shuffled(seed) => u64::from(seed) + 3,
    }
}

fn check_arguments(kernel: &Kernel, arguments: &[Argument]) -> Result<(), LaunchError> {
    // SAFETY: an array of that length, static.
    let wanted =
        unsafe { std::slice::from_raw_parts(kernel.argument_bytes, kernel.argument_count) };
    let given: Vec<usize> = arguments.iter().map(|argument| argument.bytes).collect();
    if given == wanted {
        return Ok(());
    }
    Err(LaunchError(format!(
        "{}: argument sizes {given:?} bytes, but the parameters have {wanted:?}",
        name(kernel)
    )))
}

fn check_shape(shape: &Shape) -> Result<(), LaunchError> {
    let threads: u64 = shape
        .block
        .iter()
        .map(|&extent| u64::from(extent))
        .product();
    let refused = if threads == 0 || threads > THREADS_MAX {
        format!("{threads} threads in a block")
    } else if shape.grid.contains(&0) || shape.grid[1] > 65535 || shape.grid[2] > 65535 {
        format!("grid {:?}", shape.grid)
    } else if shape.dynamic_shared_bytes > DYNAMIC_SHARED_BYTES_MAX {
        format!(
            "{} bytes of dynamic shared memory",
            shape.dynamic_shared_bytes
        )
    } else {
        return Ok(());
    };
    Err(LaunchError(format!("CUDA would refuse {refused}")))
}
