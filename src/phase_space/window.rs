//! The active window: a box of index ranges.

/// The active box of phase space: half-open index ranges. Outside it psi is not stored, and counts as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Window {
    pub energy: Span,
    pub angle: Span,
    pub z: Span,
    pub x: Span,
}

impl Window {
    pub fn is_empty(&self) -> bool {
        self.energy.is_empty() || self.angle.is_empty() || self.z.is_empty() || self.x.is_empty()
    }

    pub fn cells(&self) -> usize {
        self.energy.len() * self.angle.len() * self.z.len() * self.x.len()
    }
}

/// The axes of psi, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    Energy,
    Angle,
    Z,
    X,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Low,
    High,
}

impl Window {
    fn span_mut(&mut self, dimension: Dimension) -> &mut Span {
        match dimension {
            Dimension::Energy => &mut self.energy,
            Dimension::Angle => &mut self.angle,
            Dimension::Z => &mut self.z,
            Dimension::X => &mut self.x,
        }
    }

    /// The outermost layer of the window at one end of a dimension.
    pub fn rim(mut self, dimension: Dimension, end: End) -> Window {
        let span = self.span_mut(dimension);
        *span = match end {
            End::Low => Span::new(span.first, span.first + 1),
            End::High => Span::new(span.last - 1, span.last),
        };
        self
    }

    /// The window without that layer.
    pub fn without_rim(mut self, dimension: Dimension, end: End) -> Window {
        let span = self.span_mut(dimension);
        *span = match end {
            End::Low => Span::new(span.first + 1, span.last),
            End::High => Span::new(span.first, span.last - 1),
        };
        self
    }
}

/// A half-open range of indices that is `Copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    pub first: usize,
    pub last: usize,
}

impl Span {
    #[inline(always)]
    pub fn new(first: usize, last: usize) -> Span {
        Span {
            first,
            last: last.max(first),
        }
    }

    #[inline(always)]
    pub fn range(self) -> std::ops::Range<usize> {
        self.first..self.last
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        self.last - self.first
    }

    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.last == self.first
    }

    #[inline(always)]
    pub fn contains(self, index: usize) -> bool {
        (self.first..self.last).contains(&index)
    }

    /// The span that holds both.
    #[inline(always)]
    pub fn enclosing(self, other: Span) -> Span {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Span::new(self.first.min(other.first), self.last.max(other.last)),
        }
    }

    /// The part that two spans share.
    #[inline(always)]
    pub fn shared(self, other: Span) -> Span {
        Span::new(self.first.max(other.first), self.last.min(other.last))
    }

    /// Grown by `below` and `above`, within `limits`.
    pub fn grown(self, below: usize, above: usize, limits: Span) -> Span {
        Span::new(
            self.first.saturating_sub(below).max(limits.first),
            (self.last + above).min(limits.last),
        )
    }
}
