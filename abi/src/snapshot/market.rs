//! The oracle's words as the risk crate takes them: the same for margin, its lens and clients.

use alloy_primitives::U256;
use novate_risk::{
    Market, Validity,
    market::{ExpiryMarket, PerpetualMarket, Settlement, Surface, UnderlyingMarket},
};

use super::{CONFIDENCE_ONE, Expiry, ExpiryState, Index, Perpetual, Series, Stable};

/// Reads the answer to a request for `series`, ascending, whose words `next` gives in order: the market, and the level of the
/// stable coin's price, on which every book depends that holds more than cash. A number that is no series has no words.
///
/// # Errors
/// What `next` fails with.
pub fn read_market<E>(
    series: &[u32],
    next: &mut dyn FnMut() -> Result<U256, E>,
) -> Result<(Market, Validity), E> {
    let stable = Stable::unpack(next()?);
    let mut market = Market {
        stable_price: u64::try_from(stable.price).unwrap_or(u64::MAX),
        ..Market::default()
    };
    for number in series {
        match Series::decode(*number) {
            Some(Series::Underlying(underlying)) => {
                let index = Index::unpack([next()?, next()?]);
                market.underlyings.push(UnderlyingMarket {
                    underlying,
                    index: index.price,
                    confidence: CONFIDENCE_ONE,
                    validity: level(index.validity),
                    updated_at: index.updated_at,
                    slow_price: (index.slow_price != 0).then_some(index.slow_price),
                    perpetual: None,
                });
            }
            Some(Series::Perpetual(_)) => {
                let perpetual = Perpetual::unpack([next()?, next()?]);
                if let Some(underlying) = market.underlyings.last_mut()
                    && perpetual.mark != 0
                {
                    underlying.perpetual = Some(PerpetualMarket {
                        mark: perpetual.mark,
                        funding_index: perpetual.funding_index,
                        confidence: perpetual.confidence,
                    });
                }
            }
            Some(Series::Expiry(underlying, hours)) => {
                let expiry = Expiry::read(next)?;
                market.expiries.extend(expiry_market(underlying, hours, &expiry));
            }
            None => {}
        }
    }
    Ok((market, level(stable.validity)))
}

/// An expiry's market; `None` if nothing is known of it.
fn expiry_market(underlying: u8, expiry_hours: u32, expiry: &Expiry) -> Option<ExpiryMarket> {
    let observed = expiry.observed_share;
    let (forward_variable, observed_share, settlement) = match expiry.state {
        ExpiryState::Unknown => return None,
        ExpiryState::Live => (None, observed, Settlement::default()),
        // However it was found, nothing of it can move any more.
        ExpiryState::Settled => (None, CONFIDENCE_ONE, Settlement::Final),
        ExpiryState::Observed | ExpiryState::Expired => {
            let Expiry { least, greatest, .. } = *expiry;
            (Some(expiry.forward_variable), observed, Settlement::Open { least, greatest })
        }
    };
    Some(ExpiryMarket {
        underlying,
        expiry_hours,
        forward: expiry.forward,
        forward_variable,
        observed_share,
        rate: expiry.rate,
        surface: Surface::Svi {
            a: expiry.a,
            b: expiry.b,
            rho: expiry.rho,
            m: expiry.m,
            sigma: expiry.sigma,
        },
        model_time: expiry.model_time,
        forward_confidence: expiry.forward_confidence,
        rate_confidence: expiry.rate_confidence,
        volatility_confidence: expiry.volatility_confidence,
        settlement,
    })
}

/// A validity level by its number; an unknown one counts as invalid.
pub const fn level(number: u8) -> Validity {
    match number {
        1 => Validity::TooVolatile,
        2 => Validity::TooUncertain,
        3 => Validity::StaleForMargin,
        4 => Validity::Valid,
        _ => Validity::Invalid,
    }
}

/// The number of a validity level.
pub const fn level_number(validity: Validity) -> u8 {
    match validity {
        Validity::Invalid => 0,
        Validity::TooVolatile => 1,
        Validity::TooUncertain => 2,
        Validity::StaleForMargin => 3,
        Validity::Valid => 4,
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    #[test]
    fn a_perpetual_without_a_mark_is_none() {
        let series = [Series::Underlying(1), Series::Perpetual(1)].map(Series::encode);
        let index = Index { price: 3_000, slow_price: 2_990, updated_at: 5, validity: 4 };
        let perpetual = Perpetual { mark: 0, funding_index: 0, confidence: 0 };
        let stable = Stable { price: 1, validity: 3 };
        let mut words = vec![stable.pack()];
        words.extend(index.pack());
        words.extend(perpetual.pack());
        let mut words = words.into_iter();
        let (market, stable) = read_market(&series, &mut || words.next().ok_or(())).unwrap();
        assert_eq!((stable, market.stable_price), (Validity::StaleForMargin, 1));
        let [underlying] = market.underlyings.as_slice() else { panic!("{market:?}") };
        assert_eq!((underlying.index, underlying.validity), (3_000, Validity::Valid));
        assert_eq!((underlying.slow_price, underlying.updated_at), (Some(2_990), 5));
        assert_eq!(underlying.perpetual, None);

        let mut none = Vec::new().into_iter();
        assert_eq!(read_market(&series, &mut || none.next().ok_or(7)), Err(7));
    }

    #[test]
    fn levels_are_numbered() {
        for number in 0..5 {
            assert_eq!(level_number(level(number)), number);
        }
        assert_eq!(level(5), Validity::Invalid);
    }
}
