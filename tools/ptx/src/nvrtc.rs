//! NVRTC, NVIDIA's run-time compiler, opened as a shared library: CUDA C++ to PTX without a toolkit, GPU or host compiler.
//!
//! Source of the calls: NVRTC 12.0 documentation, section 3 (`nvrtc.h`).

use crate::sources::{OPTIONS, Sources};
use crate::{Module, Modules};
use libloading::{Library, Symbol};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};

type Program = *mut c_void;
type Create = unsafe extern "C" fn(
    *mut Program,
    *const c_char,
    *const c_char,
    c_int,
    *const *const c_char,
    *const *const c_char,
) -> c_int;
type Compile = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int;
type Size = unsafe extern "C" fn(Program, *mut usize) -> c_int;
type Text = unsafe extern "C" fn(Program, *mut c_char) -> c_int;
type Destroy = unsafe extern "C" fn(*mut Program) -> c_int;
type Version = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;
type ErrorString = unsafe extern "C" fn(c_int) -> *const c_char;

/// The library that `scripts/setup` installs, where it is there.
pub fn in_toolchain_folder(root: &Path) -> Option<PathBuf> {
    let library = root.join(".toolchain/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
    library.exists().then_some(library)
}

/// Compiles every kernel file with the NVRTC at `library`.
///
/// # Errors
/// The library cannot be opened, the CUDA headers are not near it, or a kernel does not compile (with the compiler's log).
pub fn compile(sources: &Sources, library: &Path) -> Result<Modules, String> {
    // SAFETY: NVRTC's initialisers touch nothing of ours; the path is the user's or scripts/setup's.
    let nvrtc = Nvrtc(
        unsafe { Library::new(library) }
            .map_err(|error| format!("{}: {error}", library.display()))?,
    );
    let (major, minor) = nvrtc.version()?;
    let options = options(sources, &headers_near(library)?);
    let modules = sources.kernels().map(|(name, text)| {
        let ptx = nvrtc.ptx(name, text, &options)?;
        Ok(Module {
            name: name.to_string(),
            ptx,
        })
    });
    Ok(Modules {
        modules: modules.collect::<Result<_, String>>()?,
        origin: format!("NVRTC {major}.{minor}"),
    })
}

fn options(sources: &Sources, headers: &Path) -> Vec<CString> {
    let include = |folder: &Path| format!("--include-path={}", folder.display());
    let includes = [include(&sources.folder), include(headers)];
    let all = OPTIONS
        .iter()
        .map(|option| option.to_string())
        .chain(includes);
    all.filter_map(|option| CString::new(option).ok()).collect()
}

/// The folder with cuda_fp16.h: beside the library in the PyPI wheels' layout, in a toolkit, or in Debian's package.
fn headers_near(library: &Path) -> Result<PathBuf, String> {
    let library = library
        .canonicalize()
        .map_err(|error| format!("{}: {error}", library.display()))?;
    let relative = [
        "../../cuda_runtime/include",
        "../include",
        "../../include",
        "../../../include",
        "/usr/include",
    ];
    let folder = library.parent().unwrap_or(Path::new("/"));
    let candidates = relative.map(|path| folder.join(path));
    candidates.into_iter().find(|path| path.join("cuda_fp16.h").exists()).ok_or_else(|| {
        format!("no cuda_fp16.h near {}\nhint: install nvidia-cuda-runtime-cu12==12.0.146 beside it", library.display())
    })
}

struct Nvrtc(Library);

impl Nvrtc {
    fn symbol<F>(&self, name: &str) -> Result<Symbol<'_, F>, String> {
        // SAFETY: every caller names a function of nvrtc.h together with its type.
        unsafe { self.0.get(name.as_bytes()) }
            .map_err(|error| format!("NVRTC lacks {name}: {error}"))
    }

    fn version(&self) -> Result<(c_int, c_int), String> {
        let (mut major, mut minor) = (0, 0);
        // SAFETY: two valid places to write to.
        let status = unsafe { self.symbol::<Version>("nvrtcVersion")?(&mut major, &mut minor) };
        self.check(status, "nvrtcVersion").map(|()| (major, minor))
    }

    fn check(&self, status: c_int, what: &str) -> Result<(), String> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: NVRTC returns a static, null-terminated text for any status.
        let text =
            unsafe { CStr::from_ptr(self.symbol::<ErrorString>("nvrtcGetErrorString")?(status)) };
        Err(format!("{what}: {}", text.to_string_lossy()))
    }

    fn ptx(&self, name: &str, text: &str, options: &[CString]) -> Result<String, String> {
        let file = format!("{name}.cu");
        let contains_null = |_| format!("{file}: contains a null character");
        let (text, name) = (
            CString::new(text).map_err(contains_null)?,
            CString::new(file.as_str()).map_err(contains_null)?,
        );
        let mut program: Program = std::ptr::null_mut();
        // SAFETY: null-terminated texts that outlive the call; no headers are passed.
        let status = unsafe {
            let create = self.symbol::<Create>("nvrtcCreateProgram")?;
            create(
                &mut program,
                text.as_ptr(),
                name.as_ptr(),
                0,
                std::ptr::null(),
                std::ptr::null(),
            )
        };
        self.check(status, "nvrtcCreateProgram")?;
        let result = self.compile_program(program, &file, options);
        // SAFETY: created above and not used again.
        unsafe { self.symbol::<Destroy>("nvrtcDestroyProgram")?(&mut program) };
        result
    }

    fn compile_program(
        &self,
        program: Program,
        file: &str,
        options: &[CString],
    ) -> Result<String, String> {
        let pointers: Vec<_> = options.iter().map(|option| option.as_ptr()).collect();
        // SAFETY: the program is alive and the options outlive the call.
        let status = unsafe {
            self.symbol::<Compile>("nvrtcCompileProgram")?(
                program,
                pointers.len() as c_int,
                pointers.as_ptr(),
            )
        };
        if let Err(why) = self.check(status, "nvrtcCompileProgram") {
            let log = self.text(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog")?;
            return Err(format!("{file} does not compile ({why}):\n{log}"));
        }
        self.text(program, "nvrtcGetPTXSize", "nvrtcGetPTX")
    }

    fn text(&self, program: Program, size_name: &str, text_name: &str) -> Result<String, String> {
        let mut bytes = 0;
        // SAFETY: the program is alive; one place to write to.
        let status = unsafe { self.symbol::<Size>(size_name)?(program, &mut bytes) };
        self.check(status, size_name)?;
        let mut buffer = vec![0u8; bytes];
        // SAFETY: the buffer has the size that NVRTC asked for.
        let status =
            unsafe { self.symbol::<Text>(text_name)?(program, buffer.as_mut_ptr().cast()) };
        self.check(status, text_name)?;
        Ok(String::from_utf8_lossy(&buffer)
            .trim_end_matches('\0')
            .to_string())
    }
}
