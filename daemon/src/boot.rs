//! What a start finds on disk: the store, the state that its facts add up to, the site's data.

use kart_api::HqLink;
use kart_core::{
    engine::{Engine, Observed},
    fact::Fact,
    id::{EquipmentId, Incarnation, Origin, SiteId, TerminalId, reference_id},
    plant::Plant,
    record::Tenant,
    reference::Reference,
    signal::Quality,
};
use kart_store::{Store, StoreOptions};
use kart_sync::Device;
use std::sync::Arc;

use crate::{clock::Clock, config::Config, readers::Readers, uplink::HqState};

pub(crate) fn open_store(config: &Config, device: &Device) -> anyhow::Result<Store> {
    let (organization, site) = (&config.site.organization, &config.site.code);
    let incarnation: Incarnation = device.incarnation.parse()?;
    let options = StoreOptions {
        folder: config.terminal.data_dir.clone(),
        new_origin: Origin { terminal: TerminalId(device.terminal), incarnation },
        tenant: Tenant {
            organization: organization.clone(),
            site: SiteId(reference_id(organization, site, "oee_sites", site)),
        },
    };
    let store = Store::open(options)?;
    anyhow::ensure!(
        store.origin() == Origin { terminal: TerminalId(device.terminal), incarnation },
        "facts.db and identity.json in {} belong to different terminals; put back the ones that \
         belong together",
        config.terminal.data_dir.display()
    );
    Ok(store)
}

/// The engine as of the last fact, with this start recorded.
pub(crate) async fn engine(
    config: &Config,
    store: &Store,
    clock: &Clock,
) -> anyhow::Result<Engine> {
    let reader = store.reader()?;
    let fresh = || Plant::new(store.origin());
    let mut plant = match reader.plant()? {
        // A snapshot of another version is no loss: the log makes a new one.
        Some((_, state)) => serde_json::from_str(&state).unwrap_or_else(|_| fresh()),
        None => fresh(),
    };
    reader.facts_after(plant.head, |fact: &Fact| plant.apply(fact))?;
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
    let map = Arc::new(config.map.clone());
    let mut engine = Engine::new(plant, Arc::clone(&map), config.terminal.code.clone());
    if new {
        engine.begin_log(&now);
    }
    engine.start(env!("CARGO_PKG_VERSION"), alive.as_ref(), &now);
    for signal in reader.signals()? {
        let here =
            |id: EquipmentId| map.machines.iter().position(|machine| machine.equipment == id);
        if let Some(index) = here(signal.equipment).filter(|_| signal.at.boot == now.boot) {
            let quality = Quality::Good;
            let observed = Observed { value: signal.value, quality, at: signal.at.at };
            engine.recall(index, signal.name, observed);
        }
    }
    let append = kart_store::Append {
        drafts: engine.take_drafts(),
        expected,
        signals: vec![],
        alive: Some(now),
    };
    store.append(append).await?;
    Ok(engine)
}

/// The site file's reference data; with headquarters, the mirror's once there is one.
pub(crate) async fn first_reference(
    config: &Config,
    store: &Store,
) -> anyhow::Result<Option<Arc<Reference>>> {
    if config.headquarters.is_none()
        && let Some(reference) = &config.reference
    {
        store.save_reference(reference.clone(), None).await?;
        return Ok(Some(Arc::new(reference.clone())));
    }
    let mirrored = store.mirror().load().map(|(reference, _)| reference);
    let ours = |reference: &Reference| reference.site.id == config.site.id;
    Ok(mirrored.filter(ours).or_else(|| config.reference.clone()).map(Arc::new))
}

pub(crate) async fn hq_state(config: &Config, readers: &Readers) -> anyhow::Result<HqState> {
    let read = readers.ask(|reader| Ok((reader.acknowledged()?, reader.quarantine()?)));
    let ((acked, _), quarantined) = read.await?;
    let alone = config.headquarters.is_none();
    let link = if alone { HqLink::Alone } else { HqLink::Connecting };
    Ok(HqState { link, acked, quarantined, reference_us: None })
}
