//! How long a part should take, by the sources that Kartorium documents.

use serde::{Deserialize, Serialize};

use crate::id::ProductId;

/// What is known of a machine's target speed; most know one of these.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Rate {
    /// `ideal_cycle_time_seconds`: seconds per part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ideal_cycle_s: Option<f64>,
    /// `target_rate` with `target_rate_unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_rate: Option<TargetRate>,
    /// `expected_parts_per_batch`; needs [`Self::batch_hours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts_per_batch: Option<f64>,
    /// `expected_batch_duration_hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_hours: Option<f64>,
    /// What single products take here; they win over the machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductCycle>,
}

/// `ops_station_product_standards.cycle_time`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductCycle {
    /// Which product.
    pub product: ProductId,
    /// Seconds per part.
    pub cycle_s: f64,
}

/// A rate with its unit.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct TargetRate {
    /// Parts …
    pub parts: f64,
    /// … per what.
    pub unit: RateUnit,
}

/// `target_rate_unit_enum`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateUnit {
    /// 1 second.
    PartsPerSecond,
    /// 60 seconds.
    PartsPerMinute,
    /// 3,600 seconds.
    PartsPerHour,
    /// The hours of a shift, which the calendar says.
    PartsPerShift,
    /// 24 hours.
    PartsPerDay,
}

impl RateUnit {
    /// The unit of a word.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "parts_per_second" => Some(Self::PartsPerSecond),
            "parts_per_minute" => Some(Self::PartsPerMinute),
            "parts_per_hour" => Some(Self::PartsPerHour),
            "parts_per_shift" => Some(Self::PartsPerShift),
            "parts_per_day" => Some(Self::PartsPerDay),
            _ => None,
        }
    }

    fn seconds(self, shift_hours: Option<f64>) -> Option<f64> {
        match self {
            Self::PartsPerSecond => Some(1.0),
            Self::PartsPerMinute => Some(60.0),
            Self::PartsPerHour => Some(3_600.0),
            Self::PartsPerShift => shift_hours.map(|hours| hours * 3_600.0),
            Self::PartsPerDay => Some(86_400.0),
        }
    }
}

/// What a part should take, and who says so; ISO 22400 PRI, planned run time per item.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cycle {
    /// Seconds per part.
    pub cycle_s: f64,
    /// Where it was taken from.
    pub source: CycleSource,
}

/// The sources, the first one that says something wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleSource {
    /// The product's standard at the machine's station.
    ProductStandard,
    /// The machine's ideal cycle.
    IdealCycle,
    /// The machine's target rate.
    TargetRate,
    /// Expected parts and duration of a batch.
    PartsPerBatch,
}

impl Rate {
    /// What a part of `product` should take.
    pub fn cycle(&self, product: Option<ProductId>, shift_hours: Option<f64>) -> Option<Cycle> {
        let of_product = self.products.iter().find(|cycle| Some(cycle.product) == product);
        let by_rate = self.target_rate.and_then(|rate| {
            let parts = Some(rate.parts).filter(|parts| *parts > 0.0)?;
            Some(rate.unit.seconds(shift_hours)? / parts)
        });
        let by_batch = self.batch_hours.zip(self.parts_per_batch.filter(|parts| *parts > 0.0));
        let sources = [
            (of_product.map(|cycle| cycle.cycle_s), CycleSource::ProductStandard),
            (self.ideal_cycle_s, CycleSource::IdealCycle),
            (by_rate, CycleSource::TargetRate),
            (by_batch.map(|(hours, parts)| hours * 3_600.0 / parts), CycleSource::PartsPerBatch),
        ];
        sources.into_iter().find_map(|(cycle_s, source)| {
            let cycle_s = cycle_s.filter(|cycle_s| *cycle_s > 0.0)?;
            Some(Cycle { cycle_s, source })
        })
    }
}
