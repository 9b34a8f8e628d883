//! A convex region of a plane: the values of two unknowns that explain everything seen so far.

/// The corners, in order around it. Without corners it is empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Region {
    // In place, because a fit clips millions of them.
    corners: [(f64, f64); MOST],
    many: usize,
}

/// More corners than that are not kept: the cut that would make them is left out, which keeps too much and never too little.
const MOST: usize = 8;

/// What sums of seconds may be off by.
const TINY: f64 = 1e-9;

impl Region {
    /// The region with these corners.
    pub(super) fn new(corners: &[(f64, f64)]) -> Self {
        let mut all = Self {
            corners: [(0.0, 0.0); MOST],
            many: corners.len().min(MOST),
        };
        for (place, corner) in all.corners.iter_mut().zip(corners) {
            *place = *corner;
        }
        all
    }

    fn corners(&self) -> &[(f64, f64)] {
        self.corners.get(..self.many).unwrap_or_default()
    }

    /// A rectangle.
    pub(super) fn rectangle(x: (f64, f64), y: (f64, f64)) -> Self {
        Self::new(&[(x.0, y.0), (x.1, y.0), (x.1, y.1), (x.0, y.1)])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.many == 0
    }

    /// The least and the greatest value of `a·x + b·y`.
    pub(super) fn span(&self, a: f64, b: f64) -> (f64, f64) {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (x, y) in self.corners() {
            let value = a * x + b * y;
            low = low.min(value);
            high = high.max(value);
        }
        (low, high)
    }

    /// The least and the greatest y.
    pub(super) fn y(&self) -> (f64, f64) {
        self.span(0.0, 1.0)
    }

    /// The least and the greatest `(time − x) / y`; y is positive.
    pub(super) fn ratios(&self, time: f64) -> (f64, f64) {
        self.corners()
            .iter()
            .map(|(x, y)| (time - x) / y)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
    }

    /// Keeps what has `a·x + b·y ≤ c`.
    pub(super) fn keep(&mut self, a: f64, b: f64, c: f64) {
        let (low, high) = self.span(a, b);
        if high <= c + TINY {
            return;
        }
        if low > c + TINY {
            self.many = 0;
            return;
        }
        let before = *self;
        let corners = before.corners();
        let beyond = |(x, y): (f64, f64)| a * x + b * y - c;
        self.many = 0;
        for (place, &here) in corners.iter().enumerate() {
            let next = corners[(place + 1) % corners.len()];
            let (now, then) = (beyond(here), beyond(next));
            if now <= 0.0 {
                self.push(here);
            }
            if (now < 0.0 && then > 0.0) || (now > 0.0 && then < 0.0) {
                let part = now / (now - then);
                self.push((
                    here.0 + part * (next.0 - here.0),
                    here.1 + part * (next.1 - here.1),
                ));
            }
        }
        if self.many > MOST {
            *self = before;
        }
    }

    fn push(&mut self, corner: (f64, f64)) {
        if let Some(place) = self.corners.get_mut(self.many) {
            *place = corner;
        }
        self.many += 1;
    }

    /// Moves x by `by·y + more`.
    pub(super) fn shear(&mut self, by: f64, more: f64) {
        for (x, y) in self.corners.iter_mut().take(self.many) {
            *x += by * *y + more;
        }
    }
}
