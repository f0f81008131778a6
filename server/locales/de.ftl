# The texts people see, de. Every key stands in every language (server/src/page/tests.rs).

test-mode = TESTBETRIEB – dieser Server vertraut, wem kein echter Server trauen darf. Melden Sie sich nicht mit einem echten Passwort an.
login-title = Anmelden
login-again-title = Bestätigen Sie, dass Sie es sind
login-lead = um mit { $application } fortzufahren
login-missing = Bitte geben Sie Benutzernamen und Passwort ein.
login-wrong = Benutzername und Passwort passen nicht zusammen. Bitte versuchen Sie es noch einmal.
username = Benutzername
password = Passwort
remember = Auf diesem Gerät angemeldet bleiben
login-button = Anmelden
cancel = Abbrechen
policy-link = Datenschutzerklärung
tos-link = Nutzungsbedingungen
choose-title = Konto auswählen
choose-lead = In diesem Browser ist mehr als ein Konto angemeldet.
choose-another = Anderes Konto verwenden
consent-title = Zugriff erlauben
consent-question = Darf { $application } zugreifen?
consent-as = Sie sind als { $username } angemeldet. Die Anwendung möchte:
consent-new = neu
consent-claim = eine Angabe lesen: { $claim }
consent-resource = in Ihrem Namen auf { $resource } zugreifen
consent-allow = Erlauben
consent-deny = Nicht erlauben
consent-later = Sie können dies jederzeit auf Ihrer Kontoseite zurücknehmen.
scope-openid = wissen, dass Sie es sind
scope-profile = Ihr Profil lesen: Name, Bild, Sprache und Ähnliches
scope-email = Ihre E-Mail-Adresse lesen
scope-address = Ihre Postanschrift lesen
scope-phone = Ihre Telefonnummer lesen
scope-offline-access = diesen Zugriff behalten, auch wenn Sie nicht da sind
scope-device-sso = diese Anmeldung mit den anderen Apps desselben Anbieters auf diesem Gerät teilen
scope-other = die Berechtigung „{ $scope }“ nutzen
logout-title = Abmelden
logout-from = { $application } möchte Sie abmelden.
logout-lead = Möchten Sie sich in diesem Browser überall abmelden?
logout-sessions = Hier angemeldet:
logout-device = Sie werden auch bei den Anwendungen abgemeldet, die sich diese Anmeldung auf einem Gerät teilen.
logout-button = Bei allen Anwendungen abmelden
logout-client = Nur bei { $application } abmelden
logout-stay = Angemeldet bleiben
signed-out-title = Sie sind abgemeldet
signed-out-others = In diesem Browser noch angemeldet:
signed-out-back = Zurück zu { $application }
told-told = wurde benachrichtigt
told-will-be = antwortet noch nicht, wird benachrichtigt
told-could-not = konnte nicht benachrichtigt werden: bitte dort selbst abmelden
told-browser = nur über Ihren Browser erreichbar
error-title = Das hat nicht geklappt
error-do = Bitte gehen Sie zur Anwendung zurück und versuchen Sie es noch einmal. Geschieht es wieder, nennen Sie deren Betreibern die Angaben unten.
error-code = Fehler
busy-title = Einen Moment bitte
busy-say = Der Server kann das gerade nicht tun. Es ging nichts verloren; bitte versuchen Sie es gleich noch einmal.
form-post-title = Sie werden zurückgeleitet
form-post-button = Weiter
account-title = Ihr Konto
account-lead = Angemeldet als { $username }
account-sessions = Wo Sie angemeldet sind
account-unknown-agent = Unbekannter Browser
account-here = dieser Browser
account-end = Abmelden
account-applications = Anwendungen mit Zugriff
account-none = Noch keine.
account-withdraw = Zurücknehmen
account-password = Passwort
account-current = Bisheriges Passwort
account-new = Neues Passwort
account-new-hint = Mindestens 10 Zeichen. Länge hilft mehr als Sonderzeichen: Drei oder vier Wörter ergeben ein gutes Passwort.
account-repeat = Neues Passwort wiederholen
account-change = Passwort ändern
account-sign-out = In diesem Browser abmelden
account-did-password = Ihr Passwort wurde geändert. Andere Geräte wurden abgemeldet.
account-did-end = Diese Sitzung ist beendet.
account-differ = Das neue Passwort wurde zweimal verschieden eingegeben.
account-wrong = Das bisherige Passwort stimmt nicht.
account-too-many = Zu viele Versuche. Bitte warten Sie einige Minuten.
home-title = Die Tür ist offen
home-lead = { $name } meldet Sie bei Ihren Anwendungen an, und auch wieder ab.
home-account = Ihr Konto
home-developers = Für Anwendungen:

title-problem = Problem:
login-lead-account = um Ihr Konto zu sehen
login-too-many = Zu viele Versuche. Bitte versuchen Sie es in { $minutes ->
    [one] einer Minute
   *[other] { $minutes } Minuten
} noch einmal.
account-seen = zuletzt gesehen:
account-since = seit
account-did-withdraw = Die Anwendung hat keinen Zugriff mehr und wird benachrichtigt.
signed-out-lead = Ihre Sitzung hier ist beendet.
signed-out-stay-title = Ihre Anmeldung bei { $application } ist beendet
signed-out-of = Sie sind bei { $application } abgemeldet.
signed-out-before = Es gab nichts mehr abzumelden.
signed-out-others-told = Auch alle anderen Anwendungen, die Sie benutzt haben, wurden benachrichtigt.
signed-out-none = Es war keine Anwendung zu benachrichtigen.
signed-out-all = Alle Anwendungen, die Sie benutzt haben, wurden benachrichtigt.
signed-out-soon = Noch haben nicht alle Anwendungen geantwortet.
signed-out-some = Bitte sehen Sie die Liste durch: Nicht alle Anwendungen konnten benachrichtigt werden.
signed-out-wait = Wir versuchen es weiter, auch wenn Sie diese Seite schließen.
signed-out-look = Noch einmal nachsehen
signed-out-browser = Ob eine Anwendung, die nur über Ihren Browser erreichbar ist, davon erfahren hat, können wir nicht wissen: Viele Browser enthalten ihr dabei ihre Cookies vor. Melden Sie sich im Zweifel dort selbst ab.
signed-out-onward = Sie kommen gleich zurück zu { $application }.
told-there = { $application } öffnen
error-id = Kennung
error-when = Zeitpunkt
error-say = Für Entwickler
broken-title = Hier ist etwas schiefgegangen
broken-say = Der Fehler liegt bei uns, nicht bei Ihnen. Bitte versuchen Sie es gleich noch einmal; geschieht es wieder, nennen Sie den Betreibern dieses Servers die Angaben unten.
form-post-lead = Wenn nichts geschieht, drücken Sie bitte den Knopf.
why-unknown = Die Anwendung, von der Sie kommen, ist diesem Server nicht bekannt.
why-disabled = Die Anwendung, von der Sie kommen, wurde abgeschaltet.
why-address = Die Anwendung möchte Sie zu einer Adresse leiten, die sie nicht angemeldet hat. Zu Ihrer Sicherheit haben wir das nicht getan.
why-old = Diese Seite ist zu alt oder stammt nicht von hier.
why-browser = Diese Seite wurde in einem anderen Browser geöffnet als dem, in dem Sie begonnen haben.
why-cookie = Ihr Browser hat unser Cookie nicht mitgeschickt. Bitte lassen Sie Cookies für diese Seite zu.
why-not-here = Dieses Konto ist hier nicht mehr angemeldet.
why-hint = Die Anwendung, die Sie abmelden wollte, hat nicht verlässlich gesagt, wen sie meint. Sie sind weiterhin angemeldet.
why-request = Die Anwendung hat eine Anfrage geschickt, die dieser Server nicht annehmen kann. Sie haben nichts falsch gemacht.
password-short = Das neue Passwort ist zu kurz. Bitte verwenden Sie mindestens 10 Zeichen.
password-long = Das neue Passwort ist zu lang.
password-username = Das neue Passwort darf nicht Ihr Benutzername sein.
password-common = Das neue Passwort gehört zu denen, die zuerst erraten werden. Bitte wählen Sie ein anderes.
password-control = Das neue Passwort enthält ein Zeichen, das sich nicht eingeben lässt.
password-same = Das neue Passwort ist dasselbe wie das alte.
ago-now = gerade eben
ago-minutes = { $count ->
    [one] vor einer Minute
   *[other] vor { $count } Minuten
}
ago-hours = { $count ->
    [one] vor einer Stunde
   *[other] vor { $count } Stunden
}
date-day = { $day }. { $month } { $year }
claim-name = Ihr Name
claim-given-name = Ihr Vorname
claim-family-name = Ihr Nachname
claim-middle-name = Ihr zweiter Vorname
claim-nickname = Ihr Spitzname
claim-preferred-username = Ihr bevorzugter Benutzername
claim-profile = die Adresse Ihrer Profilseite
claim-picture = Ihr Bild
claim-website = Ihre Website
claim-gender = Ihr Geschlecht
claim-birthdate = Ihr Geburtsdatum
claim-zoneinfo = Ihre Zeitzone
claim-locale = Ihre Sprache
claim-updated-at = wann Ihr Profil zuletzt geändert wurde
claim-email = Ihre E-Mail-Adresse
claim-email-verified = ob Ihre E-Mail-Adresse bestätigt ist
claim-address = Ihre Postanschrift
claim-phone-number = Ihre Telefonnummer
claim-phone-number-verified = ob Ihre Telefonnummer bestätigt ist
date-month = { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[other] Dezember
}
login-create = Konto anlegen
login-recover = Passwort vergessen?
login-recovered = Ihr neues Passwort gilt, und Sie sind überall sonst abgemeldet. Bitte melden Sie sich damit an.
email = E-Mail-Adresse
email-malformed = Bitte geben Sie eine E-Mail-Adresse wie name@example.org ein.
mail-button = Link zusenden
mail-too-many = Es wurden zu viele Nachrichten angefordert. Bitte versuchen Sie es in { $minutes ->
    [one] einer Minute
   *[other] { $minutes } Minuten
} noch einmal.
create-title = Konto anlegen
create-lead = Ihre E-Mail-Adresse wird Ihr Benutzername. Wir senden eine Nachricht dorthin; ihr Link führt Sie weiter.
create-have = Ich habe schon ein Konto
recover-title = Passwort vergessen
recover-lead = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein. Wir senden Ihnen eine Nachricht; über ihren Link wählen Sie ein neues Passwort.
recover-name = Benutzername oder E-Mail-Adresse
recover-missing = Bitte geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.
recover-back = Zurück zur Anmeldung
sent-title = Bitte sehen Sie in Ihre Post
sent-create = Wir haben eine Nachricht an { $address } gesandt. Darin steht, wie es weitergeht.
sent-recover = Falls es zu „{ $name }“ ein Konto gibt und wir seine E-Mail-Adresse kennen, ist eine Nachricht dorthin unterwegs. Ihr Link gilt 30 Minuten.
sent-nothing = Nach einigen Minuten noch nichts da? Bitte sehen Sie bei den unerwünschten Nachrichten nach, und prüfen Sie Ihre Eingabe.
link-name = Ihr Name
link-name-wrong = Bitte schreiben Sie Ihren Namen anders, oder lassen Sie ihn weg.
link-password = Neues Passwort
link-repeat = Neues Passwort wiederholen
link-verify-title = E-Mail-Adresse bestätigen
link-verify-lead = Soll { $address } die E-Mail-Adresse Ihres Kontos „{ $username }“ sein?
link-verify-button = Ja, bestätigen
link-recover-title = Neues Passwort wählen
link-recover-lead = Für das Konto „{ $username }“. Sie werden überall sonst abgemeldet.
link-recover-button = Passwort setzen
link-create-lead = Ihr Benutzername: { $address }
link-create-button = Konto anlegen
account-email-confirmed = bestätigt
account-email-unconfirmed = nicht bestätigt
account-email-none = Noch keine Adresse.
account-email-new = Neue E-Mail-Adresse
account-email-hint = Wir senden eine Nachricht dorthin. Die Adresse ändert sich, sobald Sie deren Link in diesem Browser geöffnet haben.
account-details = Ihre Angaben
account-details-keep = Speichern
account-did-details = Ihre Angaben sind gespeichert.
account-detail-wrong = Das geht so nicht: bitte sehen Sie sich das markierte Feld an.
account-email-send = Nachricht senden
account-did-email = Ihre E-Mail-Adresse ist bestätigt.
account-did-send = Eine Nachricht ist an diese Adresse unterwegs. Bitte öffnen Sie den Link darin in diesem Browser.
account-many-letters = Es wurden zu viele Nachrichten angefordert. Bitte versuchen Sie es später noch einmal.
account-to-applications = Anwendung öffnen
applications-title = Ihre Anwendungen
applications-none = Keine Ihrer Anwendungen lässt sich von hier aus öffnen.
why-link = Dieser Link wurde schon benutzt, ist zu alt oder nicht vollständig. Bitte fordern Sie einen neuen an.
why-taken = Zu dieser E-Mail-Adresse gibt es schon ein Konto. Bitte melden Sie sich damit an.
why-off = Das wird hier nicht angeboten.
letter-create-subject = Ihr Konto bei { $name } anlegen
letter-create = Jemand, vermutlich Sie, möchte mit dieser E-Mail-Adresse ein Konto bei { $name } anlegen. Um weiterzumachen, öffnen Sie bitte diesen Link:
letter-create-not = Falls Sie es nicht waren, brauchen Sie nichts zu tun: Es wird kein Konto angelegt.
letter-taken-subject = Sie haben schon ein Konto bei { $name }
letter-taken = Jemand, vermutlich Sie, wollte mit dieser E-Mail-Adresse ein Konto bei { $name } anlegen. Es gibt schon eines. Hier können Sie sich anmelden:
letter-taken-not = Falls Sie Ihr Passwort vergessen haben, hilft die Anmeldeseite. Falls Sie es nicht waren, brauchen Sie nichts zu tun.
letter-verify-subject = Ihre E-Mail-Adresse bei { $name } bestätigen
letter-verify = Das Konto „{ $username }“ bei { $name } soll diese E-Mail-Adresse bekommen. Um sie zu bestätigen, öffnen Sie bitte diesen Link in dem Browser, in dem Sie angemeldet sind:
letter-verify-not = Falls das nicht Ihr Konto ist, öffnen Sie den Link nicht, und es geschieht nichts.
letter-changed-subject = Ihre E-Mail-Adresse bei { $name } wurde geändert
letter-changed = Das Konto „{ $username }“ bei { $name } hat von nun an eine andere E-Mail-Adresse; hierher kommen keine Nachrichten mehr. Ihr Konto finden Sie hier:
letter-changed-not = Falls nicht Sie sie geändert haben, sagen Sie es bitte sofort den Betreibern von { $name }.
letter-recover-subject = Neues Passwort bei { $name } wählen
letter-recover = Jemand, vermutlich Sie, hat das Passwort des Kontos „{ $username }“ bei { $name } vergessen. Um ein neues zu wählen, öffnen Sie bitte diesen Link:
letter-recover-not = Falls Sie es nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.
letter-minutes = Der Link gilt einmal, innerhalb von { $count } Minuten.
letter-hours = Der Link gilt einmal, innerhalb von { $count } Stunden.
why-account = Mit diesem Konto ist die Anmeldung zurzeit nicht möglich.
account-end-all = Überall abmelden
account-device = Apps dieses Geräts
account-end-device = Dieses Gerät abmelden
account-replayed = Jemand hat einen alten Schlüssel dieses Geräts benutzt. Wenn Sie von keiner Kopie wissen, melden Sie es ab.
end-title = Abmelden?
end-lead-session = Das beendet Ihre Sitzung in { $place }.
end-lead-stay = Das meldet Sie nur bei { $application } ab. Die Sitzung bleibt bestehen.
end-lead-all = Das beendet alle Ihre Sitzungen, in jedem Browser und auf jedem Gerät.
end-devices = { $count ->
    [one] Auch die Apps eines Geräts, die von dort aus angemeldet wurden, werden abgemeldet.
   *[other] Auch die Apps von { $count } Geräten, die von dort aus angemeldet wurden, werden abgemeldet.
}
end-told = Diese Anwendungen nehmen teil:
end-nobody = Keine Anwendung nimmt teil.
end-back = wird benachrichtigt
end-browser = wird von diesem Browser benachrichtigt
end-untold = kann nicht benachrichtigt werden: bitte dort selbst abmelden
end-keeps = behält den Zugriff im Hintergrund
end-offline = Auch den Zugriff im Hintergrund beenden
end-back-out = Zurück
