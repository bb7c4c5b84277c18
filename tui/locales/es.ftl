# Español.

## Conexión con el registrador
connecting = Preguntando al registrador por su estado …
daemon-away = EL REGISTRADOR NO RESPONDE desde { $since }: valores viejos
daemon-away-advice = Puede seguir: lo que escriba queda aquí y se guardará cuando vuelva.
daemon-never = EL REGISTRADOR NO RESPONDE (preguntando desde { $since })
daemon-never-advice = ¿Está kartd en marcha y es este su socket? Vea kart --help. Se sigue preguntando.
daemon-fault = EL REGISTRADOR TIENE UNA AVERÍA desde { $since }: { $text }
daemon-foreign = EL REGISTRADOR TIENE OTRA VERSIÓN que esta pantalla
daemon-foreign-advice = Salga de esta pantalla (Ctrl-Q) y abra kart de nuevo.
daemon-back = El registrador ha vuelto.

## Registro y central
recording = Registrando
not-recording = NO SE REGISTRA desde { $since }: { $reason }
log-damaged = REGISTRO DAÑADO { $since }, véase { $file }
saved-here = { $count } guardados
hq-alone = Trabaja solo, sin central
hq-connecting = Central: conectando
hq-preparing = La central prepara una nueva vida del registro
hq-up = Central conectada
hq-down = Sin central desde { $since }
hq-refused = LA CENTRAL RECHAZA ESTE TERMINAL
at-headquarters = { $count } central
waiting = { $count } esperan
waiting-oldest = { $count } esperan hace { $oldest }
held = { $count } retenidos allí
refused-there = { $count } rechazados allí
time-unconfirmed = hora sin confirmar
time-adrift = hora ±{ $by } s desde { $since }
clock-fast = reloj adelantado { $by }
clock-slow = reloj atrasado { $by }
site-data = datos de planta de hace { $age }
site-data-never = datos de planta nunca confirmados
no-site = Aún sin datos de planta: nadie puede fichar aquí.
nobody-here = Nadie ha fichado. Pase una tarjeta o pulse b.
here = Aquí:

## Máquinas
state-running = en marcha
state-stopped = parada
state-setup = preparación
state-planned = parada prev.
state-blocked = bloqueada
state-starved = sin material
state-unknown = desconocido
no-machines = Aún no hay ninguna máquina conectada a este terminal.
machine-gone = Esta máquina ya no está conectada a este terminal.
no-machine = No hay ninguna máquina elegida.
good-parts = buenas
good-of = buenas de { $target }
scrap-parts = { $count } malas
to-go = faltan { $count }
no-batch-here = Sin lote. Pulse s para empezar uno.
begun-at = empezado en { $terminal } hace { $age }
begun-at-none = empezado en la central hace { $age }
together = en él: { $people }
elsewhere = { $machine }: lote { $batch }, { $begun }
conflict = ▲ { $what } La central lo aclara.
conflict-ended-again = El lote { $about } se terminó dos veces.
conflict-added-after-end = Se registró algo del lote { $about } después de su fin.
conflict-negative-quantity = Del lote { $about } se registró menos que nada.
conflict-other-product = El lote { $about } se empezó con dos productos.
conflict-unplanned-run = El lote { $about } se hizo dos veces para una entrada de la cola.
conflict-anchor-gone = La entrada { $about } está al final de su cola: la que la precedía ya no está.
conflict-entry-gone = La entrada { $about } de la cola ya estaba usada o retirada.
conflict-illegal-transition = La orden { $about } hizo lo que su estado no permite.
conflict-moved-from-elsewhere = La orden { $about } se vio donde no está.
conflict-number-taken = Dos órdenes tienen el número { $about }.
conflict-labor-overlap = { $about } tiene dos entradas a la misma hora.
conflict-other = { $about }: lo registrado se contradice.
conflicts-more = … y { $count } más
what-join = Se une al lote { $number }
join-offer = Abierto en otro terminal: { $number }. Intro: unirse.
complete-elsewhere = El lote { $number } se empezó en { $terminal } y se termina allí.
why = ¿motivo? (e)
stops-wait = { $count ->
    [one] 1 parada: ¿por qué? (e)
   *[other] { $count } paradas: ¿por qué? (e)
}
device-starting = conectando con el equipo …
device-up = El equipo responde.
device-down = sin respuesta desde { $since }: { $reason }
device-partly = faltan valores desde { $since }: { $reason }
next-batch = { $more ->
    [0] Siguiente: { $batch }
   *[other] Siguiente: { $batch } (+ { $more } más)
}
jobs-here = Trabajos aquí: { $jobs }
signals = Equipo y señales
never-read = nunca leído
age-fresh = hace { $age }
age-old = { $age } VIEJO
quality-old = último conocido
time-of-arrival = ~ edad desde que llegó el mensaje: no dice una hora propia que valga

## Recibos
receipts = Registrado aquí
no-receipts = Nadie ha registrado nada aquí todavía.
stage-saved = guardado aquí
stage-sending = en camino
stage-at-headquarters = en la central
stage-waiting = espera en la central
stage-refused = rechazado en la central
held-unresolved-ref = Nombra algo que aún no está dado de alta en la central.
held-waits-for-record = Un registro anterior está retenido en la central.
held-unreadable = La central no puede leerlo: avise a su supervisor.
held-bad-text = El texto no llegó entero: avise a su supervisor.
held-refused = Las tablas de allí no lo aceptan: avise a su supervisor.
held-otherwise = { $detail }
kind-genesis = Registro iniciado
kind-map-applied = Otro mapa en vigor
kind-started = Registrador iniciado
kind-state-changed = Estado de máquina
kind-counted = Piezas contadas
kind-clocked-in = Entrada
kind-clocked-out = Salida
kind-batch-started = Lote empezado
kind-batch-joined = Se une al lote
kind-batch-left = Deja el lote
kind-batch-completed = Lote terminado
kind-stop-explained = Parada explicada
kind-clock-corrected = Reloj de este equipo corregido
kind-clock-stepped = Se ajustó el reloj de este equipo
kind-correction-seen = Corregido en la central

## Formularios
saving = Guardando …
saving-away = Aún no guardado: el registrador no está. Se repite.
still-saving = Todavía se está guardando; el resultado se verá aquí.
who = Quién
who-nobody = nadie ha fichado
choose-person = ¿Quién es usted? Pase su tarjeta o pulse F2.
badge-first = Pase primero su tarjeta: nadie ha fichado aquí.
badge-title = Tarjeta
badge-hint = Escriba el número de la tarjeta y pulse Intro.
badge = Tarjeta
burst = Tarjeta { $digits } …
punch-in-title = Entrada
punch-out-title = Salida
punch-in = { $name } — ¿entrada en { $station }? Intro
punch-out = { $name } — ¿salida? Trabajado { $worked }. Intro
punch-time = Son las { $time }.
punch-since = Ha fichado a las { $since }.
no-station = No hay aquí ningún puesto donde fichar.
pin = PIN
type-pin = Escriba su PIN y pulse Intro.
screen-hidden = No se usa en esta organización.
start-title = Empezar un lote en { $machine }
product = Producto
no-product = Ningún producto coincide.
choose-product = Elija un producto.
target = Objetivo, piezas
bad-target = El objetivo debe ser un número mayor que 0.
batch-number = Lote (opcional)
work-order = Orden (opcional)
complete-title = Terminar { $number } en { $machine }
no-batch = No hay ningún lote en { $machine }.
good = Piezas buenas
scrap = Piezas malas
counted = la máquina contó { $count }
counted-difference = la máquina contó { $count }: diferencia { $difference }
bad-quantity = Las piezas deben ser números enteros.
scrap-reason = ¿Por qué malas?
choose-scrap-reason = Elija un motivo para las piezas malas.
stops = Paradas sin motivo
still = y sigue parada
explain-title = ¿Por qué se paró?
nothing-to-explain = Ninguna parada espera un motivo.
choose-reason = Elija un motivo.
reading-held = { $counter }: { $before } → { $now } a las { $at }, retenida: nada contado
held-title = Lecturas imposibles: { $machine }
held-accept = aceptar: las piezas se hicieron
held-drop = descartar: no se hicieron
held-hint = Lo que el contador cuente desde ahí vale en ambos casos.
nothing-held = No hay lecturas retenidas en esta máquina.
choose-held = Elige una lectura.
choose-supervisor = ¿Quién eres? Hace falta un supervisor; pulsa F2.
comment = Nota (opcional)
more = … { $count } más: Av Pág

## Lo registrado
what-clock-in = Entrada de { $name } en { $station }
what-clock-out = Salida de { $name }
what-start = Lote de { $product } empezado en { $machine }
what-complete = Lote { $number } terminado: { $good } buenas, { $scrap } malas
what-explain = Parada de { $machine } explicada: { $reason }
what-accept = Lectura de { $counter } de { $machine } aceptada
what-drop = Lectura de { $counter } de { $machine } descartada
mark-saved = GUARDADO
mark-saving = GUARDANDO
pending = { $what } …
pending-away = Sin registrador, se repite: { $what }
refused-later = No registrado: { $what }. { $why }
quit-unsaved = { $count ->
    [one] Una entrada aún no está guardada. Pulse otra vez para salir sin saberlo.
   *[other] { $count } entradas aún no están guardadas. Pulse otra vez para salir sin saberlo.
}
small-window = Esta ventana es de { $columns }×{ $rows }; con 80×24 se ve todo.

## Rechazos
refusal-unknown-badge = Nadie aquí tiene la tarjeta { $badge }.
refusal-inactive = { $name } ya no puede trabajar aquí. Pregunte a su supervisor.
refusal-already-clocked-in = { $name } ya ha fichado.
refusal-not-clocked-in = { $name } no ha fichado.
refusal-machine-only = El puesto { $station } solo admite tiempo de máquina.
refusal-batch-running = El lote { $number } está en { $machine }. Termínelo primero.
refusal-open-elsewhere = El lote { $number } está en { $machine }, empezado en { $terminal } hace { $age }. Intro: unirse. Otro número: otro lote.
refusal-already-on-batch = { $name } ya está en este lote.
refusal-no-such-batch = Este lote ya no está en marcha aquí.
refusal-no-such-stop = Esta parada ya no espera un motivo.
refusal-unknown = { $what ->
    [station] Este puesto ya no se conoce aquí.
    [machine] Esta máquina ya no se conoce aquí.
    [product] Este producto ya no se conoce aquí.
    [reason] Este motivo ya no se conoce aquí.
    [person] Esta persona ya no se conoce aquí.
   *[other] { $what } no se conoce aquí.
}
refusal-bad-value = { $field }: { $problem }
refusal-other-reading = De { $counter } hay ahora otra lectura retenida. Cierre esto y mírela de nuevo.
refusal-not-recording = NO REGISTRADO: { $reason }
refusal-no-site = Este terminal aún no tiene datos de planta.
refusal-pin-needed = { $name } tiene un PIN: escríbalo y pulse Intro.
refusal-pin-wrong = Este no es el PIN de { $name }. { $left ->
    [0] Espere cinco minutos.
    [one] Queda un intento.
   *[other] Quedan { $left } intentos.
}
refusal-pin-locked = { $name } debe esperar cinco minutos tras demasiados PIN erróneos.
refusal-pin-expired = La central no ha confirmado los PIN desde hace demasiado tiempo. Un supervisor los desbloquea con tarjeta y PIN.
refusal-broken = No registrado: el registrador no pudo leerlo ({ $text }).

## Lotes: de la cola al final
kind-batch-paused = Lote en pausa
kind-batch-resumed = Lote reanudado
kind-batch-produced = Piezas anotadas
kind-batch-aborted = Lote abandonado
kind-batch-field-set = Respuesta a una pregunta
kind-batch-equipment-added = Máquina añadida al lote
kind-batch-equipment-removed = Máquina retirada del lote
kind-queue-asked = Orden de la cola pedido
refusal-not-on-batch = { $name } no está en este lote.
refusal-already-paused = El lote { $number } ya está en pausa. Reanúdelo primero.
refusal-not-paused = El lote { $number } no está en pausa.
refusal-not-queued = Esta entrada ya no está en la cola.
refusal-start-in-future = Empezó a las: esa hora aún no ha llegado.
refusal-start-before-end = Empezó a las: el lote anterior en { $machine } terminó más tarde.
refusal-start-too-early = Antes de este turno: tarjeta de un encargado o supervisor (vacía si lo es usted) y por qué.
refusal-not-compatible = { $machine } no sustituye a { $instead }: tarjeta de un encargado o supervisor y por qué.
refusal-may-not-agree = { $name } no es encargado ni supervisor.
refusal-why-needed = Diga por qué.
refusal-field-missing = Hay que responder: { $label }.
refusal-field-wrong = { $label }: { $takes }, por favor.
refusal-scrap-uneven = { $split } piezas tienen motivo, pero hay { $scrap } rechazadas.
field-takes-text = texto libre
field-takes-number = un número
field-takes-boolean = sí o no
field-takes-date = un día: 2026-11-22
field-takes-select = algo de la lista
answer-yes = sí
answer-no = no
answer-none = –
start-next = Lo siguiente de la cola. Para otro producto, escríbalo.
start-time = Empezó a las (antes)
bad-start-time = Empezó a las: una hora de las últimas 16, por ejemplo 06:15.
enqueue-title = Poner un lote en la cola de { $machine }
second-badge = Segunda tarjeta
second-why = Por qué
rework = Para retrabajar
scrap-left = { $count } sin motivo
scrap-without-reason = { $count ->
    [one] 1 pieza rechazada no tiene motivo todavía.
   *[other] { $count } piezas rechazadas no tienen motivo todavía.
}
scrap-too-many-reasons = Hay motivos para { $count } piezas de más: ← quita una.
orders-title = Lo siguiente en { $machine }
orders-machine = Cola de la máquina
orders-station = Cola de la estación
no-orders = No hay nada en la cola. Pulse n para poner algo.
order-asked = pedido
order-continues = sigue aquí
batch-title = Lote { $number } en { $machine }
batch-stands = { $good } buenas, { $scrap } rechazadas de { $target }
batch-rests = en pausa desde { $since }
batch-provisional = número de este terminal
batch-others = { $count ->
    [one] ← → 1 lote más
   *[other] ← → { $count } lotes más
}
batch-resting = En pausa: { $number } (x)
batch-people = ¿Quién trabaja en él? ● está; Enter lo cambia.
batch-machines = ¿Qué máquinas trabajan en él? ● trabaja; Enter lo cambia.
batch-onward = ¿En qué máquina sigue? Primero las que la sustituyen.
abort-reason = ¿Por qué se abandona?
deed-complete = completar
deed-pause = poner en pausa
deed-resume = reanudar
deed-tell = anotar piezas
deed-people = personas en él
deed-machines = más máquinas
deed-continue = seguir en otra máquina
deed-abort = abandonar
what-pause = Lote { $number } en pausa
what-resume = Lote { $number } reanudado
what-tell = Lote { $number }: { $good } buenas, { $scrap } rechazadas, { $rework } para retrabajar
what-abort = Lote { $number } abandonado: { $reason }
what-leave = { $name } dejó el lote { $number }
what-come = { $name } está en el lote { $number }
what-machine-on = { $machine } trabaja en el lote { $number }
what-machine-off = { $machine } ya no trabaja en el lote { $number }
what-continue = El lote { $number } sigue en { $machine }
what-enqueue = { $product } irá a la cola
what-order-moved = { $number } cambiará de lugar
what-order-removed = { $number } saldrá de la cola
key-batch = lote
key-orders = siguiente
key-pick-next = entrada de la cola o respuesta
key-choice-left = respuesta anterior
key-choice-right = respuesta siguiente
key-fewer = una pieza menos para este motivo
key-further = una pieza más para este motivo
key-start-order = empezar
key-order-earlier = antes
key-order-later = después
key-order-new = nuevo
key-order-remove = sacar
key-pick-order = entrada
key-confirm-batch = seguir, guardar
key-pick-deed = elegir
key-batch-before = lote anterior
key-batch-after = lote siguiente

## Teclas
key-help = ayuda
key-quit = salir
key-back = volver
key-badge = tarjeta
key-start = empezar
key-complete = terminar
key-explain = motivo
key-receipts = recibos
key-open-machine = todo sobre la máquina elegida
key-pick-machine = elegir una máquina
key-machine-up = máquina de arriba
key-machine-down = máquina de abajo
key-machine-left = máquina anterior
key-machine-right = máquina siguiente
key-up = arriba
key-down = abajo
key-page-up = página arriba
key-page-down = página abajo
key-next = campo siguiente
key-previous = campo anterior
key-person = otra persona
key-find-badge = seguir
key-confirm-punch = sí
key-station-up = puesto de arriba
key-station-down = puesto de abajo
key-confirm-start = seguir, empezar
key-confirm-complete = seguir, terminar
key-pick-stop = parada
key-open-stop = explicar
key-pick-reason = motivo
key-confirm-explain = guardar
key-held = lecturas retenidas
key-pick-held = lectura
key-comment = nota
help-title = Teclas
help-badge = Se puede pasar una tarjeta en cualquier momento.

## Estado
status-unreachable = NO SE REGISTRA, o no se alcanza: { $error }

## Puesta en marcha
commissioning = Puesta en marcha
commissioning-lost = Sin respuesta: { $reason }
tab-registers = Registros
tab-plan = Plan de lectura
no-devices = El mapa no lee ningún dispositivo Modbus.
table-coil = bobinas
table-discrete = entradas digitales
table-holding = registros de retención
table-input = registros de entrada
registers-what = { $device } (unidad { $unit } en { $line }): { $table } { $from } a { $to }
registers-read = leído { $at } · ▲ cambió desde { $since } · ● cambia como una máquina · ✗ difícil
registers-reading = Leyendo …
registers-refused = No leído: { $reason }
registers-go = Primer registro: { $number }
registers-mapped = asignado: { $signal }
plan-in-force = En vigor: mapa { $map }
plan-file = Archivo con otro mapa: { $path }
plan-reading = Leyendo { $path } …
plan-preview = { $path }: el mapa { $from } pasaría a { $to }
plan-refused = { $path } sería rechazado:
plan-line = { $line }: ocupada el { $share } % del tiempo
plan-line-tight = { $line }: ocupada el { $share } % del tiempo; justo, un dispositivo lento se leerá menos
plan-line-refused = { $line }: ocupada el { $share } % del tiempo; RECHAZADO, no hay tiempo suficiente
plan-group = { $device } (unidad { $unit }) cada { $every } ms: { $requests ->
    [one] { $requests } petición
   *[other] { $requests } peticiones
 }, { $bytes } bytes, unos { $takes } ms
plan-phase = { $phase } ms dentro de cada intervalo
plan-waits = espera a otras peticiones { $waits } ms como máximo
plan-late = TARDE a veces: espera { $waits } ms a otras; ayuda un max_registers menor
plan-hole = { $device }: nunca { $what }
plan-request = { $what }: { $signals ->
    [one] { $signals } señal
   *[other] { $signals } señales
 }, { $bytes } bytes, { $along } leídos de paso
change-warnings = revisar
change-machines-added = máquinas nuevas
change-machines-removed = ya no se observan
change-rules = otras reglas
change-signals-added = señales nuevas
change-signals-moved = se leen en otro sitio
change-signals-removed = señales eliminadas
change-counters = contadores que empiezan de nuevo
change-started = empiezan de nuevo
change-kept = siguen igual
change-stopped = terminan
key-commission = Puesta en marcha: registros, temas, reglas
key-next-screen = siguiente
key-previous-screen = la anterior
key-pick-screen = esta pantalla
key-mark = marcar
key-go = ir a
key-device = otro
key-table = tabla
key-take = aceptar lo escrito

## Indicadores
figures = Indicadores
figures-today = hoy
figures-reading = Leyendo …
column-availability = Disponible
column-performance = Rendim.
column-quality = Calidad
column-oee = OEE
column-coverage = Conocido
column-unexplained = Sin motivo
figure-coverage = Conocido
figure-unexplained = sin motivo
figure-availability = Disponibilidad
figure-performance = Rendimiento
figure-rate-efficiency = Ritmo
figure-operational-efficiency = Ocupación
figure-quality = Calidad
figure-oee = OEE
figure-teep = TEEP
figure-downtime = Paradas
figure-mtbf = MTBF
figure-mttr = MTTR
figure-scrap-rate = Rechazo
figure-labor-efficiency = Mano de obra
figure-breakdown-loss = Averías
figure-setup-loss = Preparación
figure-small-stop-loss = Microparadas
figure-micro-stops = Número de microparadas
figure-speed-loss = Pérdida de ritmo
figure-defect-loss = Defectos
figure-startup-loss = Arranque
figure-missing = s. d.
figure-behind = { $figure } de { $machine }: { $value }, { $known } del tiempo conocido
figure-nothing-behind = Nada.
figure-hole = nada registrado
figure-rate = { $seconds } s por pieza
missing-not-planned = no hay nada planificado en este tiempo
missing-not-seen = no se sabe nada de este tiempo
missing-no-time = ni marchó ni paró sin plan
missing-no-run = no marchó
missing-no-rate = nadie dice cuánto debe tardar una pieza
missing-no-parts = ni un contador ni un lote terminado dice qué se hizo
missing-no-batch = no se terminó ningún lote en este tiempo
missing-nothing-made = los lotes terminados no dieron nada
missing-no-positions = no tiene puestos en paralelo
missing-no-failure = no falló
missing-not-repaired = la avería continúa
missing-no-standard = sin tiempo estándar, o nadie fichó
missing-no-counter = el rechazo no se cuenta
missing-no-factor = falta uno de sus factores
key-figures = indicadores de este turno
key-open-figure = qué hay detrás
key-reasons = motivos según registro o según ahora
figures-recorded = según registro
figures-now = según ahora
key-figure-left = indicador anterior
key-figure-right = indicador siguiente
tab-topics = Temas
tab-signals = Señales
tab-rules = Reglas
no-brokers = El mapa no escucha a ningún broker.
topics-of-the-map = lo que escucha el mapa
topics-what = { $broker }, filtro: { $filter }   { $prefix }
topics-heard = { $topics } temas, { $messages } mensajes desde que mira{ $beyond ->
    [0] {""}
   *[other] , { $beyond } en temas para los que no hubo sitio
 }
topics-listening = Escuchando …
topics-lost = No se oye nada: { $reason }
topic-live = { $topic }: { $count } mensajes, { $rate } por minuto, { $bytes } bytes
topic-retained = { $topic }: RETENIDO, de edad desconocida; { $count } mensajes, { $bytes } bytes
topic-captured = se captaría: { $signals }
topic-not-captured = El mapa no capta nada de este tema.
signals-of = Señales de { $machine }
rules-recorded = { $machine }: { $state } desde { $since } (mapa { $map })
rules-nothing = Aún no hay nada registrado de { $machine }.
rules-asks = Las reglas piden: { $state }, por la regla { $rule }
rules-blind = No se sabe: no se ve una señal que una regla necesita.
rules-no-heartbeat = No se sabe: la señal de vida está parada.
rules-settling = Acaba de entrar en vigor otro mapa; se están leyendo sus señales.
rules-pending = { $state } en { $left }, si se mantiene
rule-otherwise = si no → { $state }
rule-decides = ← decide
rule-hides = ← no se sabe, así que ninguna posterior decide
condition-value = es { $value }, leído hace { $age }
condition-not-seen = no se ve
condition-since = así desde hace { $age }
condition-turns = cambia en { $left }
condition-rose = subió en { $within }

## Tablero, revisión de minutos, cifras grandes, idioma
board = Tablero
board-hours = Hora por hora
board-costs = Lo que cuestan las paradas
board-batches = Lotes
board-back = { $count ->
    [one] el turno anterior
   *[other] hace { $count } turnos
}
board-stops = { $count ->
    [one] 1 parada
   *[other] { $count } paradas
}
board-touch-dwell = personas { $touch }, aquí { $dwell }
board-batches-head = buenas / objetivo, ritmo, tiempo de personas (× estándar), tiempo aquí
board-reading = { $counter }: { $from } → { $to }, { $parts } piezas en { $readings ->
    [one] 1 lectura
   *[other] { $readings } lecturas
 }
board-hour-behind = { $hour }: { $planned } previsto; se deben piezas al ritmo estándar × { $aim } % de objetivo
board-batch-behind = { $batch }: { $made } hechas en este turno, { $due } debidas al ritmo estándar × { $aim } %
hour-target = Objetivo
hour-good = Buenas
hour-difference = +/-
hour-scrap = Rechazo
hour-runs = Marcha
hour-stops = Parada
hour-no-reason = ¿Causa?
line-runs = marcha
line-unexplained = sin causa
line-stopped = parada
line-planned = prevista
line-setup = preparación
line-idle = sin trabajo
line-unknown = sin ver
pace-well = ritmo { $share } %
pace-near = ritmo { $share } %
pace-behind = ATRÁS { $share } %
pace-unknown = ritmo –
ledger = Minutos que no pueden ser todos ciertos
ledger-scope = Hasta donde sabe este terminal. Nadie tiene culpa por figurar aquí.
ledger-empty = Nada en este turno se contradice.
ledger-ran-alone = { $machine } en marcha sin nadie fichado
ledger-batch-ran-alone = { $machine } en marcha con { $batches } sin nadie fichado
ledger-booked-while-down = { $machine } parada, fichados en { $batches }: { $people }
ledger-several-batches = { $machine } tiene un puesto y tuvo { $batches }
ledger-two-stations = { $people } en dos estaciones: { $stations }
language-name = Español
language-is = { $language }.
language-of = { $language } para { $name }.
language-not-kept = Este idioma vale hasta que se cierre la pantalla: { $reason }
key-board = tablero
key-ledger = minutos que no pueden ser ciertos
key-large = cifras grandes
key-small = volver a todas las máquinas
key-language = idioma
key-next-section = parte siguiente
key-previous-section = parte anterior
key-open-line = detrás
key-shift-before = turno anterior
key-shift-after = turno siguiente
key-go-there = ir allí
key-pick-line = línea

## Paradas
stops-title = Paradas
key-sweep = repasar
key-join = unir
key-split = dividir
key-withdraw = deshacer
key-twin = planificada/no planificada
key-pick-group = grupo
key-take-suggestion = sí a todas
key-open-group = otro motivo
stop-waits = { $machine } parada. ¿Por qué? (e)
blind = ? { $machine } { $from } sin ver durante { $lasted }
blind-title = Nadie pudo verla. Fue:
blind-ran = En marcha
blind-nobody = Nadie lo sabe
several-alike = { $count } paradas de { $machine }, cada una con su motivo
several-shared = { $count } paradas de varias máquinas pasan a ser un evento
share-title = Un motivo para varias máquinas
split-title = Dividir una parada en dos
split-at = Segunda parte desde
split-hint = Una hora entre { $from } y { $until }, como 07:22 o 07:22:30
sweep-title = Paradas sin motivo, las iguales juntas
sweep-hint = y toma la sugerencia para todo el grupo; Enter muestra todos los motivos
nothing-to-sweep = Ninguna parada terminada espera un motivo.
nothing-suggested = sin sugerencia
mark-stops = Marque con m las paradas que fueron una y pulse j.
no-reason-found = Ningún motivo tiene eso en el nombre.
looked-for = Nombre con «{ $text }»
type-to-find = las letras buscan un motivo por su nombre
suggestions-taken = De { $given } explicaciones, { $first } tomaron la primera sugerencia y { $page } una de las nueve primeras.
told-part = parte de una parada dividida
told-merged = varias unidas
told-shared = { $count } máquinas
told-blind = dicho por una persona
because-map = por código de fallo
because-fault = dado para este fallo
because-before = tras un estado así
because-product = con este producto
because-hour = a esta hora
because-favourite = frecuente aquí
because-listed = de la lista
group-planned = planificada
group-unplanned = no planificada
group-idle = inactiva
what-ran = { $machine } estaba en marcha cuando nadie la veía
what-nobody-knows = { $machine }: nadie sabe qué hizo
what-split-stop = Parada dividida a las { $at }
what-merge = Paradas de { $machine } unidas
what-take-back = Deshecho, { $machine } como antes
what-withdraw = Motivo retirado: { $reason } ({ $machine })
what-sweep = { $count } paradas explicadas: { $reason }
kind-explanation-withdrawn = Motivo retirado
kind-told-part = Parada dividida
kind-told-merged = Paradas unidas
kind-told-shared = Parada de varias máquinas
kind-told-blind = Tiempo sin ver explicado
kind-event-taken-back = Deshecho
refusal-stop-lasts = Esta parada aún dura. Se puede cambiar cuando termine.
refusal-higher-rank = Alguien con un rol superior dio el motivo { $reason }.
refusal-supervisor-needed = Su turno terminó: lo cambia un supervisor y dice por qué en el comentario.
refusal-not-neighbours = Solo se unen paradas terminadas que están juntas.
refusal-nothing-to-undo = Aquí no hay nada que deshacer.

## People
who-forgotten = Nadie ha pulsado una tecla desde hace rato: diga quién es. Lo escrito sigue aquí.
punch-menu-title = ¿Para qué es la tarjeta?
punch-back = { $name } — ¿de vuelta de { $what }? { $away } fuera. Intro
punch-break = { $name } — ¿hacer una pausa? Intro
punch-meal = { $name } — ¿ir a comer? Intro
punch-activity = { $name } — ¿hacer otra cosa (limpieza, formación)? Intro
punch-move = { $name } — ¿seguir en { $station }? Intro
punch-shares = { $name } — ¿repartir el tiempo entre los lotes? Intro
shares-title = Tiempo de { $name }, por ciento
shares-sum = En total { $sum } de 100; vale desde ahora.
punch-record = { $name } — ¿leer sus horas? Intro
punch-pin = { $name } — ¿elegir otro PIN? Intro
punch-early = { $by } antes del turno { $shift }: guardado al segundo.
punch-late = { $by } dentro del turno { $shift }.
inside-break = Pausa
inside-meal = Comida
inside-activity = Otra cosa
act-out = Salir
act-back = He vuelto
act-move = Seguir en { $station }
act-shares = Repartir mi tiempo
act-record = Mis horas
act-pin = Mi PIN
undo-title = Anular una tarjeta equivocada
undo-hint = Dos minutos, cualquiera. Todo queda anotado. Pase luego la correcta.
undo-in = { $name } entró a las { $time }, hace { $age }
undo-out = { $name } salió a las { $time }, hace { $age }
undo-began = { $name }: { $what } desde las { $time }, hace { $age }
undo-back = { $name }: de vuelta de { $what } a las { $time }, hace { $age }
undo-too-late = { $name }: demasiado tarde para anular
nothing-to-undo = Nada que anular: solo los dos últimos minutos. Después lo corrige el encargado.
told-title = Falta la salida
told-since = { $name }: dentro desde { $since }. ¿Cuándo se fue?
told-last-key = Propuesta: { $time }, lo último anotado con su tarjeta.
told-taken-over = Propuesta: { $time }, su última anotación; otra persona siguió después.
told-shift-end = Propuesta: { $time }, el fin del turno. Nada más lo indica.
told-nothing = Nada indica cuándo se fue.
told-time = Salida (hh:mm:ss)
told-reason = Por qué otra hora
told-hint = Intro: así fue. Esc: más tarde; hasta entonces, horas provisionales.
missing-out = falta la salida
time-form = Escriba la hora como 14:01 o 14:01:40.
time-never = Las { $time } no existieron esa noche: se adelantó el reloj.
time-twice = Las { $time } hubo dos veces esa noche. { $time } 1 para la primera, { $time } 2 para la segunda.
pin-title = PIN de { $name }
pin-old = PIN actual
pin-new = PIN nuevo
pin-again = PIN nuevo otra vez
pin-hint = De 4 a 12 cifras. Vale aquí, hasta que la central dé otro.
pins-differ = No son iguales. Escriba el PIN nuevo dos veces.
record-whose = Mis horas: ¿qué tarjeta?
record-title = Horas de { $name }
record-reading = Leyendo …
record-lost = No leído: { $reason }
record-empty = Aquí no hay nada anotado en este mes.
record-sum = { $month }: { $worked } dentro, { $open ->
    [0] todo confirmado
    [one] 1 anotación sin confirmar (c)
   *[other] { $open } anotaciones sin confirmar (c)
}
record-shift = Turno
record-void = anulado, no cuenta
record-provisional = falta la salida: provisional
record-confirmed = confirmado
record-told = fin dicho después
record-open = {""}
nothing-to-confirm = No hay nada que confirmar.
punch-kind-in = { $recorded } entrada ({ $by })
punch-kind-out = { $recorded } salida ({ $by })
punch-kind-began = { $recorded } comienzo ({ $by })
punch-kind-back = { $recorded } vuelta ({ $by })
punch-kind-undone = { $recorded } anulado por tarjeta equivocada ({ $by })
punch-kind-missing = { $recorded } falta la salida, propuesta { $until }
punch-kind-told = { $recorded } fin dicho: { $until } ({ $by })
punch-kind-confirmed = { $recorded } confirmado { $from } – { $until } ({ $by })
punch-kind-asked = { $recorded } pedido: { $from } – { $until } ({ $by })
punch-kind-corrected = { $recorded } corregido en la central: { $from } – { $until } ({ $by })
punch-kind-other = { $recorded } ({ $by })
what-break = { $name }: pausa
what-meal = { $name }: comida
what-activity = { $name }: otra cosa
what-back = { $name } ha vuelto
what-move = { $name } sigue en { $station }
what-undo = Anulado: tarjeta de { $name }. Pase la correcta
what-told-out = { $name } salió a las { $time }
what-split = Tiempo de { $name } repartido
what-pin = PIN de { $name } puesto en este terminal
what-confirm = { $name } confirmó { $count } anotaciones
kind-labor-began = Pausa o comida
kind-labor-ended = Vuelta
kind-punch-undone = Tarjeta anulada
kind-out-missed = Falta la salida
kind-out-told = Salida dicha después
kind-labor-confirmed = Horas confirmadas
kind-labor-asked = Corrección pedida
kind-labor-split = Tiempo repartido
kind-pin-set = PIN elegido
refusal-already-away = { $name } ya está fuera.
refusal-not-away = { $name } no está fuera.
refusal-cannot-undo = Demasiado tarde: esta tarjeta ya no se puede anular aquí. Lo corrige el encargado.
refusal-no-such-entry = Esta anotación ya no está abierta aquí.
refusal-out-outside = Salida: debe estar entre { $from } y { $until }.
refusal-out-impossible = Salida: debe ser después de la entrada y antes de ahora.
refusal-reason-needed = Por qué otra hora: hace falta una palabra si no es la propuesta.
refusal-bad-shares = Partes: de 1 a 100 por ciento, 100 en total, de sus lotes.
refusal-bad-pin = PIN: de 4 a 12 cifras.
key-undo = anular tarjeta
key-record = mis horas
key-pick-act = elegir
key-act-up = arriba
key-act-down = abajo
key-confirm-undo = anular
key-pick-punch = tarjeta
key-confirm-told = así fue
key-told-later = más tarde
key-confirm-shares = seguir, guardar
key-confirm-pin = seguir, guardar
key-agree = confirmar
key-month-before = mes anterior
key-month-after = mes siguiente

## Lo que la gente se dice: notas, relevos, incidentes, llamadas
key-notes = libro
key-note = nota
key-hand = relevo
key-search = buscar
key-search-end = fin de búsqueda
key-save = guardar
key-pick-word = elegir
key-sign = firmar
key-incident = incidente
key-pick-incident = elegir
key-open-incident = abrir
key-new-incident = nuevo
key-severity = gravedad
key-follow = siguiente paso
key-resolve = resuelto
key-help-call = pedir ayuda
key-call = llamar / voy
key-end-call = fin de llamada
log-title = Libro de turno
log-search = Buscar
log-empty = Aquí nadie ha escrito nada todavía. n escribe una nota.
log-not-found = Ninguna nota tiene todas estas palabras.
log-taken = recibido por { $name }
note-title = Nota en el libro de turno
note-text = Nota
note-kind = De qué tipo (Tab y cifra)
note-about = Sobre qué (Tab y cifra)
note-here = esta estación
note-general = general
note-quality = calidad
note-maintenance = mantenimiento
note-material = material
note-safety = seguridad
note-handover = relevo
give-title = Relevo al turno siguiente
give-text = Añadir en palabras
take-title = Relevo del turno anterior
take-from = De
card-stops = { $count ->
    [0] Todas las paradas explicadas
    [one] 1 parada sin motivo
   *[other] { $count } paradas sin motivo
}
card-incidents = { $count ->
    [0] Ningún incidente abierto
    [one] 1 incidente abierto
   *[other] { $count } incidentes abiertos
}
card-calls = { $count ->
    [0] Nadie está llamado
    [one] 1 llamada de ayuda abierta
   *[other] { $count } llamadas de ayuda abiertas
}
card-waiting = { $count ->
    [0] Todo está en la central
   *[other] { $count } registros esperan a la central
}
card-batch = { $number }: { $good } buenas hasta ahora
card-batch-of = { $number }: { $good } de { $target }
incident = incidente
incident-open = INCIDENTE { $what } (i)
incident-title = Avisar de un incidente
incidents-title = Incidentes abiertos
incident-machines = Máquinas (Tab)
incident-mark = Máquinas: una cifra marca o quita la marca. Sin marca es de la estación.
incident-of-station = Esta estación, ninguna máquina
incident-reason = Qué es (cifra)
incident-no-reasons = No hay motivos definidos: escriba qué pasó (Tab).
severity = Gravedad (F3)
severity-minor = leve: puede esperar
severity-major = grave: hay que mirarlo
severity-critical = CRÍTICO: no puede esperar
choose-incident = Elija qué es, o escríbalo.
write-something = Escriba algo primero.
follow-title = Incidente
follow-nobody = Nadie busca la causa todavía: Enter cuando alguien lo haga.
follow-somebody = Alguien busca la causa. Enter cuando esté resuelto.
follow-by = { $name } busca la causa. Enter cuando esté resuelto.
follow-notes = Qué era
call-title = Ayuda
call-new = Llamar a { $help } a { $place }
call-open = AYUDA { $what } (a)
call-waits = NADIE VIENE TODAVÍA
call-comes = viene { $name }
help-maintenance = mantenimiento
help-material = material
help-quality = calidad
help-supervisor = supervisor
what-note = Nota
what-give = Relevo firmado
what-take = Relevo recibido
what-incident = Incidente { $reason }
what-troubleshoot = Alguien busca la causa
what-resolve = Incidente resuelto
what-call = Ayuda llamada a { $place }
what-coming = En camino
what-end-call = Llamada terminada
kind-note-written = Nota
kind-handover-given = Relevo entregado
kind-handover-taken = Relevo recibido
kind-incident-opened = Incidente
kind-troubleshooting-started = Se busca la causa
kind-incident-resolved = Incidente resuelto
kind-help-called = Ayuda llamada
kind-call-acknowledged = Viene ayuda
kind-call-ended = Llamada terminada
refusal-no-such-incident = Este incidente ya no está abierto.
refusal-already-troubleshooting = Alguien busca ya la causa.
refusal-no-such-call = Esta llamada ha terminado.
refusal-already-called = Esta ayuda ya está llamada.
refusal-already-acknowledged = Ya viene alguien.
refusal-no-such-handover = Este relevo ya no espera firma.
refusal-own-handover = { $name } ha entregado este relevo. Lo firma alguien del turno siguiente.
asking = Preguntando …
