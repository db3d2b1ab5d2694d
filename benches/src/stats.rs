//! Medians, percentiles and spreads.

/// The value below which a share of `values` lies, which are sorted for it.
///
/// # Panics
///
/// If there are none.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    assert!(!values.is_empty(), "no values");
    values.sort_by(f64::total_cmp);
    let position = share * (values.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    values[below] + (values[above] - values[below]) * position.fract()
}

/// The middle one, or the mean of the two in the middle.
///
/// # Panics
///
/// If there are none.
pub fn median(values: &mut [f64]) -> f64 {
    percentile(values, 0.5)
}

/// What several rounds said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub median: f64,
    /// The quartiles: half of the rounds lie between.
    pub low: f64,
    pub high: f64,
    pub rounds: usize,
}

impl Summary {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Option<Summary> {
        let mut values = values.to_vec();
        (!values.is_empty()).then(|| Summary {
            median: median(&mut values),
            low: percentile(&mut values, 0.25),
            high: percentile(&mut values, 0.75),
            rounds: values.len(),
        })
    }

    /// Half the distance between the quartiles, as a share of the median.
    pub fn spread(&self) -> f64 {
        (self.high - self.low) / 2.0 / self.median
    }

    /// Whether the ranges between the quartiles have something in common, so that more rounds could
    /// turn the order round.
    pub fn overlaps(&self, other: &Summary) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

#[cfg(test)]
mod tests;
