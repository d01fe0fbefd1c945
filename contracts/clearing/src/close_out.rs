//! Close-outs: what the liquidation module cuts out of a book.

use novate_common::{Answer, Input, unknown_selector};

use crate::Clearing;

impl Clearing {
    /// `closeOut(from, to, cut, concession, bonus)`.
    pub(crate) fn close_out(&mut self, _input: &mut Input<'_>) -> Answer {
        Err(unknown_selector(&[0; 4]))
    }

    /// `previewCloseOut(from, cut, concession, bonus)`.
    pub(crate) fn preview_close_out(&mut self, _input: &mut Input<'_>) -> Answer {
        Err(unknown_selector(&[0; 4]))
    }
}
