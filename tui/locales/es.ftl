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
refusal-open-elsewhere = El lote { $number } está abierto en { $machine }, empezado en { $terminal }. Intro: unirse. Otro número: otro lote.
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
