//! What comes out of a statement: rows whose columns are taken in the order the statement names them.
//!
//! Invariant: a column of another type than asked for is a fault, never a default.

use openid::time::Time;

use crate::fault::Fault;

/// One value of a row.
pub(crate) enum Cell {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Absent,
}

/// One row, read from left to right.
pub(crate) struct Row {
    cells: std::vec::IntoIter<Cell>,
}

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self { cells: cells.into_iter() }
    }

    /// Takes the next column.
    pub(crate) fn take<T: FromCell>(&mut self) -> Result<T, Fault> {
        let left = self.cells.len();
        let Some(cell) = self.cells.next() else {
            return Err(Fault::bug("a row has fewer columns than its reader asks for"));
        };
        T::from_cell(cell)
            .ok_or_else(|| Fault::bug(format!("column {left} from the right is not {}", std::any::type_name::<T>())))
    }
}

/// What a column can be read as.
pub(crate) trait FromCell: Sized {
    fn from_cell(cell: Cell) -> Option<Self>;
}

macro_rules! from_cell {
    ($($type:ty: $cell:ident => $read:expr;)*) => {$(
        impl FromCell for $type {
            fn from_cell(cell: Cell) -> Option<Self> {
                if let Cell::$cell(value) = cell { $read(value) } else { None }
            }
        }
    )*};
}

from_cell! {
    i64: Int => Some;
    u64: Int => |n: i64| u64::try_from(n).ok();
    u32: Int => |n: i64| u32::try_from(n).ok();
    u16: Int => |n: i64| u16::try_from(n).ok();
    Time: Int => |n: i64| Some(Time::from_millis(n));
    String: Text => Some;
    Vec<u8>: Bytes => Some;
    [u8; 32]: Bytes => |b: Vec<u8>| <[u8; 32]>::try_from(b).ok();
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Absent => Some(None),
            there => T::from_cell(there).map(Some),
        }
    }
}
