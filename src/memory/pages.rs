//! Huge pages, where Linux gives them on request: a beam comes to new energies in every step, and the first touch of a small page
//! costs as much as a thousand bins.

/// Of x86-64, and a whole number of pages on every Linux.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Asks for huge pages under a buffer, where whole ones fit; what the system does not give stays as it is.
#[cfg(target_os = "linux")]
pub fn ask_for_huge(bytes: &mut [u8]) {
    let first = bytes.as_ptr().align_offset(HUGE_PAGE);
    if let Some(whole) = bytes
        .get_mut(first..)
        .filter(|rest| rest.len() >= HUGE_PAGE)
    {
        // SAFETY: begins at a page and lies in memory lent for writing; the hint leaves what the pages hold as it is, that of the last, which
        // the buffer may share, too.
        unsafe { libc::madvise(whole.as_mut_ptr().cast(), whole.len(), libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub fn ask_for_huge(_bytes: &mut [u8]) {}
