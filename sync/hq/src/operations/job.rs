//! Jobs: kart-core judges what terminals tell of them, this writes it down.

use kart_core::{
    fact::{
        BatchStarted, Body, Fact,
        job::{JobAborted, JobCompleted, JobMoved, JobPosted, JobScrapped, JobStarted},
    },
    id::{RecordId, StationId},
    job::{Advance, Follows, Standing, State, Step, Verdict, advance, judge},
    record::conflict::Kind,
};
use tokio_postgres::{Error, types::ToSql};
use uuid::Uuid;

use super::Office;

impl Office<'_> {
    pub(super) async fn job(&self, fact: &Fact) -> Result<(), Error> {
        match &fact.fact {
            Body::JobPosted(posted) => self.posted(fact, posted).await,
            Body::JobStarted(started) => self.started(fact, started).await,
            Body::JobCompleted(completed) => self.completed(fact, completed).await,
            Body::JobMoved(moved) => self.moved(fact, moved).await,
            Body::JobScrapped(scrapped) => self.scrapped(fact, scrapped).await,
            Body::JobAborted(aborted) => self.aborted(fact, aborted).await,
            _ => Ok(()),
        }
    }

    async fn posted(&self, fact: &Fact, posted: &JobPosted) -> Result<(), Error> {
        let id = self.writer.origin.record(fact.seq).0;
        let taken = "SELECT EXISTS (SELECT FROM ops_jobs WHERE site_id = $1 AND job_number = $2
                                    AND id <> $3)";
        let site = self.writer.tenant.site.0;
        let mut number = posted.number.clone();
        if let Some(typed) = &number {
            self.lock(&format!("job/{site}/{typed}")).await?;
            if self.tx.query_one(taken, &[&site, typed, &id]).await?.try_get(0)? {
                let detail = format!("the number {typed} was another job's already");
                let conflict = self.conflict(fact, id, None, Kind::NumberTaken, &detail);
                self.note(conflict).await?;
                let mark: String = id.simple().to_string().chars().take(6).collect();
                number = Some(format!("{typed}-{mark}"));
            }
        }
        let (organization, by) = (&self.writer.tenant.organization, fact.by.map(|user| user.0));
        let at = fact.at.wall_us.rfc3339();
        self.call(
            "SELECT post_ops_job($1, $2, $3, $4, $5, $6::bigint::integer, $7,
                                 $8::text::timestamptz, $9)",
            &[
                organization,
                &posted.station.0,
                &posted.product.0,
                &by,
                &number,
                &posted.target,
                &posted.work_order,
                &at,
                &id,
            ],
        )
        .await
    }

    async fn started(&self, fact: &Fact, started: &JobStarted) -> Result<(), Error> {
        let job = self.standing(started.job).await?;
        let verdict = self.judged(fact, started.job, job, Step::Start(started.station)).await?;
        let from = started.from.wall_us.rfc3339();
        if verdict.follows == Follows::Yes {
            return self.start(fact, started.job, &from).await;
        }
        // Somebody worked there: the history of the station says so.
        self.call(
            "SELECT edge.job_worked($1, $2, $3, $4::text::timestamptz)",
            &[&started.job.0, &started.station.0, &fact.by.map(|user| user.0), &from],
        )
        .await
    }

    async fn completed(&self, fact: &Fact, completed: &JobCompleted) -> Result<(), Error> {
        let job = self.standing(completed.job).await?;
        let step = Step::Complete(completed.station);
        let verdict = self.judged(fact, completed.job, job, step).await?;
        let (at, by) = (fact.at.wall_us.rfc3339(), fact.by.map(|user| user.0));
        let JobCompleted { job, station, good, scrap, next } = completed;
        if verdict.follows == Follows::History {
            return self
                .call(
                    "SELECT edge.job_leaves($1, $2, $3::bigint::integer, $4::bigint::integer, NULL,
                                            NULL, $5, $6::text::timestamptz)",
                    &[&job.0, &station.0, good, scrap, &by, &at],
                )
                .await;
        }
        if verdict.follows == Follows::AfterStart {
            self.start(fact, *job, &at).await?;
        }
        let (state, next) = match advance(&self.onward(*station).await?, *next) {
            Advance::Ends => (State::Completed, None),
            Advance::Waits => (State::Queued, None),
            Advance::GoesTo(station) => (State::Pending, Some(station.0)),
        };
        self.done(*job, state, next, (*good, *scrap), (by, &at)).await
    }

    async fn moved(&self, fact: &Fact, moved: &JobMoved) -> Result<(), Error> {
        let job = self.standing(moved.job).await?;
        let step = Step::Move { from: moved.from, at_us: fact.at.wall_us.0 };
        let verdict = self.judged(fact, moved.job, job, step).await?;
        let (at, by) = (fact.at.wall_us.rfc3339(), fact.by.map(|user| user.0));
        let how = match verdict.follows {
            Follows::Yes | Follows::AfterStart => "goes_to",
            Follows::History => "arrives",
        };
        self.call(
            &format!("SELECT edge.job_{how}($1, $2, $3, $4::text::timestamptz)"),
            &[&moved.job.0, &moved.to.0, &by, &at],
        )
        .await
    }

    async fn scrapped(&self, fact: &Fact, scrapped: &JobScrapped) -> Result<(), Error> {
        let job = self.standing(scrapped.job).await?;
        let step = Step::Scrap(scrapped.station);
        let verdict = self.judged(fact, scrapped.job, job, step).await?;
        let (at, by) = (fact.at.wall_us.rfc3339(), fact.by.map(|user| user.0));
        let JobScrapped { job, station, scrap, reason } = scrapped;
        if verdict.follows == Follows::Yes {
            self.done(*job, State::Scrapped, None, (0, *scrap), (by, &at)).await?;
            // Kartorium gives scrap and aborts one taxonomy, and a job one column for it.
            let Some(reason) = reason else { return Ok(()) };
            let why = "UPDATE ops_jobs SET abort_reason_id = $2 WHERE id = $1";
            return self.call(why, &[&job.0, &reason.0]).await;
        }
        self.call(
            "SELECT edge.job_leaves($1, $2, 0, $3::bigint::integer, NULL, NULL, $4,
                                    $5::text::timestamptz)",
            &[&job.0, &station.0, scrap, &by, &at],
        )
        .await
    }

    async fn aborted(&self, fact: &Fact, aborted: &JobAborted) -> Result<(), Error> {
        let job = self.standing(aborted.job).await?;
        let verdict = self.judged(fact, aborted.job, job, Step::Abort).await?;
        if verdict.follows != Follows::Yes {
            return Ok(());
        }
        let (at, by) = (fact.at.wall_us.rfc3339(), fact.by.map(|user| user.0));
        self.call(
            "SELECT abort_ops_job($1, $2, $3, $4::text::timestamptz)",
            &[&aborted.job.0, &by, &aborted.reason.0, &at],
        )
        .await
    }

    /// The rest of a batch that goes on elsewhere is the same job's, and at another station the job has moved.
    pub(super) async fn goes_on(&self, fact: &Fact, started: &BatchStarted) -> Result<(), Error> {
        let Some(before) = started.special.continues.map(|before| self.canonical(before)) else {
            return Ok(());
        };
        let statement = self
            .tx
            .prepare_cached(
                "UPDATE oee_machine_events rest SET job_id = first.job_id, updated_at = now()
                 FROM oee_machine_events first
                 WHERE rest.id = $1 AND first.id = $2 AND first.job_id IS NOT NULL
                 RETURNING first.job_id, first.station_id",
            )
            .await?;
        let rest = self.canonical(self.writer.origin.record(fact.seq));
        let Some(row) = self.tx.query_opt(&statement, &[&rest, &before]).await? else {
            return Ok(());
        };
        let job = RecordId(row.try_get(0)?);
        let from = row.try_get::<_, Option<Uuid>>(1)?.map(StationId);
        match started.station {
            // Somebody may have moved it already.
            Some(to) if from != Some(to) && self.standing(job).await?.station != Some(to) => {
                self.moved(fact, &JobMoved { job, from, to, why: None }).await
            },
            _ => Ok(()),
        }
    }

    async fn start(&self, fact: &Fact, job: RecordId, from: &str) -> Result<(), Error> {
        let by = fact.by.map(|user| user.0);
        self.call("SELECT start_ops_job($1, $2, $3::text::timestamptz)", &[&job.0, &by, &from])
            .await
    }

    async fn done(
        &self,
        job: RecordId,
        state: State,
        next: Option<Uuid>,
        (good, scrap): (i64, i64),
        (by, at): (Option<Uuid>, &str),
    ) -> Result<(), Error> {
        self.call(
            "SELECT edge.job_done($1, $2, $3, $4::bigint::integer, $5::bigint::integer, $6,
                                  $7::text::timestamptz)",
            &[&job.0, &state.word(), &next, &good, &scrap, &by, &at],
        )
        .await
    }

    /// How a job stands, locked; one that is not there may come yet.
    async fn standing(&self, job: RecordId) -> Result<Standing, Error> {
        let statement = self
            .tx
            .prepare_cached(
                "SELECT state, current_station_id,
                        coalesce((extract(epoch FROM posted_at) * 1000000)::bigint, 0)
                 FROM ops_jobs WHERE id = $1 FOR UPDATE",
            )
            .await?;
        let row = self.tx.query_opt(&statement, &[&job.0]).await?;
        let Some(row) = row else {
            self.unresolved("ops_jobs", job.0).await?;
            return Ok(Standing { state: State::Aborted, station: None, since_us: 0 });
        };
        let state: String = row.try_get(0)?;
        let station: Option<Uuid> = row.try_get(1)?;
        Ok(Standing {
            // The schema knows no other word.
            state: State::of(&state).unwrap_or(State::Aborted),
            station: station.map(StationId),
            since_us: row.try_get(2)?,
        })
    }

    async fn judged(
        &self,
        fact: &Fact,
        id: RecordId,
        job: Standing,
        step: Step,
    ) -> Result<Verdict, Error> {
        let verdict = judge(job, step);
        if let Some(kind) = verdict.conflict {
            let detail = format!("{} of a job that is {}", fact.fact.kind(), job.state.word());
            let other = job.station.map(|station| station.0);
            self.note(self.conflict(fact, id.0, other, kind, &detail)).await?;
        }
        Ok(verdict)
    }

    async fn onward(&self, station: StationId) -> Result<Vec<StationId>, Error> {
        let statement = self
            .tx
            .prepare_cached(
                "SELECT to_station_id FROM ops_station_connections
                 WHERE from_station_id = $1 AND connection_type = 'feeds_into'
                 ORDER BY sort_order, to_station_id",
            )
            .await?;
        let rows = self.tx.query(&statement, &[&station.0]).await?;
        rows.iter().map(|row| row.try_get(0).map(StationId)).collect()
    }

    async fn call(&self, sql: &str, told: &[&(dyn ToSql + Sync)]) -> Result<(), Error> {
        let statement = self.tx.prepare_cached(sql).await?;
        self.tx.execute(&statement, told).await.map(drop)
    }
}
