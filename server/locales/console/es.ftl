
# The operator's console.

console-title = Consola
console-skip = Ir al contenido
console-login = para entrar en la consola de operación
console-login-again = La consola pide un inicio de sesión de la última hora; y de los últimos diez minutos antes de terminar o reenviar lo que concierne a otros.
console-may-look = puede ver
console-may-act = puede actuar
console-closed = Esta página no es para usted
console-closed-lead = Es para quienes operan este servidor.
console-figures = Cifras
console-as-of = A fecha de
console-refresh = Actualizar
console-live-on = se mantiene al día
console-live-paused = en pausa
console-live-lost = el servidor no responde, se intenta de nuevo
console-live-over = su sesión ha terminado o es demasiado antigua; actualice para iniciarla de nuevo
console-live-pause = Pausar
console-live-go = Seguir
console-parked = { $count ->
    [one] Un aviso necesita que alguien intervenga.
   *[other] { $count } avisos necesitan que alguien intervenga.
}
console-parked-why = Están detenidos: venció su plazo, o intentarlo de nuevo no puede ayudar.
console-no-hands = Nada necesita su intervención: ningún aviso está detenido.
console-equation = Cada promesa está contada
console-created = prometidos
console-state-delivered = entregados
console-state-refused = rechazados
console-state-parked = detenidos
console-state-pending = pendientes
console-state-withdrawn = retirados
console-adds-up = La cuenta cuadra.
console-oldest = El pendiente más antiguo
console-oldest-short = Pendiente más antiguo
console-none-waits = ninguno
console-shown = Avisadas solo por el navegador
console-untold = Sin modo de avisar
console-beside = Lo que no se podía prometer está junto a la cuenta: aplicaciones a las que solo un navegador podía avisar y las que no tienen dirección.
console-by-client = Por aplicación
console-client = Aplicación
console-adds-not = La cuenta no cuadra.
console-proof = Cada estancia que terminó en las últimas 24 horas: avisada, mostrada o sin modo de avisar.
console-missing = { $count ->
    [0] No falta ninguna.
    [one] Falta una.
   *[other] Faltan { $count }.
}
console-letters = cartas a personas, contadas aparte.
console-unsound = Algo se perdió. Comuníquelo a los desarrolladores y conserve el registro y las copias de seguridad.
