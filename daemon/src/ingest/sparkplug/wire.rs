//! The Sparkplug B payload as protocol buffers: messages written by hand from the field numbers of
//! the specification, section 6.4. What no signal can be made of is skipped, not decoded: data
//! sets, templates, metadata.

/// A payload.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Payload {
    /// When it was sent, milliseconds since 1970.
    #[prost(uint64, optional, tag = "1")]
    pub timestamp: Option<u64>,
    /// Values.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    /// 0 to 255, counted by the edge node over all its messages but its death.
    #[prost(uint64, optional, tag = "3")]
    pub seq: Option<u64>,
}

/// One value of an edge node or of a device behind it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Metric {
    /// Its name; needed in a birth only, where there is an alias.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// A number that stands for the name, given in the birth, unique within the edge node.
    #[prost(uint64, optional, tag = "2")]
    pub alias: Option<u64>,
    /// When the value was taken, milliseconds since 1970.
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
    /// A number of [`super::metric::DataType`]; needed in a birth only.
    #[prost(uint32, optional, tag = "4")]
    pub datatype: Option<u32>,
    /// The value is of the past and not of the present.
    #[prost(bool, optional, tag = "5")]
    pub is_historical: Option<bool>,
    /// There is no value.
    #[prost(bool, optional, tag = "7")]
    pub is_null: Option<bool>,
    /// Properties; the one named `Quality` counts here.
    #[prost(message, optional, tag = "9")]
    pub properties: Option<PropertySet>,
    /// The value.
    #[prost(oneof = "MetricValue", tags = "10, 11, 12, 13, 14, 15, 16")]
    pub value: Option<MetricValue>,
}

/// The value of a metric as it is sent; what it means is told by the type.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum MetricValue {
    /// Whole numbers of up to 32 bits, negative ones in two's complement.
    #[prost(uint32, tag = "10")]
    Int(u32),
    /// Whole numbers of up to 64 bits, likewise.
    #[prost(uint64, tag = "11")]
    Long(u64),
    /// 32 bits.
    #[prost(float, tag = "12")]
    Float(f32),
    /// 64 bits.
    #[prost(double, tag = "13")]
    Double(f64),
    /// A truth value.
    #[prost(bool, tag = "14")]
    Boolean(bool),
    /// A text.
    #[prost(string, tag = "15")]
    String(String),
    /// Bytes.
    #[prost(bytes = "vec", tag = "16")]
    Bytes(Vec<u8>),
}

/// Properties of a metric: keys and values, in the same order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PropertySet {
    /// Names.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// Values.
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<PropertyValue>,
}

/// The value of a property; only whole numbers are read.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct PropertyValue {
    /// Whole numbers of up to 32 bits.
    #[prost(uint32, optional, tag = "3")]
    pub int: Option<u32>,
    /// Whole numbers of up to 64 bits.
    #[prost(uint64, optional, tag = "4")]
    pub long: Option<u64>,
}

impl PropertySet {
    /// The whole number called `name`.
    pub fn number(&self, name: &str) -> Option<u64> {
        let at = self.keys.iter().position(|key| key == name)?;
        let value = self.values.get(at)?;
        value.long.or(value.int.map(u64::from))
    }
}
