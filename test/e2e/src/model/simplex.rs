//! Minimisation without derivatives by the downhill simplex.
//!
//! *Source*: J. A. Nelder, R. Mead, A simplex method for function minimization, The Computer Journal 7 (1965), with the
//! usual coefficients 1, 2, 1/2, 1/2.

#![expect(clippy::indexing_slicing, reason = "a simplex has N + 1 corners of N coordinates")]

/// The point near `start` at which `cost` is least, after at most `steps` steps; the first simplex has edges `edge`.
///
/// A cost that isn't a number counts as infinite. Deterministic.
pub fn minimise<const N: usize>(
    start: [f64; N],
    edge: [f64; N],
    steps: usize,
    mut cost: impl FnMut(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let mut cost = |point: [f64; N]| {
        let value = cost(&point);
        (if value.is_nan() { f64::INFINITY } else { value }, point)
    };
    let mut simplex = vec![cost(start)];
    for axis in 0..N {
        let corner = core::array::from_fn(|i| start[i] + if i == axis { edge[i] } else { 0.0 });
        simplex.push(cost(corner));
    }
    for _ in 0..steps {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, second, worst) = (simplex[0].0, simplex[N - 1].0, simplex[N]);
        if worst.0 - best <= 1e-15 * best.abs() {
            break;
        }
        let centre: [f64; N] = core::array::from_fn(|i| {
            simplex[..N].iter().map(|(_, point)| point[i]).sum::<f64>() / edges::<N>()
        });
        let along = |t: f64| core::array::from_fn(|i| centre[i] + t * (worst.1[i] - centre[i]));
        let reflected = cost(along(-1.0));
        let replacement = if reflected.0 < best {
            let expanded = cost(along(-2.0));
            Some(if expanded.0 < reflected.0 { expanded } else { reflected })
        } else if reflected.0 < second {
            Some(reflected)
        } else {
            let contracted = cost(along(if reflected.0 < worst.0 { -0.5 } else { 0.5 }));
            (contracted.0 < reflected.0.min(worst.0)).then_some(contracted)
        };
        if let Some(replacement) = replacement {
            simplex[N] = replacement;
        } else {
            let anchor = simplex[0].1;
            for corner in &mut simplex[1..] {
                *corner = cost(core::array::from_fn(|i| f64::midpoint(anchor[i], corner.1[i])));
            }
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    (simplex[0].1, simplex[0].0)
}

/// The number of axes as a number to divide by.
fn edges<const N: usize>() -> f64 {
    u32::try_from(N).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banana_valley_is_followed_to_its_end() {
        let rosenbrock = |p: &[f64; 2]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let (point, least) = minimise([-1.2, 1.0], [0.5, 0.5], 2_000, rosenbrock);
        assert!(least < 1e-12, "{least}");
        assert!((point[0] - 1.0).abs() < 1e-5 && (point[1] - 1.0).abs() < 1e-5, "{point:?}");
    }

    #[test]
    fn a_cost_that_is_not_a_number_is_avoided() {
        let (point, _) = minimise([1.0], [0.5], 500, |p| p[0].sqrt() + (p[0] - 0.25).powi(2));
        assert!(point[0] >= 0.0, "{point:?}");
    }
}
