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
time-adrift = time ±{ $by } s since { $since }
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
refusal-open-elsewhere = Batch { $number } is open on { $machine }, started at { $terminal } { $age } ago. Enter: join it. Another number: another batch.
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
refusal-other-reading = Another reading of { $counter } is held by now. Close this and look at it again.
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

## Stops
stops-title = Stops
key-sweep = sweep
key-join = make one
key-split = split
key-withdraw = undo
key-twin = planned/unplanned
key-pick-group = group
key-take-suggestion = yes to all
key-open-group = other reason
stop-waits = { $machine } stopped. Why? (e)
blind = ? { $machine } { $from } not seen for { $lasted }
blind-title = Nobody could see it. It was:
blind-ran = Running
blind-nobody = Nobody knows
several-alike = { $count } stops of { $machine }, explained each by itself
several-shared = { $count } stops of several machines become one event
share-title = One reason for several machines
split-title = Split a stop in two
split-at = Second part from
split-hint = A time between { $from } and { $until }, such as 07:22 or 07:22:30
sweep-title = Stops that wait, alike ones together
sweep-hint = y takes the suggestion for all of a group; Enter shows all reasons
nothing-to-sweep = No stop that is over waits for a reason.
nothing-suggested = no suggestion
mark-stops = Mark the stops that were one with m, then press j.
no-reason-found = No reason has that in its name.
looked-for = Name with “{ $text }”
type-to-find = letters find a reason by its name
suggestions-taken = Of { $given } explanations { $first } took the first suggestion, { $page } one of the first nine.
told-part = part of a split stop
told-merged = several made one
told-shared = { $count } machines
told-blind = told by a person
because-map = by fault code
because-fault = given for this fault
because-before = after such a state
because-product = with this product
because-hour = at this hour
because-favourite = often here
because-listed = from the list
group-planned = planned
group-unplanned = unplanned
group-idle = idle
what-ran = { $machine } ran while nobody could see it
what-nobody-knows = { $machine }: nobody knows what it did
what-split-stop = Stop split at { $at }
what-merge = Stops of { $machine } made one
what-take-back = Taken back, { $machine } as before
what-withdraw = Reason taken back: { $reason } ({ $machine })
what-sweep = { $count } stops explained: { $reason }
kind-explanation-withdrawn = Reason taken back
kind-told-part = Stop split
kind-told-merged = Stops made one
kind-told-shared = Stop of several machines
kind-told-blind = Unseen time told
kind-event-taken-back = Taken back
refusal-stop-lasts = This stop still lasts. It can be changed once it is over.
refusal-higher-rank = Somebody of a higher role gave the reason { $reason }.
refusal-supervisor-needed = Its shift is over: a supervisor changes this, and says why in the comment.
refusal-not-neighbours = Only stops that are over and lie side by side become one.
refusal-nothing-to-undo = There is nothing to undo here.

## Batches: from the queue to the end
kind-batch-paused = Batch rests
kind-batch-resumed = Batch goes on
kind-batch-produced = Parts told
kind-batch-aborted = Batch given up
kind-batch-field-set = Answer to a question
kind-batch-equipment-added = Machine added to batch
kind-batch-equipment-removed = Machine taken off batch
kind-queue-asked = Order of the queue asked for
refusal-not-on-batch = { $name } is not on this batch.
refusal-already-paused = Batch { $number } rests already. Resume it first.
refusal-not-paused = Batch { $number } does not rest.
refusal-not-queued = This entry is not in the queue any more.
refusal-start-in-future = Started at: this time is still to come.
refusal-start-before-end = Started at: the batch before it on { $machine } ended later.
refusal-start-too-early = Before this shift: badge of a lead or supervisor (empty if you are one), and why.
refusal-not-compatible = { $machine } does not stand in for { $instead }: badge of a lead or supervisor, and why.
refusal-may-not-agree = { $name } is neither lead nor supervisor.
refusal-why-needed = Say why.
refusal-field-missing = { $label } has to be answered.
refusal-field-wrong = { $label }: { $takes }, please.
refusal-scrap-uneven = { $split } parts have a reason, but { $scrap } were scrapped.
field-takes-text = free text
field-takes-number = a number
field-takes-boolean = yes or no
field-takes-date = a day: 2026-11-22
field-takes-select = one of the list
answer-yes = yes
answer-no = no
answer-none = –
start-next = Next in the queue. Type a product for another one.
start-time = Started at (if past)
bad-start-time = Started at: a time of the last 16 hours, for example 06:15.
enqueue-title = Put a batch into the queue of { $machine }
second-badge = Second badge
second-why = Why
rework = To be reworked
scrap-left = { $count } without a reason
scrap-without-reason = { $count ->
    [one] 1 scrapped part has no reason yet.
   *[other] { $count } scrapped parts have no reason yet.
}
scrap-too-many-reasons = Reasons are given for { $count } parts too many: ← takes one away.
orders-title = Next on { $machine }
orders-machine = Queue of the machine
orders-station = Queue of the station
no-orders = Nothing is queued. Press n to put something in.
order-asked = asked for
order-continues = goes on here
batch-title = Batch { $number } on { $machine }
batch-stands = { $good } good, { $scrap } scrap of { $target }
batch-rests = rests since { $since }
batch-provisional = number of this terminal
batch-others = { $count ->
    [one] ← → 1 further batch
   *[other] ← → { $count } further batches
}
batch-resting = Resting: { $number } (x)
batch-people = Who works on it? ● is on it; Enter changes that.
batch-machines = Which machines work on it? ● does; Enter changes that.
batch-onward = On which machine does it go on? First those that stand in.
abort-reason = Why is it given up?
deed-complete = complete
deed-pause = let it rest
deed-resume = go on with it
deed-tell = tell of parts
deed-people = people on it
deed-machines = further machines
deed-continue = continue on another machine
deed-abort = give it up
what-pause = Batch { $number } rests
what-resume = Batch { $number } goes on
what-tell = Batch { $number }: { $good } good, { $scrap } scrap, { $rework } to be reworked told
what-abort = Batch { $number } given up: { $reason }
what-leave = { $name } left batch { $number }
what-come = { $name } is on batch { $number }
what-machine-on = { $machine } works on batch { $number }
what-machine-off = { $machine } no longer works on batch { $number }
what-continue = Batch { $number } goes on on { $machine }
what-enqueue = { $product } is to be queued
what-order-moved = { $number } is to be moved
what-order-removed = { $number } is to be taken out
key-batch = batch
key-orders = next
key-pick-next = entry of the queue, or answer
key-choice-left = answer before
key-choice-right = answer after
key-fewer = one part less for this reason
key-further = one part more for this reason
key-start-order = start
key-order-earlier = earlier
key-order-later = later
key-order-new = new
key-order-remove = take out
key-pick-order = entry
key-confirm-batch = go on, save
key-pick-deed = choose
key-batch-before = batch before
key-batch-after = batch after

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

## Board, minute ledger, large digits, language
board = Board
board-hours = Hour by hour
board-costs = What stops cost
board-batches = Batches
board-back = { $count ->
    [one] the shift before
   *[other] { $count } shifts before
}
board-stops = { $count ->
    [one] 1 stop
   *[other] { $count } stops
}
board-touch-dwell = people { $touch }, here { $dwell }
board-batches-head = good / target, pace, time of people (× standard), time here
board-reading = { $counter }: { $from } → { $to }, { $parts } parts in { $readings ->
    [one] 1 reading
   *[other] { $readings } readings
 }
board-hour-behind = { $hour }: { $planned } planned; due are parts at the standard pace × { $aim } % aimed at
board-batch-behind = { $batch }: { $made } made in this shift, { $due } due at the standard pace × { $aim } %
hour-target = Target
hour-good = Good
hour-difference = +/-
hour-scrap = Scrap
hour-runs = Ran
hour-stops = Stood
hour-no-reason = Why?
line-runs = ran
line-unexplained = no reason
line-stopped = stopped
line-planned = planned
line-setup = setup
line-idle = no work
line-unknown = not seen
pace-well = pace { $share } %
pace-near = pace { $share } %
pace-behind = BEHIND { $share } %
pace-unknown = pace –
ledger = Minutes that cannot all be right
ledger-scope = As far as this terminal knows. Nobody is at fault by standing here.
ledger-empty = Nothing in this shift contradicts itself.
ledger-ran-alone = { $machine } ran, nobody clocked on
ledger-batch-ran-alone = { $machine } ran { $batches }, nobody clocked on
ledger-booked-while-down = { $machine } stood, booked on { $batches }: { $people }
ledger-several-batches = { $machine } has one place and had { $batches }
ledger-two-stations = { $people } at two stations: { $stations }
language-name = English
language-is = { $language }.
language-of = { $language } for { $name }.
language-not-kept = This language is shown until the screen is closed: { $reason }
key-board = board
key-ledger = minutes that cannot be right
key-large = large digits
key-small = back to all machines
key-language = language
key-next-section = next part
key-previous-section = part before
key-open-line = behind it
key-shift-before = shift before
key-shift-after = shift after
key-go-there = go there
key-pick-line = line

## People
who-forgotten = Nobody has pressed a key for a while: say who you are. What was typed is still here.
punch-menu-title = What is the badge for?
punch-back = { $name } — back from { $what }? Away { $away }. Enter
punch-break = { $name } — take a break? Enter
punch-meal = { $name } — go to a meal? Enter
punch-activity = { $name } — do something else (cleaning, training)? Enter
punch-move = { $name } — go on at { $station }? Enter
punch-shares = { $name } — divide your time among your batches? Enter
shares-title = Time of { $name }, percent
shares-sum = Together { $sum } of 100; counts from now on.
punch-record = { $name } — read your own record? Enter
punch-pin = { $name } — choose another PIN? Enter
punch-early = { $by } before the shift { $shift }: kept to the second.
punch-late = { $by } into the shift { $shift }.
inside-break = Break
inside-meal = Meal
inside-activity = Something else
act-out = Clock out
act-back = I am back
act-move = Go on at { $station }
act-shares = Divide my time
act-record = My record
act-pin = My PIN
undo-title = Take back a wrong badge
undo-hint = Anybody, for two minutes. Both stay on record. Then scan the right one.
undo-in = { $name } clocked in at { $time }, { $age } ago
undo-out = { $name } clocked out at { $time }, { $age } ago
undo-began = { $name }: { $what } began at { $time }, { $age } ago
undo-back = { $name }: back from { $what } at { $time }, { $age } ago
undo-too-late = { $name }: too late to take back
nothing-to-undo = Nothing to take back: only the last two minutes. Later your supervisor corrects it.
told-title = You did not clock out
told-since = { $name }: clocked in since { $since }. When did you leave?
told-last-key = Proposed: { $time }, the last thing recorded with your badge.
told-taken-over = Proposed: { $time }, your last entry; somebody else went on after it.
told-shift-end = Proposed: { $time }, the end of the shift. Nothing else tells.
told-nothing = Nothing tells when you left.
told-time = Left at (hh:mm:ss)
told-reason = Why another time
told-hint = Enter: say so. Esc: later; until then the hours are provisional.
missing-out = clock-out missing
time-form = Type a time as 14:01 or 14:01:40.
time-never = { $time } was never shown by clocks in that night: they were put forward.
time-twice = { $time } was twice in that night. Type { $time } 1 for the first, { $time } 2 for the second.
pin-title = PIN of { $name }
pin-old = PIN so far
pin-new = New PIN
pin-again = New PIN again
pin-hint = 4 to 12 digits. Holds here, until headquarters gives another one.
pins-differ = The two are not the same. Type the new PIN twice.
record-whose = My record: whose badge?
record-title = Record of { $name }
record-reading = Reading …
record-lost = Not read: { $reason }
record-empty = Nothing is recorded here in this month.
record-sum = { $month }: { $worked } clocked in, { $open ->
    [0] all confirmed
    [one] 1 entry not confirmed (c)
   *[other] { $open } entries not confirmed (c)
}
record-shift = Shift
record-void = taken back, counts nothing
record-provisional = clock-out missing: provisional
record-confirmed = confirmed
record-told = end told later
record-open = {""}
nothing-to-confirm = Nothing waits to be confirmed.
punch-kind-in = { $recorded } clocked in ({ $by })
punch-kind-out = { $recorded } clocked out ({ $by })
punch-kind-began = { $recorded } began ({ $by })
punch-kind-back = { $recorded } back ({ $by })
punch-kind-undone = { $recorded } taken back as a wrong badge ({ $by })
punch-kind-missing = { $recorded } clock-out found missing, proposed { $until }
punch-kind-told = { $recorded } end told as { $until } ({ $by })
punch-kind-confirmed = { $recorded } confirmed { $from } – { $until } ({ $by })
punch-kind-asked = { $recorded } asked for { $from } – { $until } ({ $by })
punch-kind-corrected = { $recorded } corrected at headquarters: { $from } – { $until } ({ $by })
punch-kind-other = { $recorded } ({ $by })
what-break = { $name }: break
what-meal = { $name }: meal
what-activity = { $name }: something else
what-back = { $name } is back
what-move = { $name } goes on at { $station }
what-undo = Taken back: badge of { $name }. Scan the right one
what-told-out = { $name } left at { $time }
what-split = Time of { $name } divided
what-pin = PIN of { $name } set at this terminal
what-confirm = { $name } confirmed { $count } entries
kind-labor-began = Break or meal
kind-labor-ended = Back
kind-punch-undone = Badge taken back
kind-out-missed = Clock-out missing
kind-out-told = Clock-out told later
kind-labor-confirmed = Record confirmed
kind-labor-asked = Correction asked for
kind-labor-split = Time divided
kind-pin-set = PIN chosen
refusal-already-away = { $name } is away already.
refusal-not-away = { $name } is not away.
refusal-cannot-undo = Too late: this badge cannot be taken back here any more. Your supervisor corrects it.
refusal-no-such-entry = This entry is not open here any more.
refusal-out-outside = Left at: must lie between { $from } and { $until }.
refusal-out-impossible = Left at: must lie after clocking in and before now.
refusal-reason-needed = Why another time: needs a word when it is not the proposed one.
refusal-bad-shares = Parts: 1 to 100 percent each, 100 together, of batches you are on.
refusal-bad-pin = PIN: 4 to 12 digits.
key-undo = undo badge
key-record = my record
key-pick-act = choose
key-act-up = up
key-act-down = down
key-confirm-undo = take back
key-pick-punch = badge
key-confirm-told = say so
key-told-later = later
key-confirm-shares = go on, save
key-confirm-pin = go on, save
key-agree = confirm
key-month-before = month before
key-month-after = month after

## What people tell each other: notes, handovers, incidents, calls
key-notes = log
key-note = note
key-hand = hand over
key-search = search
key-search-end = end search
key-save = save
key-pick-word = choose
key-sign = sign
key-incident = incident
key-pick-incident = choose
key-open-incident = open
key-new-incident = new
key-severity = how bad
key-follow = next step
key-resolve = it is over
key-help-call = call help
key-call = call / come
key-end-call = end call
log-title = Shift log
log-search = Look for
log-empty = Nobody has written anything here yet. n writes a note.
log-not-found = No note has all of these words.
log-taken = taken over by { $name }
note-title = Note for the shift log
note-text = Note
note-kind = What kind (Tab, then digit)
note-about = What about (Tab, then digit)
note-here = this station
note-general = general
note-quality = quality
note-maintenance = maintenance
note-material = material
note-safety = safety
note-handover = handover
give-title = Hand over to the next crew
give-text = Add in words
take-title = Handover of the crew before
take-from = From
card-stops = { $count ->
    [0] All stops explained
    [one] 1 stop without a reason
   *[other] { $count } stops without a reason
}
card-incidents = { $count ->
    [0] No open incident
    [one] 1 open incident
   *[other] { $count } open incidents
}
card-calls = { $count ->
    [0] Nobody is called
    [one] 1 call for help is open
   *[other] { $count } calls for help are open
}
card-waiting = { $count ->
    [0] Everything is at headquarters
   *[other] { $count } entries wait for headquarters
}
card-batch = { $number }: { $good } good so far
card-batch-of = { $number }: { $good } of { $target }
incident = incident
incident-open = INCIDENT { $what } (i)
incident-title = Report an incident
incidents-title = Open incidents
incident-machines = Machines (Tab)
incident-mark = Machines: a digit marks, or takes the mark away. Without one it is the station's.
incident-of-station = This station, no machine
incident-reason = What is it (digit)
incident-no-reasons = No reasons are set up: write what happened (Tab).
severity = How bad (F3)
severity-minor = minor: can wait
severity-major = major: look at it
severity-critical = CRITICAL: cannot wait
choose-incident = Choose what it is, or write it.
write-something = Write something first.
follow-title = Incident
follow-nobody = Nobody looks for the cause yet: Enter when somebody does.
follow-somebody = Somebody looks for the cause. Enter when it is over.
follow-by = { $name } looks for the cause. Enter when it is over.
follow-notes = What was found
call-title = Help
call-new = Call { $help } to { $place }
call-open = HELP { $what } (a)
call-waits = NOBODY COMES YET
call-comes = { $name } comes
help-maintenance = maintenance
help-material = material
help-quality = quality
help-supervisor = supervisor
what-note = Note
what-give = Handover signed
what-take = Handover taken over
what-incident = Incident { $reason }
what-troubleshoot = Somebody looks for the cause
what-resolve = Incident over
what-call = Help called to { $place }
what-coming = On the way
what-end-call = Call ended
kind-note-written = Note
kind-handover-given = Handed over
kind-handover-taken = Taken over
kind-incident-opened = Incident
kind-troubleshooting-started = Cause is looked for
kind-incident-resolved = Incident over
kind-help-called = Help called
kind-call-acknowledged = Help comes
kind-call-ended = Call ended
refusal-no-such-incident = This incident is not open any more.
refusal-already-troubleshooting = Somebody looks for the cause already.
refusal-no-such-call = This call has ended.
refusal-already-called = This help has been called already.
refusal-already-acknowledged = Somebody comes already.
refusal-no-such-handover = This handover does not wait for a signature any more.
refusal-own-handover = { $name } has given this handover. Somebody of the next crew signs it.
asking = Asking …
