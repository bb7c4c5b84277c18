# English. Every other file has the same names.

## Connection to the recorder
connecting = Asking the recorder for its state …
daemon-away = THE RECORDER DOES NOT ANSWER since { $since }: all values below are old
daemon-away-advice = You can go on: entries stay here and are saved when the recorder is back.
daemon-never = THE RECORDER DOES NOT ANSWER (asking since { $since })
daemon-never-advice = Is kartd running, and is this its socket? See kart --help. This screen keeps asking.
daemon-fault = THE RECORDER IS IN TROUBLE since { $since }: { $text }
daemon-foreign = THE RECORDER HAS ANOTHER VERSION than this screen
daemon-foreign-advice = Leave this screen (Ctrl-Q) and start kart again.
daemon-back = The recorder is back.

## Recording and headquarters
recording = Recording
not-recording = NOT RECORDING since { $since }: { $reason }
log-damaged = LOG DAMAGED { $since }, see { $file }
saved-here = { $count } saved here
hq-alone = Works alone, without headquarters
hq-connecting = Headquarters: connecting
hq-preparing = Headquarters prepares a new life of the log
hq-up = Headquarters connected
hq-down = Headquarters away since { $since }
hq-refused = HEADQUARTERS REFUSES THIS TERMINAL
at-headquarters = { $count } at headquarters
waiting = { $count } waiting
waiting-oldest = { $count } waiting, oldest { $oldest }
held = { $count } held back there
refused-there = { $count } refused there
time-unconfirmed = time not confirmed
clock-fast = clock here { $by } fast
clock-slow = clock here { $by } slow
site-data = site data { $age } old
site-data-never = site data never confirmed
no-site = No site data yet: nobody can clock in here.
nobody-here = Nobody is clocked in. Scan a badge, or press b.
here = Here:

## Machines
state-running = running
state-stopped = stopped
state-setup = setup
state-planned = planned stop
state-blocked = blocked
state-starved = starved
state-unknown = unknown
no-machines = No machine is connected to this terminal yet.
machine-gone = This machine is not connected to this terminal any more.
no-machine = No machine is selected.
good-parts = good
good-of = good of { $target }
scrap-parts = { $count } scrap
to-go = { $count } to go
no-batch-here = No batch. Press s to start one.
begun-at = started at { $terminal } { $age } ago
begun-at-none = started at headquarters { $age } ago
together = on it: { $people }
elsewhere = { $machine }: batch { $batch }, { $begun }
conflict = ▲ { $what } Headquarters is asked.
conflict-ended-again = Batch { $about } was ended twice.
conflict-added-after-end = Something was recorded for batch { $about } after its end.
conflict-negative-quantity = Less than nothing was recorded for batch { $about }.
conflict-other-product = Batch { $about } was started with two products.
conflict-unplanned-run = Batch { $about } ran twice for one entry of the queue.
conflict-anchor-gone = Entry { $about } stands at the end of its queue: what it was to follow is gone.
conflict-entry-gone = Entry { $about } of the queue was used up or taken out already.
conflict-illegal-transition = Job { $about } did what its state does not allow.
conflict-moved-from-elsewhere = Job { $about } was seen where it does not stand.
conflict-number-taken = Two jobs have the number { $about }.
conflict-labor-overlap = { $about } is clocked in twice at the same time.
conflict-other = { $about }: what was recorded contradicts itself.
conflicts-more = … and { $count } more
what-join = Joined batch { $number }
join-offer = Open at another terminal: { $number }. Enter joins it.
complete-elsewhere = Batch { $number } was started at { $terminal } and is completed there.
why = why? (e)
stops-wait = { $count ->
    [one] 1 stop: why? (e)
   *[other] { $count } stops: why? (e)
}
device-starting = connecting to the device …
device-up = The device answers.
device-down = no answer since { $since }: { $reason }
device-partly = some values missing since { $since }: { $reason }
next-batch = { $more ->
    [0] Next: { $batch }
   *[other] Next: { $batch } (+ { $more } more)
}
jobs-here = Jobs here: { $jobs }
signals = Device and signals
never-read = never read
age-fresh = { $age } ago
age-old = { $age } OLD
quality-old = last known
time-of-arrival = ~ age since the message came: it tells no time of its own that counts

## Receipts
receipts = Recorded here
no-receipts = Nobody has recorded anything here yet.
stage-saved = saved here
stage-sending = on its way
stage-at-headquarters = at headquarters
stage-waiting = waiting at headquarters
stage-refused = refused at headquarters
held-unresolved-ref = It names something that is not set up at headquarters yet.
held-waits-for-record = An entry before it is held back at headquarters.
held-unreadable = Headquarters cannot read it: tell your supervisor.
held-bad-text = Its text did not come through whole: tell your supervisor.
held-refused = The tables there do not take it: tell your supervisor.
held-otherwise = { $detail }
kind-genesis = Log begun
kind-map-applied = Another map in force
kind-started = Recorder started
kind-state-changed = Machine state
kind-counted = Parts counted
kind-clocked-in = Clocked in
kind-clocked-out = Clocked out
kind-batch-started = Batch started
kind-batch-joined = Joined batch
kind-batch-left = Left batch
kind-batch-completed = Batch completed
kind-stop-explained = Stop explained
kind-clock-corrected = Clock of this computer corrected
kind-clock-stepped = Clock of this computer was set
kind-correction-seen = Corrected at headquarters

## Forms
saving = Saving …
saving-away = Not saved yet: the recorder is away. It is being repeated.
still-saving = It is still being saved; the result will be shown here.
who = Who
who-nobody = nobody is clocked in
choose-person = Who are you? Scan your badge, or press F2.
badge-first = Scan your badge first: nobody is clocked in here.
badge-title = Badge
badge-hint = Type the number on the badge, then Enter.
badge = Badge
burst = Badge { $digits } …
punch-in-title = Clock in
punch-out-title = Clock out
punch-in = { $name } — clock in to { $station }? Enter
punch-out = { $name } — clock out? Worked { $worked }. Enter
punch-time = It is { $time }.
punch-since = Clocked in since { $since }.
no-station = There is no station here where people can clock in.
pin = PIN
type-pin = Type your PIN, then Enter.
screen-hidden = Not used in this organisation.
start-title = Start a batch on { $machine }
product = Product
no-product = No product fits.
choose-product = Choose a product.
target = Target, parts
bad-target = The target must be a number above 0.
batch-number = Batch (optional)
work-order = Order (optional)
complete-title = Complete { $number } on { $machine }
no-batch = No batch is running on { $machine }.
good = Good parts
scrap = Scrap parts
counted = the machine counted { $count }
counted-difference = the machine counted { $count }: difference { $difference }
bad-quantity = Parts must be whole numbers.
scrap-reason = Why scrap?
choose-scrap-reason = Choose a reason for the scrap.
stops = Stops without a reason
still = and still stopped
explain-title = Why did it stop?
nothing-to-explain = No stop waits for a reason.
choose-reason = Choose a reason.
reading-held = { $counter }: { $before } → { $now } at { $at }, held: nothing is booked
held-title = Readings that cannot be: { $machine }
held-accept = accept: the parts were made
held-drop = drop: they were not
held-hint = What the counter makes from there on counts either way.
nothing-held = No reading of this machine is held.
choose-held = Choose a reading.
choose-supervisor = Who are you? A supervisor is needed; press F2.
comment = Comment (optional)
more = … { $count } more: PgDn

## What was recorded
what-clock-in = { $name } clocked in at { $station }
what-clock-out = { $name } clocked out
what-start = Batch of { $product } started on { $machine }
what-complete = Batch { $number } completed: { $good } good, { $scrap } scrap
what-explain = Stop of { $machine } explained: { $reason }
what-accept = Reading of { $counter } of { $machine } accepted
what-drop = Reading of { $counter } of { $machine } dropped
mark-saved = SAVED
mark-saving = SAVING
pending = { $what } …
pending-away = Recorder away, repeating: { $what }
refused-later = Not recorded: { $what }. { $why }
quit-unsaved = { $count ->
    [one] One entry is not saved yet. Press again to leave without knowing.
   *[other] { $count } entries are not saved yet. Press again to leave without knowing.
}
small-window = This window is { $columns }×{ $rows }; 80×24 shows everything.

## Refusals
refusal-unknown-badge = Nobody here has badge { $badge }.
refusal-inactive = { $name } may not work here any more. Ask your supervisor.
refusal-already-clocked-in = { $name } is already clocked in.
refusal-not-clocked-in = { $name } is not clocked in.
refusal-machine-only = Station { $station } takes machine time only.
refusal-batch-running = Batch { $number } is running on { $machine }. Complete it first.
refusal-open-elsewhere = Batch { $number } is open on { $machine }, started at { $terminal }. Enter: join it. Another number: start another batch.
refusal-already-on-batch = { $name } is on this batch already.
refusal-no-such-batch = This batch is not running here any more.
refusal-no-such-stop = This stop does not wait for a reason any more.
refusal-unknown = { $what ->
    [station] This station is not known here any more.
    [machine] This machine is not known here any more.
    [product] This product is not known here any more.
    [reason] This reason is not known here any more.
    [person] This person is not known here any more.
   *[other] { $what } is not known here.
}
refusal-bad-value = { $field }: { $problem }
refusal-not-recording = NOT RECORDED: { $reason }
refusal-no-site = This terminal has no site data yet.
refusal-pin-needed = { $name } has a PIN: type it, then Enter.
refusal-pin-wrong = This is not the PIN of { $name }. { $left ->
    [0] Wait five minutes.
    [one] One more try.
   *[other] { $left } more tries.
}
refusal-pin-locked = { $name } has to wait five minutes after too many wrong PINs.
refusal-pin-expired = Headquarters has not confirmed PINs for too long. A supervisor unlocks them with badge and PIN.
refusal-broken = Not recorded: the recorder could not read it ({ $text }).

## Keys
key-help = help
key-quit = quit
key-back = back
key-badge = badge
key-start = start
key-complete = complete
key-explain = explain
key-receipts = receipts
key-open-machine = everything about the selected machine
key-pick-machine = select a machine
key-machine-up = machine above
key-machine-down = machine below
key-machine-left = machine before
key-machine-right = machine after
key-up = up
key-down = down
key-page-up = page up
key-page-down = page down
key-next = next field
key-previous = field before
key-person = other person
key-find-badge = go on
key-confirm-punch = yes
key-station-up = station above
key-station-down = station below
key-confirm-start = go on, start
key-confirm-complete = go on, complete
key-pick-stop = stop
key-open-stop = explain
key-pick-reason = reason
key-confirm-explain = save
key-held = readings that are held
key-pick-held = reading
key-comment = comment
help-title = Keys
help-badge = A badge can be scanned at any time.

## Status
status-unreachable = NOT RECORDING, or not reachable: { $error }

## Commissioning
commissioning = Commissioning
commissioning-lost = No answer: { $reason }
tab-registers = Registers
tab-plan = Poll plan
no-devices = The map reads no Modbus device.
table-coil = coils
table-discrete = discrete inputs
table-holding = holding registers
table-input = input registers
registers-what = { $device } (unit { $unit } at { $line }): { $table } { $from } to { $to }
registers-read = read { $at } · ▲ changed since { $since } · ● changes as machines do · ✗ hardly
registers-reading = Reading …
registers-refused = Not read: { $reason }
registers-go = First register: { $number }
registers-mapped = mapped: { $signal }
plan-in-force = In force: map { $map }
plan-file = File with another map: { $path }
plan-reading = Reading { $path } …
plan-preview = { $path }: map { $from } would become { $to }
plan-refused = { $path } would be refused:
plan-line = { $line }: in use { $share } % of the time
plan-line-tight = { $line }: in use { $share } % of the time; tight, a slow device will be read less often
plan-line-refused = { $line }: in use { $share } % of the time; REFUSED, there is not enough time
plan-group = { $device } (unit { $unit }) every { $every } ms: { $requests ->
    [one] { $requests } request
   *[other] { $requests } requests
 }, { $bytes } bytes, about { $takes } ms
plan-phase = { $phase } ms into each interval
plan-waits = waits { $waits } ms for other requests at most
plan-late = LATE at times: waits { $waits } ms for others; a smaller max_registers helps
plan-hole = { $device }: never { $what }
plan-request = { $what }: { $signals ->
    [one] { $signals } signal
   *[other] { $signals } signals
 }, { $bytes } bytes, { $along } read along
change-warnings = look at
change-machines-added = new machines
change-machines-removed = no longer watched
change-rules = other rules
change-signals-added = new signals
change-signals-moved = read elsewhere
change-signals-removed = signals gone
change-counters = counters that begin anew
change-started = begin anew
change-kept = go on as they are
change-stopped = end
key-commission = Commissioning: registers, topics, rules
key-next-screen = next
key-previous-screen = the one before
key-pick-screen = this screen
key-mark = mark
key-go = go to
key-device = another
key-table = table
key-take = take what was typed

## Figures
figures = Figures
figures-today = today
figures-reading = Reading …
column-availability = Available
column-performance = Perform.
column-quality = Quality
column-oee = OEE
column-coverage = Known
column-unexplained = No reason
figure-coverage = Known
figure-unexplained = unexplained
figure-availability = Availability
figure-performance = Performance
figure-rate-efficiency = Rate efficiency
figure-operational-efficiency = Operational efficiency
figure-quality = Quality
figure-oee = OEE
figure-teep = TEEP
figure-downtime = Downtime
figure-mtbf = MTBF
figure-mttr = MTTR
figure-scrap-rate = Scrap
figure-labor-efficiency = Labor
figure-breakdown-loss = Breakdowns
figure-setup-loss = Setup
figure-small-stop-loss = Micro-stops
figure-micro-stops = Micro-stop count
figure-speed-loss = Speed loss
figure-defect-loss = Defects
figure-startup-loss = Start-up
figure-missing = n/a
figure-behind = { $figure } of { $machine }: { $value }, { $known } of the time known
figure-nothing-behind = Nothing.
figure-hole = nothing recorded
figure-rate = { $seconds } s a part
missing-not-planned = nothing is planned in this time
missing-not-seen = nothing is known of this time
missing-no-time = it neither ran nor stopped unplanned
missing-no-run = it did not run
missing-no-rate = nobody says how long a part should take
missing-no-parts = neither a counter nor a completed batch says what was made
missing-no-batch = no batch was completed in this time
missing-nothing-made = the completed batches made nothing
missing-no-positions = it has no places side by side
missing-no-failure = it did not fail
missing-not-repaired = it fails still
missing-no-standard = no standard hours, or nobody clocked in
missing-no-counter = scrap is not counted
missing-no-factor = one of its factors is missing
key-figures = figures of this shift
key-open-figure = what is behind it
key-reasons = reasons as recorded or as now
figures-recorded = as recorded
figures-now = as now
key-figure-left = figure before
key-figure-right = next figure
tab-topics = Topics
tab-signals = Signals
tab-rules = Rules
no-brokers = The map listens to no broker.
topics-of-the-map = what the map listens to
topics-what = { $broker }, filter: { $filter }   { $prefix }
topics-heard = { $topics } topics, { $messages } messages since you look{ $beyond ->
    [0] {""}
   *[other] , { $beyond } on topics for which there was no room
 }
topics-listening = Listening …
topics-lost = Nothing heard: { $reason }
topic-live = { $topic }: { $count } messages, { $rate } a minute, { $bytes } bytes
topic-retained = { $topic }: RETAINED, of unknown age; { $count } messages, { $bytes } bytes
topic-captured = would be captured: { $signals }
topic-not-captured = The map captures nothing from this topic.
signals-of = Signals of { $machine }
rules-recorded = { $machine } is { $state } since { $since } (map { $map })
rules-nothing = Nothing is recorded of { $machine } yet.
rules-asks = The rules ask for: { $state }, by rule { $rule }
rules-blind = Nobody can tell: a signal that a rule needs cannot be seen.
rules-no-heartbeat = Nobody can tell: the heartbeat stands still.
rules-settling = Another map has just come into force; its signals are being read.
rules-pending = { $state } in { $left }, if it holds
rule-otherwise = otherwise → { $state }
rule-decides = ← decides
rule-hides = ← cannot be told, so none behind it decides
condition-value = it is { $value }, read { $age } ago
condition-not-seen = cannot be seen
condition-since = so for { $age }
condition-turns = turns in { $left }
condition-rose = rose within { $within }
