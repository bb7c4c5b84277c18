//! Against a headquarters that is a script, in simulated time: nobody waits while it passes.

use kart_tests::wait::wait_for;
use tokio::time::{Instant, sleep};

use super::*;

/// A headquarters that remembers when it was asked for what.
#[derive(Default)]
struct Scripted {
    /// How long a push takes.
    takes: Duration,
    /// So often a push is sent away first.
    busy: usize,
    most_facts: usize,
    asked: Mutex<BTreeMap<&'static str, Vec<Instant>>>,
    /// What the live lane said was left.
    backlogs: Mutex<Vec<(Instant, u64)>>,
}

impl Scripted {
    /// Notes a question; the number of those before it.
    fn note(&self, what: &'static str) -> usize {
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(what).or_default();
        times.push(Instant::now());
        times.len() - 1
    }

    fn times(&self, what: &str) -> Vec<Instant> {
        self.asked.lock().unwrap().get(what).cloned().unwrap_or_default()
    }
}

impl Gateway for Scripted {
    async fn token(&self, _: &Assertion) -> Result<Token, Failure> {
        self.note("token");
        Ok(Token { token: "t".into(), expires_in_s: 600 })
    }

    async fn hello(&self, _: &str, _: &Hello) -> Result<Welcome, Failure> {
        self.note("hello");
        Ok(serde_json::from_value(welcome(self.most_facts)).unwrap())
    }

    async fn push(&self, _: &str, asked: &PushEnvelope, page: &Page) -> Result<Pushed, Failure> {
        let before = self.note("push");
        sleep(self.takes).await;
        if before < self.busy {
            let problem = Problem::new(code::BUSY, "");
            return Err(Failure::Wait { problem, after: Duration::from_secs(7) });
        }
        Ok(pushed(asked, page.lines.iter().map(String::as_bytes)))
    }

    async fn pull(&self, _: &str, _: &Pull) -> Result<Pulled, Failure> {
        std::future::pending().await
    }

    async fn feed(&self, _: &str, feed: &Feed) -> Result<Fed, Failure> {
        if feed.cursor.is_some() && !feed.sums {
            sleep(Duration::from_millis(feed.wait_ms)).await;
        }
        Ok(Fed { head: nothing_new(feed), rows: vec![] })
    }

    async fn common(&self, _: &str, _: &Common) -> Result<Found, Failure> {
        std::future::pending().await
    }

    async fn renew(&self, _: &str, _: &Renew) -> Result<Renewed, Failure> {
        std::future::pending().await
    }

    async fn status(&self, _: &str, status: &Status) -> Result<(), Failure> {
        self.backlogs.lock().unwrap().push((Instant::now(), status.backlog));
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_fact_goes_at_once_and_many_small_commits_become_few_pushes() {
    let (_folder, device, light) = terminal();
    let takes = Duration::from_millis(20);
    let gateway = Scripted { takes, most_facts: 1_000, ..Scripted::default() };
    during(&light, &device, &gateway, async {
        light.all_acked().await;
        sleep(Duration::from_secs(60)).await;
        let made = Instant::now();
        make(&light, 1);
        light.all_acked().await;
        assert!(made.elapsed() <= takes + Duration::from_millis(2), "{:?}", made.elapsed());
        assert_eq!(gateway.times("push").len(), 2);

        sleep(Duration::from_secs(60)).await;
        light.take_ages();
        let mut oldest = Duration::ZERO;
        for _ in 0..500 {
            make(&light, 1);
            let made = Instant::now();
            sleep(Duration::from_millis(10)).await;
            if light.acked() == light.made() {
                oldest = oldest.max(made.elapsed());
            }
        }
        let last = Instant::now();
        light.all_acked().await;
        oldest = oldest.max(last.elapsed());
        assert!(oldest < Duration::from_secs(1), "{oldest:?} until headquarters had all");
        let pushes = gateway.times("push").len() - 2;
        assert!((5..=30).contains(&pushes), "{pushes} pushes in 5 s");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_headquarters_is_asked_less_often_and_a_backlog_waits_for_nothing() {
    let (_folder, device, light) = terminal();
    let takes = Duration::from_millis(400);
    let gateway = Scripted { takes, most_facts: 100, ..Scripted::default() };
    make(&light, 2_999);
    during(&light, &device, &gateway, async {
        let begun = Instant::now();
        light.all_acked().await;
        assert_eq!(gateway.times("push").len(), 30);
        assert!(begun.elapsed() < takes * 31, "{:?}", begun.elapsed());
        let before = gateway.times("push").len();
        for _ in 0..400 {
            make(&light, 1);
            sleep(Duration::from_millis(100)).await;
        }
        let pushes = gateway.times("push").len() - before;
        assert!((5..=15).contains(&pushes), "{pushes} pushes in 40 s");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_sent_away_comes_when_it_was_told_and_the_session_goes_on() {
    let (_folder, device, light) = terminal();
    let gateway = Scripted { busy: 3, most_facts: 100, ..Scripted::default() };
    during(&light, &device, &gateway, light.all_acked()).await;
    let asked = gateway.times("push");
    let gaps: Vec<Duration> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(gaps.len(), 3);
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_secs(7)), "{gaps:?}");
    assert_eq!((gateway.times("token").len(), gateway.times("hello").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_is_never_served_says_so_in_the_end() {
    let (_folder, device, light) = terminal();
    let gateway = Scripted { busy: usize::MAX, most_facts: 100, ..Scripted::default() };
    during(&light, &device, &gateway, async {
        wait_for("a second session", Duration::from_secs(3_600), async || {
            let begun = gateway.times("hello").len();
            if begun == 2 { Ok(()) } else { Err(begun) }
        })
        .await;
    })
    .await;
    let asked = gateway.times("push").len();
    assert!((4..=8).contains(&asked), "{asked} pushes in one session");
}

#[tokio::test(start_paused = true)]
async fn the_present_stays_visible_while_a_backlog_drains() {
    let (_folder, device, light) = terminal();
    let takes = Duration::from_secs(10);
    let gateway = Scripted { takes, most_facts: 100, ..Scripted::default() };
    make(&light, 999);
    during(&light, &device, &gateway, light.all_acked()).await;
    let told = gateway.backlogs.lock().unwrap().clone();
    let gaps = told.windows(2).map(|two| two[1].0 - two[0].0);
    let longest = gaps.max().unwrap();
    assert!(longest <= Duration::from_secs(4), "{longest:?} without a sign of life");
    let left: Vec<u64> = told.iter().map(|told| told.1).collect();
    assert!(left.is_sorted_by(|one, next| one >= next) && left.first() == Some(&1_000), "{left:?}");
    assert!(left.iter().filter(|left| **left > 100).count() > 20, "{left:?}");
}
