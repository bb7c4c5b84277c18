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
comment = Comment (optional)
more = … { $count } more: PgDn

## What was recorded
what-clock-in = { $name } clocked in at { $station }
what-clock-out = { $name } clocked out
what-start = Batch of { $product } started on { $machine }
what-complete = Batch { $number } completed: { $good } good, { $scrap } scrap
what-explain = Stop of { $machine } explained: { $reason }
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
key-comment = comment
help-title = Keys
help-badge = A badge can be scanned at any time.

## Status
status-unreachable = NOT RECORDING, or not reachable: { $error }
