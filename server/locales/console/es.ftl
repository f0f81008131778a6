
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
console-counting = Los avisos se están contando por primera vez desde que se inició este servidor. Si son muchísimos, tarda un poco.
console-counted = Contados el { $at }
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
console-parked-see = Ver lo detenido
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
console-look-only = Aquí puede verlo todo y no cambiar nada. Quien opera este servidor puede permitirle más.
console-back = Volver
console-ledger = Libro de avisos
console-find = Buscar
console-clients = Aplicaciones
console-audit = Registro
console-notice = Aviso
console-notices = Avisos
console-session = Sesión
console-sessions = Sesiones
console-person = Persona
console-state = Estado
console-cause = Causa
console-to = Para
console-story = Qué fue de él
console-promised = Prometido
console-until = Se intenta hasta
console-client-id = Aplicación (client_id)
console-text = Cualquier texto
console-any = cualquiera
console-show = Mostrar
console-show-all = Mostrar todo
console-older = Anteriores
console-next = Página siguiente
console-ledger-none = Ningún aviso es así.
console-filter-wrong = El campo «{ $field }» no dice nada conocido.
console-all-again = Reenviar todos estos
console-all-give-up = Renunciar a todos estos
console-again = Reenviar
console-give-up = Renunciar
console-last-reply = Última respuesta
console-latency = De la promesa al cierre
console-name = Nombre
console-attempts = { $count ->
    [one] 1 intento
   *[other] { $count } intentos
}
console-story-pending = { $attempts }; próximo { $due } UTC, hasta { $until } UTC
console-story-delivered = avisada { $at } UTC ({ $attempts })
console-story-refused = rechazado { $at } UTC ({ $attempts })
console-story-parked = detenido { $at } UTC ({ $attempts })
console-story-withdrawn = se renunció { $at } UTC ({ $attempts })
console-trouble-token = Dice que el token de cierre no es válido. ¿Conoce a este emisor y sus claves? Su registro dice por qué; «ostiary rp check» muestra lo que acepta.
console-trouble-login = Pide que alguien inicie sesión allí. Deje entrar sin inicio de sesión las peticiones a su dirección de cierre y reenvíe.
console-trouble-nothing = No hay nada en su backchannel_logout_uri. Corríjala; el próximo intento la lee de nuevo.
console-trouble-redirect = Redirige, y eso no se sigue. Corrija su backchannel_logout_uri.
console-trouble-unsupported = No hace cierre por canal trasero en esa dirección. Corrija su backchannel_logout_uri.
console-trouble-often = Quiere que se le pregunte menos. No hay nada que hacer: vuelve por sí solo.
console-trouble-down = Está caída o es demasiado lenta por ahora. Vuelve por sí solo hasta su plazo; después, reenvíelo.
console-trouble-odd = Dio una respuesta que ninguna especificación conoce. Mire qué responde en su backchannel_logout_uri.
console-trouble-inside = No se permite llegar a su dirección desde aquí. Si ha de ser interna, añádala a outbound.internal, reinicie y reenvíe.
console-trouble-address = Ya no tiene backchannel_logout_uri. Registre una o renuncie a este aviso.
console-trouble-deadline = Su plazo venció antes de que respondiera. Cuando vuelva a estar, reenvíe.
console-trouble-certificate = Su certificado no es de confianza. Renuévelo o haga que esta máquina confíe en su autoridad.
console-trouble-unreachable = No se puede llegar a ella. Compruebe que funciona y que su nombre se encuentra desde aquí; vuelve por sí solo hasta su plazo.
console-trouble-mail = El servidor de correo no la aceptó. «ostiary doctor» prueba el servidor de correo.
console-cause-rp-initiated = lo pidió una aplicación
console-cause-person = la persona
console-cause-consent-withdrawn = acceso retirado
console-cause-operator = quien opera
console-cause-password-changed = contraseña cambiada
console-cause-account-disabled = cuenta desactivada
console-cause-client-disabled = aplicación desactivada
console-cause-idle-expiry = sin uso
console-cause-absolute-expiry = fin de vida
console-cause-reuse = código o token repetido
console-cause-revoked = lo revocó la aplicación
console-cause-replaced = sustituida
console-cause-sign-up = carta: registro
console-cause-sign-up-taken = carta: dirección con cuenta
console-cause-verify-email = carta: confirmar dirección
console-cause-email-changed = carta: dirección cambiada
console-cause-recover = carta: contraseña olvidada
console-did-again = { $count ->
    [one] Se reenvía un aviso.
   *[other] Se reenvían { $count } avisos.
}
console-did-give-up = { $count ->
    [one] Se renunció a un aviso.
   *[other] Se renunció a { $count } avisos.
}
console-did-end = { $count ->
    [one] Se terminó una; se avisa a quien se puede avisar.
   *[other] Se terminaron { $count }; se avisa a quien se puede avisar.
}
console-settle-again = { $count ->
    [one] Reenviar un aviso
   *[other] Reenviar { $count } avisos
}
console-settle-give-up = { $count ->
    [one] Renunciar a un aviso
   *[other] Renunciar a { $count } avisos
}
console-settle-again-lead = Cada uno se intenta enseguida y hasta un nuevo plazo.
console-settle-give-up-lead = Ya no se avisa a nadie. Cuentan como retirados y aún pueden reenviarse algún día.
console-settle-more = Hay más; estos son los más nuevos.
console-settle-which = Cuáles
console-find-words = Quién o qué
console-find-hint = Un nombre de usuario o su comienzo, una dirección de correo, o el nombre de una sesión, una estancia (sid), un aviso o una aplicación.
console-find-button = Buscar
console-found = Encontrado
console-found-none = Nada se llama así.
console-unknown = Aquí no hay nada con ese nombre, o ya no.
console-clients-none = No hay ninguna aplicación registrada.
console-back-channel = Canal trasero
console-front-channel = Canal delantero
console-none = ninguno
console-client-disabled = Esta aplicación está desactivada.
console-client-nowhere = Nadie tiene sesión allí.
console-end-client = Terminar todo lo de esta aplicación…
console-disabled = Esta cuenta está desactivada.
console-live-only = Solo lo vigente
console-all-sessions = También lo terminado
console-end-everywhere = Cerrar en todas partes…
console-signed-in = Dónde tiene sesión
console-nowhere = En ninguna parte.
console-since = desde
console-begun = Desde
console-seen = Último uso
console-end = Terminar…
console-end-session = Terminar esta sesión…
console-background = Acceso en segundo plano
console-background-lead = Sigue aunque su sesión haya terminado.
console-grant-online = con la sesión
console-grant-offline = segundo plano
console-device = Dispositivo
console-end-device = Cerrar sesión en este dispositivo…
console-replayed = Volvió un secreto sustituido
console-exchanged = Tokens canjeados
console-exchanged-lead = Estos clientes no participan y no se les avisa. Lo que tienen se apoya en los permisos que terminan, y muere con ellos.
console-n-exchanged = { $count ->
    [one] 1 token
   *[other] { $count } tokens
}
console-live = activa
console-expired = caducada
console-ended = terminada: { $cause }
console-told-folded = avisada hace tiempo
console-told-shown = solo el navegador podía avisarla
console-told-unrecorded = no consta
console-why-no-address = no se puede avisar: sin dirección
console-why-no-browser = no se puede avisar: solo podría un navegador y no hay ninguno
console-why-declined = no quiere saberlo
console-sessions-live = { $count ->
    [one] Hay una sesión activa.
   *[other] Hay { $count } sesiones activas.
}
console-proven = Demostrado
console-idle-until = Termina sin uso
console-expires = Termina en todo caso
console-ended-at = Terminada
console-by = por { $who }
console-history = Qué ocurrió
console-what-opened = Abierta
console-what-authenticated = Demostró de nuevo quién es
console-what-joined = Empezó a participar
console-what-granted = Concedido
console-what-ended = La sesión terminó
console-what-left = La estancia terminó
console-what-grant-ended = Un acceso terminó
console-what-noticed = Se prometió un aviso
console-what-settled = El aviso se cerró
console-what-audited = En el registro
console-end-title-session = Terminar una sesión de { $name }
console-end-title-stay = Terminar la estancia en { $name }
console-end-title-account = Cerrar la sesión de { $name } en todas partes
console-end-title-client = Terminar todo lo de { $name }
console-end-lead = Aún no ha ocurrido nada. Esto es lo que pasará.
console-end-nothing = No hay nada que terminar: ya terminó.
console-end-part = { $count ->
    [one] Participa en una sesión.
   *[other] Participa en { $count } sesiones; las cifras son de las primeras, y se trata de todas.
}
console-end-sums = Qué pasará
console-end-whom = A quién avisaremos
console-end-do = Terminar ahora
console-will-notice = se le avisará
console-dies = termina
console-lives = sigue
console-n-sessions = { $count ->
    [one] sesión termina
   *[other] sesiones terminan
}
console-n-stays = { $count ->
    [one] estancia termina
   *[other] estancias terminan
}
console-n-noticed = { $count ->
    [one] será avisada
   *[other] serán avisadas
}
console-n-untold = { $count ->
    [one] sin modo de avisar
   *[other] sin modo de avisar
}
console-n-revoked = { $count ->
    [one] acceso termina
   *[other] accesos terminan
}
console-n-kept = { $count ->
    [one] acceso sigue
   *[other] accesos siguen
}
console-offline-revoke = Terminar también el acceso en segundo plano
console-offline-keep = Dejar seguir el acceso en segundo plano
console-actor = Quién
console-subject = Sobre qué
console-audit-none = No hay tal línea.
