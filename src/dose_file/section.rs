//! One group of a netCDF-4 file: dimension scales, variables attached to them, attributes.
//!
//! Scales are attached by hand, as H5DSset_scale and H5DSattach_scale do it: CLASS and NAME on the scale,
//! DIMENSION_LIST on the variable, REFERENCE_LIST back on the scale. Readers that find a scale unattached guess the
//! axis by its length and so transpose a square map.

use super::hdf5_calls::write_text_attribute;
use crate::results::Axis;
use hdf5::types::VarLenArray;
use hdf5::{Dataset, File, Group, H5Type, ObjectReference1};
use ndarray::{ArrayView, ArrayViewD, Dimension};

/// Uncompressed size of a chunk, at most; half of HDF5's default chunk cache.
const CHUNK_BYTES: usize = 512 * 1024;

/// Name of the dimension that holds a cell's two edges, as in the CF conventions' examples.
const EDGE_DIMENSION: &str = "nv";

/// How a variable is described: its name, and the CF attributes `units` and `long_name`.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    pub name: &'a str,
    pub units: &'a str,
    pub long_name: &'a str,
}

/// The width in which floating-point variables are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Single,
    Double,
}

/// An entry of REFERENCE_LIST: which variable uses the scale, for which of its dimensions.
#[derive(H5Type, Clone, Copy)]
#[repr(C)]
struct BackReference {
    dataset: ObjectReference1,
    dimension: i32,
}

/// A group being written. `finish` writes what the scales know about their variables.
pub struct Section {
    group: Group,
    storage: Storage,
    compression: u8,
    uses: Vec<(String, Vec<BackReference>)>,
}

impl Section {
    pub fn root(file: &File, storage: Storage, compression: u8) -> hdf5::Result<Self> {
        Ok(Self::of(file.group("/")?, storage, compression))
    }

    /// A group inside this one.
    pub fn child(&self, name: &str) -> hdf5::Result<Self> {
        let group = self
            .group
            .create_group_builder()
            .obj_track_times(false)
            .create(name)?;
        Ok(Self::of(group, self.storage, self.compression))
    }

    fn of(group: Group, storage: Storage, compression: u8) -> Self {
        Self {
            group,
            storage,
            compression,
            uses: Vec::new(),
        }
    }

    pub fn text(&self, name: &str, text: &str) -> hdf5::Result<()> {
        write_text_attribute(&self.group, name, text)
    }

    pub fn value<T: H5Type>(&self, name: &str, value: T) -> hdf5::Result<()> {
        self.group
            .new_attr::<T>()
            .shape(())
            .create(name)?
            .write_scalar(&value)
    }

    /// A dimension with a coordinate variable.
    pub fn scale<T: H5Type>(&mut self, label: Label, values: &[T]) -> hdf5::Result<Dataset> {
        let dataset = (self.group.new_dataset_builder())
            .obj_track_times(false)
            .with_data(values)
            .create(label.name)?;
        write_text_attribute(&dataset, "CLASS", "DIMENSION_SCALE")?;
        write_text_attribute(&dataset, "NAME", label.name)?;
        describe(&dataset, label)?;
        self.uses.push((label.name.to_string(), Vec::new()));
        Ok(dataset)
    }

    /// A dimension of cells: centres, and edges in `NAME_bounds`.
    pub fn cells(&mut self, label: Label, axis: &Axis) -> hdf5::Result<Dataset> {
        let bounds_name = format!("{}_bounds", label.name);
        let dataset = self.scale(label, &axis.centers)?;
        write_text_attribute(&dataset, "bounds", &bounds_name)?;
        self.edge_dimension()?;
        let edges: Vec<f64> = axis.edges.windows(2).flatten().copied().collect();
        let bounds = ndarray::Array2::from_shape_vec((axis.len(), 2), edges)
            .map_err(|_| format!("axis {}: edges do not fit the centres", label.name))?;
        let stored = self
            .group
            .new_dataset_builder()
            .obj_track_times(false)
            .with_data(&bounds);
        let stored = stored.create(bounds_name.as_str())?;
        self.attach(&stored, &bounds_name, &[label.name, EDGE_DIMENSION])?;
        Ok(dataset)
    }

    /// The dimension of a cell's two edges: netCDF's form of a dimension without a variable.
    fn edge_dimension(&mut self) -> hdf5::Result<()> {
        if self.uses.iter().any(|(name, _)| name == EDGE_DIMENSION) {
            return Ok(());
        }
        let builder = self.group.new_dataset_builder().obj_track_times(false);
        let dataset = builder.with_data(&[0f32; 2]).create(EDGE_DIMENSION)?;
        write_text_attribute(&dataset, "CLASS", "DIMENSION_SCALE")?;
        let name = format!(
            "This is a netCDF dimension but not a netCDF variable.{:10}",
            2
        );
        write_text_attribute(&dataset, "NAME", &name)?;
        self.uses.push((EDGE_DIMENSION.to_string(), Vec::new()));
        Ok(())
    }

    /// A floating-point variable over `dimensions`, stored in the section's width.
    pub fn variable<D: Dimension>(
        &mut self,
        label: Label,
        dimensions: &[&str],
        values: ArrayView<f64, D>,
    ) -> hdf5::Result<()> {
        match self.storage {
            Storage::Double => self.stored(label, dimensions, values.into_dyn())?,
            Storage::Single => self.stored(
                label,
                dimensions,
                values.mapv(|v| v as f32).view().into_dyn(),
            )?,
        };
        Ok(())
    }

    /// A variable of any type over `dimensions`: chunked, shuffled, compressed, attached to its scales.
    pub fn stored<T: H5Type>(
        &mut self,
        label: Label,
        dimensions: &[&str],
        values: ArrayViewD<T>,
    ) -> hdf5::Result<Dataset> {
        let mut builder = self.group.new_dataset_builder().obj_track_times(false);
        if self.compression > 0 && !values.is_empty() {
            let chunk = chunk_shape(values.shape(), size_of::<T>());
            builder = builder.chunk(chunk).shuffle().deflate(self.compression);
        }
        let dataset = builder.with_data(values).create(label.name)?;
        describe(&dataset, label)?;
        self.attach(&dataset, label.name, dimensions)?;
        Ok(dataset)
    }

    fn attach(&mut self, dataset: &Dataset, name: &str, dimensions: &[&str]) -> hdf5::Result<()> {
        let mut scales = Vec::new();
        for (dimension, scale) in dimensions.iter().enumerate() {
            scales.push(VarLenArray::from_slice(&[self
                .group
                .reference::<ObjectReference1>(scale)?]));
            let reference = BackReference {
                dataset: self.group.reference(name)?,
                dimension: dimension as i32,
            };
            let found = self.uses.iter_mut().find(|(known, _)| known == scale);
            found
                .ok_or(format!("{name}: no dimension {scale}"))?
                .1
                .push(reference);
        }
        let list = dataset
            .new_attr::<VarLenArray<ObjectReference1>>()
            .shape(scales.len());
        list.create("DIMENSION_LIST")?.write(&scales)
    }

    /// Tells every scale which variables use it.
    pub fn finish(self) -> hdf5::Result<()> {
        for (scale, uses) in self.uses.iter().filter(|(_, uses)| !uses.is_empty()) {
            let attribute = self
                .group
                .dataset(scale)?
                .new_attr::<BackReference>()
                .shape(uses.len());
            attribute.create("REFERENCE_LIST")?.write(uses)?;
        }
        Ok(())
    }
}

fn describe(dataset: &Dataset, label: Label) -> hdf5::Result<()> {
    write_text_attribute(dataset, "units", label.units)?;
    write_text_attribute(dataset, "long_name", label.long_name)
}

/// Whole trailing dimensions as long as a chunk stays within `CHUNK_BYTES`.
fn chunk_shape(shape: &[usize], element_bytes: usize) -> Vec<usize> {
    let mut room = (CHUNK_BYTES / element_bytes).max(1);
    let mut chunk = vec![1; shape.len()];
    for (extent, length) in chunk.iter_mut().zip(shape).rev() {
        *extent = (*length).min(room);
        room = (room / *extent).max(1);
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::chunk_shape;

    #[test]
    fn chunks_hold_whole_trailing_dimensions_within_the_limit() {
        for (shape, element_bytes, expected) in [
            (vec![380, 240], 4, vec![380, 240]),
            (vec![2000, 1000], 4, vec![131, 1000]),
            (vec![3, 300, 80, 400], 4, vec![1, 4, 80, 400]),
            (vec![10, 1_000_000], 8, vec![1, 65_536]),
        ] {
            assert_eq!(chunk_shape(&shape, element_bytes), expected);
        }
    }
}
