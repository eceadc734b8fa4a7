//! The calls of the HDF5 C library that the `hdf5` crate has no safe form of. All unsafe code of the dose file.

use hdf5::Location;
use hdf5_sys::h5a::{H5Aclose, H5Acreate2, H5Awrite};
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5s::{H5S_class_t, H5Sclose, H5Screate};
use hdf5_sys::h5t::{
    H5T_C_S1, H5T_cset_t, H5T_str_t, H5Tclose, H5Tcopy, H5Tset_cset, H5Tset_size, H5Tset_strpad,
};
use std::ffi::CString;

/// Writes a scalar, fixed-length, null-terminated string attribute: ASCII, or UTF-8 where the text needs it.
///
/// H5DSis_scale accepts no other kind for CLASS and NAME; the crate's `FixedAscii` is null-padded.
pub fn write_text_attribute(object: &Location, name: &str, text: &str) -> hdf5::Result<()> {
    let name_c = null_terminated(name);
    let text_c = null_terminated(text);
    let character_set = match text.is_ascii() {
        true => H5T_cset_t::H5T_CSET_ASCII,
        false => H5T_cset_t::H5T_CSET_UTF8,
    };
    // SAFETY: `object` keeps its identifier open for the whole call; both strings end in a null byte and outlive it;
    // the type's size is the text's with that byte, so H5Awrite reads inside `text_c`; sync() holds HDF5's lock.
    let written = hdf5::sync::sync(|| unsafe {
        let text_type = H5Tcopy(*H5T_C_S1);
        let space = H5Screate(H5S_class_t::H5S_SCALAR);
        let typed = H5Tset_size(text_type, text_c.as_bytes_with_nul().len()) >= 0
            && H5Tset_strpad(text_type, H5T_str_t::H5T_STR_NULLTERM) >= 0
            && H5Tset_cset(text_type, character_set) >= 0;
        let attribute = H5Acreate2(
            object.id(),
            name_c.as_ptr(),
            text_type,
            space,
            H5P_DEFAULT,
            H5P_DEFAULT,
        );
        let written =
            typed && attribute >= 0 && H5Awrite(attribute, text_type, text_c.as_ptr().cast()) >= 0;
        let closed = H5Aclose(attribute) >= 0;
        H5Sclose(space);
        H5Tclose(text_type);
        written && closed
    });
    match written {
        true => Ok(()),
        false => Err(format!("cannot write attribute {name}").into()),
    }
}

fn null_terminated(text: &str) -> CString {
    let bytes: Vec<u8> = text.bytes().filter(|&byte| byte != 0).collect();
    CString::new(bytes).unwrap_or_default()
}
