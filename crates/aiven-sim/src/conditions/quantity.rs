//! [`Quantity`]: a number whose value is known at any moment.

use std::f64::consts::TAU;

/// A number that swings around a level, or grows, and whose value is known at any moment in
/// seconds since 1970, and so is its integral:
///
/// ```text
/// constant + amplitude · sin(2π · t / period + phase) + slope · (t − origin)
/// ```
///
/// kept between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantity {
    constant: f64,
    amplitude: f64,
    swing: Swing,
    slope: f64,
    origin: f64,
    low: f64,
    high: f64,
}

/// When a quantity is above its level and when below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Swing {
    /// Seconds.
    pub(crate) period: f64,
    /// Radians.
    pub(crate) phase: f64,
}

const NO_SWING: Swing = Swing {
    period: 3600.0,
    phase: 0.0,
};

impl Quantity {
    /// The same at all times.
    pub(crate) const fn fixed(value: f64) -> Self {
        Self {
            constant: value,
            amplitude: 0.0,
            swing: NO_SWING,
            slope: 0.0,
            origin: 0.0,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        }
    }

    /// Around `level`, by `share` of it up and down.
    pub(crate) fn swinging(level: f64, share: f64, swing: Swing) -> Self {
        Self {
            amplitude: level * share,
            swing,
            ..Self::fixed(level)
        }
    }

    /// `value` at the moment `origin`, and `per_second` more each second.
    pub(crate) fn growing(value: f64, origin: f64, per_second: f64) -> Self {
        Self {
            slope: per_second,
            origin,
            ..Self::fixed(value)
        }
    }

    /// Never outside of these bounds.
    pub(crate) fn within(self, low: f64, high: f64) -> Self {
        Self {
            low: self.low.max(low),
            high: self.high.min(high),
            ..self
        }
    }

    pub(crate) fn times(self, factor: f64) -> Self {
        let (low, high) = (self.low * factor, self.high * factor);
        let zero = factor == 0.0;
        Self {
            constant: self.constant * factor,
            amplitude: self.amplitude * factor,
            slope: self.slope * factor,
            // Nothing times infinity is not a number.
            low: if zero { 0.0 } else { low.min(high) },
            high: if zero { 0.0 } else { low.max(high) },
            ..self
        }
    }

    pub(crate) fn plus(self, more: f64) -> Self {
        Self {
            constant: self.constant + more,
            low: self.low + more,
            high: self.high + more,
            ..self
        }
    }

    /// What is left of `total`.
    pub(crate) fn left_of(self, total: f64) -> Self {
        self.times(-1.0).plus(total)
    }

    fn unbounded(self, at: f64) -> f64 {
        let swing = (TAU * at / self.swing.period + self.swing.phase).sin();
        self.constant + self.amplitude * swing + self.slope * (at - self.origin)
    }

    /// Its value at a moment.
    pub(crate) fn at(self, at: f64) -> f64 {
        if self.amplitude == 0.0 && self.slope == 0.0 {
            return self.constant.clamp(self.low, self.high);
        }
        self.unbounded(at).clamp(self.low, self.high)
    }

    /// What adds up between two moments, for a rate a second. Rates have no bounds: they are
    /// not looked at here.
    pub(crate) fn between(self, from: f64, to: f64) -> f64 {
        let level = self.constant * (to - from);
        if self.amplitude == 0.0 && self.slope == 0.0 {
            return level;
        }
        let turn = TAU / self.swing.period;
        let cosine = |at: f64| (turn * at + self.swing.phase).cos();
        let swing = self.amplitude / turn * (cosine(from) - cosine(to));
        let (from, to) = (from - self.origin, to - self.origin);
        level + swing + self.slope * (to * to - from * from) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_quantity() -> impl Strategy<Value = Quantity> {
        let swing = (600.0..20_000.0, 0.0..TAU).prop_map(|(period, phase)| Swing { period, phase });
        (0.0..1000.0, 0.0..1.0, swing, -0.01..0.01).prop_map(|(level, share, swing, slope)| {
            Quantity {
                slope,
                origin: 1.8e9,
                ..Quantity::swinging(level, share, swing)
            }
        })
    }

    proptest! {
        #[test]
        fn what_adds_up_is_the_sum_of_its_values(quantity in any_quantity(), from in 0.0..1e5, long in 1.0..1e4) {
            let from = 1.8e9 + from;
            let steps = 2000;
            let step = long / f64::from(steps);
            let sum: f64 = (0..steps).map(|number| quantity.at(from + (f64::from(number) + 0.5) * step) * step).sum();
            let exact = quantity.between(from, from + long);
            prop_assert!((sum - exact).abs() <= 1e-3 * sum.abs() + 1.0, "{sum} {exact}");
        }

        #[test]
        fn what_is_left_and_what_is_used_are_the_total(quantity in any_quantity(), total in 0.0..1e6, at in 0.0..1e6) {
            let used = quantity.within(0.0, total);
            let free = used.left_of(total);
            let at = 1.8e9 + at;
            prop_assert!((used.at(at) + free.at(at) - total).abs() < 1e-6 * (1.0 + total));
            prop_assert!(free.at(at) >= 0.0 && free.at(at) <= total);
        }
    }
}
