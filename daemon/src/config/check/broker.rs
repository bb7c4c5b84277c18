//! Brokers, and what signals take from them: topics or metrics of Sparkplug.

use kart_core::signal::SignalName;
use std::{collections::BTreeMap, time::Duration};

use super::{Check, raw, signal::Place};
use crate::ingest::{
    mqtt::{
        filter::Filter,
        payload::{self, Format},
        topic::{BrokerPlan, PublishPlan, Subscription, TlsPlan, TopicPlan, TopicSignal},
    },
    sparkplug::{HostPlan, MetricPlan},
};

const LONGEST_TOPIC: usize = 1024;
/// Fields and bytes are counted up to here.
const FARTHEST: u32 = 65_536;

impl Check<'_, '_> {
    pub(super) fn broker(&mut self, at: &str, raw: &raw::Broker, file: &raw::File) -> BrokerPlan {
        self.name(&format!("{at}.name"), &raw.name);
        let client_id = raw.client_id.clone().unwrap_or_default();
        if raw.client_id.is_some() {
            self.name(&format!("{at}.client_id"), &client_id);
        }
        if raw.password_file.is_some() && raw.user.is_none() {
            self.fault(&format!("{at}.password_file"), "a password needs a user");
        }
        self.within(&format!("{at}.keep_alive_s"), raw.keep_alive_s, 2, 3600);
        if let Some(every) = raw.expect_every_s {
            self.within(&format!("{at}.expect_every_s"), every, 1, 86_400);
        }
        let size = u64::try_from(raw.max_packet_bytes).unwrap_or(u64::MAX);
        self.within(&format!("{at}.max_packet_bytes"), size, 1024, 16 * 1024 * 1024);
        let (host, port) = self.address(&format!("{at}.address"), &raw.address).unwrap_or(("", 0));
        let digest = ring::digest::digest(&ring::digest::SHA256, raw.name.as_bytes());
        let digits: String = digest.as_ref().iter().take(6).map(|b| format!("{b:02x}")).collect();
        BrokerPlan {
            name: raw.name.clone(),
            host: host.to_owned(),
            port,
            client_id,
            user: raw.user.clone(),
            password_file: raw.password_file.clone(),
            tls: self.tls(at, raw),
            keep_alive: Duration::from_secs(raw.keep_alive_s),
            expect_every: raw.expect_every_s.map(Duration::from_secs),
            max_packet_bytes: raw.max_packet_bytes,
            session_file: file.terminal.data_dir.join(format!("broker-{digits}.session")),
            subscriptions: BTreeMap::new(),
            sparkplug: self.host(at, raw),
            publish: self.publish(at, raw, &file.terminal.code),
        }
    }

    fn tls(&mut self, at: &str, raw: &raw::Broker) -> Option<TlsPlan> {
        let own = match (&raw.cert_file, &raw.key_file) {
            (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
            (None, None) => None,
            (Some(_), None) => {
                self.fault(&format!("{at}.key_file"), "missing: the key of cert_file");
                None
            },
            (None, Some(_)) => {
                self.fault(&format!("{at}.cert_file"), "missing: the certificate of key_file");
                None
            },
        };
        if raw.ca_file.is_none() && own.is_some() {
            self.fault(&format!("{at}.ca_file"), "missing: without it there is no TLS");
        }
        raw.ca_file.clone().map(|ca_file| TlsPlan { ca_file, own })
    }

    fn host(&mut self, at: &str, raw: &raw::Broker) -> Option<HostPlan> {
        if let Some(host_id) = &raw.host_id {
            self.level(&format!("{at}.host_id"), host_id);
            if raw.sparkplug.is_empty() {
                self.fault(&format!("{at}.host_id"), "only for a broker with sparkplug groups");
            }
        }
        if raw.sparkplug.is_empty() {
            return None;
        }
        let names = raw.sparkplug.iter().map(|group| group.group.as_str()).enumerate();
        self.distinct(names.map(|(n, name)| (format!("{at}.sparkplug[{n}].group"), name)));
        for (n, group) in raw.sparkplug.iter().enumerate() {
            self.level(&format!("{at}.sparkplug[{n}].group"), &group.group);
        }
        let groups = raw.sparkplug.iter().map(|group| (group.group.clone(), group.rebirth));
        Some(HostPlan {
            host_id: raw.host_id.clone(),
            groups: groups.collect(),
            metrics: BTreeMap::new(),
            restate: Duration::from_secs(1),
        })
    }

    fn publish(&mut self, at: &str, raw: &raw::Broker, terminal: &str) -> Option<PublishPlan> {
        let prefix = &raw.publish.as_ref()?.prefix;
        let path = format!("{at}.publish.prefix");
        let odd = prefix.split('/').any(str::is_empty) || prefix.contains(['+', '#', '\0']);
        if odd || prefix.starts_with('$') || prefix.len() > LONGEST_TOPIC / 2 {
            self.fault(&path, "topic levels are needed, for example \"acme/cedar/oee\"");
        }
        let reserved = prefix == "spBv1.0" || prefix.starts_with("spBv1.0/");
        if reserved {
            self.fault(&path, "spBv1.0 belongs to Sparkplug");
        }
        Some(PublishPlan { prefix: prefix.clone(), terminal: terminal.to_owned() })
    }

    /// One level of a topic.
    fn level(&mut self, path: &str, name: &str) {
        self.name(path, name);
        if name.contains(['/', '+', '#']) {
            self.fault(path, "one level of a topic is needed, without /, + and #");
        }
    }

    /// Enters a signal that is heard through `broker`.
    pub(super) fn heard(&mut self, place: &Place<'_>, raw: &raw::Signal, broker: &mut BrokerPlan) {
        match &mut broker.sparkplug {
            Some(host) => {
                let keys = topic_keys(raw);
                for (key, _) in keys.iter().filter(|(_, set)| *set) {
                    let message = "the broker is one of sparkplug: edge and metric are needed";
                    self.fault(&format!("{}.{key}", place.at), message);
                }
                self.metric(place, raw, host);
            },
            None => {
                for (key, set) in [("edge", raw.edge.is_some()), ("metric", raw.metric.is_some())] {
                    if set {
                        let message = "only for a broker with sparkplug groups";
                        self.fault(&format!("{}.{key}", place.at), message);
                    }
                }
                self.topic(place, raw, broker);
            },
        }
    }

    fn metric(&mut self, place: &Place<'_>, raw: &raw::Signal, host: &mut HostPlan) {
        let at = place.at;
        let (Some(edge), Some(metric)) = (&raw.edge, &raw.metric) else {
            let missing = if raw.edge.is_none() { "edge" } else { "metric" };
            self.fault(&format!("{at}.{missing}"), "missing");
            return;
        };
        let levels: Vec<&str> = edge.split('/').collect();
        let (group, node, device) = match levels[..] {
            [group, node] => (group, node, None),
            [group, node, device] => (group, node, Some(device.to_owned())),
            _ => {
                let message = "group/edge node or group/edge node/device is needed";
                self.fault(&format!("{at}.edge"), message);
                return;
            },
        };
        if levels.iter().any(|level| level.is_empty() || level.contains(['+', '#'])) {
            self.fault(&format!("{at}.edge"), "names are needed, without + and #");
        }
        if !host.groups.contains_key(group) {
            let message = format!("{group:?} is no sparkplug group of the broker");
            self.fault(&format!("{at}.edge"), message);
        }
        if metric.is_empty() || metric.len() > LONGEST_TOPIC {
            self.fault(&format!("{at}.metric"), "the name of a metric is needed");
        }
        let plan = MetricPlan {
            device,
            metric: metric.clone(),
            machine: place.machine,
            signal: SignalName::from(&*raw.name),
            whole: place.counted,
            dating: raw.time.unwrap_or_default(),
        };
        host.metrics.entry((group.to_owned(), node.to_owned())).or_default().push(plan);
    }

    fn topic(&mut self, place: &Place<'_>, raw: &raw::Signal, broker: &mut BrokerPlan) {
        let at = place.at;
        let Some(topic) = &raw.topic else {
            self.fault(&format!("{at}.topic"), "missing");
            return;
        };
        let key = raw.key.as_deref().unwrap_or(&raw.name);
        let read = Filter::read(topic, place.code, key);
        let (filter, captured) = match read {
            Ok(read) if topic.len() <= LONGEST_TOPIC => read,
            Ok(_) => return self.fault(&format!("{at}.topic"), "it is too long"),
            Err(message) => return self.fault(&format!("{at}.topic"), message),
        };
        if raw.key.is_some() && !topic.contains("{signal}") {
            self.fault(&format!("{at}.key"), "only for a topic with {signal}");
        }
        let Some(wanted) = self.wanted(place, raw) else { return };
        let format = raw.format.unwrap_or_default();
        let separator = self.separator(at, raw.separator.as_deref());
        let heard = broker
            .subscriptions
            .entry(filter.text.clone())
            .or_insert_with(|| Subscription { filter: filter.clone(), topics: BTreeMap::new() });
        if heard.filter != filter {
            let message = "another signal has this topic with other levels in braces";
            return self.fault(&format!("{at}.topic"), message);
        }
        let fresh = TopicPlan { format, separator, signals: Vec::new() };
        let plan = heard.topics.entry(captured).or_insert(fresh);
        if (plan.format, plan.separator) != (format, separator) {
            self.fault(&format!("{at}.format"), "another signal of this topic has another format");
        }
        plan.signals.push(wanted);
    }

    /// Where in a message the value and its time stand.
    fn wanted(&mut self, place: &Place<'_>, raw: &raw::Signal) -> Option<TopicSignal> {
        let at = place.at;
        let format = raw.format.unwrap_or_default();
        self.format_keys(at, raw, format);
        let pointer = |check: &mut Self, key: &str, pointer: &str| {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                let message = "a JSON pointer begins with /, for example \"/good\"";
                check.fault(&format!("{at}.{key}"), message);
            }
            payload::Place::Pointer(pointer.to_owned())
        };
        let field = |check: &mut Self, key: &str, field: Option<u32>| {
            let field = field.unwrap_or(0);
            let path = format!("{at}.{key}");
            check.within(&path, u64::from(field), 1, u64::from(FARTHEST));
            payload::Place::Field(usize::try_from(field.saturating_sub(1)).unwrap_or_default())
        };
        let value = match format {
            Format::Json => pointer(self, "pointer", raw.pointer.as_deref().unwrap_or_default()),
            Format::Plain => payload::Place::All,
            Format::Csv => field(self, "field", raw.field),
            Format::Binary => {
                let Some(scalar) = raw.scalar else {
                    self.fault(&format!("{at}.scalar"), "missing: how the number is written");
                    return None;
                };
                let byte = raw.from_byte.unwrap_or_default();
                self.within(&format!("{at}.from_byte"), u64::from(byte), 0, u64::from(FARTHEST));
                let order = raw.byte_order.unwrap_or_default();
                payload::Place::Bytes(usize::try_from(byte).unwrap_or_default(), scalar, order)
            },
        };
        let time = match format {
            Format::Json => {
                raw.time_pointer.as_deref().map(|time| pointer(self, "time_pointer", time))
            },
            Format::Csv => raw.time_field.map(|time| field(self, "time_field", Some(time))),
            Format::Plain | Format::Binary => None,
        };
        let dating = raw.time.unwrap_or_default();
        if dating == crate::ingest::mqtt::topic::Dating::Payload && time.is_none() {
            self.fault(&format!("{at}.time"), "\"payload\" needs a time_pointer or a time_field");
        }
        Some(TopicSignal {
            machine: place.machine,
            signal: SignalName::from(&*raw.name),
            place: value,
            time,
            dating,
            whole: place.counted,
        })
    }

    /// Keys that another format needs.
    fn format_keys(&mut self, at: &str, raw: &raw::Signal, format: Format) {
        let keys = [
            ("pointer", raw.pointer.is_some(), Format::Json, "json"),
            ("time_pointer", raw.time_pointer.is_some(), Format::Json, "json"),
            ("field", raw.field.is_some(), Format::Csv, "csv"),
            ("time_field", raw.time_field.is_some(), Format::Csv, "csv"),
            ("separator", raw.separator.is_some(), Format::Csv, "csv"),
            ("scalar", raw.scalar.is_some(), Format::Binary, "binary"),
            ("byte_order", raw.byte_order.is_some(), Format::Binary, "binary"),
            ("from_byte", raw.from_byte.is_some(), Format::Binary, "binary"),
        ];
        for (key, _, _, word) in keys.iter().filter(|key| key.1 && key.2 != format) {
            self.fault(&format!("{at}.{key}"), format!("only for format \"{word}\""));
        }
    }

    fn separator(&mut self, at: &str, separator: Option<&str>) -> u8 {
        match separator.map(str::as_bytes) {
            None => b',',
            Some([byte]) if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => {
                *byte
            },
            Some(_) => {
                let message = "one character is needed, for example \";\"";
                self.fault(&format!("{at}.separator"), message);
                b','
            },
        }
    }
}

fn topic_keys(signal: &raw::Signal) -> [(&'static str, bool); 11] {
    [
        ("topic", signal.topic.is_some()),
        ("key", signal.key.is_some()),
        ("format", signal.format.is_some()),
        ("pointer", signal.pointer.is_some()),
        ("time_pointer", signal.time_pointer.is_some()),
        ("separator", signal.separator.is_some()),
        ("field", signal.field.is_some()),
        ("time_field", signal.time_field.is_some()),
        ("scalar", signal.scalar.is_some()),
        ("byte_order", signal.byte_order.is_some()),
        ("from_byte", signal.from_byte.is_some()),
    ]
}

/// Keys that only a signal of a broker has.
pub(super) fn broker_keys(signal: &raw::Signal) -> Vec<(&'static str, bool)> {
    let mut keys = topic_keys(signal).to_vec();
    keys.push(("time", signal.time.is_some()));
    keys.push(("edge", signal.edge.is_some()));
    keys.push(("metric", signal.metric.is_some()));
    keys
}
