//! The configuration and the site of a world: the demo's files, with the machines and addresses of this plant.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use toml::{Table, Value};

use super::plant::Machine;
use crate::programs::repository;

/// The configuration of a terminal that works alone, with the site in this file: `rest` are the tables after `[site]`.
pub fn alone(data: &Path, site: &Path, rest: &str) -> String {
    terminal(data, &format!("file = \"{}\"\n{rest}", site.display()))
}

/// The configuration of a terminal with a headquarters: `rest` are the tables after `[headquarters]`.
pub fn enrolled(data: &Path, headquarters: &str, rest: &str) -> String {
    terminal(data, &format!("[headquarters]\nurl = \"{headquarters}\"\n{rest}"))
}

fn terminal(data: &Path, rest: &str) -> String {
    format!(
        "[terminal]\ncode = \"T-07\"\ndata_dir = \"{}\"\n\
         [site]\norganization = \"cedar-works\"\ncode = \"cedar\"\n{rest}",
        data.display()
    )
}

/// What the demo's configuration is completed with.
pub struct Layout<'w> {
    pub data: &'w Path,
    pub machines: &'w [Machine],
    /// The most parts per second that a machine makes, with room to spare.
    pub fastest: f64,
    /// Every signal is read so often, instead of as the demo has it.
    pub interval: Option<Duration>,
    pub broker: Option<SocketAddr>,
    /// Where headquarters is; a terminal without it reads `site`.
    pub headquarters: Option<String>,
    pub site: &'w Path,
}

/// The site file of the demo with every machine of the plant in it; and with the address of an account that somebody
/// has already.
pub fn site(machines: &[Machine], accounts: bool) -> anyhow::Result<String> {
    let mut site = demo("site.toml")?;
    let people = entries(&mut site, "person")?.iter_mut();
    for person in people.filter(|person| accounts && says(person, "number", "1001")) {
        set(person, "email", text(&"ada.brandt@cedar-works.example"))?;
    }
    let listed = entries(&mut site, "machine")?;
    for code in machines.iter().map(Machine::code) {
        if !listed.iter().any(|machine| says(machine, "code", code)) {
            let further = format!("code = '{code}'\nname = 'Press {code}'\nterminal = 'T-07'\n");
            listed.push(Value::Table(further.parse()?));
        }
    }
    Ok(toml::to_string(&site)?)
}

impl Layout<'_> {
    /// The terminal's configuration.
    pub fn configuration(&self) -> anyhow::Result<String> {
        let mut file = demo("terminal.toml")?;
        table(&mut file, "terminal")?.insert("data_dir".to_owned(), text(&self.data.display()));
        match &self.headquarters {
            Some(url) => table(&mut file, "headquarters")?.insert("url".to_owned(), text(url)),
            None => {
                file.remove("headquarters");
                table(&mut file, "site")?.insert("file".to_owned(), text(&self.site.display()))
            },
        };
        match self.broker {
            Some(address) => {
                for broker in entries(&mut file, "broker")? {
                    set(broker, "address", text(&address))?;
                }
            },
            None => drop(file.remove("broker")),
        }
        let known = entries(&mut file, "machine")?.clone();
        let mut devices = Vec::new();
        let mut machines = Vec::new();
        for machine in self.machines {
            machines.push(self.mapped(machine, &known)?);
            devices.extend(device(machine));
        }
        file.insert("device".to_owned(), Value::Array(devices));
        file.insert("machine".to_owned(), Value::Array(machines));
        Ok(toml::to_string(&file)?)
    }

    /// The map of a machine: its own, or that of the first of its kind under its name.
    fn mapped(&self, machine: &Machine, known: &[Value]) -> anyhow::Result<Value> {
        let (code, model, link) = match machine {
            Machine::Press { machine, width: 16, .. } => (machine, "EQ-212", "device"),
            Machine::Press { machine, .. } => (machine, "EQ-211", "device"),
            Machine::Packer { machine, .. } => (machine, "EQ-311", "broker"),
        };
        let found = known.iter().find(|entry| says(entry, "code", model));
        let mut map = found.with_context(|| format!("no map of {model}"))?.clone();
        set(&mut map, "code", text(&code))?;
        let signals = map.get_mut("signal").and_then(Value::as_array_mut).context("no signals")?;
        for signal in signals {
            if link == "device" {
                set(signal, "device", text(&code))?;
                if let Some(interval) = self.interval {
                    let millis = i64::try_from(interval.as_millis())?;
                    set(signal, "interval_ms", Value::Integer(millis))?;
                }
            } else if let Some(topic) = signal.get("topic").and_then(Value::as_str) {
                let topic = topic.replace(model, code);
                set(signal, "topic", text(&topic))?;
            }
        }
        let counters =
            map.get_mut("counter").and_then(Value::as_array_mut).context("no counters")?;
        for counter in counters {
            set(counter, "max_per_s", Value::Float(self.fastest))?;
        }
        Ok(map)
    }
}

/// Each press answers at an address of its own.
fn device(machine: &Machine) -> Option<Value> {
    let Machine::Press { machine, unit, own, .. } = machine else { return None };
    let mut device = Table::new();
    device.insert("name".to_owned(), text(machine));
    device.insert("address".to_owned(), text(own));
    device.insert("unit".to_owned(), Value::Integer(i64::from(*unit)));
    Some(Value::Table(device))
}

fn demo(name: &str) -> anyhow::Result<Table> {
    let path = repository().join("config/demo").join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.parse().with_context(|| path.display().to_string())
}

fn table<'t>(file: &'t mut Table, name: &str) -> anyhow::Result<&'t mut Table> {
    file.get_mut(name).and_then(Value::as_table_mut).with_context(|| format!("no [{name}]"))
}

fn entries<'t>(file: &'t mut Table, name: &str) -> anyhow::Result<&'t mut Vec<Value>> {
    file.get_mut(name).and_then(Value::as_array_mut).with_context(|| format!("no [[{name}]]"))
}

fn set(entry: &mut Value, key: &str, value: Value) -> anyhow::Result<()> {
    entry.as_table_mut().context("not a table")?.insert(key.to_owned(), value);
    Ok(())
}

fn says(entry: &Value, key: &str, value: &str) -> bool {
    entry.get(key).and_then(Value::as_str) == Some(value)
}

fn text(value: &impl ToString) -> Value {
    Value::String(value.to_string())
}
