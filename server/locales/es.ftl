# The texts people see, es. Every key stands in every language (server/src/page/tests.rs).

test-mode = MODO DE PRUEBA: este servidor confía en lo que ningún servidor real debería. No inicie sesión con una contraseña real.
login-title = Iniciar sesión
login-again-title = Confirme que es usted
login-lead = para continuar en { $application }
login-missing = Introduzca su usuario y su contraseña.
login-wrong = El usuario y la contraseña no coinciden. Inténtelo de nuevo.
username = Usuario
password = Contraseña
remember = Mantener la sesión en este dispositivo
login-button = Iniciar sesión
cancel = Cancelar
policy-link = Política de privacidad
tos-link = Condiciones del servicio
choose-title = Elegir una cuenta
choose-lead = Hay más de una cuenta con la sesión abierta en este navegador.
choose-another = Usar otra cuenta
consent-title = Permitir el acceso
consent-question = ¿Permitir el acceso a { $application }?
consent-as = Ha iniciado sesión como { $username }. La aplicación solicita:
consent-new = nuevo
consent-claim = leer un dato: { $claim }
consent-resource = actuar en su nombre en { $resource }
consent-allow = Permitir
consent-deny = No permitir
consent-later = Puede retirar este permiso en cualquier momento en la página de su cuenta.
scope-openid = saber que es usted
scope-profile = leer su perfil: nombre, foto, idioma y similares
scope-email = leer su correo electrónico
scope-address = leer su dirección postal
scope-phone = leer su número de teléfono
scope-offline-access = conservar este acceso cuando usted no esté
scope-device-sso = compartir este inicio de sesión con las demás aplicaciones del mismo proveedor en este dispositivo
scope-other = usar el permiso «{ $scope }»
logout-title = Cerrar sesión
logout-from = { $application } solicita cerrar su sesión.
logout-lead = ¿Quiere cerrar todas las sesiones de este navegador?
logout-sessions = Sesiones abiertas aquí:
logout-device = También se cerrará la sesión en las aplicaciones que comparten este inicio de sesión en un dispositivo.
logout-button = Cerrar sesión en todas las aplicaciones
logout-client = Cerrar solo en { $application }
logout-stay = Seguir con la sesión
signed-out-title = Ha cerrado la sesión
signed-out-others = Sesiones aún abiertas en este navegador:
signed-out-back = Volver a { $application }
told-told = se le ha avisado
told-will-be = aún no responde, se le avisará
told-could-not = no se le ha podido avisar: cierre la sesión allí
told-browser = solo se le podía avisar desde su navegador
error-title = No ha funcionado
error-do = Vuelva a la aplicación e inténtelo de nuevo. Si se repite, comunique a sus responsables los datos de abajo.
error-code = Error
busy-title = Un momento, por favor
busy-say = El servidor no puede hacerlo ahora. No se ha perdido nada; inténtelo de nuevo en un momento.
form-post-title = Volviendo a la aplicación
form-post-button = Continuar
account-title = Su cuenta
account-lead = Sesión iniciada como { $username }
account-sessions = Dónde ha iniciado sesión
account-unknown-agent = Navegador desconocido
account-here = este navegador
account-end = Cerrar sesión
account-applications = Aplicaciones con acceso
account-none = Ninguna por ahora.
account-withdraw = Retirar
account-password = Contraseña
account-current = Contraseña actual
account-new = Contraseña nueva
account-new-hint = Al menos 10 caracteres. La longitud ayuda más que los símbolos: tres o cuatro palabras son una buena contraseña.
account-repeat = Repita la contraseña nueva
account-change = Cambiar la contraseña
account-sign-out = Cerrar sesión en este navegador
account-did-password = Su contraseña se ha cambiado. Se cerró la sesión en los demás dispositivos.
account-did-end = Esa sesión ha terminado.
account-differ = Las dos contraseñas nuevas no coinciden.
account-wrong = La contraseña actual no es correcta.
account-too-many = Demasiados intentos. Espere unos minutos.
home-title = La puerta está abierta
home-lead = { $name } inicia su sesión en las aplicaciones, y también la cierra.
home-account = Su cuenta
home-developers = Para las aplicaciones:

title-problem = Problema:
login-lead-account = para ver su cuenta
login-too-many = Demasiados intentos. Vuelva a intentarlo en { $minutes ->
    [one] un minuto
   *[other] { $minutes } minutos
}.
account-seen = último uso:
account-since = desde el
account-did-withdraw = La aplicación ya no tiene acceso y se le está avisando.
signed-out-lead = Su sesión aquí ha terminado.
signed-out-stay-title = Su sesión en { $application } ha terminado
signed-out-of = Ha cerrado la sesión en { $application }.
signed-out-before = Ya no quedaba ninguna sesión que cerrar.
signed-out-others-told = También se ha avisado a todas las demás aplicaciones que ha usado.
signed-out-none = No había que avisar a ninguna aplicación.
signed-out-all = Se ha avisado a todas las aplicaciones que ha usado.
signed-out-soon = Todavía no han respondido todas las aplicaciones.
signed-out-some = Revise la lista: no se ha podido avisar a todas las aplicaciones.
signed-out-wait = Seguimos intentándolo, aunque cierre esta página.
signed-out-look = Volver a mirar
signed-out-browser = No podemos saber si una aplicación a la que solo podía avisar su navegador se ha enterado: muchos navegadores le ocultan entonces sus cookies. En caso de duda, cierre la sesión allí.
signed-out-onward = Volverá a { $application } en un momento.
told-there = Abrir { $application }
error-id = Referencia
error-when = Cuándo
error-say = Para desarrolladores
broken-title = Algo ha fallado aquí
broken-say = El fallo es nuestro, no suyo. Inténtelo de nuevo en un momento; si se repite, comunique los datos de abajo a los responsables de este servidor.
form-post-lead = Si no ocurre nada, pulse el botón.
why-unknown = Este servidor no conoce la aplicación que le ha enviado aquí.
why-disabled = La aplicación que le ha enviado aquí está desactivada.
why-address = La aplicación quiere llevarle a una dirección que no ha registrado. Por su seguridad, no lo hemos hecho.
why-old = Esta página es demasiado antigua o no procede de aquí.
why-browser = Esta página se ha abierto en un navegador distinto de aquel en el que empezó.
why-cookie = Su navegador no ha enviado nuestra cookie. Permita las cookies para este sitio.
why-not-here = Esa cuenta ya no tiene una sesión abierta aquí.
why-hint = La aplicación que quería cerrar su sesión no ha indicado de forma fiable de quién se trata. Su sesión sigue abierta.
why-request = La aplicación ha enviado una solicitud que este servidor no puede aceptar. Usted no ha hecho nada mal.
password-short = La contraseña nueva es demasiado corta. Use al menos 10 caracteres.
password-long = La contraseña nueva es demasiado larga.
password-username = La contraseña nueva no puede ser su usuario.
password-common = La contraseña nueva es una de las primeras que se adivinan. Elija otra.
password-control = La contraseña nueva contiene un carácter que no se puede escribir.
password-same = La contraseña nueva es igual que la anterior.
ago-now = ahora mismo
ago-minutes = hace { $count ->
    [one] un minuto
   *[other] { $count } minutos
}
ago-hours = hace { $count ->
    [one] una hora
   *[other] { $count } horas
}
date-day = { $day } de { $month } de { $year }
claim-name = su nombre completo
claim-given-name = su nombre de pila
claim-family-name = sus apellidos
claim-middle-name = su segundo nombre
claim-nickname = su apodo
claim-preferred-username = el nombre de usuario que prefiere
claim-profile = la dirección de su página de perfil
claim-picture = su foto
claim-website = su sitio web
claim-gender = su género
claim-birthdate = su fecha de nacimiento
claim-zoneinfo = su zona horaria
claim-locale = su idioma
claim-updated-at = cuándo se modificó su perfil por última vez
claim-email = su correo electrónico
claim-email-verified = si su correo electrónico está confirmado
claim-address = su dirección postal
claim-phone-number = su número de teléfono
claim-phone-number-verified = si su número de teléfono está confirmado
date-month = { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[other] diciembre
}
login-create = Crear una cuenta
login-recover = ¿Ha olvidado su contraseña?
login-recovered = Su nueva contraseña está guardada y se ha cerrado la sesión en todos los demás sitios. Inicie sesión con ella.
email = Correo electrónico
email-malformed = Introduzca una dirección de correo como nombre@example.org.
mail-button = Enviarme el enlace
mail-too-many = Se han pedido demasiados mensajes. Inténtelo de nuevo dentro de { $minutes ->
    [one] un minuto
   *[other] { $minutes } minutos
}.
create-title = Crear una cuenta
create-lead = Su dirección de correo será su usuario. Enviamos un mensaje allí; su enlace le permite continuar.
create-have = Ya tengo una cuenta
recover-title = Contraseña olvidada
recover-lead = Escriba su usuario o su dirección de correo. Le enviamos un mensaje; con su enlace podrá elegir una contraseña nueva.
recover-name = Usuario o correo electrónico
recover-missing = Introduzca su usuario o su dirección de correo.
recover-back = Volver al inicio de sesión
sent-title = Mire su correo
sent-create = Hemos enviado un mensaje a { $address }. En él se explica cómo continuar.
sent-recover = Si existe una cuenta para «{ $name }» y conocemos su dirección de correo, un mensaje va de camino. Su enlace sirve durante 30 minutos.
sent-nothing = ¿No hay nada después de unos minutos? Mire entre los mensajes no deseados y compruebe lo que ha escrito.
link-name = Su nombre
link-name-wrong = Escriba su nombre de otra forma o no lo indique.
link-password = Contraseña nueva
link-repeat = Repita la contraseña nueva
link-verify-title = Confirmar su correo electrónico
link-verify-lead = ¿Debe { $address } ser la dirección de correo de su cuenta «{ $username }»?
link-verify-button = Sí, confirmar
link-recover-title = Elegir una contraseña nueva
link-recover-lead = Para la cuenta «{ $username }». Se cerrará la sesión en todos los demás sitios.
link-recover-button = Guardar contraseña
link-create-lead = Su usuario: { $address }
link-create-button = Crear cuenta
account-email-confirmed = confirmado
account-email-unconfirmed = sin confirmar
account-email-none = Todavía no hay ninguna dirección.
account-email-new = Nuevo correo electrónico
account-email-hint = Enviamos un mensaje allí. La dirección cambia cuando abra su enlace en este navegador.
account-details = Sus datos
account-details-keep = Guardar
account-did-details = Sus datos se han guardado.
account-detail-wrong = Esto no es válido: revise el campo marcado.
account-email-send = Enviar mensaje
account-did-email = Su correo electrónico está confirmado.
account-did-send = Un mensaje va de camino a esa dirección. Abra su enlace en este navegador.
account-many-letters = Se han pedido demasiados mensajes. Inténtelo de nuevo más tarde.
account-to-applications = Abrir una aplicación
applications-title = Sus aplicaciones
applications-none = Ninguna de sus aplicaciones se puede abrir desde aquí.
why-link = Este enlace ya se ha usado, es demasiado antiguo o no está completo. Pida uno nuevo.
why-taken = Ya existe una cuenta con este correo electrónico. Inicie sesión con ella.
why-off = Esto no se ofrece aquí.
letter-create-subject = Cree su cuenta en { $name }
letter-create = Alguien, probablemente usted, quiere crear una cuenta en { $name } con esta dirección de correo. Para continuar, abra este enlace:
letter-create-not = Si no ha sido usted, no tiene que hacer nada: no se crea ninguna cuenta.
letter-taken-subject = Ya tiene una cuenta en { $name }
letter-taken = Alguien, probablemente usted, quería crear una cuenta en { $name } con esta dirección de correo. Ya existe una. Puede iniciar sesión aquí:
letter-taken-not = Si ha olvidado su contraseña, la página de inicio de sesión le ayuda. Si no ha sido usted, no tiene que hacer nada.
letter-verify-subject = Confirme su correo electrónico en { $name }
letter-verify = La cuenta «{ $username }» en { $name } va a tener esta dirección de correo. Para confirmarla, abra este enlace en el navegador en el que tiene la sesión abierta:
letter-verify-not = Si esta no es su cuenta, no abra el enlace y no pasará nada.
letter-changed-subject = Su correo electrónico en { $name } ha cambiado
letter-changed = La cuenta «{ $username }» en { $name } tiene desde ahora otra dirección de correo; aquí ya no llegarán mensajes. Su cuenta está aquí:
letter-changed-not = Si no ha sido usted quien la ha cambiado, avise cuanto antes a los responsables de { $name }.
letter-recover-subject = Elija una contraseña nueva en { $name }
letter-recover = Alguien, probablemente usted, ha olvidado la contraseña de la cuenta «{ $username }» en { $name }. Para elegir una nueva, abra este enlace:
letter-recover-not = Si no ha sido usted, no tiene que hacer nada: su contraseña sigue igual.
letter-minutes = El enlace sirve una vez, durante { $count } minutos.
letter-hours = El enlace sirve una vez, durante { $count } horas.
why-account = No se puede iniciar sesión con esta cuenta en este momento.
account-end-all = Cerrar sesión en todas partes
account-device = aplicaciones de este dispositivo
account-end-device = Cerrar sesión en este dispositivo
account-replayed = Alguien usó una clave antigua de este dispositivo. Si no sabe de ninguna copia, cierre su sesión.
end-title = ¿Cerrar sesión?
end-lead-session = Esto termina su sesión en { $place }.
end-lead-stay = Esto cierra su sesión solo en { $application }. La sesión continúa.
end-lead-all = Esto termina todas sus sesiones, en todos los navegadores y dispositivos.
end-devices = { $count ->
    [one] También se cierra la sesión de las aplicaciones de un dispositivo que la abrieron desde allí.
   *[other] También se cierra la sesión de las aplicaciones de { $count } dispositivos que la abrieron desde allí.
}
end-told = Participan estas aplicaciones:
end-nobody = Ninguna aplicación participa.
end-back = será avisada
end-browser = la avisará este navegador
end-untold = no puede ser avisada: cierre la sesión allí usted mismo
end-keeps = conserva el acceso en segundo plano
end-offline = Terminar también el acceso en segundo plano
end-back-out = Volver
