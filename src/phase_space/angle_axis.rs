//! The angle axis: bins of equal width about +z, a part of the circle or all of it.

use crate::case::AngleBins;

/// Angle bins about +z, symmetric, signed from +z towards +x. The representative angle is the bin's centre.
#[derive(Clone, Debug)]
pub struct AngleAxis {
    pub bin_rad: f64,
    pub bin_deg: f64,
    /// Representative angles, rad, rising.
    pub centers_rad: Vec<f64>,
    /// Full circle: the last bin's neighbour is the first.
    pub periodic: bool,
    /// Index of each bin's |angle|: bins that mirror each other share one, so that mirrored beams give mirrored bits.
    pub mirror_class: Vec<u32>,
    /// |angle| of each class, rad, rising.
    pub class_angles_rad: Vec<f64>,
}

impl AngleAxis {
    pub fn new(angle_max_deg: f64, bins: AngleBins) -> AngleAxis {
        let periodic = angle_max_deg >= 180.0;
        let count = match bins {
            AngleBins::Count(count) => count,
            // An odd number of bins about zero, so that a parallel beam sits in a bin's centre.
            AngleBins::WidthDeg(width) if !periodic => {
                2 * (angle_max_deg / width).round() as usize + 1
            }
            AngleBins::WidthDeg(width) => 2 * (180.0 / width).round() as usize,
        };
        let bin_deg = match bins {
            AngleBins::WidthDeg(width) if !periodic => width,
            _ => 2.0 * angle_max_deg.min(180.0) / count as f64,
        };
        // Twice the centre in bins: even numbers where zero is a centre, odd where it is an edge.
        let lowest = if periodic {
            -(count as i64)
        } else {
            1 - count as i64
        };
        let twice: Vec<i64> = (0..count as i64).map(|i| lowest + 2 * i).collect();
        let mut classes: Vec<i64> = twice.iter().map(|t| t.abs()).collect();
        classes.sort_unstable();
        classes.dedup();
        let angle = |twice: i64| (0.5 * twice as f64 * bin_deg).to_radians();
        AngleAxis {
            bin_rad: bin_deg.to_radians(),
            bin_deg,
            centers_rad: twice.iter().map(|&t| angle(t)).collect(),
            periodic,
            mirror_class: twice
                .iter()
                .map(|t| classes.binary_search(&t.abs()).unwrap_or(0) as u32)
                .collect(),
            class_angles_rad: classes.iter().map(|&t| angle(t)).collect(),
        }
    }

    pub fn bins(&self) -> usize {
        self.centers_rad.len()
    }

    /// The class of |angle| nearest to an angle.
    pub fn class_nearest(&self, angle_rad: f64) -> usize {
        let half = 0.5 * self.bin_rad;
        let above = |class: &f64| *class + half < angle_rad.abs();
        let class = self.class_angles_rad.partition_point(above);
        class.min(self.class_angles_rad.len() - 1)
    }

    /// +1, 0 or -1: the side of +z a bin points to.
    pub fn sign(&self, bin: usize) -> i32 {
        if self.centers_rad[bin] > 0.0 {
            1
        } else {
            -i32::from(self.centers_rad[bin] < 0.0)
        }
    }
}
