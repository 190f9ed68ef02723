//! The sheet of figures, and what is made of rounds.

/// What was measured, line by line.
pub struct Sheet {
    pub met: bool,
}

impl Sheet {
    pub fn heading(title: &str) {
        println!("\n{title}");
    }

    pub fn fact(what: &str, value: &str) {
        println!("  {what:<58} {value:>24}");
    }

    pub fn goal(&mut self, what: &str, value: f64, is_met: bool, goal: &str) {
        self.met &= is_met;
        let verdict = if is_met { "met" } else { "NOT MET" };
        println!("  {what:<58} {value:>8.2}  goal {goal:<9} {verdict}");
    }

    pub fn at_least(&mut self, what: &str, value: f64, goal: f64) {
        self.goal(what, value, value >= goal, &format!(">= {goal}"));
    }

    pub fn at_most(&mut self, what: &str, value: f64, goal: f64) {
        self.goal(what, value, value <= goal, &format!("<= {goal}"));
    }
}

/// The middle one of each round's quotient: what a round shares, other load, falls out.
pub fn ratio(over: &[f64], under: &[f64]) -> f64 {
    let quotients: Vec<f64> = over.iter().zip(under).map(|(over, under)| over / under).collect();
    median(&quotients)
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
