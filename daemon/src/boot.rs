//! What a start finds on disk: the store, the state that its facts add up to, the site's data.

use kart_api::HqLink;
use kart_core::{
    engine::{Engine, Observed, remap::Moves},
    fact::Fact,
    id::{EquipmentId, Incarnation, Origin, SiteId, TerminalId, reference_id},
    pin::Secret,
    plant::Plant,
    record::Tenant,
    reference::Reference,
    signal::Quality,
};
use kart_store::{Reader, Store, StoreOptions};
use kart_sync::Device;
use std::{path::Path, sync::Arc};

use crate::{
    clock::Clock,
    config::{Config, as_read::AsRead},
    life,
    readers::Readers,
    secret,
    uplink::{HqState, mirrored},
};

/// Where this terminal's rows belong.
pub(crate) fn tenant(config: &Config) -> Tenant {
    let (organization, site) = (&config.site.organization, &config.site.code);
    Tenant {
        organization: organization.clone(),
        site: SiteId(reference_id(organization, site, "oee_sites", site)),
    }
}

pub(crate) fn open_store(config: &Config, device: &Device, clock: &Clock) -> anyhow::Result<Store> {
    let incarnation: Incarnation = device.incarnation.parse()?;
    let origin = Origin { terminal: TerminalId(device.terminal), incarnation };
    let folder = config.terminal.data_dir.clone();
    let store =
        life::open(StoreOptions { folder, new_origin: origin, tenant: tenant(config) }, clock)?;
    anyhow::ensure!(
        store.origin() == origin,
        "facts.db and identity.json in {} belong to different terminals; put back the ones that \
         belong together",
        config.terminal.data_dir.display()
    );
    Ok(store)
}

/// What PINs are kept under. Those that were kept under another secret are pulled again.
pub(crate) fn secret(config: &Config, store: &Store) -> anyhow::Result<Secret> {
    let (secret, fresh) = secret::open(&config.terminal.data_dir)?;
    if fresh {
        store.mirror().begin_anew()?;
    }
    Ok(secret)
}

/// The plant that facts are folded into: the last one that was saved, or that of the beginning.
fn plant(reader: &Reader) -> anyhow::Result<Plant> {
    if let Some((_, state)) = reader.plant()? {
        match serde_json::from_str(&state) {
            Ok(plant) => return Ok(plant),
            Err(error) if reader.is_purged()? => {
                tracing::error!(%error, "the saved plant cannot be read and its facts are purged");
            },
            // A snapshot of another version is no loss: the log makes a new one.
            Err(_) => {},
        }
    }
    Ok(match reader.inherited()? {
        Some(inherited) => serde_json::from_str::<Plant>(&inherited)?.inherit(reader.origin()),
        None => Plant::new(reader.origin()),
    })
}

/// The clock of a program that runs beside the daemon or instead of it: as right as the log in
/// `folder` knows it.
pub(crate) fn clock(folder: &Path) -> anyhow::Result<Clock> {
    let (clock, reader) = (Clock::open()?, Reader::look(folder)?);
    let mut plant = plant(&reader)?;
    reader.facts_after(plant.head, |fact: &Fact| plant.apply(fact))?;
    clock.recall(plant.clock.as_ref());
    let (news, looked) = clock.assume(plant.fast_us);
    clock.written(&news, looked);
    Ok(clock)
}

/// The engine as of the last fact, with this start recorded.
pub(crate) async fn engine(
    config: &Config,
    store: &Store,
    clock: &Clock,
) -> anyhow::Result<Engine> {
    let reader = store.reader()?;
    let mut plant = plant(&reader)?;
    reader.facts_after(plant.head, |fact: &Fact| plant.apply(fact))?;
    clock.recall(plant.clock.as_ref());
    clock.not_before(reader.confirmed_time()?);
    let now = clock.moment();
    let new = plant.head == 0;
    let alive = reader.alive()?;
    // The later of the two: a fact is a sign of life as well.
    let alive = [alive, (!new).then(|| plant.head_at.clone())].into_iter().flatten();
    let alive = alive.max_by_key(|moment| {
        // Within this boot the boot clock counts; the wall clock may have been set.
        match moment.boot == now.boot {
            true => (true, moment.at.mono_us),
            false => (false, moment.at.wall_us.0),
        }
    });
    let expected = Some(plant.head + 1);
    let map = Arc::clone(&config.map);
    let forgotten_us = i64::from(config.terminal.forgotten_minutes) * 60_000_000;
    let mut engine = Engine::new(plant, Arc::clone(&map), config.terminal.code.clone())
        .with_forgotten_after(forgotten_us);
    if new {
        engine.begin_log(&now);
    }
    let (news, looked) = clock.assume(engine.plant.fast_us);
    engine.on_clock(&news, &now);
    clock.written(&news, looked);
    let now = clock.moment();
    engine.start(env!("CARGO_PKG_VERSION"), alive.as_ref(), &now);
    let as_read = AsRead::of(config);
    let before = reader.as_read()?.and_then(|text| AsRead::parse(&text));
    let moves = before.as_ref().map(|before| before.moves(&as_read)).unwrap_or_default();
    if let Some(before) = &before {
        engine.moved_between(&before.map, &|place| before.kind(place), &moves, &now);
        say(config, &moves);
    }
    for signal in reader.signals()? {
        let here =
            |id: EquipmentId| map.machines.iter().position(|machine| machine.equipment == id);
        let place = (signal.equipment, signal.name.clone());
        let known = signal.at.boot == now.boot && !moves.signals.contains(&place);
        if let Some(index) = here(signal.equipment).filter(|_| known) {
            let quality = Quality::Good;
            let observed = Observed { value: signal.value, quality, at: signal.at.at };
            engine.recall(index, signal.name, observed);
        }
    }
    let append = kart_store::Append {
        drafts: engine.take_drafts(),
        expected,
        as_read: (before.as_ref() != Some(&as_read)).then(|| as_read.text()),
        alive: Some(now),
        ..kart_store::Append::default()
    };
    store.append(append).await?;
    Ok(engine)
}

/// Tells of counters that begin anew, because the map was changed while the daemon was away.
fn say(config: &Config, moves: &Moves) {
    for (equipment, signal) in &moves.counters {
        let machines = config.map.machines.iter().zip(&config.machine_codes);
        let mut named = machines.filter(|(machine, _)| machine.equipment == *equipment);
        let machine = named.next().map(|(_, code)| code.as_str());
        tracing::warn!(
            machine,
            signal,
            "the counter is read otherwise than before: it begins anew"
        );
    }
}

/// The site file's reference data; with headquarters, the mirror's once there is one.
pub(crate) async fn first_reference(
    config: &Config,
    store: &Store,
) -> anyhow::Result<Option<Arc<Reference>>> {
    if config.headquarters.is_none()
        && let Some(reference) = &config.reference
    {
        let (mirror, document) = (store.mirror().clone(), reference.clone());
        tokio::task::spawn_blocking(move || mirror.save(&document, None)).await??;
        return Ok(Some(Arc::new(reference.clone())));
    }
    let mirror = store.mirror().clone();
    // A mirror that cannot be read is begun anew by reading it; what it held is pulled again.
    let mirrored =
        tokio::task::spawn_blocking(move || mirrored(&mirror)).await?.unwrap_or_default();
    let ours = |reference: &Reference| reference.site.id == config.site.id;
    Ok(mirrored.filter(ours).or_else(|| config.reference.clone()).map(Arc::new))
}

pub(crate) async fn hq_state(
    config: &Config,
    store: &Store,
    readers: &Readers,
) -> anyhow::Result<HqState> {
    let read = readers.ask(|reader| Ok((reader.acknowledged()?, reader.quarantine()?)));
    let ((acked, _), quarantined) = read.await?;
    let alone = config.headquarters.is_none();
    let link = if alone { HqLink::Alone } else { HqLink::Connecting };
    let applied_through = store.mirror().applied_through().unwrap_or_default();
    Ok(HqState { link, acked, quarantined, reference_us: None, sending: 0, applied_through })
}
